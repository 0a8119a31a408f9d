//! A database file.

mod attempts;
mod error;
mod file;
mod records;
mod schema;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use oauth_core::store::StoreResult;
use oauth_core::{Clock, OsRng, Rng, SystemClock};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlitePool};

use self::error::read;
use self::file::DatabaseFile;
use crate::sql::{FORGET_EVERY, MAX_ATTEMPTS};

pub(crate) const NAME: &str = "sqlite";
/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);
/// SQLite counts milliseconds in 32 bits.
const MOST_PATIENCE: Duration = Duration::from_hours(24);
const READERS: u32 = 3;

/// Sealed records in a database file, for the processes of one machine. Clones share.
///
/// The file is made for its owner alone, and what is written is on the disk when the call returns. It belongs on a local
/// disk: SQLite's locks do not hold on network file systems. Leases go by the injected clock, which is the machine's.
///
/// ```
/// # async fn run(folder: &std::path::Path) -> oauth_core::store::StoreResult<()> {
/// let store = oauth_stores::SqliteStore::open(folder.join("tokens.db")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    file: Arc<DatabaseFile>,
    /// One writer of this process at a time, in the order in which they came: better than SQLite's polling.
    writer: SqlitePool,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    attempts: u32,
    granted: Arc<AtomicU32>,
}

impl SqliteStore {
    /// Opens the database, or makes a new one where there is none.
    ///
    /// The file must be a regular one that only its owner can read, in a folder that only its owner can write; a folder
    /// that is missing is made so. A database of another program is left as it is.
    pub async fn open(path: impl AsRef<Path>) -> StoreResult<Self> {
        let file = DatabaseFile::prepare(path.as_ref())?;
        let options = options(&file, BUSY);
        schema::prepare(&options).await?;
        Ok(Self {
            file: Arc::new(file),
            writer: pool(&options, 1, BUSY),
            readers: pool(&options, READERS, BUSY),
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            attempts: MAX_ATTEMPTS,
            granted: Arc::default(),
        })
    }

    /// With another clock than the system's, for leases and logins under way.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With another source of random bytes than the system's, for the names of leases.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// With another limit of logins under way at once than 10,000.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// With another time to wait for a writer of another process than 5 seconds.
    pub fn patience(mut self, patience: Duration) -> Self {
        let patience = patience.min(MOST_PATIENCE);
        let options = options(&self.file, patience);
        self.writer = pool(&options, 1, patience);
        self.readers = pool(&options, READERS, patience);
        self
    }

    /// Ends all connections, once what they are doing is done. The store and its clones are of no use after that.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Runs one statement that writes. Each step of this store is one statement, which SQLite does wholly or not at all,
    /// also when the caller has gone away: nothing is ever left in the middle of a transaction.
    async fn write(&self, sql: &'static str, arguments: SqliteArguments) -> StoreResult<Vec<SqliteRow>> {
        self.run(&self.writer, sql, arguments).await
    }

    async fn read(&self, sql: &'static str, arguments: SqliteArguments) -> StoreResult<Vec<SqliteRow>> {
        self.run(&self.readers, sql, arguments).await
    }

    async fn run(
        &self,
        pool: &SqlitePool,
        sql: &'static str,
        arguments: SqliteArguments,
    ) -> StoreResult<Vec<SqliteRow>> {
        self.file.is_still_there()?;
        // All rows are fetched, for a statement takes effect when it has run to its end.
        sqlx::query_with(sql, arguments).fetch_all(pool).await.map_err(read)
    }

    /// Whether it is time to look for rows that nobody needs.
    fn forgets_now(&self) -> bool {
        self.granted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1
    }
}

fn pool(options: &SqliteConnectOptions, most: u32, patience: Duration) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(most)
        .acquire_timeout(patience * 2)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options.clone())
}

fn options(file: &DatabaseFile, patience: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file.path())
        .create_if_missing(false)
        .busy_timeout(patience)
        .synchronous(SqliteSynchronous::Full)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.file.path()).finish_non_exhaustive()
    }
}
