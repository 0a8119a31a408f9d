//! Accounts in files, sealed with a key that is in the keyring of the operating system; where there is no keyring, with one
//! from the environment, else with one in a file.
//!
//! `cargo run -p oauth-stores --features keyring --example keyring -- [FOLDER]`

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

mod restart;

use std::error::Error;
use std::path::PathBuf;

use oauth_core::seal::KeyChain;
use oauth_core::store::FileStore;
use oauth_stores::KeyringKeys;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let folder = std::env::args_os().nth(1).map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let keyring = KeyringKeys::new("com.example.oauth-keyring", &folder)?;

    let places = KeyChain::new().keyring(keyring.clone()).env("OAUTH_KEY").key_file(folder.join("key"));
    let found = places.find().await?;
    println!("the key is from {}", found.source());

    restart::log_in_and_restart(found, async || FileStore::open(folder.join("accounts"))).await?;

    // An example leaves nothing behind.
    if let Ok(true) = keyring.delete().await {
        println!("the key is out of the keyring again");
    }
    Ok(())
}
