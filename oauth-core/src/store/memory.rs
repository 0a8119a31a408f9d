use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{
    AttemptStore, Lease, LeaseAnswer, Listed, RecordKey, Store, StoreError, StoreErrorKind, StoreResult, StoredRecord,
    TakenAttempt, Write,
};
use crate::clock::{Clock, SystemClock};
use crate::http::BoxFuture;

const NAME: &str = "memory";
/// How many logins may be under way.
const MAX_ATTEMPTS: usize = 10_000;

/// Sealed records in this process's memory, gone with it. Clones share.
#[derive(Clone)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
    clock: Arc<dyn Clock>,
    attempts: usize,
}

#[derive(Default)]
struct Kept {
    records: BTreeMap<RecordKey, StoredRecord>,
    due: BTreeSet<(SystemTime, RecordKey)>,
    leases: HashMap<RecordKey, Held>,
    claims: HashMap<RecordKey, SystemTime>,
    /// The highest fence ever granted: one count for all keys, so that a key can be forgotten.
    fence: u64,
    attempts: HashMap<String, (Option<Vec<u8>>, SystemTime)>,
    order: VecDeque<String>,
}

struct Held {
    fence: u64,
    until: SystemTime,
    lasts: Duration,
    released: bool,
}

impl Held {
    /// No secret is needed: who can call the store is in this process.
    fn token(&self) -> String {
        format!("memory-{}", self.fence)
    }

    /// How much longer. A clock that was set back makes no lease longer than it was granted for.
    fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let left = self.until.duration_since(now).ok().filter(|_| !self.released)?;
        Some(left).filter(|left| !left.is_zero() && *left <= self.lasts)
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self { kept: Arc::default(), clock: Arc::new(SystemClock), attempts: MAX_ATTEMPTS }
    }

    /// With another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With another limit of logins under way at once than 10,000.
    pub fn max_attempts(mut self, attempts: usize) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn save(&mut self, key: RecordKey, write: Write<'_>) -> StoreResult<()> {
        if write.record.payload.len() > super::MAX_RECORD {
            return Err(StoreError::new(StoreErrorKind::TooLarge, NAME, "the record is larger than 1 MiB"));
        }
        if let (Some(lease), Some(held)) = (write.lease, self.leases.get(&key))
            && held.fence > lease.fence
        {
            return Err(StoreError::new(StoreErrorKind::Fenced, NAME, "a newer lease has been granted"));
        }
        let old = self.records.get(&key);
        if old.map(|old| old.version) != write.expected {
            return Err(StoreError::new(StoreErrorKind::Conflict, NAME, "the record has changed since it was read"));
        }
        if let Some(due) = old.and_then(|old| old.due) {
            self.due.remove(&(due, key));
        }
        if let Some(due) = write.record.due {
            self.due.insert((due, key));
        }
        self.claims.remove(&key);
        self.records.insert(key, write.record.clone());
        Ok(())
    }

    fn lease(&mut self, key: RecordKey, lasts: Duration, now: SystemTime) -> LeaseAnswer {
        if let Some(remaining) = self.leases.get(&key).and_then(|held| held.remaining(now)) {
            return LeaseAnswer::Held { remaining };
        }
        // The fence of an ended lease is of use as long as its holder may still write; after that it only takes room.
        if self.leases.len() > 2 * self.records.len() + 1024 {
            let old = now.checked_sub(Duration::from_secs(24 * 60 * 60)).unwrap_or(now);
            self.leases.retain(|_, held| held.until > old);
        }
        self.fence += 1;
        let until = now.checked_add(lasts).unwrap_or(now);
        let held = Held { fence: self.fence, until, lasts, released: false };
        let token = held.token();
        self.leases.insert(key, held);
        LeaseAnswer::Granted(Lease { fence: self.fence, token, lasts })
    }

    fn claim_due(&mut self, now: SystemTime, claim: Duration, limit: usize) -> Vec<RecordKey> {
        self.claims.retain(|_, until| *until > now);
        let until = now.checked_add(claim).unwrap_or(now);
        let due = self.due.iter().take_while(|(due, _)| *due <= now).map(|(_, key)| *key);
        let keys: Vec<RecordKey> = due.filter(|key| !self.claims.contains_key(key)).take(limit).collect();
        self.claims.extend(keys.iter().map(|key| (*key, until)));
        keys
    }

    fn put(&mut self, id: &str, attempt: &[u8], until: SystemTime, now: SystemTime, most: usize) {
        while let Some(oldest) = self.order.front() {
            let over = self.attempts.get(oldest).is_none_or(|(_, until)| *until <= now);
            if !over && self.order.len() < most {
                break;
            }
            if let Some(oldest) = self.order.pop_front() {
                self.attempts.remove(&oldest);
            }
        }
        if self.attempts.insert(id.to_owned(), (Some(attempt.to_vec()), until)).is_none() {
            self.order.push_back(id.to_owned());
        }
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>> {
        Box::pin(async move { Ok(self.with(|kept| kept.records.get(key).cloned())) })
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { self.with(|kept| kept.save(*key, write)) })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move {
            self.with(|kept| {
                let Some(record) = kept.records.get(key) else { return Ok(false) };
                if expected.is_some_and(|expected| expected != record.version) {
                    return Err(StoreError::new(StoreErrorKind::Conflict, NAME, "the record has changed"));
                }
                if let Some(due) = record.due {
                    kept.due.remove(&(due, *key));
                }
                kept.claims.remove(key);
                kept.records.remove(key);
                Ok(true)
            })
        })
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(*after));
        Box::pin(async move {
            Ok(self.with(|kept| {
                let records = kept.records.range((from, Bound::Unbounded)).take(limit);
                records.map(|(key, of)| Listed { key: *key, version: of.version, due: of.due }).collect()
            }))
        })
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>> {
        Box::pin(async move { Ok(self.with(|kept| kept.claim_due(now, claim, limit))) })
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>> {
        Box::pin(async move {
            let now = self.clock.now();
            Ok(self.with(|kept| kept.lease(*key, lasts, now)))
        })
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.with(|kept| {
                let own = |held: &&mut Held| held.fence == lease.fence && lease.token == held.token();
                if let Some(held) = kept.leases.get_mut(key).filter(own) {
                    held.released = true;
                }
            });
            Ok(())
        })
    }
}

impl AttemptStore for MemoryStore {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            let now = self.clock.now();
            let until = now.checked_add(ttl).unwrap_or(now);
            self.with(|kept| kept.put(id, attempt, until, now, self.attempts));
            Ok(())
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move {
            let now = self.clock.now();
            Ok(self.with(|kept| match kept.attempts.get_mut(id).filter(|(_, until)| *until > now) {
                None => TakenAttempt::Unknown,
                Some((attempt, _)) => attempt.take().map_or(TakenAttempt::Taken, TakenAttempt::Waiting),
            }))
        })
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move {
            let now = self.clock.now();
            Ok(self.with(|kept| match kept.attempts.get(id).filter(|(_, until)| *until > now) {
                None => TakenAttempt::Unknown,
                Some((attempt, _)) => attempt.clone().map_or(TakenAttempt::Taken, TakenAttempt::Waiting),
            }))
        })
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("records", &self.with(|kept| kept.records.len())).finish()
    }
}
