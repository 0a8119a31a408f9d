mod broken;
mod broken_attempts;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::*;
use crate::clock::Clock;
use crate::store::MemoryStore;

const LIMIT: usize = 20;

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<Mutex<SystemTime>>);

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000))))
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

pub(super) struct InMemory(MemoryStore, ManualClock);

impl InMemory {
    pub(super) fn new() -> Self {
        let clock = ManualClock::new();
        Self(MemoryStore::new().clock(Arc::new(clock.clone())).max_attempts(LIMIT), clock)
    }
}

impl Harness for InMemory {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
        Box::pin(async { Ok(Arc::new(self.0.clone()) as Arc<dyn Store>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.1.advance(by) })
    }
}

impl AttemptHarness for InMemory {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn AttemptStore>>> {
        Box::pin(async { Ok(Arc::new(self.0.clone()) as Arc<dyn AttemptStore>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.1.advance(by) })
    }

    fn limit(&self) -> Option<usize> {
        Some(LIMIT)
    }
}

#[tokio::test]
async fn the_memory_store_conforms() {
    let memory = InMemory::new();
    let report = check(&memory).await.unwrap();
    assert_eq!(report.passed().len(), CHECKS.iter().map(|checks| checks.len()).sum::<usize>());
    assert!(report.to_string().starts_with("the memory store passed 3"), "{report}");
    // Nothing is left behind.
    assert!(memory.0.list(None, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_conforms_on_many_threads() {
    check(&InMemory::new()).await.unwrap();
}

#[tokio::test]
async fn the_memory_store_keeps_attempts() {
    let report = check_attempts(&InMemory::new()).await.unwrap();
    assert_eq!((report.passed().len(), report.skipped().len()), (attempts::CHECKS.len(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_keeps_attempts_on_many_threads() {
    check_attempts(&InMemory::new()).await.unwrap();
}

#[tokio::test]
async fn st_03_a_store_that_cannot_be_opened_fails_the_suite() {
    struct Down;
    impl Harness for Down {
        fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
            let error = crate::store::StoreError::new(crate::store::StoreErrorKind::Unavailable, "down", "no route");
            Box::pin(async { Err(error) })
        }
    }
    let failures = check(&Down).await.unwrap_err();
    assert_eq!((failures.failures().len(), failures.failures()[0].check()), (1, "open"));
    assert!(format!("{failures:?}").contains("store-unavailable"), "{failures:?}");
}
