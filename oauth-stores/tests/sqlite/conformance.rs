use std::sync::Arc;
use std::time::Duration;

use oauth_core::http::BoxFuture;
use oauth_core::store::conformance::{self, AttemptHarness, Harness};
use oauth_core::store::{AttemptStore, Store, StoreResult};
use oauth_stores::SqliteStore;
use tempfile::TempDir;

use crate::Moved;

/// Each handle opens the file anew, as another process would.
struct File {
    folder: TempDir,
    clock: Arc<Moved>,
}

impl File {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Moved::at(1_800_000_000) }
    }

    async fn handle(&self) -> StoreResult<SqliteStore> {
        let store = SqliteStore::open(self.folder.path().join("tokens.db")).await?;
        Ok(store.clock(self.clock.clone()).max_attempts(100))
    }
}

impl Harness for File {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
        Box::pin(async { Ok(Arc::new(self.handle().await?) as Arc<dyn Store>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        self.clock.by(by);
        Box::pin(async {})
    }
}

impl AttemptHarness for File {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn AttemptStore>>> {
        Box::pin(async { Ok(Arc::new(self.handle().await?) as Arc<dyn AttemptStore>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        self.clock.by(by);
        Box::pin(async {})
    }

    fn limit(&self) -> Option<usize> {
        Some(100)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_conforms() {
    conformance::check(&File::new()).await.unwrap();
}

#[tokio::test]
async fn it_conforms_on_one_thread() {
    conformance::check(&File::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_under_way_conform() {
    conformance::check_attempts(&File::new()).await.unwrap();
}
