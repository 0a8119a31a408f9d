use std::time::{Duration, SystemTime};

use oauth_core::http::BoxFuture;
use oauth_core::store::{
    Lease, LeaseAnswer, Listed, RecordKey, Store, StoreError, StoreErrorKind as Kind, StoreResult, StoredRecord, Write,
};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteArguments, SqliteRow};

use super::error::read;
use super::{NAME, SqliteStore};
use crate::sql::{self, LONGEST, values};

const LOAD: &str = "SELECT version, due, CASE WHEN length(payload) <= 1048576 THEN payload END AS payload
    FROM record WHERE key = ?1";
/// The last condition of both: no newer lease than the writer's, where it has one.
const CREATE: &str = "INSERT INTO record (key, version, due, payload) SELECT ?1, ?2, ?3, ?4
    WHERE NOT EXISTS (SELECT 1 FROM lease WHERE key = ?1 AND fence > ?5)
    ON CONFLICT (key) DO NOTHING RETURNING version";
const REPLACE: &str = "UPDATE record SET version = ?2, due = ?3, payload = ?4, claimed = NULL
    WHERE key = ?1 AND version = ?6 AND NOT EXISTS (SELECT 1 FROM lease WHERE key = ?1 AND fence > ?5)
    RETURNING version";
const NEWER_LEASE: &str = "SELECT fence FROM lease WHERE key = ?1 AND fence > ?2";
const DELETE: &str = "DELETE FROM record WHERE key = ?1 AND (?2 IS NULL OR version = ?2) RETURNING version";
const LIST: &str = "SELECT key, version, due FROM record WHERE key > ?1 ORDER BY key LIMIT ?2";
const CLAIM: &str = "UPDATE record SET claimed = ?2 WHERE key IN (
      SELECT key FROM record WHERE due <= ?1 AND (claimed IS NULL OR claimed <= ?1) ORDER BY due, key LIMIT ?3)
    RETURNING due, key";
const LEASE: &str = "INSERT INTO lease (key, fence, token, lasts, until)
    VALUES (?1, (SELECT coalesce(max(fence), 0) + 1 FROM lease), ?2, ?3, ?5)
    ON CONFLICT (key) DO UPDATE SET fence = excluded.fence, token = excluded.token, lasts = excluded.lasts,
      until = excluded.until WHERE lease.until <= ?4
    RETURNING fence";
const HOLDER: &str = "SELECT fence, lasts, until FROM lease WHERE key = ?1";
const SHORTEN: &str = "UPDATE lease SET until = ?3 WHERE key = ?1 AND fence = ?2 AND until > ?3 RETURNING fence";
const RELEASE: &str = "UPDATE lease SET until = ?4 WHERE key = ?1 AND fence = ?2 AND token = ?3 AND until > ?4
    RETURNING fence";
const FORGET: &str = "DELETE FROM lease WHERE key IN (SELECT key FROM lease WHERE until < ?1 LIMIT 100)
    AND fence < (SELECT max(fence) FROM lease) RETURNING fence";
const CHECKS: &str = "SELECT j.journal_mode, s.synchronous, (SELECT quick_check FROM pragma_quick_check) AS quick_check
    FROM pragma_journal_mode AS j, pragma_synchronous AS s";

/// All of them, for a test of how they are done.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[LOAD, CREATE, REPLACE, NEWER_LEASE, DELETE, LIST, CLAIM, LEASE, HOLDER, SHORTEN, RELEASE, FORGET];

/// The fence of an ended lease is of use as long as its holder may still write.
const REMEMBERED: i64 = 24 * 60 * 60 * 1000;

type Answer<'a, T> = BoxFuture<'a, StoreResult<T>>;

impl Store for SqliteStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<StoredRecord>> {
        Box::pin(async move {
            let rows = self.read(LOAD, values!(SqliteArguments, NAME; key.as_str())).await?;
            rows.first().map(record).transpose()
        })
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> Answer<'a, ()> {
        Box::pin(self.write_record(key, write))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> Answer<'a, bool> {
        Box::pin(async move {
            // No record has a version that no column holds.
            let version = expected.map(|expected| i64::try_from(expected).unwrap_or(-1));
            let gone = self.write(DELETE, values!(SqliteArguments, NAME; key.as_str(), version)).await?;
            match (gone.is_empty(), expected) {
                (false, _) => Ok(true),
                (true, Some(_)) if self.load(key).await?.is_some() => Err(sql::conflict(NAME)),
                (true, _) => Ok(false),
            }
        })
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> Answer<'a, Vec<Listed>> {
        Box::pin(async move {
            let after = after.map_or("", RecordKey::as_str);
            let rows = self.read(LIST, values!(SqliteArguments, NAME; after, sql::rows(limit))).await?;
            rows.iter().map(listed).collect()
        })
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> Answer<'_, Vec<RecordKey>> {
        Box::pin(async move {
            let until = now.checked_add(claim).map_or(i64::MAX, sql::seconds_up);
            let values = values!(SqliteArguments, NAME; sql::seconds_down(now), until, sql::rows(limit));
            let claimed = self.write(CLAIM, values).await?;
            let claimed = claimed.iter().map(|row| Ok((number(row, "due")?, text(row, "key")?)));
            sql::in_order(NAME, claimed.collect::<StoreResult<_>>()?)
        })
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> Answer<'a, LeaseAnswer> {
        Box::pin(self.grant(key, lasts))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> Answer<'a, ()> {
        Box::pin(async move {
            let Ok(fence) = i64::try_from(lease.fence) else { return Ok(()) };
            let now = sql::millis_down(self.clock.now());
            self.write(RELEASE, values!(SqliteArguments, NAME; key.as_str(), fence, lease.token.as_str(), now)).await?;
            Ok(())
        })
    }

    fn check(&self) -> Answer<'_, Vec<String>> {
        Box::pin(self.look())
    }
}

