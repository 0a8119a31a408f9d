//! What a store says late is not what it says now.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use oauth_core::http::BoxFuture;
use oauth_core::seal::SealingKey;
use oauth_core::store::{Lease, LeaseAnswer, Listed, MemoryStore, RecordKey, Store, StoreResult, StoredRecord, Write};
use oauth_core::{Client, ExposeSecret as _, OsRng, TokenManager};
use oauth_tests::fleet::place::{client, ended};
use oauth_tests::rotating::Rotating;
use tokio::sync::Semaphore;

/// A store in memory of which one answer can be kept back after it has been read.
#[derive(Clone)]
struct Slow {
    inner: MemoryStore,
    keep_next: Arc<AtomicBool>,
    kept: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl Slow {
    fn new() -> Self {
        Self {
            inner: MemoryStore::new(),
            keep_next: Arc::default(),
            kept: Arc::new(Semaphore::new(0)),
            go: Arc::new(Semaphore::new(0)),
        }
    }

    /// The next answer to `load` is kept back until `go`.
    fn keep_next(&self) {
        self.keep_next.store(true, Ordering::SeqCst);
    }

    /// Until an answer is kept back.
    async fn kept(&self) {
        self.kept.acquire().await.unwrap().forget();
    }
}

impl Store for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>> {
        Box::pin(async move {
            let keep = self.keep_next.swap(false, Ordering::SeqCst);
            let record = self.inner.load(key).await;
            if keep {
                self.kept.add_permits(1);
                self.go.acquire().await.unwrap().forget();
            }
            record
        })
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.save(key, write)
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>> {
        self.inner.delete(key, expected)
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>> {
        self.inner.list(after, limit)
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>> {
        self.inner.claim_due(now, claim, limit)
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>> {
        self.inner.lease(key, lasts)
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.release(key, lease)
    }
}

async fn rig() -> (Rotating, Slow, Client, TokenManager) {
    let server = Rotating::start().await;
    let store = Slow::new();
    let client = client(server.origin()).unwrap();
    let key = SealingKey::generate(&OsRng).unwrap();
    let manager = TokenManager::builder(store.clone()).keys(key).max_stale(Duration::ZERO).build().unwrap();
    manager.import(&client, "a", ended(&server.open("a"))).await.unwrap();
    (server, store, client, manager)
}

/// ST: a record is stale when the store says so after this process had seen a newer one, and not when it was asked before.
#[tokio::test]
async fn a_late_answer_is_no_sign_of_a_stale_store() {
    let (server, store, client, manager) = rig().await;
    store.keep_next();
    let late = tokio::spawn({
        let (client, manager) = (client.clone(), manager.clone());
        async move { manager.token(&client, "a").await.map(|token| token.expose_secret().to_owned()) }
    });
    store.kept().await;
    let token = manager.token(&client, "a").await.unwrap();
    store.go.add_permits(1);
    assert_eq!(late.await.unwrap().unwrap(), token.expose_secret());
    assert_eq!(server.family("a").requests(), 1);
}

#[tokio::test]
async fn a_late_answer_takes_the_place_of_no_newer_token() {
    let (server, store, client, manager) = rig().await;
    let account = manager.account(&client, "a").await.unwrap();
    let first = account.token().await.unwrap();
    store.keep_next();
    let late = tokio::spawn({
        let (client, manager) = (client.clone(), manager.clone());
        async move { manager.account(&client, "a").await.map(drop) }
    });
    store.kept().await;
    account.refresh().await.unwrap();
    let second = account.tokens().access_token().expose_secret().to_owned();
    store.go.add_permits(1);
    late.await.unwrap().unwrap();
    assert_ne!(second, first.expose_secret(), "a token that is wanted anew is asked for, also when it is fresh");
    assert_eq!(account.tokens().access_token().expose_secret(), second, "the token before it is not fresh again");
    assert_eq!(server.family("a").requests(), 2);
}
