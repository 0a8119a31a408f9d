use std::time::{Duration, SystemTime};

use oauth_core::http::BoxFuture;
use oauth_core::store::{
    Lease, LeaseAnswer, Listed, RecordKey, Store, StoreError, StoreErrorKind as Kind, StoreResult, StoredRecord, Write,
};
use sqlx::Row as _;
use sqlx::postgres::{PgArguments, PgRow};
use tokio::time::Instant;

use super::error::error_of;
use super::step::Failed;
use super::{Inner, NAME, PostgresStore};
use crate::sql::{self, values};

type Answer<'a, T> = BoxFuture<'a, StoreResult<T>>;

impl Store for PostgresStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<StoredRecord>> {
        let (store, key) = (self.clone(), *key);
        Box::pin(self.apart(async move { store.inner.load(&key).await }))
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> Answer<'a, ()> {
        let store = self.clone();
        Box::pin(async move {
            let change = Change::of(*key, write)?;
            self.apart(async move { store.inner.save(change).await }).await
        })
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> Answer<'a, bool> {
        let (store, key) = (self.clone(), *key);
        Box::pin(self.apart(async move { store.inner.delete(&key, expected).await }))
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> Answer<'a, Vec<Listed>> {
        let (store, after) = (self.clone(), after.copied());
        Box::pin(self.apart(async move {
            let after = after.as_ref().map_or("", RecordKey::as_str);
            let values = values!(PgArguments, NAME; after, sql::rows(limit));
            let rows = store.inner.ask(&store.inner.sql.list, &values).await?;
            rows.iter()
                .map(|row| sql::listed(NAME, column(row, "key")?, column(row, "version")?, column(row, "due")?))
                .collect()
        }))
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> Answer<'_, Vec<RecordKey>> {
        let store = self.clone();
        Box::pin(self.apart(async move {
            let until = now.checked_add(claim).map_or(i64::MAX, sql::seconds_up);
            let values = values!(PgArguments, NAME; sql::seconds_down(now), until, sql::rows(limit));
            let rows = store.inner.ask(&store.inner.sql.claim, &values).await?;
            let claimed = rows.iter().map(|row| Ok((column(row, "due")?, column(row, "key")?)));
            sql::in_order(NAME, claimed.collect::<StoreResult<_>>()?)
        }))
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> Answer<'a, LeaseAnswer> {
        let (store, key) = (self.clone(), *key);
        Box::pin(self.apart(async move { store.inner.lease(&key, lasts).await }))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> Answer<'a, ()> {
        let (store, key, lease) = (self.clone(), *key, lease.clone());
        Box::pin(self.apart(async move { store.inner.release(&key, &lease).await }))
    }

    fn check(&self) -> Answer<'_, Vec<String>> {
        let store = self.clone();
        Box::pin(self.apart(async move {
            store.inner.prepare().await?;
            let rows = store.inner.ask(&store.inner.sql.settings, &PgArguments::default()).await?;
            rows.first().map_or(Ok(Vec::new()), remarks)
        }))
    }
}

/// A write, kept for as long as it takes to know what became of it.
struct Change {
    key: RecordKey,
    expected: Option<i64>,
    record: StoredRecord,
    values: PgArguments,
}

impl Change {
    fn of(key: RecordKey, write: Write<'_>) -> StoreResult<Self> {
        let record = write.record.clone();
        sql::fits(NAME, &record.payload)?;
        let version = sql::version(NAME, record.version)?;
        // No record has a version that no column holds.
        let expected = write.expected.map(|expected| i64::try_from(expected).unwrap_or(-1));
        let fence = write.lease.map(|lease| i64::try_from(lease.fence).unwrap_or(i64::MAX));
        let due = record.due.map(sql::seconds_up);
        let mut values = values!(PgArguments, NAME; key.as_str(), version, due, record.payload.as_slice(), fence);
        if let Some(expected) = expected {
            sqlx::Arguments::add(&mut values, expected).map_err(|error| sql::not_a_value(NAME, error))?;
        }
        Ok(Self { key, expected, record, values })
    }
}

