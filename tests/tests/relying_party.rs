//! What the OpenID Foundation's conformance suite asks of a client of the code flow, each module a test of its name.
//!
//! Elsewhere: `dynamic_registration` is in `tests/metadata`, the signed request and the hybrid flow's `invalid_chash` in
//! `tests/authorize_more` (a `c_hash` in the code flow is checked by `idt_20` of the hostile cases), `rp_init_logout`,
//! `rp_backchannel_logout` and their kin in `tests/after`, FAPI 2.0's own in `tests/hostile`. `discovery_webfinger_acct` and
//! `discovery_webfinger_url` (finding an issuer by an address) are not offered, and `3rd_party_init_login` is a program's.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Duration;

use base64::Engine as _;
use oauth_core::{Browser, Client, ErrorKind, PendingAttempts, Scopes};
use oauth_tests::issuer::{ACCESS_TOKEN, ACME_ID, CLIENT_ID, Issuer, KEYS, METADATA, SUBJECT, TOKEN, USERINFO};
use oauth_tests::keys::{Key, hs256, unsigned};
use oauth_tests::login::{self, SECRET, parameter};
use serde_json::{Value, json};

/// A login with a client that discovered the provider; its ID token is signed as it should be, with this change.
async fn refused(kind: ErrorKind, change: impl FnOnce(&mut Value)) {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    issuer.log_in(&client, change).await.refused(kind);
    assert_eq!(issuer.asked(USERINFO), 0);
}

fn without(name: &str) -> impl FnOnce(&mut Value) {
    move |claims| drop(claims.as_object_mut().unwrap().remove(name))
}

#[tokio::test]
async fn client_test() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let account = issuer.log_in(&client, |_| ()).await.account();
    let tokens = account.tokens();
    let identity = tokens.identity().unwrap();
    assert_eq!((identity.issuer(), identity.subject()), (issuer.origin(), SUBJECT));
    let me = account.profile().await.unwrap();
    assert_eq!((me.subject.as_str(), me.email.as_deref()), (SUBJECT, Some("ada@example.com")));

    let exchange = &issuer.requests(TOKEN)[0];
    let form: Vec<(String, String)> = url::form_urlencoded::parse(exchange.body.as_bytes()).into_owned().collect();
    let has = |name: &str, value: &str| form.iter().any(|(known, given)| known == name && given == value);
    assert!(has("grant_type", "authorization_code") && has("code", "canary-code"), "{form:?}");
    assert!(has("redirect_uri", "https://app.example/callback"), "{form:?}");
    assert!(form.iter().any(|(name, verifier)| name == "code_verifier" && verifier.len() == 43), "{form:?}");
}

#[tokio::test]
async fn client_secret_basic() {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]));
    issuer.log_in(&issuer.client().await, |_| ()).await.account();
    let request = issuer.requests(TOKEN).pop().unwrap();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{SECRET}"));
    assert_eq!(request.header("authorization"), Some(&*format!("Basic {pair}")));
    assert!(!request.body.contains("client_id") && !request.body.contains("client_secret"), "{}", request.body);
}

#[tokio::test]
async fn idtoken_sig_none() {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["id_token_signing_alg_values_supported"] = json!(["none", "RS256"]));
    let client = issuer.client().await;
    let sign = |claims: Value| Some(unsigned(r#"{"alg":"none"}"#, claims.to_string()) + ".");
    issuer.log_in_with(&client, sign).await.refused(ErrorKind::IdTokenAlgorithm);
}

#[tokio::test]
async fn idtoken_sig_rs256() {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["id_token_signing_alg_values_supported"] = json!(["RS256"]));
    issuer.log_in(&issuer.client().await, |_| ()).await.account();
    let (curve, client) = (Key::es256("ec-1"), issuer.client().await);
    issuer.keys(&[&curve]);
    let outcome = issuer.log_in_with(&client, |claims| Some(curve.sign(&claims))).await;
    outcome.refused(ErrorKind::IdTokenAlgorithm);
}

#[tokio::test]
async fn invalid_aud() {
    refused(ErrorKind::IdTokenAudience, |claims| claims["aud"] = "another-client".into()).await;
}

