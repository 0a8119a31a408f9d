//! Servers that one issuer does not tell apart.

use std::sync::Arc;

use oauth_core::{ErrorKind, TokenManager, TokenSet};
use oauth_tests::issuer::{Issuer, TOKEN};
use oauth_tests::login::{ManualClock, spec};

const SHOPS: &str = "\
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
settings: {shop: {type: host}}
endpoints: {issuer: https://id.acme.example, authorization: \"https://{shop}/a\", token: \"https://{shop}/token\"}
api: {base_url: https://api.acme.example}
";

#[tokio::test]
async fn a_server_that_the_issuer_does_not_name_gets_no_tokens_of_another() {
    let clock = ManualClock::new();
    let (good, evil) = (Issuer::start().await, Issuer::start().await);
    good.tokens(None);
    evil.tokens(None);
    let at = |shop: &str, server: &Issuer| {
        let client = spec(SHOPS).client("my-client", "secret").set("shop", shop).unwrap();
        client.dangerous_at(server.origin()).clock(Arc::new(clock.clone()))
    };
    let (own, other) = (at("good.example", &good), at("evil.example", &evil));
    let manager = TokenManager::in_memory_builder().clock(Arc::new(clock.clone())).build().unwrap();
    let login = |token: &str| TokenSet::new("access").with_refresh_token(token);
    manager.connect(&own, "alice", login("canary-refresh-token")).await.unwrap();
    let error = manager.account(&other, "alice").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
    // Nor does a login at the one take the place of one at the other.
    let theirs = manager.connect(&other, "alice", login("their-refresh-token")).await.unwrap();
    theirs.refresh().await.unwrap();
    manager.account(&own, "alice").await.unwrap().refresh().await.unwrap();
    let sent = |server: &Issuer| server.requests(TOKEN).into_iter().map(|request| request.body).collect::<Vec<_>>();
    assert!(sent(&good).len() == 1 && sent(&good)[0].contains("canary-refresh-token"), "{:?}", sent(&good));
    assert!(sent(&evil).len() == 1 && sent(&evil)[0].contains("their-refresh-token"), "{:?}", sent(&evil));
}
