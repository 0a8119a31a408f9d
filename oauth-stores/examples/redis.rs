//! Accounts at a Redis or Valkey server, for any number of machines.
//!
//! `cargo run -p oauth-stores --features redis --example redis -- rediss://:PASSWORD@HOST`

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

mod restart;

use std::error::Error;

use oauth_core::seal::SealingKey;
use oauth_core::store::Store as _;
use oauth_core::{OsRng, SecretString};
use oauth_stores::RedisStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).map(SecretString::from).ok_or("the URL of the server is missing")?;

    // Redis keeps what it is given only if it is set up to.
    for advice in RedisStore::connect(url.clone()).await?.check().await? {
        println!("{advice}");
    }
    // Yours comes from where secrets are kept: without it the records cannot be opened.
    let key = SealingKey::generate(&OsRng)?;

    restart::log_in_and_restart(key, async || RedisStore::connect(url.clone()).await).await
}