impl Inner {
    async fn load(&self, key: &RecordKey) -> StoreResult<Option<StoredRecord>> {
        let rows = self.ask(&self.sql.load, &values!(PgArguments, NAME; key.as_str())).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let Some(version) = column::<Option<i64>>(row, "version")? else { return Ok(None) };
        sql::record(NAME, version, column(row, "due")?, column(row, "payload")?).map(Some)
    }

    /// Writes, and where the connection was lost before the answer came, looks what became of it before it tries again.
    async fn save(&self, change: Change) -> StoreResult<()> {
        let statement = if change.expected.is_some() { &self.sql.replace } else { &self.sql.create };
        let deadline = self.deadline();
        let mut tries = 0;
        loop {
            let lost = match self.once(statement, &change.values, deadline).await {
                Ok(rows) => {
                    let row = rows.first().ok_or_else(nothing)?;
                    let (written, fenced) = (column(row, "written")?, column(row, "fenced")?);
                    // An attempt whose answer was lost may have been the one that came before this one.
                    if written || tries > 0 && self.is_there(&change).await? {
                        return Ok(());
                    }
                    return Err(if fenced { sql::fenced(NAME) } else { sql::conflict(NAME) });
                }
                Err(Failed::Refused(error)) => return Err(error),
                Err(Failed::Unknown(error)) => error,
            };
            tries += 1;
            if self.is_there(&change).await.map_err(|_| unknown().because(lost))? {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let what = "the connection was lost while writing, and the record has not been written so far";
                return Err(error_of(Kind::Unavailable, what));
            }
            self.wait(tries).await;
        }
    }

    async fn is_there(&self, change: &Change) -> StoreResult<bool> {
        let found = self.load(&change.key).await?;
        Ok(found.is_some_and(|found| found.version == change.record.version && found.payload == change.record.payload))
    }

    async fn delete(&self, key: &RecordKey, expected: Option<u64>) -> StoreResult<bool> {
        let version = expected.map(|expected| i64::try_from(expected).unwrap_or(-1));
        let values = values!(PgArguments, NAME; key.as_str(), version);
        let deadline = self.deadline();
        let mut tries = 0;
        loop {
            match self.once(&self.sql.delete, &values, deadline).await {
                Ok(rows) => {
                    let row = rows.first().ok_or_else(nothing)?;
                    return match (column(row, "gone")?, column(row, "found")?) {
                        (true, _) => Ok(true),
                        (false, true) if expected.is_some() => Err(sql::conflict(NAME)),
                        // It is gone; if an answer was lost, by this call.
                        (false, _) => Ok(tries > 0),
                    };
                }
                Err(Failed::Unknown(_)) if Instant::now() < deadline => tries += 1,
                Err(failed) => return Err(failed.into()),
            }
            self.wait(tries).await;
        }
    }
}

/// What is not as it should be, in sentences.
fn remarks(row: &PgRow) -> StoreResult<Vec<String>> {
    let setting = |name| column::<String>(row, name);
    let mut remarks = Vec::new();
    if setting("fsync")? == "off" || setting("full_page_writes")? == "off" {
        remarks.push(
            "The server does not wait for its disk: a crash may lose tokens (fsync, full_page_writes).".to_owned(),
        );
    }
    if setting("synchronous_commit")? == "off" {
        remarks.push("The server confirms writes before they are on its disk (synchronous_commit).".to_owned());
    }
    let client = setting("client")?;
    let near = client == "local" || client.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if !near && !column::<bool>(row, "tls")? {
        remarks.push("The connection to the server crosses a network and is not encrypted.".to_owned());
    }
    Ok(remarks)
}

pub(super) fn column<'r, T>(row: &'r PgRow, name: &str) -> StoreResult<T>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    // Its text names the column and the type, not the value.
    row.try_get(name)
        .map_err(|error| sql::corrupt(NAME, "a column holds what this store does not write").because(error))
}

pub(super) fn nothing() -> StoreError {
    error_of(Kind::Unavailable, "the server gave no answer to a statement")
}

fn unknown() -> StoreError {
    error_of(Kind::Unavailable, "the connection was lost while writing, and whether it was written could not be learnt")
}
