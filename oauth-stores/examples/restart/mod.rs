//! What the examples show: an account that outlives the program that logged it in. The provider is simulated.

use std::error::Error;
use std::sync::Arc;

use oauth_core::seal::KeyRing;
use oauth_core::store::{Store, StoreResult};
use oauth_core::{Browser, ProviderSpec, TokenManager};
use oauth_simulator::{SimUser, Simulator};

const ACME: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints: {authorization: https://acme.example/authorize, token: https://acme.example/token}
";

/// `keys` are what the records are sealed with, and `open` opens the store, as each process does for itself.
pub(crate) async fn log_in_and_restart<S: Store>(
    keys: impl Into<KeyRing>,
    open: impl AsyncFn() -> StoreResult<S>,
) -> Result<(), Box<dyn Error>> {
    let keys = keys.into();
    let provider = Simulator::builder(Arc::new(ProviderSpec::from_yaml(ACME)?)).user(SimUser::new("7")).start().await?;
    let acme = provider.dynamic_client()?.redirect_uri("http://127.0.0.1:4001/callback");

    // One process logs the user in, and keeps the account.
    let manager = TokenManager::builder(open().await?).keys(keys.clone()).build()?;
    let (url, pending, browser) = acme.authorize().begin().await?.into_parts();
    let callback = provider.scripted_user().approve(url.as_ref()).await?;
    let account = acme.callback(callback, pending, Browser::from(browser)).await?;
    let kept = manager.connect(&acme, "user-42", account.tokens()).await?;
    let before = kept.token().await?;
    manager.shutdown().await?;

    // Another one, or the same after a restart, has it.
    let manager = TokenManager::builder(open().await?).keys(keys).build()?;
    let after = manager.token(&acme, "user-42").await?;
    println!("the same token after a restart: {}", after.expose_secret() == before.expose_secret());
    println!("gone: {:?}", manager.disconnect(&acme, "user-42").await?);
    manager.shutdown().await?;
    Ok(())
}