#[tokio::test]
async fn invalid_sig_rs256() {
    let (issuer, other) = (Issuer::start().await, Key::other_rsa("rsa-1"));
    let outcome = issuer.log_in_with(&issuer.client().await, |claims| Some(other.sign(&claims))).await;
    outcome.refused(ErrorKind::IdTokenSignature);
}

#[tokio::test]
async fn invalid_sig_es256() {
    let (issuer, key, other) = (Issuer::start().await, Key::es256("ec-1"), Key::es256("ec-1"));
    issuer.keys(&[&key]);
    let client = issuer.client().await;
    issuer.log_in_with(&client, |claims| Some(key.sign(&claims))).await.account();
    issuer.log_in_with(&client, |claims| Some(other.sign(&claims))).await.refused(ErrorKind::IdTokenSignature);
}

#[tokio::test]
async fn invalid_sig_hs256() {
    let issuer = Issuer::start().await;
    let secret = "canary-client-secret-of-32-bytes-or-more";
    let client = login::spec(&ACME_ID.replace("[RS256, ES256, EdDSA]", "[HS256]"))
        .client(CLIENT_ID, secret)
        .redirect_uri("https://app.example/callback")
        .clock(std::sync::Arc::new(issuer.clock.clone()))
        .dangerous_at(issuer.origin());
    issuer.log_in_with(&client, |claims| Some(hs256(secret, &claims))).await.account();
    let outcome = issuer.log_in_with(&client, |claims| Some(hs256(format!("{secret}x"), &claims))).await;
    outcome.refused(ErrorKind::IdTokenSignature);
}

#[tokio::test]
async fn invalid_iss() {
    refused(ErrorKind::IdTokenIssuer, |claims| claims["iss"] = "https://other.example".into()).await;
}

#[tokio::test]
async fn userinfo_invalid_sub() {
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |_| ()).await.account();
    issuer.user(&json!({"sub": "another-user", "name": "Mallory"}));
    assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::SubjectMismatch);
}

/// A login whose token names no key, at a provider that publishes these.
async fn kid_absent(keys: impl FnOnce(&Issuer) -> Vec<Value>) {
    let issuer = Issuer::start().await;
    let keys = keys(&issuer);
    issuer.answer(KEYS, oauth_tests::canned::json(&json!({"keys": keys}).to_string()));
    let client = issuer.client().await;
    let sign = |claims: Value| Some(issuer.key.sign_with(&json!({"alg": "RS256"}), &claims));
    issuer.log_in_with(&client, sign).await.account();
}

#[tokio::test]
async fn kid_absent_multiple_jwks() {
    kid_absent(|issuer| vec![Key::es256("a").bare_jwk(), Key::other_rsa("b").bare_jwk(), issuer.key.bare_jwk()]).await;
}

#[tokio::test]
async fn kid_absent_single_jwks() {
    kid_absent(|issuer| vec![issuer.key.bare_jwk()]).await;
}

#[tokio::test]
async fn missing_iat() {
    refused(ErrorKind::IdTokenClaim, without("iat")).await;
}

#[tokio::test]
async fn missing_aud() {
    refused(ErrorKind::IdTokenClaim, without("aud")).await;
}

#[tokio::test]
async fn missing_sub() {
    refused(ErrorKind::IdTokenSubject, without("sub")).await;
}

#[tokio::test]
async fn nonce_invalid() {
    refused(ErrorKind::IdTokenNonce, |claims| {
        claims["nonce"] = format!("{}x", claims["nonce"].as_str().unwrap()).into();
    })
    .await;
}

#[tokio::test]
async fn invalid_athash() {
    refused(ErrorKind::IdTokenHash, |claims| claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()).await;
}

/// The module `missing-athash`: in the code flow the claim is optional (OpenID Connect Core section 3.1.3.6).
#[tokio::test]
async fn missing_athash() {
    let issuer = Issuer::start().await;
    issuer.log_in(&issuer.client().await, without("at_hash")).await.account();
}

#[tokio::test]
async fn scope_userinfo_claims() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await.scopes(Scopes::new().raw("openid").raw("email"));
    let url = login::start(&client).await.url;
    assert_eq!(parameter(&url, "scope").as_deref(), Some("openid email"));
    let account = issuer.log_in(&client, |_| ()).await.account();
    issuer.user(&json!({"sub": SUBJECT, "email": "ada@example.com"}));
    let me = account.profile().await.unwrap();
    assert_eq!((me.email.as_deref(), me.name), (Some("ada@example.com"), None));
}

