use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oauth_core::store::StoreResult;
use oauth_core::{ExposeSecret as _, OsRng, Rng, SecretString};
use sqlx::PgPool;

use super::schema::Tables;
use super::statements::Statements;
use super::{Inner, PostgresStore, connect};
use crate::sql::MAX_ATTEMPTS;

/// How a [`PostgresStore`] is set up.
///
/// ```no_run
/// # async fn run(url: &str) -> oauth_core::store::StoreResult<()> {
/// let store = oauth_stores::PostgresStore::builder().schema("auth").table_prefix("tokens_").connect(url).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct PostgresStoreBuilder {
    schema: Option<String>,
    prefix: String,
    patience: Duration,
    connections: u32,
    attempts: u32,
    rng: Arc<dyn Rng>,
    unverified: bool,
}

impl PostgresStoreBuilder {
    pub(super) fn new() -> Self {
        Self {
            schema: None,
            prefix: "oauth_".to_owned(),
            patience: Duration::from_secs(10),
            connections: 8,
            attempts: MAX_ATTEMPTS,
            rng: Arc::new(OsRng),
            unverified: false,
        }
    }

    /// In the schema of that name and not in the first of the search path: small letters, digits and underscores.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// With tables whose names begin so and not with `oauth_`: small letters, digits and underscores.
    pub fn table_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// With another time after which a step is not tried again than 10 seconds, at least a millisecond. A single try takes
    /// no longer than that, either.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience.clamp(Duration::from_millis(1), Duration::from_hours(1));
        self
    }

    /// With another number of connections than at most 8; a pool of yours has its own.
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// With another limit of logins under way at once than 10,000.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// With another source of random bytes than the system's, for the names of leases and the length of waits.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// Lets the URL say how far the server is to be trusted, also over a network: whoever is between this program and the
    /// server can then read and change what is stored, and pass for the server.
    pub fn dangerous_without_server_verification(mut self) -> Self {
        self.unverified = true;
        self
    }

    /// As [`PostgresStore::schema_sql`], with these names.
    pub fn schema_sql(&self) -> StoreResult<String> {
        Ok(self.tables()?.sql())
    }

    /// As [`PostgresStore::connect`].
    pub async fn connect(self, url: impl Into<SecretString>) -> StoreResult<PostgresStore> {
        let tables = self.tables()?;
        let options = connect::parse(url.into().expose_secret(), self.unverified)?;
        let pool = connect::pool(options, self.connections, self.patience)?;
        self.open(pool, tables).await
    }

    /// As [`PostgresStore::from_pool`].
    pub async fn with_pool(self, pool: PgPool) -> StoreResult<PostgresStore> {
        let tables = self.tables()?;
        self.open(pool, tables).await
    }

    async fn open(self, pool: PgPool, tables: Tables) -> StoreResult<PostgresStore> {
        let sql = Statements::of(&tables);
        let Self { patience, rng, attempts, .. } = self;
        let inner = Arc::new(Inner { pool, tables, sql, patience, rng, attempts, granted: 0.into() });
        let store = PostgresStore { inner };
        let opening = store.clone();
        store.apart(async move { opening.inner.prepare().await }).await?;
        Ok(store)
    }

    fn tables(&self) -> StoreResult<Tables> {
        Tables::named(self.schema.as_deref(), &self.prefix)
    }
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder")
            .field("schema", &self.schema)
            .field("prefix", &self.prefix)
            .field("patience", &self.patience)
            .field("connections", &self.connections)
            .field("unverified", &self.unverified)
            .finish_non_exhaustive()
    }
}
