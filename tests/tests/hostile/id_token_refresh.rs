//! Area IDT: ID tokens that come with a refresh, and tokens of one issuer at another (IDT-32, DISC-16).

use oauth_core::{Account, Client, ErrorKind, ExposeSecret as _, TokenSet};
use oauth_tests::canned::{json, status};
use oauth_tests::issuer::{ACCESS_TOKEN, ACME_ID, CLIENT_ID, Issuer, KEYS, METADATA, SUBJECT, TOKEN, USERINFO};
use oauth_tests::keys::Key;
use serde_json::{Value, json};

async fn logged_in() -> (Issuer, Account) {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let auth_time = |claims: &mut Value| claims["auth_time"] = (claims["iat"].as_u64().unwrap() - 10).into();
    let account = issuer.log_in(&client, auth_time).await.account();
    (issuer, account)
}

/// A refresh whose ID token has this change is refused, and leaves the account as it was.
async fn refused(kind: ErrorKind, change: impl FnOnce(&mut Value)) {
    let (issuer, account) = logged_in().await;
    let before = account.tokens();
    let error = issuer.refresh(&account, change).await.unwrap_err();
    assert_eq!(error.kind(), kind, "{}", error.explain());
    oauth_tests::issuer::tells_nothing(&error, &[ACCESS_TOKEN, "canary-refresh-token"]);
    assert!(std::sync::Arc::ptr_eq(&before, &account.tokens()), "the old tokens are kept");
    assert_eq!(before.identity().unwrap().subject(), SUBJECT);
}

async fn accepted(change: impl FnOnce(&mut Value)) -> Account {
    let (issuer, account) = logged_in().await;
    issuer.refresh(&account, change).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    account
}

#[tokio::test]
async fn idt_32_a_renewed_id_token_is_of_the_same_user() {
    let account = accepted(|claims| claims["name"] = "Ada".into()).await;
    assert_eq!(account.tokens().identity().unwrap().text("name").as_deref(), Some("Ada"));
    for other in ["other", "248289761001 ", "24828976100"] {
        refused(ErrorKind::IdentityChanged, |claims| claims["sub"] = other.into()).await;
    }
    refused(ErrorKind::IdTokenSubject, |claims| claims["sub"] = Value::Null).await;
    refused(ErrorKind::IdTokenIssuer, |claims| claims["iss"] = "https://evil.example".into()).await;
}

#[tokio::test]
async fn idt_32_a_renewed_id_token_is_for_the_same_client() {
    for audience in [json!("other"), json!([]), json!([CLIENT_ID, "other"])] {
        refused(ErrorKind::IdentityChanged, |claims| claims["aud"] = audience).await;
    }
    refused(ErrorKind::IdentityChanged, |claims| claims["azp"] = "other".into()).await;
    accepted(|claims| claims["aud"] = json!([CLIENT_ID])).await;
    accepted(|claims| claims["azp"] = CLIENT_ID.into()).await;

    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |claims| claims["azp"] = CLIENT_ID.into()).await.account();
    let error = issuer.refresh(&account, |_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdentityChanged, "the party must not vanish");
}

#[tokio::test]
async fn idt_32_a_renewed_id_token_is_of_the_same_login() {
    refused(ErrorKind::IdentityChanged, |claims| claims["auth_time"] = claims["iat"].clone()).await;
    refused(ErrorKind::IdentityChanged, |claims| claims["nonce"] = "another".into()).await;
    refused(ErrorKind::IdentityChanged, |claims| claims["iat"] = (claims["iat"].as_u64().unwrap() - 600).into()).await;
    // A clock that is wrong costs the renewed ID token and not the renewed tokens, of which the old one may be used up.
    let (issuer, account) = logged_in().await;
    let first = account.tokens();
    let late = |claims: &mut Value| claims["exp"] = (claims["iat"].as_u64().unwrap() - 60).into();
    issuer.refresh(&account, late).await.unwrap();
    let renewed = account.tokens();
    assert_eq!(renewed.identity(), first.identity());
    assert!(!std::sync::Arc::ptr_eq(&renewed, &first), "the renewed tokens count");
    let (issuer, account) = logged_in().await;
    let nonce = account.tokens().identity().unwrap().text("nonce").unwrap();
    issuer.refresh(&account, |claims| claims["nonce"] = nonce.into()).await.unwrap();
}