#[tokio::test]
async fn userinfo_bearer_header() {
    let issuer = Issuer::start().await;
    issuer.log_in(&issuer.client().await, |_| ()).await.account().profile().await.unwrap();
    let request = issuer.requests(USERINFO).pop().unwrap();
    assert_eq!(request.method, "GET");
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {ACCESS_TOKEN}")));
    assert!(!request.target.contains("token") && request.body.is_empty(), "{request:?}");
}

#[tokio::test]
async fn userinfo_bearer_body() {
    let issuer = Issuer::start().await;
    let yaml = format!(
        "{}token: {{placement: {{body: access_token}}}}\nquirks: [{{field: token.placement, because: it is so, source: https://acme.example/docs}}]\n",
        ACME_ID.replace("request: GET", "request: POST")
    );
    issuer.log_in(&issuer.client_of(&yaml), |_| ()).await.account().profile().await.unwrap();
    let request = issuer.requests(USERINFO).pop().unwrap();
    assert_eq!((request.method.as_str(), request.header("authorization")), ("POST", None));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.body, format!("access_token={ACCESS_TOKEN}"));
}

/// An error comes by POST as a success does, from the provider's own page: the user's cookie comes along, the code flow ends.
#[tokio::test]
async fn form_post_error() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(&format!("{ACME_ID}authorize: {{response_mode: form_post}}\n"));
    let attempts = PendingAttempts::new();
    let login::Started { pending, browser, state, url } = login::start(&client).await;
    assert_eq!(parameter(&url, "response_mode").as_deref(), Some("form_post"));
    attempts.insert(pending);
    let form = |code: &str, state: &str| {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("error", code).append_pair("error_description", "<b>no</b>\r\n");
        form.append_pair("state", state).append_pair("iss", "https://id.acme.example").finish()
    };
    // Somebody else's page can post as well: without the state, or without the cookie, it ends nothing.
    for (form, browser) in [
        (form("access_denied", "canary-state"), browser.clone()),
        (form("access_denied", ""), browser.clone()),
        (form("access_denied", &state), Browser::unknown()),
    ] {
        client.callback(form, &attempts, browser).await.unwrap_err();
    }
    let error = client.callback(form("login_required", &state), &attempts, browser.clone()).await.unwrap_err();
    assert_eq!(error.server().and_then(oauth_core::ServerError::code), Some("login_required"), "{}", error.explain());
    assert!(!error.explain().contains(['\r', '\u{1b}']) && !error.explain().contains(&state), "{}", error.explain());
    let again = client.callback(form("login_required", &state), &attempts, browser).await.unwrap_err();
    assert_eq!((again.kind(), issuer.asked(TOKEN)), (ErrorKind::AlreadyUsed, 0));
}

#[tokio::test]
async fn discovery_issuer_mismatch() {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["issuer"] = "https://other.example".into());
    let error = issuer.discovered().client(CLIENT_ID, SECRET).await.unwrap_err();
    assert_eq!((error.kind(), issuer.paths()), (ErrorKind::MetadataIssuer, vec![METADATA.to_owned()]));
}

#[tokio::test]
async fn discovery_jwks_uri_keys() {
    let issuer = Issuer::start().await;
    let keys = issuer.requests(KEYS).len();
    issuer.metadata(|metadata| metadata["jwks_uri"] = format!("{}/other-keys", issuer.origin()).into());
    let set = oauth_tests::keys::key_set(&[&issuer.key]);
    issuer.answer("/other-keys", oauth_tests::canned::json(&set));
    issuer.log_in(&issuer.client().await, |_| ()).await.account();
    assert_eq!((issuer.asked(KEYS), issuer.asked("/other-keys")), (keys, 1));
    let request = &issuer.requests("/other-keys")[0];
    assert_eq!((request.method.as_str(), request.header("authorization")), ("GET", None));
}

