//! Accounts in files, one each, which is what CLIs and desktop programs need: it comes with the default features.
//!
//! `cargo run -p oauth-stores --example file -- [FOLDER]`

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

mod restart;

use std::error::Error;
use std::path::PathBuf;

use oauth_core::seal::SealingKey;
use oauth_core::store::FileStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let accounts = std::env::args_os().nth(1).map_or_else(|| folder.path().join("accounts"), PathBuf::from);
    println!("the accounts are in {}", accounts.display());

    // Made at the first start, for the user alone. `KeyChain` prefers the keyring of the operating system.
    let key = SealingKey::in_file(folder.path().join("key"))?;

    restart::log_in_and_restart(key, async || FileStore::open(&accounts)).await
}
