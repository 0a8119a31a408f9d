//! Where the tokens of accounts are kept.
//!
//! A [`Store`] keeps sealed records under opaque keys. It knows nothing of tokens: the manager seals before it writes and
//! opens after it has read, so that a store of your own sees no secret and cannot mix two accounts up unnoticed. What it
//! must get right is small: compare and set by version, leases with a rising fence, and each of them atomic.
//! `conformance` (feature `conformance`) is the suite that says whether it does.

mod attempts;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
#[cfg(feature = "file")]
mod file;
mod key;
mod lease;
mod memory;

use std::fmt;
use std::time::{Duration, SystemTime};

pub use self::attempts::{AttemptStore, TakenAttempt};
pub use self::error::{StoreError, StoreErrorKind, StoreResult};
#[cfg(feature = "file")]
pub use self::file::FileStore;
pub use self::key::{NotAKey, RecordKey};
pub use self::lease::{Lease, LeaseAnswer};
pub use self::memory::MemoryStore;
use crate::http::BoxFuture;

/// The largest record that a store takes, in bytes; a larger one is refused as [`StoreErrorKind::TooLarge`].
pub const MAX_RECORD: usize = 1024 * 1024;

/// What is stored of one account.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The version of this state: higher than that of every state before, at most `i64::MAX`.
    pub version: u64,
    /// When a worker should next look at the account, where it should: to the second, rounded up.
    pub due: Option<SystemTime>,
    /// The sealed record. A store neither reads nor changes it.
    pub payload: Vec<u8>,
}

/// One write.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The version that is to be replaced; `None` where there must be no record yet.
    pub expected: Option<u64>,
    /// What is written.
    pub record: &'a StoredRecord,
    /// The lease under which it is written, where it is part of a refresh: refused as [`StoreErrorKind::Fenced`] once a
    /// newer lease of the same key has been granted.
    pub lease: Option<&'a Lease>,
}

/// What a store says of a record without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub key: RecordKey,
    /// Its version.
    pub version: u64,
    /// When a worker should next look at it.
    pub due: Option<SystemTime>,
}

/// Keeps sealed records. Object-safe; every method is atomic towards all processes that share the store.
///
/// Dropping a future must not do harm: the step happens wholly or not at all, and a connection that was in the middle of
/// one is never used for another.
pub trait Store: Send + Sync + 'static {
    /// What it is, in one word, for messages: `file`, `postgres`.
    fn name(&self) -> &'static str;

    /// The record of that key, as the store's primary has it.
    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>>;

    /// Writes if the record still has the expected version, else [`StoreErrorKind::Conflict`]; under a lease only if it is
    /// the newest of its key, else [`StoreErrorKind::Fenced`]. Durable when it returns.
    ///
    /// Who cannot learn whether a write took place reads the record again before saying so.
    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>>;

    /// Deletes the record if it has the expected version, or whatever it has with `None`; whether there was one. The
    /// fences of its leases go on rising after that.
    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>>;

    /// At most `limit` records in the order of their keys, beginning behind `after`.
    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>>;

    /// Takes at most `limit` records that are due at `now`, the longest due first, and keeps them from other workers for
    /// the time of `claim`. A claim is no lease: it only spreads the work.
    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>>;

    /// Grants the lease of a key, whether or not it has a record, unless somebody holds it. It ends by itself.
    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>>;

    /// Ends a lease before its time. One that is not the newest, or has ended, is left alone.
    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>>;

    /// Looks whether the store is set up to keep what it is given; what is not quite right, in sentences.
    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

impl fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRecord")
            .field("version", &self.version)
            .field("due", &self.due)
            .field("bytes", &self.payload.len())
            .finish()
    }
}
