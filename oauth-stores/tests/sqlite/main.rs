//! The database file: what every store promises, and what only a file can do wrong.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod conformance;
mod files;
mod hostile;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use oauth_core::Clock;
use oauth_core::store::{RecordKey, StoreError, StoreErrorKind, StoredRecord, Write};
use oauth_stores::SqliteStore;
use tempfile::TempDir;

/// A clock that stands still until it is moved.
pub(crate) struct Moved(Mutex<SystemTime>);

impl Moved {
    pub(crate) fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))))
    }

    pub(crate) fn set(&self, now: SystemTime) {
        *self.0.lock().unwrap() = now;
    }

    pub(crate) fn by(&self, distance: Duration) {
        *self.0.lock().unwrap() += distance;
    }
}

impl Clock for Moved {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// A folder of its own with a database in it.
pub(crate) async fn fresh() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("tokens.db")).await.unwrap();
    (folder, store)
}

pub(crate) fn key(number: u8) -> RecordKey {
    RecordKey::from_digest([number; 32])
}

pub(crate) fn record(version: u64, payload: impl Into<Vec<u8>>) -> StoredRecord {
    StoredRecord { version, due: None, payload: payload.into() }
}

pub(crate) fn write(expected: Option<u64>, record: &StoredRecord) -> Write<'_> {
    Write { expected, record, lease: None }
}

#[track_caller]
pub(crate) fn refused<T>(answer: Result<T, StoreError>, kind: StoreErrorKind) -> StoreError {
    let error = answer.err().expect("it should have been refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}
