//! Issuers that move: whoever has a client of one, however long, goes where its metadata leads now.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::http::BoxFuture;
use oauth_core::{
    Client, ClientAuth, ErrorKind, ExposeSecret as _, SecretSource, SecretString, SourceError, TokenManager, TokenSet,
};
use oauth_tests::canned::{json, status};
use oauth_tests::issuer::{CLIENT_ID, Issuer, METADATA, TOKEN};
use oauth_tests::login::{SECRET, start};

use crate::rig::ALICE;

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The issuer gives its old addresses up.
fn moves(issuer: &Issuer, to: &str) {
    issuer.clock.advance(MONTH);
    issuer.metadata(|metadata| {
        metadata["authorization_endpoint"] = format!("{}/authorize{to}", issuer.origin()).into();
        metadata["token_endpoint"] = format!("{}{TOKEN}{to}", issuer.origin()).into();
    });
    let answer = format!(
        r#"{{"access_token":"new{to}","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh{to}"}}"#
    );
    issuer.answer(&format!("{TOKEN}{to}"), json(&answer));
}

async fn leads_to(client: &Client, issuer: &Issuer, path: &str) {
    let url = start(client).await.url;
    assert_eq!(url.split('?').next().unwrap(), format!("{}{path}", issuer.origin()));
}

#[tokio::test]
async fn disc_07_what_discover_gives_asks_again_as_the_client_that_it_was_made_of() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let found = client.discover().await.unwrap();
    leads_to(&found, &issuer, "/authorize").await;
    let before = issuer.asked(METADATA);
    for to in ["/2", "/3"] {
        moves(&issuer, to);
        leads_to(&found, &issuer, &format!("/authorize{to}")).await;
        leads_to(&client, &issuer, &format!("/authorize{to}")).await;
        // What is found of what was found, and without its origin.
        let again = found.discover().await.unwrap();
        let shown = again.spec().endpoints.authorization.as_ref().unwrap().as_str().to_owned();
        assert_eq!(shown, format!("{}/authorize{to}", issuer.origin()));
        leads_to(&again, &issuer, &format!("/authorize{to}")).await;
    }
    assert_eq!(issuer.asked(METADATA), before + 2, "they ask once for all");
    drop(client);
    moves(&issuer, "/4");
    leads_to(&found, &issuer, "/authorize/4").await;
    // One that is configured further is one of its own, and finds out as well.
    let other = found.clone().redirect_uri("https://app.example/other");
    moves(&issuer, "/5");
    leads_to(&other, &issuer, "/authorize/5").await;

    // An issuer that is away: the last good document for a while, and then none.
    issuer.answer(METADATA, status(503, ""));
    issuer.clock.advance(Duration::from_secs(6 * 24 * 60 * 60));
    leads_to(&other, &issuer, "/authorize/5").await;
    issuer.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
    for client in [found, other] {
        assert_eq!(client.authorize().begin().await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}

struct Vault;

impl SecretSource for Vault {
    fn secret(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
        Box::pin(async { Ok(SECRET.into()) })
    }
}

#[tokio::test]
async fn disc_07_an_account_sends_its_refresh_token_where_the_issuer_is_now() {
    let issuer = Issuer::start().await;
    let sourced = issuer.discovered().client(CLIENT_ID, ClientAuth::source(Vault)).await.unwrap();
    for client in [issuer.client().await, sourced] {
        let manager = TokenManager::in_memory_builder().clock(Arc::new(issuer.clock.clone())).build().unwrap();
        let tokens = || TokenSet::new("old").with_refresh_token("refresh");
        let kept = manager.connect(&client, ALICE, tokens()).await.unwrap();
        let found = client.discover().await.unwrap();
        let private = found.account(tokens());
        for to in ["/2", "/3"] {
            moves(&issuer, to);
            let path = format!("{TOKEN}{to}");
            let before = issuer.asked(&path);
            for account in [&kept, &private] {
                let renewed = account.refresh().await.unwrap_or_else(|error| panic!("{}", error.explain()));
                assert_eq!(renewed.access_token().expose_secret(), format!("new{to}"));
            }
            assert_eq!(issuer.asked(&path), before + 2);
            assert!(issuer.requests(&path).iter().all(|request| request.header("authorization").is_some()));
            // A handle that is opened now is the same one: both have one refresh, and one set.
            let again = manager.account(&client, ALICE).await.unwrap();
            assert!(Arc::ptr_eq(&again.tokens(), &kept.tokens()));
            again.refresh().await.unwrap();
            assert!(Arc::ptr_eq(&again.tokens(), &kept.tokens()));
        }
    }
    assert_eq!(issuer.asked(TOKEN), 0, "the address of the day on which they were connected");
}
