//! Where several processes have their accounts, and how each of them gets there.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oauth_core::http::{HttpClient, ReqwestClient};
use oauth_core::seal::SealingKey;
use oauth_core::store::{FileStore, Store};
use oauth_core::{Client, ExposeSecret as _, OsRng, ProviderSpec, Rng as _, TokenManager, TokenSet};
use oauth_stores::{PostgresStore, RedisStore, SqliteStore};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

use super::Result;
use super::arguments::Arguments;
use super::held::{HeldHttp, HeldStore, Watch};
use crate::rotating::{CLIENT_ID, CLIENT_SECRET, Issued, Rotating};

/// A store for one run, and what goes with it.
pub struct Place {
    /// For the processes.
    pub way: Way,
    _folder: Option<TempDir>,
}

/// What a process needs to get to the accounts: as JSON, for children.
#[derive(Clone, Serialize, Deserialize)]
pub struct Way {
    store: String,
    at: String,
    key: String,
    origin: String,
    /// How long the provider may take, in milliseconds.
    timeout_ms: u64,
    /// In the names of accounts, so that no run meets those of another.
    run: String,
}

const STORES: &str = "file, sqlite, postgres, redis";

impl Place {
    /// The store that `--store` and `--url` name, for accounts at this server.
    pub fn new(arguments: &Arguments, server: &Rotating, timeout: Duration) -> Result<Self> {
        let store = arguments.text("store").ok_or(format!("--store is one of {STORES}"))?;
        let folder = tempfile::Builder::new().prefix("oauth-fleet-").tempdir()?;
        let in_folder = |name: &str| folder.path().join(name).to_str().map(str::to_owned).ok_or("a path in UTF-8");
        let at = match store {
            "file" => in_folder("tokens")?,
            "sqlite" => in_folder("tokens.db")?,
            "postgres" => server_url(arguments, "OAUTH_TEST_POSTGRES_URL")?,
            "redis" => server_url(arguments, "OAUTH_TEST_REDIS_URL")?,
            other => return Err(format!("--store is one of {STORES}, and not `{other}`").into()),
        };
        let mut run = [0; 8];
        OsRng.fill(&mut run)?;
        let way = Way {
            store: store.to_owned(),
            at,
            key: SealingKey::generate(&OsRng)?.expose_base64().expose_secret().to_owned(),
            origin: server.origin().to_owned(),
            timeout_ms: u64::try_from(timeout.as_millis())?,
            run: format!("{:016x}", u64::from_be_bytes(run)),
        };
        Ok(Self { way, _folder: Some(folder) })
    }
}

/// The address of a server: given, or that of the environment.
fn server_url(arguments: &Arguments, variable: &str) -> Result<String> {
    let given = arguments.text("url").map(str::to_owned);
    let url = given.or_else(|| std::env::var_os(variable)?.into_string().ok());
    url.ok_or_else(|| format!("where is the server? Give --url, or {variable} in the environment").into())
}

impl Way {
    /// The way as a parent told it.
    pub fn told(orders: &Value) -> Result<Self> {
        Ok(serde_json::from_value(orders["way"].clone())?)
    }

    /// With another time for the provider's answers.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// The account of that number.
    pub fn account(&self, number: usize) -> String {
        format!("{}-{number}", self.run)
    }

    /// The client, and a manager over the store. With a watch their refreshes can be held.
    pub async fn open(&self, watch: Option<&Arc<Watch>>) -> Result<(Client, TokenManager)> {
        let store = self.store().await?;
        let http: Arc<dyn HttpClient> = Arc::new(ReqwestClient::new()?);
        let (store, http) = match watch {
            Some(watch) => {
                let store: Arc<dyn Store> = Arc::new(HeldStore::new(store, Arc::clone(watch)));
                (store, Arc::new(HeldHttp::new(http, Arc::clone(watch))) as Arc<dyn HttpClient>)
            }
            None => (store, http),
        };
        let client = client(&self.origin)?.timeout(Duration::from_millis(self.timeout_ms)).http_client(http);
        let key = SealingKey::from_base64(&self.key.as_str().into())?;
        Ok((client, TokenManager::over(store).keys(key).build()?))
    }

    async fn store(&self) -> Result<Arc<dyn Store>> {
        Ok(match self.store.as_str() {
            "file" => Arc::new(FileStore::open(Path::new(&self.at))?),
            "sqlite" => Arc::new(SqliteStore::open(Path::new(&self.at)).await?),
            "postgres" => Arc::new(PostgresStore::connect(self.at.as_str()).await?),
            "redis" => Arc::new(RedisStore::connect(self.at.as_str()).await?),
            other => return Err(format!("the store `{other}` is not built in").into()),
        })
    }
}

/// What a server gave out before this program came: the access token has ended.
pub fn ended(issued: &Issued) -> TokenSet {
    let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    TokenSet::new(issued.access_token.as_str())
        .with_refresh_token(issued.refresh_token.as_str())
        .with_expires_at(long_ago)
}

/// A client of the server at that origin.
pub fn client(origin: &str) -> Result<Client> {
    let spec = ProviderSpec::from_yaml(&provider(origin)).map_err(|faults| faults.to_string())?;
    Ok(spec.client(CLIENT_ID, CLIENT_SECRET))
}

/// The provider's file, for a server on this machine.
fn provider(origin: &str) -> String {
    format!(
        "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints: {{authorization: {origin}/authorize, token: {origin}/token}}
client_auth: body
refresh: {{rotates: true}}
"
    )
}
