//! Stores that keep all promises but one: the check for that promise must say so.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::task::yield_now;

use super::super::{CHECKS, Harness, check};
use super::ManualClock;
use crate::clock::Clock;
use crate::http::BoxFuture;
use crate::store::{
    Lease, LeaseAnswer, Listed, MAX_RECORD, MemoryStore, RecordKey, Store, StoreError, StoreErrorKind, StoreResult,
    StoredRecord, Write,
};

macro_rules! faults {
    ($($fault:ident => $($check:literal)|+,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Fault { $($fault,)+ }
        /// Each fault and the check that is there to find it.
        const FAULTS: &[(Fault, &str)] = &[$($((Fault::$fault, $check),)+)+];
    };
}

faults! {
    FillsEmptyPayloads => "a_record_comes_back_byte_for_byte",
    SwallowsLargeRecords => "a_record_above_1_mib_is_refused",
    LosesDue => "due_is_kept_to_the_second",
    RoundsDueDown => "due_is_kept_to_the_second",
    CountsInFloats => "versions_reach_i64_max",
    CutsKeys => "keys_do_not_collide",
    ShowsContent => "errors_hold_no_content",
    CannotBeLookedAt => "the_store_can_be_looked_at",
    CreatesOver => "a_record_is_created_only_where_there_is_none",
    IgnoresExpected => "a_record_is_replaced_only_at_its_version",
    DeletesAnything => "a_record_is_deleted_only_at_its_version",
    AlwaysDeletes => "a_record_is_deleted_only_at_its_version",
    KeepsTombstones => "a_deleted_record_can_be_made_anew",
    Caches => "handles_see_each_other_at_once",
    LooksThenWrites => "of_many_writers_one_wins" | "no_change_is_lost",
    LeasesPerHandle => "a_lease_is_held_by_one",
    LeasesForEver => "a_lease_ends_by_itself",
    ReleasesForAnyone => "only_its_holder_releases_a_lease",
    LooksThenLeases => "of_many_callers_one_gets_the_lease",
    CountsAnewAfterDeletion => "fences_rise",
    IgnoresTheFence => "an_older_lease_cannot_write",
    RefusesEndedLeases => "an_ended_lease_writes_while_it_is_the_newest",
    WantsALease => "a_write_without_a_lease_passes",
    ListsBackwards => "records_are_listed_in_order_and_in_pages",
    ListsTooMany => "records_are_listed_in_order_and_in_pages",
    ListsWhatWas => "a_listing_follows_the_records",
    ClaimsByKey => "the_longest_due_comes_first",
    ClaimsEarly => "the_longest_due_comes_first",
    ClaimsNothing => "a_claim_keeps_others_away_until_it_ends",
    ClaimsForEver => "a_claim_keeps_others_away_until_it_ends",
    LooksThenClaims => "workers_share_no_record",
    ClaimsOutlastSaves => "a_save_ends_a_claim",
    ClaimsOutlastDeletions => "a_deleted_record_is_not_due",
    PassesOverLeased => "a_claim_is_no_lease",
    DroppedClaimsStay => "a_dropped_claim_ends_by_itself",
    DeletesBeforeItWrites => "a_dropped_save_happens_wholly_or_not_at_all",
    EmptiesBeforeItDeletes => "a_dropped_deletion_happens_wholly_or_not_at_all",
    AnswersInTurn => "a_dropped_call_does_not_answer_for_another",
    DroppedLeasesStay => "a_dropped_lease_ends_by_itself",
}

/// What all handles of a broken store know.
#[derive(Default)]
struct Known {
    newest: HashMap<RecordKey, (Lease, SystemTime)>,
    /// The leases that were really granted, by the token.
    real: HashMap<String, Lease>,
    fences: HashMap<RecordKey, u64>,
    deleted: HashSet<RecordKey>,
    claimed: HashMap<RecordKey, SystemTime>,
    first_listed: BTreeMap<RecordKey, Listed>,
}

struct Broken {
    inner: MemoryStore,
    fault: Fault,
    clock: ManualClock,
    known: Arc<Mutex<Known>>,
    leases: MemoryStore,
    cache: Mutex<HashMap<RecordKey, StoredRecord>>,
    answers: Mutex<VecDeque<Option<StoredRecord>>>,
}

fn error(kind: StoreErrorKind, what: impl Into<String>) -> StoreError {
    StoreError::new(kind, "broken", what.into())
}

impl Broken {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn key(&self, key: RecordKey) -> RecordKey {
        if self.is(Fault::CutsKeys) {
            format!("{}{}", &key.as_str()[..20], "a".repeat(35)).parse().unwrap()
        } else {
            key
        }
    }

    fn known<T>(&self, with: impl FnOnce(&mut Known) -> T) -> T {
        with(&mut self.known.lock().unwrap())
    }

    async fn version(&self, key: &RecordKey) -> Option<u64> {
        self.inner.load(key).await.unwrap().map(|record| record.version)
    }

    /// What is written instead.
    fn change(&self, record: &mut StoredRecord) {
        match self.fault {
            Fault::FillsEmptyPayloads if record.payload.is_empty() => record.payload.push(0),
            Fault::LosesDue => record.due = None,
            Fault::RoundsDueDown => {
                let seconds = |due: SystemTime| due.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
                record.due = record.due.map(|due| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds(due)));
            }
            Fault::CountsInFloats if record.version > 1 << 53 => record.version &= !1,
            _ => {}
        }
    }

    async fn save(&self, key: RecordKey, write: Write<'_>) -> StoreResult<()> {
        let mut record = write.record.clone();
        self.change(&mut record);
        let mut write = Write { record: &record, ..write };
        let lease = self.known(|known| {
            known.first_listed.entry(key).or_insert(Listed { key, version: record.version, due: record.due });
            if !self.is(Fault::ClaimsOutlastSaves) && write.expected.is_some() {
                known.claimed.remove(&key);
            }
            write.lease.map(|lease| known.real.get(&lease.token).unwrap_or(lease).clone())
        });
        write.lease = lease.as_ref();
        let version = self.version(&key).await;
        match self.fault {
            Fault::SwallowsLargeRecords if record.payload.len() > MAX_RECORD => return Ok(()),
            Fault::CreatesOver if write.expected.is_none() => write.expected = version,
            Fault::IgnoresExpected if write.expected.is_some() => write.expected = version,
            Fault::KeepsTombstones if self.known(|known| known.deleted.contains(&key)) => {
                return Err(error(StoreErrorKind::Conflict, "it was deleted"));
            }
            Fault::LooksThenWrites if version == write.expected => {
                yield_now().await;
                write.expected = self.version(&key).await;
            }
            Fault::IgnoresTheFence => write.lease = None,
            Fault::RefusesEndedLeases | Fault::WantsALease => {
                let held = self.known(|known| known.newest.get(&key).cloned());
                let ended = held.as_ref().is_some_and(|(_, until)| *until <= self.clock.now());
                let wants = self.is(Fault::WantsALease) && held.is_some() && write.lease.is_none();
                if wants || self.is(Fault::RefusesEndedLeases) && write.lease.is_some() && ended {
                    return Err(error(StoreErrorKind::Fenced, "no lease"));
                }
            }
            Fault::DeletesBeforeItWrites if version.is_some() && version == write.expected => {
                self.inner.delete(&key, version).await?;
                yield_now().await;
                write.expected = None;
            }
            _ => {}
        }
        let done = self.inner.save(&key, write).await;
        match done {
            Err(_) if self.is(Fault::ShowsContent) => {
                Err(error(StoreErrorKind::Conflict, String::from_utf8_lossy(&record.payload).into_owned()))
            }
            done => {
                if done.is_ok() {
                    self.cache.lock().unwrap().insert(key, record);
                }
                done
            }
        }
    }

    async fn delete(&self, key: RecordKey, expected: Option<u64>) -> StoreResult<bool> {
        let expected = if self.is(Fault::DeletesAnything) { None } else { expected };
        if let Some(version) = self.version(&key).await.filter(|_| self.is(Fault::EmptiesBeforeItDeletes)) {
            let record = StoredRecord { version, due: None, payload: Vec::new() };
            self.inner.save(&key, Write { expected: Some(version), record: &record, lease: None }).await?;
            yield_now().await;
        }
        let done = self.inner.delete(&key, expected).await?;
        self.known(|known| {
            known.deleted.insert(key);
            known.fences.remove(&key);
        });
        self.cache.lock().unwrap().remove(&key);
        Ok(done || self.is(Fault::AlwaysDeletes))
    }

    async fn lease(&self, key: RecordKey, lasts: Duration) -> StoreResult<LeaseAnswer> {
        let leases = if self.is(Fault::LeasesPerHandle) { &self.leases } else { &self.inner };
        if self.is(Fault::LooksThenLeases) {
            let free = self.known(|known| !known.newest.contains_key(&key));
            yield_now().await;
            if free {
                self.known(|known| known.newest.remove(&key)).into_iter().for_each(drop);
                let other = RecordKey::from_digest(std::array::from_fn(|_| 0));
                let LeaseAnswer::Granted(lease) = self.inner.lease(&other, Duration::ZERO).await? else { panic!() };
                let lease = Lease { lasts, ..lease };
                self.known(|known| known.newest.insert(key, (lease.clone(), self.clock.now())));
                return Ok(LeaseAnswer::Granted(lease));
            }
            return Ok(LeaseAnswer::Held { remaining: lasts });
        }
        if self.is(Fault::DroppedLeasesStay) {
            let answer = self.inner.lease(&key, lasts * 1000).await?;
            let LeaseAnswer::Granted(lease) = answer else { return Ok(answer) };
            yield_now().await;
            self.inner.release(&key, &lease).await?;
        }
        let really = if self.is(Fault::LeasesForEver) { lasts * 1000 } else { lasts };
        let LeaseAnswer::Granted(mut lease) = leases.lease(&key, really).await? else {
            return Ok(LeaseAnswer::Held { remaining: lasts });
        };
        self.known(|known| {
            known.real.insert(lease.token.clone(), lease.clone());
            known.newest.insert(key, (lease.clone(), self.clock.now() + lasts));
            if self.is(Fault::CountsAnewAfterDeletion) {
                let fence = known.fences.entry(key).or_default();
                *fence += 1;
                lease.fence = *fence;
            }
        });
        lease.lasts = lasts;
        Ok(LeaseAnswer::Granted(lease))
    }

    async fn release(&self, key: RecordKey, lease: &Lease) -> StoreResult<()> {
        let newest = self.known(|known| known.newest.remove(&key));
        let real = self.known(|known| known.real.get(&lease.token).unwrap_or(lease).clone());
        let leases = if self.is(Fault::LeasesPerHandle) { &self.leases } else { &self.inner };
        match newest {
            Some((newest, _)) if self.is(Fault::ReleasesForAnyone) => leases.release(&key, &newest).await,
            _ => leases.release(&key, &real).await,
        }
    }

    async fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> StoreResult<Vec<RecordKey>> {
        let until = now + claim;
        let own = [Fault::LooksThenClaims, Fault::ClaimsOutlastSaves, Fault::ClaimsOutlastDeletions];
        if own.contains(&self.fault) {
            let due = self.inner.claim_due(now, Duration::ZERO, usize::MAX).await?;
            let free = |known: &mut Known| -> Vec<RecordKey> {
                due.iter().copied().filter(|key| known.claimed.get(key).is_none_or(|until| *until <= now)).collect()
            };
            let mut keys = self.known(free);
            keys.truncate(limit);
            if self.is(Fault::LooksThenClaims) {
                yield_now().await;
            }
            self.known(|known| known.claimed.extend(keys.iter().map(|key| (*key, until))));
            return Ok(keys);
        }
        if self.is(Fault::DroppedClaimsStay) {
            let keys = self.inner.claim_due(now, claim * 1000, limit).await?;
            yield_now().await;
            for key in &keys {
                // A save ends the claim, and the next call sets the right one.
                let record = self.inner.load(key).await?.unwrap();
                let write = Write { expected: Some(record.version), record: &record, lease: None };
                self.inner.save(key, write).await?;
            }
        }
        let (now, claim) = match self.fault {
            Fault::ClaimsEarly => (now + Duration::from_secs(1), claim),
            Fault::ClaimsNothing => (now, Duration::ZERO),
            Fault::ClaimsForEver => (now, claim * 1000),
            _ => (now, claim),
        };
        let mut keys = self.inner.claim_due(now, claim, limit).await?;
        if self.is(Fault::ClaimsByKey) {
            keys.sort_unstable();
        }
        if self.is(Fault::PassesOverLeased) {
            keys.retain(|key| self.known(|known| !known.newest.contains_key(key)));
        }
        Ok(keys)
    }

    async fn load(&self, key: RecordKey) -> StoreResult<Option<StoredRecord>> {
        if let Some(cached) = self.cache.lock().unwrap().get(&key).filter(|_| self.is(Fault::Caches)) {
            return Ok(Some(cached.clone()));
        }
        let record = self.inner.load(&key).await?;
        if self.is(Fault::AnswersInTurn) {
            self.answers.lock().unwrap().push_back(record);
            yield_now().await;
            return Ok(self.answers.lock().unwrap().pop_front().flatten());
        }
        if let Some(record) = &record {
            self.cache.lock().unwrap().insert(key, record.clone());
        }
        Ok(record)
    }

    async fn list(&self, after: Option<&RecordKey>, limit: usize) -> StoreResult<Vec<Listed>> {
        match self.fault {
            Fault::ListsBackwards => {
                let mut all = self.inner.list(after, limit).await?;
                all.reverse();
                Ok(all)
            }
            Fault::ListsTooMany => self.inner.list(after, limit + 1).await,
            Fault::ListsWhatWas => Ok(self.known(|known| {
                let behind = known.first_listed.values().filter(|listed| Some(&listed.key) > after);
                behind.take(limit).cloned().collect()
            })),
            _ => self.inner.list(after, limit).await,
        }
    }
}

