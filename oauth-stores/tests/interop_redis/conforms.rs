//! The conformance suite.

use std::sync::Arc;

use oauth_core::http::BoxFuture;
use oauth_core::store::conformance::{self, AttemptHarness, Harness};
use oauth_core::store::{AttemptStore, Store, StoreResult};
use oauth_stores::RedisStore;

use crate::{random, url, variable};

/// Handles on one place of a server.
struct Place {
    url: String,
    roots: Option<Vec<u8>>,
    prefix: String,
}

const LIMIT: u32 = 20;

impl Place {
    fn new(url: String) -> Self {
        Self { url, roots: None, prefix: random() }
    }

    async fn store(&self) -> StoreResult<Arc<RedisStore>> {
        let mut builder = RedisStore::builder(self.url.as_str()).prefix(self.prefix.as_str()).max_attempts(LIMIT);
        if let Some(roots) = &self.roots {
            builder = builder.tls_roots(roots.as_slice());
        }
        builder.connect().await.map(Arc::new)
    }
}

impl Harness for Place {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn Store>>> {
        Box::pin(async { Ok(self.store().await? as Arc<dyn Store>) })
    }
}

impl AttemptHarness for Place {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn AttemptStore>>> {
        Box::pin(async { Ok(self.store().await? as Arc<dyn AttemptStore>) })
    }

    fn limit(&self) -> Option<usize> {
        usize::try_from(LIMIT).ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_conforms() {
    let report = conformance::check(&Place::new(url())).await.unwrap();
    assert!(report.skipped().is_empty(), "{report:?}");
}

#[tokio::test]
async fn the_store_conforms_on_one_thread() {
    conformance::check(&Place::new(url())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_conforms_over_tls() {
    let roots = std::fs::read(variable("OAUTH_TEST_REDIS_CA")).unwrap();
    let place = Place { roots: Some(roots), ..Place::new(variable("OAUTH_TEST_REDIS_TLS_URL")) };
    conformance::check(&place).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_logins_conforms() {
    let report = conformance::check_attempts(&Place::new(url())).await.unwrap();
    assert!(report.skipped().is_empty(), "{report:?}");
}