#[tokio::test]
async fn another_login_of_the_user_ends_none_where_the_file_says_that_it_shows() {
    let quirk = "{field: openid.auth_time, because: it is the last login's, source: \"https://acme.example/docs\"}";
    let file = ACME_ID.replace("openid: {jwks", "openid: {auth_time: false, jwks") + &format!("quirks: [{quirk}]\n");
    let issuer = Issuer::start().await;
    let client = issuer.client_of(&file);
    let auth_time = |claims: &mut Value| claims["auth_time"] = (claims["iat"].as_u64().unwrap() - 10).into();
    let account = issuer.log_in(&client, auth_time).await.account();
    let first = account.tokens();
    issuer.refresh(&account, |claims| claims["auth_time"] = claims["iat"].clone()).await.unwrap();
    let renewed = account.tokens();
    assert!(!std::sync::Arc::ptr_eq(&renewed, &first), "the renewed tokens count");
    assert_eq!(renewed.identity(), first.identity(), "and the identity is the first login's");
    // Another user is another user.
    let error = issuer.refresh(&account, |claims| claims["sub"] = "other".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdentityChanged);
    let unexplained = oauth_core::ProviderSpec::from_yaml(&file.replace("quirks: [", "# "));
    assert!(unexplained.unwrap_err().to_string().contains("openid.auth_time"));
}

#[tokio::test]
async fn idt_20_and_32_the_hash_of_a_renewed_token_is_checked() {
    refused(ErrorKind::IdTokenHash, |claims| claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()).await;
}

#[tokio::test]
async fn idt_32_a_renewed_id_token_is_signed() {
    type Forged = fn(&Value) -> String;
    let forged: [(Forged, ErrorKind); 2] = [
        (|claims| Key::other_rsa("rsa-1").sign(claims), ErrorKind::IdTokenSignature),
        (
            |claims| oauth_tests::keys::unsigned(r#"{"alg":"none"}"#, claims.to_string()) + ".",
            ErrorKind::IdTokenAlgorithm,
        ),
    ];
    for (token, kind) in forged {
        let (issuer, account) = logged_in().await;
        issuer.tokens(Some(&token(&issuer.claims(&account.client(), None))));
        assert_eq!(account.refresh().await.unwrap_err().kind(), kind);
    }
    // Without the keys it cannot be believed; the renewed tokens count, the identity stays the first one's.
    let (issuer, account) = logged_in().await;
    let first = account.tokens();
    issuer.clock.advance(std::time::Duration::from_secs(2 * 24 * 60 * 60));
    issuer.answer(KEYS, status(503, ""));
    let claims = issuer.claims(&account.client(), None);
    issuer.tokens(Some(&Key::other_rsa("rsa-1").sign(&claims)));
    let renewed = account.refresh().await.unwrap();
    assert_eq!(renewed.identity(), first.identity());
    let text = |tokens: &TokenSet| tokens.id_token().unwrap().expose_secret().to_owned();
    assert_eq!(text(&renewed), text(&first));
}

#[tokio::test]
async fn idt_32_tokens_that_nobody_vouched_for_get_no_identity_by_a_refresh() {
    let issuer = Issuer::start().await;
    let imported = TokenSet::new("old").with_refresh_token("old-refresh");
    let account = issuer.client().await.account(imported);
    issuer.refresh(&account, |_| ()).await.unwrap();
    assert!(account.tokens().identity().is_none() && account.tokens().id_token().is_none());
    // A refresh without an ID token leaves the identity as it was.
    let (issuer, account) = logged_in().await;
    issuer.tokens(None);
    assert_eq!(account.refresh().await.unwrap().identity().unwrap().subject(), SUBJECT);
}

/// What one issuer gave is nobody else's: nothing goes to a client of another issuer.
#[tokio::test]
async fn disc_16_tokens_of_one_issuer_are_not_sent_to_another() {
    let (_honest, account) = logged_in().await;
    let stored = account.tokens().expose_json();
    let tokens = || TokenSet::from_exposed_json(&stored).unwrap();

    let evil = Issuer::start().await;
    let client: Client = evil.client().await;
    evil.answer(TOKEN, json(oauth_tests::login::TOKENS));
    for moved in [client, evil.client_of(ACME_ID)] {
        let moved = moved.account(tokens());
        for error in [moved.refresh().await.unwrap_err(), moved.profile().await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::IssuerChanged, "{}", error.explain());
            assert!(error.needs_reauth() && error.explain().contains("through the login again"));
            oauth_tests::issuer::tells_nothing(&error, &[ACCESS_TOKEN, "canary-refresh-token"]);
        }
        assert_eq!(moved.tokens().refresh_token().unwrap().expose_secret(), "canary-refresh-token", "nothing is lost");
    }
    assert_eq!((evil.asked(TOKEN), evil.asked(USERINFO)), (0, 0));
    assert!(evil.paths().iter().all(|path| path == METADATA), "{:?}", evil.paths());
}

