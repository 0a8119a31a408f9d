use std::time::Duration;

use oauth_core::http::BoxFuture;
use oauth_core::store::{AttemptStore, StoreResult, TakenAttempt};
use sqlx::postgres::PgArguments;

use super::records::{column, nothing};
use super::{Inner, NAME, PostgresStore};
use crate::sql::{self, LONGEST, values};

impl AttemptStore for PostgresStore {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        let store = self.clone();
        Box::pin(async move {
            sql::fits(NAME, attempt)?;
            let ttl = ttl.min(LONGEST).as_secs_f64();
            let values = values!(PgArguments, NAME; sql::id(NAME, id)?, attempt, ttl);
            self.apart(async move { store.inner.put(&values).await }).await
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        let store = self.clone();
        Box::pin(async move {
            let id = sql::id(NAME, id)?.to_vec();
            self.apart(async move { store.inner.take(&id).await }).await
        })
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        let store = self.clone();
        Box::pin(async move {
            let values = values!(PgArguments, NAME; sql::id(NAME, id)?);
            self.apart(async move { store.inner.peek(&values).await }).await
        })
    }
}

impl Inner {
    async fn put(&self, values: &PgArguments) -> StoreResult<()> {
        let rows = self.ask(&self.sql.put, values).await?;
        let serial: i64 = column(rows.first().ok_or_else(nothing)?, "serial")?;
        // It is kept; what is left over from others may wait.
        let _ = self.ask(&self.sql.ended, &PgArguments::default()).await;
        let _ = self.ask(&self.sql.too_many, &values!(PgArguments, NAME; serial, i64::from(self.attempts))).await;
        Ok(())
    }

    async fn take(&self, id: &[u8]) -> StoreResult<TakenAttempt> {
        let who = sql::token(NAME, &*self.rng)?;
        let values = values!(PgArguments, NAME; id, who.as_str());
        let rows = self.ask(&self.sql.take, &values).await?;
        let row = rows.first().ok_or_else(nothing)?;
        match (column::<Option<Vec<u8>>>(row, "attempt")?, column(row, "found")?) {
            (Some(attempt), _) => {
                // Nobody needs it any more; if this fails, it goes when its time is over.
                let _ = self.ask(&self.sql.empty, &values).await;
                Ok(TakenAttempt::Waiting(attempt))
            }
            (None, true) => Ok(TakenAttempt::Taken),
            (None, false) => Ok(TakenAttempt::Unknown),
        }
    }

    async fn peek(&self, values: &PgArguments) -> StoreResult<TakenAttempt> {
        let rows = self.ask(&self.sql.peek, values).await?;
        let Some(row) = rows.first() else { return Ok(TakenAttempt::Unknown) };
        if column(row, "taken")? {
            return Ok(TakenAttempt::Taken);
        }
        column(row, "attempt").map(TakenAttempt::Waiting)
    }
}
