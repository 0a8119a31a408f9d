use std::sync::Arc;

use oauth_core::http::BoxFuture;
use oauth_core::store::conformance::{self, AttemptHarness, Harness};
use oauth_core::store::{AttemptStore, Store, StoreResult};
use oauth_stores::PostgresStore;

use crate::Place;

/// Each handle has connections of its own, as another process would.
struct Server(Place);

impl Server {
    async fn handle(&self) -> StoreResult<PostgresStore> {
        self.0.options().max_attempts(50).connect(self.0.url()).await
    }
}

impl Harness for Server {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
        Box::pin(async { Ok(Arc::new(self.handle().await?) as Arc<dyn Store>) })
    }
}

impl AttemptHarness for Server {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn AttemptStore>>> {
        Box::pin(async { Ok(Arc::new(self.handle().await?) as Arc<dyn AttemptStore>) })
    }

    fn limit(&self) -> Option<usize> {
        Some(50)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_conforms() {
    conformance::check(&Server(Place::new().await)).await.unwrap();
}

#[tokio::test]
async fn it_conforms_on_one_thread() {
    conformance::check(&Server(Place::new().await)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_under_way_conform() {
    conformance::check_attempts(&Server(Place::new().await)).await.unwrap();
}
