//! The store of Redis and Valkey against a real server, which tests/interop/stores starts.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod conforms;
mod connections;
mod failover;
mod keeps;

use std::time::Duration;

use oauth_core::store::{Lease, LeaseAnswer, RecordKey, Store as _, StoreResult, StoredRecord, Write};
use oauth_core::{OsRng, Rng as _};
use oauth_stores::{RedisStore, RedisStoreBuilder};
use redis::aio::MultiplexedConnection;

/// A variable that tests/interop/stores sets. Without it there is no server, and the test fails.
#[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the server is")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/interop/stores redis"))
}

fn url() -> String {
    variable("OAUTH_TEST_REDIS_URL")
}

/// A store in a place of its own, and its prefix.
fn own() -> (RedisStoreBuilder, String) {
    let prefix = random();
    (RedisStore::builder(url()).prefix(prefix.as_str()), prefix)
}

fn random() -> String {
    let mut bytes = [0; 8];
    OsRng.fill(&mut bytes).unwrap();
    format!("test-{:016x}", u64::from_be_bytes(bytes))
}

fn key(number: u8) -> RecordKey {
    RecordKey::from_digest([number; 32])
}

fn record(version: u64, payload: impl Into<Vec<u8>>) -> StoredRecord {
    StoredRecord { version, due: None, payload: payload.into() }
}

/// A connection that says whatever a test wants said.
async fn raw(url: &str) -> MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn save(
    store: &RedisStore,
    key: &RecordKey,
    expected: Option<u64>,
    record: &StoredRecord,
    lease: Option<&Lease>,
) -> StoreResult<()> {
    store.save(key, Write { expected, record, lease }).await
}

async fn granted(store: &RedisStore, key: &RecordKey, lasts: Duration) -> Lease {
    match store.lease(key, lasts).await.unwrap() {
        LeaseAnswer::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}
