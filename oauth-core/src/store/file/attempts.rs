use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FileStore;
use super::failure::{self, NAME};
use super::folder::Part;
use super::lease::milliseconds;
use super::line::{self, Bad};
use super::lock::Of;
use super::record::is_of_the_record;
use super::write::replace;
use crate::store::{MAX_RECORD, StoreError, StoreErrorKind, StoreResult, TakenAttempt};

const KIND: &str = "oauth-attempt";
/// The longest id: twice as many letters are a name that every file system takes.
const MAX_ID: usize = 100;

/// A login under way.
struct Attempt {
    /// In milliseconds since 1970.
    until: u64,
    /// Of two attempts the one with the lower number is older.
    number: u64,
    /// `None` once it was taken.
    sealed: Option<Vec<u8>>,
}

impl Attempt {
    fn line(&self) -> String {
        let state = if self.sealed.is_some() { "waiting" } else { "taken" };
        let length = self.sealed.as_ref().map_or(0, Vec::len);
        line::write(KIND, format_args!("{} {} {state} {length}", self.until, self.number))
    }

    /// What the beginning of a file of that length says: the attempt without its content, and where that begins.
    fn head(bytes: &[u8], length: u64) -> Result<(Self, usize), Bad> {
        let ([until, number, state, sealed], begins) = line::read(KIND, bytes)?;
        if line::number(sealed)?.checked_add(begins as u64) != Some(length) {
            return Err(Bad::Corrupt);
        }
        let sealed = match state {
            "waiting" => Some(Vec::new()),
            "taken" => None,
            _ => return Err(Bad::Corrupt),
        };
        Ok((Self { until: line::number(until)?, number: line::number(number)?, sealed }, begins))
    }
}

impl FileStore {
    pub(super) fn put_now(&self, id: &str, attempt: Vec<u8>, ttl: Duration) -> StoreResult<()> {
        let path = self.path_of(id)?;
        if attempt.len() > MAX_RECORD {
            return Err(StoreError::new(StoreErrorKind::TooLarge, NAME, "the attempt is larger than 1 MiB"));
        }
        let _locked = self.lock(Of::Attempts)?;
        let now = milliseconds(self.clock.now());
        let number = self.make_room(now, &path)?;
        let until = now.saturating_add(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        let attempt = Attempt { until, number, sealed: Some(attempt) };
        self.keep_attempt(&path, &attempt)
    }

    pub(super) fn take_now(&self, id: &str) -> StoreResult<TakenAttempt> {
        let path = self.path_of(id)?;
        let _locked = self.lock(Of::Attempts)?;
        let Some(mut attempt) = self.attempt(&path)? else { return Ok(TakenAttempt::Unknown) };
        let Some(sealed) = attempt.sealed.take() else { return Ok(TakenAttempt::Taken) };
        // Durable before anybody acts on it.
        self.keep_attempt(&path, &attempt)?;
        Ok(TakenAttempt::Waiting(sealed))
    }

    pub(super) fn peek_now(&self, id: &str) -> StoreResult<TakenAttempt> {
        let path = self.path_of(id)?;
        self.folder.look()?;
        Ok(match self.attempt(&path)? {
            None => TakenAttempt::Unknown,
            Some(attempt) => attempt.sealed.map_or(TakenAttempt::Taken, TakenAttempt::Waiting),
        })
    }

    /// The attempt, unless its time is over.
    fn attempt(&self, path: &Path) -> StoreResult<Option<Attempt>> {
        let most = MAX_RECORD + line::MAX;
        let Some((mut bytes, length)) = self.folder.read(path, most)? else { return Ok(None) };
        let (mut attempt, begins) = Attempt::head(&bytes, length).map_err(|bad| bad.at(path))?;
        if length > most as u64 {
            return Err(Bad::Corrupt.at(path));
        }
        if attempt.until <= milliseconds(self.clock.now()) {
            return Ok(None);
        }
        if let Some(sealed) = &mut attempt.sealed {
            bytes.drain(..begins);
            *sealed = bytes;
        }
        Ok(Some(attempt))
    }

    fn keep_attempt(&self, path: &Path, attempt: &Attempt) -> StoreResult<()> {
        let sealed = attempt.sealed.as_deref().unwrap_or_default();
        replace(path, &[attempt.line().as_bytes(), sealed], &*self.rng)
    }

    /// Removes what has ended and, where that is not enough, the oldest; gives the number of the next attempt.
    fn make_room(&self, now: u64, next: &Path) -> StoreResult<u64> {
        let mut kept = Vec::new();
        let mut newest = 0;
        for name in self.folder.names(Part::Attempts)? {
            let path = self.folder.file(Part::Attempts, &name);
            if !is_of_attempt(&name) || path == next {
                continue;
            }
            let head = match self.folder.read(&path, line::MAX) {
                Ok(Some((bytes, length))) => Attempt::head(&bytes, length).map(|(head, _)| head),
                Ok(None) => continue,
                Err(error) if is_of_the_record(&error) => Err(Bad::Corrupt),
                Err(error) => return Err(error),
            };
            match head {
                Ok(head) if head.until > now => {
                    newest = newest.max(head.number);
                    kept.push((head.number, path));
                }
                // A login that nobody can finish any more.
                Ok(_) | Err(Bad::Corrupt) => remove(&path)?,
                Err(Bad::Newer) => kept.push((0, path)),
            }
        }
        kept.sort_unstable();
        let over = (kept.len() + 1).saturating_sub(self.max_attempts);
        kept.iter().take(over).try_for_each(|(_, path)| remove(path))?;
        Ok(newest.saturating_add(1))
    }

    /// The file of an attempt: its id in hexadecimal, which every file system takes and none confuses.
    fn path_of(&self, id: &str) -> StoreResult<PathBuf> {
        if id.is_empty() || id.len() > MAX_ID {
            let what = format!("an attempt's id has {} bytes, which is not between 1 and {MAX_ID}", id.len());
            return Err(StoreError::new(StoreErrorKind::Config, NAME, what));
        }
        let mut name = String::with_capacity(2 * id.len());
        for byte in id.bytes() {
            // Writing to a String does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        Ok(self.folder.file(Part::Attempts, &name))
    }
}

fn is_of_attempt(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn remove(path: &Path) -> StoreResult<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failure::writing(path, error)),
        _ => Ok(()),
    }
}
