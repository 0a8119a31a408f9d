//! Accounts at a PostgreSQL server, for any number of machines. The tables are made when they are missing.
//!
//! `cargo run -p oauth-stores --features postgres --example postgres -- postgres://USER:PASSWORD@HOST/DATABASE`

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

mod restart;

use std::error::Error;

use oauth_core::seal::SealingKey;
use oauth_core::{OsRng, SecretString};
use oauth_stores::PostgresStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).map(SecretString::from).ok_or("the URL of the server is missing")?;

    // Yours comes from where secrets are kept: without it the records cannot be opened.
    let key = SealingKey::generate(&OsRng)?;

    restart::log_in_and_restart(key, async || PostgresStore::connect(url.clone()).await).await
}
