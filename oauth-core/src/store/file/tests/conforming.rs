use std::time::Duration;

use super::*;
use crate::http::BoxFuture;
use crate::store::conformance::{AttemptHarness, Harness, check, check_attempts};

const LIMIT: usize = 20;

impl Harness for Rig {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
        Box::pin(async { Ok(Arc::new(self.another()) as Arc<dyn Store>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.clock.advance(by) })
    }
}

impl AttemptHarness for Rig {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn AttemptStore>>> {
        Box::pin(async { Ok(Arc::new(self.another().max_attempts(LIMIT)) as Arc<dyn AttemptStore>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.clock.advance(by) })
    }

    fn limit(&self) -> Option<usize> {
        Some(LIMIT)
    }
}

#[tokio::test]
async fn the_file_store_conforms() {
    let rig = Rig::new();
    check(&rig).await.unwrap();
    assert!(rig.names(Part::Records).is_empty(), "something is left behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_file_store_conforms_on_many_threads() {
    check(&Rig::new()).await.unwrap();
}

#[tokio::test]
async fn the_file_store_keeps_attempts() {
    check_attempts(&Rig::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_file_store_keeps_attempts_on_many_threads() {
    check_attempts(&Rig::new()).await.unwrap();
}

#[tokio::test]
async fn clones_are_one_holder() {
    let rig = Rig::new();
    let lease = rig.store.granted(&key(1), Duration::from_secs(60)).unwrap();
    let clone = rig.store.clone();
    drop(rig.store.clone());
    assert_eq!(clone.granted(&key(1), Duration::from_secs(60)), None);
    clone.release(&key(1), &lease).await.unwrap();
    assert!(rig.store.granted(&key(1), Duration::from_secs(60)).is_some());
}
