use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Harness;
use crate::rng::{OsRng, Rng};
use crate::store::{
    Lease, LeaseAnswer, Listed, RecordKey, Store, StoreError, StoreErrorKind, StoreResult, StoredRecord, Write,
};

/// How many handles the suite works with.
const HANDLES: usize = 4;
/// A time that no check outlasts.
pub(super) const LONG: Duration = Duration::from_secs(600);
/// A time that a check waits for the end of.
pub(super) const SHORT: Duration = Duration::from_secs(2);
/// Longer than [`SHORT`].
pub(super) const AFTER_SHORT: Duration = Duration::from_secs(3);

/// Passed, or what was wrong.
pub(super) type Outcome = Result<(), Wrong>;

/// What is wrong, in a sentence.
#[derive(Debug)]
pub(super) struct Wrong(String);

impl Wrong {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    pub(super) fn call(call: &str, error: &StoreError) -> Self {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let text = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        Self(format!("{call} failed with {}: {text}", error.code()))
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Ends the check with that sentence unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::store::conformance::handle::Wrong::new(format!($($what)+)));
        }
    };
}
pub(super) use ensure;

/// What the checks work with.
pub(super) struct Cx<'h> {
    harness: &'h dyn Harness,
    handles: Vec<Handle>,
    dice: Dice,
    /// The keys of the check that runs.
    keys: Mutex<Vec<RecordKey>>,
}

impl<'h> Cx<'h> {
    pub(super) async fn open(harness: &'h dyn Harness) -> Result<Self, Wrong> {
        let mut cx = Self { harness, handles: Vec::new(), dice: Dice::new()?, keys: Mutex::default() };
        for _ in 0..HANDLES {
            let handle = cx.another().await?;
            cx.handles.push(handle);
        }
        Ok(cx)
    }

    /// A handle that is opened now.
    pub(super) async fn another(&self) -> Result<Handle, Wrong> {
        self.harness.open().await.map(Handle).map_err(|error| Wrong::call("open", &error))
    }

    pub(super) fn store(&self) -> &'static str {
        self.handle(0).0.name()
    }

    /// One of the handles, whatever the number.
    pub(super) fn handle(&self, number: usize) -> Handle {
        self.handles[number % HANDLES].clone()
    }

    pub(super) async fn advance(&self, by: Duration) {
        self.harness.advance(by).await;
    }

    /// A random number below the limit.
    pub(super) fn below(&self, limit: u64) -> u64 {
        self.dice.throw() % limit
    }

    /// A key that nobody else has.
    pub(super) fn key(&self) -> RecordKey {
        self.keep(RecordKey::from_digest(self.dice.digest()))
    }

    /// Keys that only one range has, in their order.
    pub(super) fn keys_in_a_row(&self, count: usize) -> Vec<RecordKey> {
        let first = self.dice.digest();
        let mut keys: Vec<RecordKey> = (0..count)
            .map(|_| {
                let mut digest = self.dice.digest();
                digest[..16].copy_from_slice(&first[..16]);
                self.keep(RecordKey::from_digest(digest))
            })
            .collect();
        keys.sort_unstable();
        keys
    }

    fn keep(&self, key: RecordKey) -> RecordKey {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        key
    }

    /// A time in the seventies before which nothing of anybody is due: what another run has left there is claimed away.
    pub(super) async fn seventies(&self) -> Result<SystemTime, Wrong> {
        let day = Duration::from_secs(24 * 60 * 60);
        let offset = Duration::from_secs(self.below(3600 * 24 * 365 * 8));
        let start = SystemTime::UNIX_EPOCH + 365 * day + offset;
        self.handle(0).claim(start + day, day, usize::MAX).await?;
        Ok(start)
    }

    /// Deletes the records of the check that has run.
    pub(super) async fn clean_up(&self) {
        let keys = std::mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner));
        for key in keys {
            // What is left over harms nobody, and a store that cannot delete has failed a check.
            let _ = self.handle(0).0.delete(&key, None).await;
        }
    }
}

/// A source of different numbers, good enough for keys that collide with nothing.
pub(super) struct Dice(AtomicU64);

impl Dice {
    pub(super) fn new() -> Result<Self, Wrong> {
        let mut seed = [0; 8];
        OsRng.fill(&mut seed).map_err(|error| Wrong::new(error.to_string()))?;
        Ok(Self(AtomicU64::new(u64::from_le_bytes(seed))))
    }

    /// `SplitMix64`.
    pub(super) fn throw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.chunks_exact_mut(8).for_each(|part| part.copy_from_slice(&self.throw().to_le_bytes()));
        digest
    }
}

/// A store whose failed calls say which call it was.
#[derive(Clone)]
pub(super) struct Handle(Arc<dyn Store>);

impl Handle {
    pub(super) async fn load(&self, key: &RecordKey) -> Result<Option<StoredRecord>, Wrong> {
        self.0.load(key).await.map_err(|error| Wrong::call("load", &error))
    }

