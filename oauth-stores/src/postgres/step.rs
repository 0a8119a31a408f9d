//! One step: a statement on a connection of its own, tried again where that is sound.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::store::{StoreError, StoreErrorKind as Kind, StoreResult};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Postgres, Row as _};
use tokio::time::{Instant, timeout_at};

use super::error::{Verdict, connecting, error_of, judge};
use super::{Inner, PostgresStore, connect};

/// How often a step is tried again.
const RETRIES: u32 = 5;
/// The wait before the first time; it doubles.
const WAIT: Duration = Duration::from_millis(10);

/// A step that did not succeed.
pub(super) enum Failed {
    /// Nothing took place.
    Refused(StoreError),
    /// It may have taken place.
    Unknown(StoreError),
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(error) | Failed::Unknown(error) => error,
        }
    }
}

impl PostgresStore {
    /// Runs a step in a task of its own: it goes to its end also when the caller does not wait for it, and a fault of the
    /// driver, over what a hostile server sent, ends the task and not the caller.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        step: impl Future<Output = StoreResult<T>> + Send + 'static,
    ) -> StoreResult<T> {
        let task = connect::inside_tokio()?.spawn(step);
        // What a panic says is not passed on.
        task.await
            .unwrap_or_else(|_| Err(error_of(Kind::Internal, "the task that did the work ended without a result")))
    }
}

impl Inner {
    /// Until when a step that begins now is tried again.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// One statement that does the same when it is done twice.
    pub(super) async fn ask(&self, sql: &Arc<str>, values: &PgArguments) -> StoreResult<Vec<PgRow>> {
        let deadline = self.deadline();
        for tries in 1..=RETRIES {
            match self.once(sql, values, deadline).await {
                Err(Failed::Unknown(_)) if Instant::now() < deadline => self.wait(tries).await,
                answer => return Ok(answer?),
            }
        }
        Ok(self.once(sql, values, deadline).await?)
    }

    /// One statement, whatever it does when it is done twice: tried again only where the server has undone it.
    pub(super) async fn once(
        &self,
        sql: &Arc<str>,
        values: &PgArguments,
        deadline: Instant,
    ) -> Result<Vec<PgRow>, Failed> {
        let mut tries = 0;
        loop {
            match self.attempt(sql, values.clone()).await {
                Ok(rows) => return Ok(rows),
                Err(Verdict::Again(_)) if tries < RETRIES && Instant::now() < deadline => tries += 1,
                Err(Verdict::Again(error) | Verdict::Refused(error)) => return Err(Failed::Refused(error)),
                Err(Verdict::Unknown(error)) => return Err(Failed::Unknown(error)),
            }
            self.wait(tries).await;
        }
    }

    /// The server gives up before this does, so that what has failed here does not take place there later.
    async fn attempt(&self, sql: &Arc<str>, values: PgArguments) -> Result<Vec<PgRow>, Verdict> {
        let deadline = self.deadline();
        let mut connection = self.connection(deadline).await.map_err(Verdict::Refused)?;
        let asked = sqlx::query_with(AssertSqlSafe(Arc::clone(sql)), values).fetch_all(connection.get());
        let answer = match timeout_at(deadline, asked).await {
            Ok(answer) => answer.map_err(judge),
            Err(_) => Err(Verdict::Unknown(error_of(Kind::Unavailable, "the server did not answer in time"))),
        };
        match &answer {
            Ok(rows) if rows.first().is_some_and(is_of_a_standby) => return Err(Verdict::Refused(standby())),
            Ok(_) | Err(Verdict::Again(_)) => connection.done(),
            // Reconnecting may lead to another server.
            Err(Verdict::Refused(error)) if error.kind() != Kind::Unavailable => connection.done(),
            Err(_) => {}
        }
        answer
    }

    pub(super) async fn connection(&self, deadline: Instant) -> StoreResult<Held> {
        match timeout_at(deadline, self.pool.acquire()).await {
            Ok(connection) => connection.map(|connection| Held { connection, idle: false }).map_err(connecting),
            Err(_) => Err(connecting(sqlx::Error::PoolTimedOut)),
        }
    }

    /// Waits before another try: of those who met, not all come back at once.
    pub(super) async fn wait(&self, tries: u32) {
        let mut dice = [0; 4];
        let _ = self.rng.fill(&mut dice);
        let whole = WAIT * (1 << tries.min(RETRIES));
        let part = whole.mul_f64(f64::from(u32::from_le_bytes(dice)) / f64::from(u32::MAX));
        tokio::time::sleep(whole / 2 + part / 2).await;
    }
}

/// A connection that goes back to the pool only when it is in the middle of nothing: else it is closed.
pub(super) struct Held {
    connection: PoolConnection<Postgres>,
    idle: bool,
}

impl Held {
    pub(super) fn get(&mut self) -> &mut sqlx::PgConnection {
        &mut self.connection
    }

    /// What it was held for has been done to its end.
    pub(super) fn done(mut self) {
        self.idle = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.idle {
            self.connection.close_on_drop();
        }
    }
}

/// Statements whose answer must be the newest have a column that says where it is from.
fn is_of_a_standby(row: &PgRow) -> bool {
    row.try_get("standby").unwrap_or(false)
}

pub(super) fn standby() -> StoreError {
    error_of(Kind::Unavailable, "the server is a standby, which may be behind")
        .fix("connect to the server that takes writes")
}
