use std::time::Duration;

use oauth_core::http::BoxFuture;
use oauth_core::store::{AttemptStore, StoreResult, TakenAttempt};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteArguments, SqliteRow};

use super::error::read;
use super::{NAME, SqliteStore};
use crate::sql::{self, LONGEST, values};

const PUT: &str = "INSERT INTO attempt (id, attempt, until) VALUES (?1, ?2, ?3)
    ON CONFLICT (id) DO UPDATE SET attempt = excluded.attempt, until = excluded.until, taken = 0
    RETURNING serial";
const ENDED: &str = "DELETE FROM attempt WHERE serial IN (SELECT serial FROM attempt WHERE until <= ?1 LIMIT 100)
    RETURNING serial";
/// Counts only when there may be too many: between the oldest serial and the newest is room for the limit.
const TOO_MANY: &str = "DELETE FROM attempt WHERE (SELECT min(serial) FROM attempt) <= ?1 - ?2
    AND serial <= (SELECT serial FROM attempt ORDER BY serial DESC LIMIT 1 OFFSET ?2)
    RETURNING serial";
const TAKE: &str = "UPDATE attempt SET taken = 1 WHERE id = ?1 AND taken = 0 AND until > ?2 RETURNING taken, attempt";
const PEEK: &str = "SELECT taken, attempt FROM attempt WHERE id = ?1 AND until > ?2";
const EMPTY: &str = "UPDATE attempt SET attempt = x'' WHERE id = ?1 AND taken = 1 RETURNING serial";

/// All of them, for a test of how they are done.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[PUT, ENDED, TOO_MANY, TAKE, PEEK, EMPTY];

impl AttemptStore for SqliteStore {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            sql::fits(NAME, attempt)?;
            let now = self.clock.now();
            let until = now.checked_add(ttl.min(LONGEST)).map_or(i64::MAX, sql::millis_up);
            let rows = self.write(PUT, values!(SqliteArguments, NAME; sql::id(NAME, id)?, attempt, until)).await?;
            let Some(row) = rows.first() else { return Ok(()) };
            let serial: i64 = row.try_get("serial").map_err(read)?;
            self.write(ENDED, values!(SqliteArguments, NAME; sql::millis_down(now))).await?;
            self.write(TOO_MANY, values!(SqliteArguments, NAME; serial, i64::from(self.attempts))).await?;
            Ok(())
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move {
            let now = sql::millis_down(self.clock.now());
            let id = sql::id(NAME, id)?;
            let taken = self.write(TAKE, values!(SqliteArguments, NAME; id, now)).await?;
            let Some(row) = taken.first() else {
                let rows = self.read(PEEK, values!(SqliteArguments, NAME; id, now)).await?;
                return Ok(if rows.is_empty() { TakenAttempt::Unknown } else { TakenAttempt::Taken });
            };
            let attempt = row.try_get("attempt").map_err(read)?;
            // Nobody needs it any more; if this fails, it goes when its time is over.
            let _ = self.write(EMPTY, values!(SqliteArguments, NAME; id)).await;
            Ok(TakenAttempt::Waiting(attempt))
        })
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move {
            let now = sql::millis_down(self.clock.now());
            let rows = self.read(PEEK, values!(SqliteArguments, NAME; sql::id(NAME, id)?, now)).await?;
            rows.first().map_or(Ok(TakenAttempt::Unknown), state)
        })
    }
}

fn state(row: &SqliteRow) -> StoreResult<TakenAttempt> {
    if row.try_get::<i64, _>("taken").map_err(read)? != 0 {
        return Ok(TakenAttempt::Taken);
    }
    Ok(TakenAttempt::Waiting(row.try_get("attempt").map_err(read)?))
}
