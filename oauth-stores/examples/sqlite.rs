//! Accounts in a database file, for the programs of one machine.
//!
//! `cargo run -p oauth-stores --features sqlite --example sqlite -- [FILE]`

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

mod restart;

use std::error::Error;
use std::path::PathBuf;

use oauth_core::OsRng;
use oauth_core::seal::SealingKey;
use oauth_stores::SqliteStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = std::env::args_os().nth(1).map_or_else(|| folder.path().join("tokens.db"), PathBuf::from);
    println!("the accounts are in {}", file.display());

    // Yours comes from where secrets are kept: without it the records cannot be opened.
    let key = SealingKey::generate(&OsRng)?;

    restart::log_in_and_restart(key, async || SqliteStore::open(&file).await).await
}
