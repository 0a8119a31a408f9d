//! Client secrets from an async source.

use std::sync::{Arc, Mutex};

use oauth_core::http::BoxFuture;
use oauth_core::{ClientAuth, ErrorKind, SecretSource, SecretString, SourceError};
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::{ACME, ManualClock, TOKENS, parameter, spec, start};

/// A vault whose secret a test changes; without one it fails.
#[derive(Clone, Default)]
struct Vault(Arc<Mutex<Option<String>>>);

impl Vault {
    fn holds(secret: &str) -> Self {
        let vault = Self::default();
        vault.put(Some(secret));
        vault
    }

    fn put(&self, secret: Option<&str>) {
        *self.0.lock().unwrap() = secret.map(str::to_owned);
    }
}

impl SecretSource for Vault {
    fn secret(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.0.lock().unwrap().clone().map(Into::into).ok_or_else(|| "the vault is sealed".into())
        })
    }
}

fn client(vault: &Vault) -> oauth_core::Client {
    spec(ACME)
        .client("my-client", ClientAuth::source(vault.clone()))
        .redirect_uri("https://app.example/callback")
        .clock(Arc::new(ManualClock::new()))
}

#[tokio::test]
async fn a_secret_is_asked_for_at_each_step() {
    let vault = Vault::holds("canary-first-secret");
    let server = Canned::start([json(TOKENS), json(TOKENS), json(TOKENS)]).await;
    let client = client(&vault).dangerous_at(server.origin());
    let started = start(&client).await;
    let callback = format!("code=c0de&state={}", started.state);
    let account = client.callback(callback, started.pending, started.browser).await.unwrap();
    client.refresh(&account.tokens()).await.unwrap();
    // It is rotated while an account of it is in use.
    vault.put(Some("canary-second-secret"));
    account.refresh().await.unwrap();
    let secrets: Vec<String> =
        server.received().iter().filter_map(|request| parameter(&request.body, "client_secret")).collect();
    assert_eq!(secrets, ["canary-first-secret", "canary-first-secret", "canary-second-secret"]);
    assert!(!format!("{client:?}").contains("canary"));
}

#[tokio::test]
async fn a_source_that_fails_is_an_error_and_nothing_is_sent() {
    let vault = Vault::default();
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(&vault).dangerous_at(server.origin());
    let error = client.authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the vault is sealed");
    assert!(error.explain().contains("the source of the client's secret"), "{}", error.explain());
    assert!(server.received().is_empty());
    vault.put(Some("canary-first-secret"));
    client.authorize().begin().await.unwrap();
}

#[tokio::test]
async fn an_empty_secret_is_refused_as_ever() {
    let error = client(&Vault::holds("")).authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
