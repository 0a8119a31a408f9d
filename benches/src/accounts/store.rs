use std::sync::Arc;

use oauth_core::Clock;
use oauth_core::store::{MemoryStore, Store};

use super::Result;
use super::clock::Shifted;

/// The store of that name.
pub async fn open(name: &str, url: Option<&str>, clock: &Arc<Shifted>) -> Result<Arc<dyn Store>> {
    let clock: Arc<dyn Clock> = clock.clone();
    match name {
        "memory" => Ok(Arc::new(MemoryStore::new().clock(clock))),
        _ => other(name, url, clock).await,
    }
}

#[cfg(feature = "stores")]
async fn other(name: &str, url: Option<&str>, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
    use oauth_stores::{PostgresStore, RedisStore, SqliteStore};

    let server = || url.ok_or("the store needs --url").map(str::to_owned);
    Ok(match name {
        "sqlite" => {
            let folder = std::env::temp_dir().join(format!("oauth-benches-{}", std::process::id()));
            eprintln!("the database is in {}, and stays there", folder.display());
            Arc::new(SqliteStore::open(folder.join("tokens.db")).await?.clock(clock))
        }
        "postgres" => Arc::new(PostgresStore::builder().max_connections(16).connect(server()?).await?),
        "redis" => Arc::new(RedisStore::connect(server()?).await?),
        _ => return Err(format!("there is no store `{name}`").into()),
    })
}

#[cfg(not(feature = "stores"))]
async fn other(name: &str, _: Option<&str>, _: Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
    Err(format!("the store `{name}` is not built in: `benches/run accounts` does that").into())
}