    /// The record, which must be there.
    pub(super) async fn loaded(&self, key: &RecordKey) -> Result<StoredRecord, Wrong> {
        self.load(key).await?.ok_or_else(|| Wrong::new("a record is gone that nobody has deleted"))
    }

    pub(super) async fn write(&self, key: &RecordKey, write: Write<'_>) -> StoreResult<()> {
        self.0.save(key, write).await
    }

    /// A write without a lease.
    pub(super) async fn try_save(
        &self,
        key: &RecordKey,
        expected: Option<u64>,
        record: &StoredRecord,
    ) -> StoreResult<()> {
        self.0.save(key, Write { expected, record, lease: None }).await
    }

    pub(super) async fn save(&self, key: &RecordKey, expected: Option<u64>, record: &StoredRecord) -> Outcome {
        self.try_save(key, expected, record).await.map_err(|error| Wrong::call("save", &error))
    }

    pub(super) async fn try_delete(&self, key: &RecordKey, expected: Option<u64>) -> StoreResult<bool> {
        self.0.delete(key, expected).await
    }

    pub(super) async fn delete(&self, key: &RecordKey, expected: Option<u64>) -> Result<bool, Wrong> {
        self.try_delete(key, expected).await.map_err(|error| Wrong::call("delete", &error))
    }

    pub(super) async fn list(&self, after: Option<&RecordKey>, limit: usize) -> Result<Vec<Listed>, Wrong> {
        self.0.list(after, limit).await.map_err(|error| Wrong::call("list", &error))
    }

    pub(super) async fn claim(&self, now: SystemTime, claim: Duration, limit: usize) -> Result<Vec<RecordKey>, Wrong> {
        self.0.claim_due(now, claim, limit).await.map_err(|error| Wrong::call("claim_due", &error))
    }

    pub(super) async fn lease(&self, key: &RecordKey, lasts: Duration) -> Result<LeaseAnswer, Wrong> {
        self.0.lease(key, lasts).await.map_err(|error| Wrong::call("lease", &error))
    }

    /// The lease, which nobody must hold.
    pub(super) async fn granted(&self, key: &RecordKey, lasts: Duration) -> Result<Lease, Wrong> {
        match self.lease(key, lasts).await? {
            LeaseAnswer::Granted(lease) => Ok(lease),
            LeaseAnswer::Held { .. } => Err(Wrong::new("a lease that nobody holds was not granted")),
        }
    }

    /// How much longer somebody holds the lease, which somebody must.
    pub(super) async fn held(&self, key: &RecordKey) -> Result<Duration, Wrong> {
        match self.lease(key, LONG).await? {
            LeaseAnswer::Held { remaining } => Ok(remaining),
            LeaseAnswer::Granted(_) => Err(Wrong::new("a lease that somebody holds was granted once more")),
        }
    }

    pub(super) async fn release(&self, key: &RecordKey, lease: &Lease) -> Outcome {
        self.0.release(key, lease).await.map_err(|error| Wrong::call("release", &error))
    }

    pub(super) async fn check(&self) -> Result<Vec<String>, Wrong> {
        self.0.check().await.map_err(|error| Wrong::call("check", &error))
    }
}

/// A record that is not due.
pub(super) fn record(version: u64, payload: impl Into<Vec<u8>>) -> StoredRecord {
    StoredRecord { version, due: None, payload: payload.into() }
}

/// A record that is due at that time.
pub(super) fn due_record(version: u64, due: SystemTime) -> StoredRecord {
    StoredRecord { version, due: Some(due), payload: b"due".to_vec() }
}

/// A call that must be refused for that reason.
pub(super) fn refused<T>(answer: StoreResult<T>, kind: StoreErrorKind, doing: &str) -> Outcome {
    match answer {
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(Wrong::new(format!("{doing} is {}, but it was {}: {error}", kind.code(), error.code()))),
        Ok(_) => Err(Wrong::new(format!("{doing} is {}, but it was done", kind.code()))),
    }
}

/// What each of them gives, all begun at the same time in tasks of their own.
pub(super) async fn at_once<T: Send + 'static>(
    calls: Vec<impl Future<Output = T> + Send + 'static>,
) -> Result<Vec<T>, Wrong> {
    let barrier = Arc::new(Barrier::new(calls.len()));
    let mut tasks = JoinSet::new();
    for call in calls {
        let barrier = Arc::clone(&barrier);
        tasks.spawn(async move {
            barrier.wait().await;
            call.await
        });
    }
    let mut all = Vec::new();
    while let Some(one) = tasks.join_next().await {
        all.push(one.map_err(|_| Wrong::new("a call panicked"))?);
    }
    Ok(all)
}

/// What the future gives within so many polls; after that it is dropped.
pub(super) async fn dropped_after<T>(polls: u64, future: impl Future<Output = T> + Send) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
