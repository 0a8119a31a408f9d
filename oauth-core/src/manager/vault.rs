//! Between the engine and a store: records are sealed on their way in and opened on their way out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::AccountId;
use super::due::Ahead;
use super::record::{NEWEST, Record, millis, schema_of};
use crate::clock::Clock;
use crate::seal::{SealOf, Sealer};
use crate::store::{Lease, RecordKey, Store, StoreError, StoreErrorKind, StoreResult, StoredRecord, Write};

/// What a record is sealed as.
const KIND: &str = "record";

/// How many versions of accounts that are not in use are remembered.
const MOST_SEEN: usize = 65_536;

/// A store, the keys to its records, and what this process has seen of them.
pub(crate) struct Vault {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ahead: Ahead,
    seen: Mutex<HashMap<RecordKey, u64>>,
}

impl Vault {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Sealer, clock: Arc<dyn Clock>, ahead: Ahead) -> Self {
        Self { store, sealer, clock, ahead, seen: Mutex::default() }
    }

    /// The record of that key, whoever it is of.
    pub(crate) async fn load(&self, key: &RecordKey) -> StoreResult<Option<Record>> {
        // What is seen while the store is being asked may be newer than what it says, and no sign of anything.
        let seen = self.seen(key);
        let Some(stored) = self.store.load(key).await? else { return Ok(None) };
        self.not_older(stored.version, seen)?;
        let record = self.open(key, &stored).await?;
        // Only now is it known that the version is the record's own.
        self.saw(key, stored.version);
        Ok(Some(record))
    }

    /// The record of that account.
    pub(crate) async fn load_of(&self, key: &RecordKey, id: &AccountId) -> StoreResult<Option<Record>> {
        let record = self.load(key).await?;
        if record.as_ref().is_some_and(|record| record.id != *id) {
            return Err(self.error(StoreErrorKind::Corrupt, "the record is that of another account"));
        }
        Ok(record)
    }

    async fn open(&self, key: &RecordKey, stored: &StoredRecord) -> StoreResult<Record> {
        let of = SealOf { kind: KIND, key: key.as_str(), version: stored.version };
        let opened = self.sealer.open(self.store.name(), of, &stored.payload)?;
        let unreadable =
            || self.error(StoreErrorKind::Corrupt, "the record opens, and is none that this library wrote");
        let text = std::str::from_utf8(opened.plain.expose_secret()).map_err(|_| unreadable())?;
        if schema_of(text).is_some_and(|schema| schema > NEWEST) {
            let error = self.error(StoreErrorKind::NewerSchema, "the record was written by a newer version");
            return Err(error.fix("update this program; the record is left as it is"));
        }
        let mut record = Record::from_exposed_json(stored.version, text).map_err(|_| unreadable())?;
        if opened.by_old_key && record.intents().next().is_none() {
            // Best effort: whoever writes it next seals it with the new key as well.
            let _ = self.save(key, &mut record, None).await;
        }
        Ok(record)
    }

    /// Writes the record over the version that it was read in, or as a new one. Its version is that of the store then.
    pub(crate) async fn save(&self, key: &RecordKey, record: &mut Record, lease: Option<&Lease>) -> StoreResult<()> {
        let expected = (record.version != 0).then_some(record.version);
        let version = match expected {
            Some(version) => version + 1,
            // Higher than that of any record that ever had this key, so that a write meant for one that has been deleted
            // since never meets it.
            None => self.first_version(key),
        };
        let text =
            record.expose_json().map_err(|_| self.error(StoreErrorKind::Internal, "the record is not writable"))?;
        let of = SealOf { kind: KIND, key: key.as_str(), version };
        let payload = self.sealer.seal(self.store.name(), of, text.expose_secret().as_bytes())?;
        let stored = StoredRecord { version, due: self.ahead.due(key, record), payload };
        self.store.save(key, Write { expected, record: &stored, lease }).await?;
        record.version = version;
        self.saw(key, version);
        Ok(())
    }

    /// Deletes the record of that version.
    pub(crate) async fn delete(&self, key: &RecordKey, version: Option<u64>) -> StoreResult<bool> {
        self.store.delete(key, version).await
    }

    /// A lease, by polling as long as the store says that somebody has one.
    pub(crate) async fn try_lease(&self, key: &RecordKey, lasts: Duration) -> StoreResult<Result<Lease, Duration>> {
        use crate::store::LeaseAnswer;
        Ok(match self.store.lease(key, lasts).await? {
            LeaseAnswer::Granted(lease) => Ok(lease),
            LeaseAnswer::Held { remaining } => Err(remaining),
        })
    }

    fn first_version(&self, key: &RecordKey) -> u64 {
        let seen = self.seen(key).unwrap_or_default();
        let micros = u64::try_from(millis(self.clock.now())).unwrap_or_default().saturating_mul(1000);
        micros.max(seen.saturating_add(1)).max(1).min(i64::MAX as u64 / 2)
    }

    /// A version below one that this process has seen is a copy from a backup, a replica that lags, or a store that lost
    /// writes: its refresh token may have been used.
    fn not_older(&self, version: u64, seen: Option<u64>) -> StoreResult<()> {
        if seen.is_some_and(|seen| version < seen) {
            let error = self.error(StoreErrorKind::Stale, "the record is older than one that this process has seen");
            return Err(error.fix("read from the primary; after a restored backup connect the account anew"));
        }
        Ok(())
    }

    /// The newest version that this process has seen.
    fn seen(&self, key: &RecordKey) -> Option<u64> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    fn saw(&self, key: &RecordKey, version: u64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_SEEN && !seen.contains_key(key) {
            // Any of them: an account that is in use is remembered again at once.
            if let Some(any) = seen.keys().next().copied() {
                seen.remove(&any);
            }
        }
        let newest = seen.entry(*key).or_default();
        *newest = version.max(*newest);
    }

    fn error(&self, kind: StoreErrorKind, what: &'static str) -> StoreError {
        StoreError::new(kind, self.store.name(), what)
    }
}