#[tokio::test]
async fn discovery_openid_config() {
    let issuer = Issuer::start().await;
    let metadata = issuer.discovered().metadata().await.unwrap();
    assert_eq!(metadata.issuer, issuer.origin());
    assert_eq!(metadata.jwks_uri, Some(format!("{}{KEYS}", issuer.origin())));
    let url = login::start(&issuer.client().await).await.url;
    assert!(url.starts_with(&format!("{}/authorize?", issuer.origin())), "{url}");
    assert!(parameter(&url, "scope").unwrap().starts_with("openid"));
    assert_eq!(parameter(&url, "response_type").as_deref(), Some("code"));
}

async fn signs(issuer: &Issuer, client: &Client, key: &Key) -> oauth_tests::issuer::Outcome {
    issuer.log_in_with(client, |claims| Some(key.sign(&claims))).await
}

#[tokio::test]
async fn signing_key_rotation() {
    let (issuer, new) = (Issuer::start().await, Key::other_rsa("rsa-2"));
    let client = issuer.client().await;
    signs(&issuer, &client, &issuer.key).await.account();
    issuer.keys(&[&issuer.key, &new]);
    issuer.clock.advance(Duration::from_secs(60 * 60));
    signs(&issuer, &client, &new).await.account();
    signs(&issuer, &client, &issuer.key).await.account();
    issuer.keys(&[&new]);
    issuer.clock.advance(Duration::from_secs(60 * 60));
    signs(&issuer, &client, &issuer.key).await.refused(ErrorKind::IdTokenKey);
}

/// The key is replaced between two logins, long before the keys that are kept have to be renewed.
#[tokio::test]
async fn signing_key_rotation_just_before_signing() {
    let (issuer, new) = (Issuer::start().await, Key::other_rsa("rsa-2"));
    let client = issuer.client().await;
    signs(&issuer, &client, &issuer.key).await.account();
    issuer.keys(&[&new]);
    signs(&issuer, &client, &new).await.account();
    assert_eq!(issuer.asked(KEYS), 2);
    signs(&issuer, &client, &issuer.key).await.refused(ErrorKind::IdTokenKey);
    // The same where keys have no names.
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let bare = json!({"alg": "RS256"});
    issuer.log_in_with(&client, |claims| Some(issuer.key.sign_with(&bare, &claims))).await.account();
    issuer.answer(KEYS, oauth_tests::canned::json(&json!({"keys": [new.bare_jwk()]}).to_string()));
    issuer.log_in_with(&client, |claims| Some(new.sign_with(&bare, &claims))).await.account();
}

#[tokio::test]
async fn aggregated_claims() {
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |_| ()).await.account();
    let source = json!({"src1": {"JWT": "eyJhbGciOiJub25lIn0.eyJhZ2UiOjMwfQ."}});
    issuer.user(&json!({"sub": SUBJECT, "_claim_names": {"age": "src1"}, "_claim_sources": source}));
    let me = account.profile().await.unwrap();
    assert_eq!((&me.raw["_claim_sources"], me.raw.get("age")), (&source, None));
}

#[tokio::test]
async fn distributed_claims() {
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |_| ()).await.account();
    let source = json!({"src1": {"endpoint": format!("{}/claims", issuer.origin()), "access_token": "x"}});
    issuer.user(&json!({"sub": SUBJECT, "_claim_names": {"age": "src1"}, "_claim_sources": source}));
    let me = account.profile().await.unwrap();
    assert_eq!((&me.raw["_claim_sources"], issuer.asked("/claims")), (&source, 0));
}

#[tokio::test]
async fn refresh_token() {
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |_| ()).await.account();
    issuer.refresh(&account, |_| ()).await.unwrap();
    assert_eq!(account.tokens().identity().unwrap().subject(), SUBJECT);
}

#[tokio::test]
async fn refresh_token_invalid_issuer() {
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |_| ()).await.account();
    let error = issuer.refresh(&account, |claims| claims["iss"] = "https://other.example".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdTokenIssuer);
}

#[tokio::test]
async fn refresh_token_invalid_sub() {
    let issuer = Issuer::start().await;
    let account = issuer.log_in(&issuer.client().await, |_| ()).await.account();
    let error = issuer.refresh(&account, |claims| claims["sub"] = "another-user".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdentityChanged);
}