#[tokio::test]
async fn a_new_key_that_cannot_be_had_costs_no_renewed_token() {
    // The provider signs with a new key; what should publish it refuses, answers a page, or is stale.
    for keys in [status(403, ""), status(200, "<html>"), json(r#"{"keys":[]}"#)] {
        let (issuer, account) = logged_in().await;
        let first = account.tokens();
        let claims = issuer.claims(&account.client(), None);
        issuer.answer(KEYS, keys);
        issuer.tokens(Some(&Key::other_rsa("rsa-2").sign(&claims)));
        let renewed = account.refresh().await.unwrap_or_else(|error| panic!("{}", error.explain()));
        assert!(!std::sync::Arc::ptr_eq(&renewed, &first), "the renewed tokens count");
        assert_eq!(renewed.identity(), first.identity());
    }
}

/// Tokens that say nothing of a user are of the issuer that gave them all the same.
#[tokio::test]
async fn disc_16_tokens_without_an_identity_are_not_sent_to_another_issuer() {
    use oauth_tests::login::{ACME, TOKENS, client, log_in};
    let (server, account) = log_in([json(TOKENS)]).await;
    let stored = account.unwrap().tokens().expose_json();
    let tokens = || TokenSet::from_exposed_json(&stored).unwrap();
    let edited = ACME.replace("issuer: https://id.acme.example", "issuer: https://other.example");
    let moved = client(&edited).dangerous_at(server.origin()).account(tokens());
    for error in [
        moved.refresh().await.unwrap_err(),
        moved.profile().await.unwrap_err(),
        moved.get("/x").send().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::IssuerChanged, "{}", error.explain());
        assert!(error.needs_reauth());
        oauth_tests::issuer::tells_nothing(&error, &[ACCESS_TOKEN, "canary-refresh-token"]);
    }
    assert_eq!(server.received().len(), 1, "nothing was sent to it");
    // They are kept, and good where they belong.
    assert_eq!(moved.tokens().refresh_token().unwrap().expose_secret(), "canary-refresh-token");
    server.answer(json(TOKENS));
    client(ACME).dangerous_at(server.origin()).refresh(&tokens()).await.unwrap();
}

#[tokio::test]
async fn disc_16_tokens_with_an_identity_go_to_no_client_without_one() {
    let (_issuer, account) = logged_in().await;
    let other = oauth_tests::login::client(oauth_tests::login::ACME);
    let error = other.refresh(&account.tokens()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IssuerChanged);
}
