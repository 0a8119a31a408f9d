//! The store against a real PostgreSQL server, which `tests/interop/stores postgres` starts. Without one these tests fail.
//!
//! They need a superuser and leave only schemas of their own behind, whose names begin with `t_`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod conformance;
mod impostor;
mod locks;
mod lost;
mod proxy;
mod records;
mod schema;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use oauth_core::store::{LeaseAnswer, RecordKey, StoreError, StoreErrorKind, StoredRecord, Write};
use oauth_stores::{PostgresStore, PostgresStoreBuilder};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};

pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// A variable that the script sets.
#[allow(clippy::disallowed_methods, reason = "how the script says where its servers are")]
pub(crate) fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/interop/stores postgres"))
}

pub(crate) fn url() -> String {
    given("OAUTH_TEST_POSTGRES_URL")
}

/// The server's URL with another port, without TLS: what a proxy can look into.
pub(crate) fn through(port: u16) -> String {
    let mut url = url::Url::parse(&url()).unwrap();
    url.set_port(Some(port)).unwrap();
    url.query_pairs_mut().append_pair("sslmode", "disable");
    url.into()
}

pub(crate) fn connect_options() -> PgConnectOptions {
    url().parse().unwrap()
}

/// A place of its own on the server, and somebody who may do anything there.
pub(crate) struct Place {
    pub(crate) schema: String,
    pub(crate) admin: PgPool,
}

impl Place {
    pub(crate) async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("t_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = PgPoolOptions::new().max_connections(2).connect_with(connect_options()).await.unwrap();
        Self { schema, admin }
    }

    /// Options of a store in this place, which also is its name at the server.
    pub(crate) fn options(&self) -> PostgresStoreBuilder {
        PostgresStore::builder().schema(&self.schema).max_connections(4)
    }

    pub(crate) fn url(&self) -> String {
        self.named(&url())
    }

    pub(crate) fn named(&self, url: &str) -> String {
        let mut url = url::Url::parse(url).unwrap();
        url.query_pairs_mut().append_pair("application_name", &self.schema);
        url.into()
    }

    pub(crate) async fn store(&self) -> PostgresStore {
        self.options().connect(self.url()).await.unwrap()
    }

    /// Runs statements; `{}` is the schema.
    pub(crate) async fn run(&self, sql: &str) {
        sqlx::raw_sql(self.sql(sql)).execute(&self.admin).await.unwrap();
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(self.sql(sql)).fetch_one(&self.admin).await.unwrap()
    }

    /// How many sessions of this place's stores the condition holds for.
    pub(crate) async fn sessions(&self, condition: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{{}}' AND {condition}"))
            .await
    }

    /// Ends the sessions of this place's stores for which the condition holds.
    pub(crate) async fn terminate(&self, condition: &str) -> i64 {
        self.number(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{{}}' AND {condition}"
        ))
        .await
    }

    pub(crate) fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{}", &self.schema))
    }
}

/// Looks again and again, for as long as a slow machine may need.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..1000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not happen: {what}");
}

pub(crate) fn key(number: u8) -> RecordKey {
    RecordKey::from_digest([number; 32])
}

pub(crate) fn record(version: u64, payload: impl Into<Vec<u8>>) -> StoredRecord {
    StoredRecord { version, due: None, payload: payload.into() }
}

pub(crate) fn write(expected: Option<u64>, record: &StoredRecord) -> Write<'_> {
    Write { expected, record, lease: None }
}

pub(crate) fn granted(answer: LeaseAnswer) -> oauth_core::store::Lease {
    match answer {
        LeaseAnswer::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

#[track_caller]
pub(crate) fn refused<T>(answer: Result<T, StoreError>, kind: StoreErrorKind) -> StoreError {
    let error = answer.err().expect("it should have been refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    let (text, secret) = (format!("{error} {error:?}"), url::Url::parse(&url()).unwrap());
    assert!(!text.contains(secret.password().unwrap()), "the password is shown: {text}");
    error
}
