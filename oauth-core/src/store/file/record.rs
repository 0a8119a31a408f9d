use std::path::Path;
use std::time::{Duration, SystemTime};

use super::failure::{self, NAME, wrong};
use super::folder::Part;
use super::line::{self, Bad};
use super::lock::Of;
use super::write::{random_name, replace};
use super::{FileStore, private};
use crate::store::{Listed, MAX_RECORD, RecordKey, StoreError, StoreErrorKind, StoreResult, StoredRecord, Write};

const KIND: &str = "oauth-record";
/// What stands in the place of a time where a record is not due.
const NOT_DUE: &str = "-";

/// What a store knows of a record without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) version: u64,
    pub(super) due: Option<SystemTime>,
}

impl Head {
    /// The first line of a record.
    fn line(self, length: usize) -> String {
        let due = self.due.map_or(NOT_DUE.to_owned(), |due| seconds(due).to_string());
        line::write(KIND, format_args!("{} {due} {length}", self.version))
    }

    /// What the beginning of a file of that length says, and where the sealed record begins.
    fn of(bytes: &[u8], length: u64) -> Result<(Self, usize), Bad> {
        let ([version, due, payload], begins) = line::read(KIND, bytes)?;
        let version = line::number(version)?;
        let due = match due {
            NOT_DUE => None,
            due => {
                Some(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(line::number(due)?)).ok_or(Bad::Corrupt)?)
            }
        };
        // A torn or an appended file has another length than it says.
        if line::number(payload)?.checked_add(begins as u64) != Some(length) {
            return Err(Bad::Corrupt);
        }
        Ok((Self { version, due }, begins))
    }
}

/// The seconds since 1970, rounded up.
fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs().saturating_add(u64::from(since.subsec_nanos() > 0))
}

impl FileStore {
    pub(super) fn load_now(&self, key: &RecordKey) -> StoreResult<Option<StoredRecord>> {
        self.folder.look()?;
        let path = self.folder.file(Part::Records, key.as_str());
        let Some((mut bytes, length)) = self.folder.read(&path, MAX_RECORD + line::MAX + 1)? else {
            return Ok(None);
        };
        let (head, begins) = head(&path, &bytes, length)?;
        bytes.drain(..begins);
        Ok(Some(StoredRecord { version: head.version, due: head.due, payload: bytes }))
    }

    pub(super) fn save_now(&self, key: &RecordKey, write: Write<'_>) -> StoreResult<()> {
        let record = write.record;
        if record.payload.len() > MAX_RECORD {
            return Err(StoreError::new(StoreErrorKind::TooLarge, NAME, "the record is larger than 1 MiB"));
        }
        let _locked = self.lock(Of::Key(key))?;
        if let Some(lease) = write.lease
            && lease.fence < self.newest_fence(key)?
        {
            return Err(StoreError::new(StoreErrorKind::Fenced, NAME, "a newer lease has been granted"));
        }
        let path = self.folder.file(Part::Records, key.as_str());
        if self.head_of(&path)?.map(|head| head.version) != write.expected {
            return Err(conflict());
        }
        let head = Head { version: record.version, due: record.due };
        replace(&path, &[head.line(record.payload.len()).as_bytes(), &record.payload], &*self.rng)
    }

    pub(super) fn delete_now(&self, key: &RecordKey, expected: Option<u64>) -> StoreResult<bool> {
        let _locked = self.lock(Of::Key(key))?;
        let path = self.folder.file(Part::Records, key.as_str());
        match (self.head_of(&path), expected) {
            (Ok(None), _) => return Ok(false),
            (Ok(Some(head)), Some(expected)) if head.version != expected => return Err(conflict()),
            (Ok(Some(_)), _) => {
                self.forget_claim(key)?;
                let removed = private::patiently(failure::goes_by_itself, || std::fs::remove_file(&path));
                removed.map_err(|error| failure::writing(&path, error))?;
            }
            // What cannot be read is not destroyed: it makes place and stays.
            (Err(error), None) if matches!(error.kind(), StoreErrorKind::Corrupt | StoreErrorKind::NewerSchema) => {
                let beside = path.with_extension(format!("kept-{}", random_name(&*self.rng)?));
                let moved = private::patiently(failure::goes_by_itself, || std::fs::rename(&path, &beside));
                moved.map_err(|error| failure::writing(&path, error))?;
            }
            (Err(error), _) => return Err(error),
        }
        let folder = self.folder.part(Part::Records);
        private::sync_folder(&folder).map_err(|error| failure::writing(&folder, error))?;
        Ok(true)
    }

    /// A record that is damaged is listed as version 0, so that it is not overlooked; loading it says what is wrong.
    pub(super) fn list_now(&self, after: Option<&RecordKey>, limit: usize) -> StoreResult<Vec<Listed>> {
        let mut keys = self.keys()?;
        keys.retain(|key| Some(key) > after);
        keys.sort_unstable();
        let mut listed = Vec::new();
        for key in keys {
            if listed.len() == limit {
                break;
            }
            match self.head_of(&self.folder.file(Part::Records, key.as_str())) {
                Ok(Some(head)) => listed.push(Listed { key, version: head.version, due: head.due }),
                // Deleted since its name was read.
                Ok(None) => {}
                Err(error) if is_of_the_record(&error) => listed.push(Listed { key, version: 0, due: None }),
                Err(error) => return Err(error),
            }
        }
        Ok(listed)
    }

    /// The keys of all records, in no order.
    pub(super) fn keys(&self) -> StoreResult<Vec<RecordKey>> {
        self.folder.look()?;
        Ok(self.folder.names(Part::Records)?.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// What the record's first line says; `None` where there is no record.
    pub(super) fn head_of(&self, path: &Path) -> StoreResult<Option<Head>> {
        let Some((bytes, length)) = self.folder.read(path, line::MAX)? else { return Ok(None) };
        head(path, &bytes, length).map(|(head, _)| Some(head))
    }
}

fn head(path: &Path, bytes: &[u8], length: u64) -> StoreResult<(Head, usize)> {
    if length > (MAX_RECORD + line::MAX) as u64 {
        return Err(wrong(StoreErrorKind::TooLarge, path, "is larger than any record"));
    }
    Head::of(bytes, length).map_err(|bad| bad.at(path))
}

/// Whether it is this one record that is wrong, and not the store.
pub(super) fn is_of_the_record(error: &StoreError) -> bool {
    use StoreErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::Corrupt | Kind::NewerSchema | Kind::NotAFile | Kind::TooLarge | Kind::InsecurePermissions
    )
}

fn conflict() -> StoreError {
    StoreError::new(StoreErrorKind::Conflict, NAME, "the record has changed since it was read")
}