impl SqliteStore {
    async fn write_record(&self, key: &RecordKey, write: Write<'_>) -> StoreResult<()> {
        let StoredRecord { version, due, payload } = write.record;
        sql::fits(NAME, payload)?;
        let fence = write.lease.map(|lease| i64::try_from(lease.fence).unwrap_or(i64::MAX));
        let due = due.map(sql::seconds_up);
        let version = sql::version(NAME, *version)?;
        let written = match write.expected {
            None => {
                let values = values!(SqliteArguments, NAME; key.as_str(), version, due, payload.as_slice(), fence);
                self.write(CREATE, values).await?
            }
            Some(expected) => {
                let expected = i64::try_from(expected).unwrap_or(-1);
                let values =
                    values!(SqliteArguments, NAME; key.as_str(), version, due, payload.as_slice(), fence, expected);
                self.write(REPLACE, values).await?
            }
        };
        if !written.is_empty() {
            return Ok(());
        }
        let newer = self.read(NEWER_LEASE, values!(SqliteArguments, NAME; key.as_str(), fence)).await?;
        Err(if newer.is_empty() { sql::conflict(NAME) } else { sql::fenced(NAME) })
    }

    async fn grant(&self, key: &RecordKey, lasts: Duration) -> StoreResult<LeaseAnswer> {
        let lasts = lasts.min(LONGEST);
        let token = sql::token(NAME, &*self.rng)?;
        // Twice at most: a lease may end, or be released, between the answer that it is held and the question for how long.
        for _ in 0..2 {
            let now = self.clock.now();
            let until = now.checked_add(lasts).map_or(i64::MAX, sql::millis_up);
            let now = sql::millis_down(now);
            let length = until.saturating_sub(now);
            let values = values!(SqliteArguments, NAME; key.as_str(), token.as_str(), length, now, until);
            if let Some(row) = self.write(LEASE, values).await?.first() {
                let fence = number(row, "fence")?;
                let fence = u64::try_from(fence).map_err(|_| sql::corrupt(NAME, "a fence is negative"))?;
                self.forget(now).await;
                return Ok(LeaseAnswer::Granted(Lease { fence, token, lasts }));
            }
            if let Some(remaining) = self.remaining(key, now).await? {
                return Ok(LeaseAnswer::Held { remaining });
            }
        }
        Ok(LeaseAnswer::Held { remaining: Duration::from_millis(1) })
    }

    /// How much longer somebody else has the lease.
    async fn remaining(&self, key: &RecordKey, now: i64) -> StoreResult<Option<Duration>> {
        let rows = self.read(HOLDER, values!(SqliteArguments, NAME; key.as_str())).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (fence, lasts, until) = (number(row, "fence")?, number(row, "lasts")?, number(row, "until")?);
        // A clock that was set back does not make a lease longer than it was granted for.
        let end = now.saturating_add(lasts);
        if until > end {
            self.write(SHORTEN, values!(SqliteArguments, NAME; key.as_str(), fence, end)).await?;
        }
        let left = u64::try_from(until.min(end).saturating_sub(now)).unwrap_or_default();
        Ok((left > 0).then_some(Duration::from_millis(left)))
    }

    /// Now and then forgets leases that ended long ago. What fails here is tried again later.
    async fn forget(&self, now: i64) {
        let forgotten = async {
            let values = values!(SqliteArguments, NAME; now.saturating_sub(REMEMBERED));
            self.write(FORGET, values).await
        };
        if self.forgets_now() {
            let _ = forgotten.await;
        }
    }

    async fn look(&self) -> StoreResult<Vec<String>> {
        let rows = self.read(CHECKS, SqliteArguments::default()).await?;
        let Some(row) = rows.first() else { return Ok(Vec::new()) };
        if text(row, "quick_check")? != "ok" {
            return Err(StoreError::new(Kind::Corrupt, NAME, "the database is damaged"));
        }
        let mut found = Vec::new();
        if text(row, "journal_mode")? != "wal" {
            found.push("The database has no write-ahead log: another program has changed its journal mode.".to_owned());
        }
        if number(row, "synchronous")? < 2 {
            found.push("The database does not wait for the disk.".to_owned());
        }
        Ok(found)
    }
}

fn record(row: &SqliteRow) -> StoreResult<StoredRecord> {
    let due = row.try_get("due").map_err(read)?;
    sql::record(NAME, number(row, "version")?, due, row.try_get("payload").map_err(read)?)
}

fn listed(row: &SqliteRow) -> StoreResult<Listed> {
    sql::listed(NAME, &text(row, "key")?, number(row, "version")?, row.try_get("due").map_err(read)?)
}

fn number(row: &SqliteRow, column: &str) -> StoreResult<i64> {
    row.try_get(column).map_err(read)
}

fn text(row: &SqliteRow, column: &str) -> StoreResult<String> {
    row.try_get(column).map_err(read)
}
