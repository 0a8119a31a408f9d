//! A PostgreSQL server.

mod attempts;
mod builder;
mod connect;
mod error;
mod leases;
mod records;
mod schema;
mod statements;
mod step;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use oauth_core::store::StoreResult;
use oauth_core::{Rng, SecretString};
use sqlx::PgPool;

pub use self::builder::PostgresStoreBuilder;
use self::schema::Tables;
use self::statements::Statements;

pub(crate) const NAME: &str = "postgres";

/// Sealed records in tables of a PostgreSQL server (12 or newer), for any number of machines. Clones share.
///
/// Every step is one statement, which the server does wholly or not at all; no lock and no transaction is open between
/// two steps. Leases are rows, and go by the server's clock. Only a server that takes writes is used: a standby might
/// hold tokens that have been replaced.
///
/// ```no_run
/// # async fn run() -> oauth_core::store::StoreResult<()> {
/// let store = oauth_stores::PostgresStore::connect("postgres://app:secret@db.example.com/app").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    tables: Tables,
    sql: Statements,
    patience: Duration,
    rng: Arc<dyn Rng>,
    attempts: u32,
    granted: AtomicU32,
}

impl PostgresStore {
    /// Connects and makes the tables where there are none.
    ///
    /// The URL is that of libpq, with the parameters that sqlx knows. Unless the server is on this machine, its certificate
    /// is verified (`sslmode=verify-full`); `sslrootcert` names the file of an authority of your own.
    pub async fn connect(url: impl Into<SecretString>) -> StoreResult<Self> {
        Self::builder().connect(url).await
    }

    /// Over a pool of yours, of sqlx 0.9. How its connections are secured, and for how long they wait for a lock, is yours
    /// to say.
    ///
    /// Behind a pooler in transaction mode it must be one that knows prepared statements (`PgBouncer` 1.21).
    pub async fn from_pool(pool: PgPool) -> StoreResult<Self> {
        Self::builder().with_pool(pool).await
    }

    /// Other names of the tables, other limits.
    pub fn builder() -> PostgresStoreBuilder {
        PostgresStoreBuilder::new()
    }

    /// What makes the tables, for a database in which this program may not: to be run by who may, once or again. The
    /// program needs SELECT, INSERT, UPDATE and DELETE on them.
    pub fn schema_sql() -> String {
        Tables::usual().sql()
    }

    /// Ends all connections, once what they are doing is done. The store and its clones are of no use after that.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("tables", &self.inner.tables).finish_non_exhaustive()
    }
}