impl Store for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>> {
        Box::pin(self.load(self.key(*key)))
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.save(self.key(*key), write))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(self.delete(self.key(*key), expected))
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>> {
        Box::pin(self.list(after, limit))
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>> {
        Box::pin(self.claim_due(now, claim, limit))
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>> {
        Box::pin(self.lease(self.key(*key), lasts))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.release(self.key(*key), lease))
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        let answer = if self.is(Fault::CannotBeLookedAt) {
            Err(error(StoreErrorKind::Schema, "no tables"))
        } else {
            Ok(Vec::new())
        };
        Box::pin(async { answer })
    }
}

struct Factory(Fault, ManualClock, MemoryStore, Arc<Mutex<Known>>);

impl Harness for Factory {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
        let broken = Broken {
            inner: self.2.clone(),
            fault: self.0,
            clock: self.1.clone(),
            known: Arc::clone(&self.3),
            leases: MemoryStore::new().clock(Arc::new(self.1.clone())),
            cache: Mutex::default(),
            answers: Mutex::default(),
        };
        Box::pin(async { Ok(Arc::new(broken) as Arc<dyn Store>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.1.advance(by) })
    }
}

#[tokio::test]
async fn every_broken_store_is_found_by_the_check_for_it() {
    for (fault, wanted) in FAULTS {
        let clock = ManualClock::new();
        let memory = MemoryStore::new().clock(Arc::new(clock.clone()));
        let failures = check(&Factory(*fault, clock, memory, Arc::default())).await.expect_err(wanted);
        let found = failures.failures().iter().any(|failure| failure.check() == *wanted);
        assert!(found, "{fault:?} is not found by {wanted}: {failures}");
    }
}

#[test]
fn every_check_has_found_something() {
    for (check, _) in CHECKS.iter().copied().flatten() {
        assert!(FAULTS.iter().any(|(_, wanted)| wanted == check), "no broken store shows that {check} can fail");
    }
}
