mod conforming;
#[cfg(unix)]
mod crash;
mod damage;
mod growth;
mod names;
#[cfg(unix)]
mod permissions;
#[cfg(unix)]
mod processes;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

pub(super) use super::FileStore;
use super::folder::Part;
pub(super) use crate::store::conformance::tests::ManualClock;
pub(super) use crate::store::{
    AttemptStore, Lease, LeaseAnswer, RecordKey, Store, StoreErrorKind, StoreResult, StoredRecord, TakenAttempt, Write,
};

/// A folder that is gone at the end, and a store in it on a clock that is moved by hand.
struct Rig {
    scratch: TempDir,
    clock: ManualClock,
    store: FileStore,
}

impl Rig {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let clock = ManualClock::new();
        let store = FileStore::open(scratch.path().join("store")).unwrap().clock(Arc::new(clock.clone()));
        Self { scratch, clock, store }
    }

    /// A store of its own in the same folder, as another process has it.
    fn another(&self) -> FileStore {
        FileStore::open(self.store.path()).unwrap().clock(Arc::new(self.clock.clone()))
    }

    fn file(&self, part: Part, name: &str) -> PathBuf {
        self.store.folder.file(part, name)
    }

    fn record_file(&self, key: &RecordKey) -> PathBuf {
        self.file(Part::Records, key.as_str())
    }

    fn names(&self, part: Part) -> Vec<String> {
        let mut names = self.store.folder.names(part).unwrap();
        names.sort();
        names
    }

    /// Every file and folder of the store.
    fn everything(&self) -> Vec<PathBuf> {
        let mut all = vec![self.store.path().to_owned()];
        for part in Part::ALL {
            let part = self.store.folder.part(part);
            all.extend(fs::read_dir(&part).unwrap().map(|entry| entry.unwrap().path()));
            all.push(part);
        }
        all
    }
}

fn key(number: u8) -> RecordKey {
    RecordKey::from_digest([number; 32])
}

fn record(version: u64, payload: &[u8]) -> StoredRecord {
    StoredRecord { version, due: None, payload: payload.to_vec() }
}

impl FileStore {
    fn put_record(&self, key: &RecordKey, expected: Option<u64>, record: &StoredRecord) -> StoreResult<()> {
        self.save_now(key, Write { expected, record, lease: None })
    }

    fn granted(&self, key: &RecordKey, lasts: std::time::Duration) -> Option<Lease> {
        match self.lease_now(key, lasts).unwrap() {
            LeaseAnswer::Granted(lease) => Some(lease),
            LeaseAnswer::Held { .. } => None,
        }
    }
}

fn kind<T>(answer: StoreResult<T>) -> Option<StoreErrorKind> {
    answer.err().map(|error| error.kind())
}
