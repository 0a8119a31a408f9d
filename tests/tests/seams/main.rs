//! Where the parts of the protocol meet: each endpoint with each way to prove who the client is, and with bound tokens.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

#[allow(dead_code, reason = "another target uses the rest")]
#[path = "../proofs/authority.rs"]
mod authority;
mod certificates;
mod client_auth;
mod confidential;
mod declared;
mod discovered;
#[allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "another target's, which uses the rest and has no other randomness"
)]
#[path = "../proofs/jwt.rs"]
mod jwt;
mod keyed;
mod mcp_keys;
mod possession;
mod registered;
mod request_keys;
mod resources;
mod simulated;

use std::sync::Arc;

use oauth_core::{Account, Client, ClientAuth, DevicePoll, ExposeSecret as _, TokenKind, TokenSet};
use oauth_tests::canned::{Answer, Canned, Received};
use oauth_tests::login::{ManualClock, parameter, spec};

/// A provider with every endpoint that a client proves itself at, at that origin.
fn file(origin: &str, more: &str) -> String {
    format!(
        "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
         endpoints: {{authorization: \"{origin}/authorize\", token: \"{origin}/token\", issuer: \"{origin}\", \
         pushed_authorization: \"{origin}/par\", device_authorization: \"{origin}/device\", \
         introspection: \"{origin}/introspect\", revocation: \"{origin}/revoke\"}}\n\
         grants: {{client_credentials: {{}}, device: {{}}, token_exchange: {{}}, jwt_bearer: {{}}}}\n\
         api: {{base_url: https://api.acme.example}}\n{more}"
    )
}

/// The provider of most tests, whose clients are led to a [`Canned`].
fn acme(more: &str) -> String {
    file("https://id.acme.example", more)
}

const REFERENCE: &str = r#"{"request_uri":"urn:ietf:params:oauth:request_uri:1","expires_in":60}"#;
const CODES: &str = r#"{"device_code":"canary-device-code","user_code":"WDJB-MJHT","verification_uri":"https://id.acme.example/device","expires_in":900}"#;

/// What a sound server answers at each endpoint.
fn answers(path: &str, token_type: &str) -> (u16, String) {
    let body = match path {
        "par" => return (201, REFERENCE.to_owned()),
        "device" => CODES.to_owned(),
        "introspect" => r#"{"active":true}"#.to_owned(),
        "revoke" => "{}".to_owned(),
        _ => format!(
            r#"{{"access_token":"canary-access-token","token_type":"{token_type}","expires_in":3600,
            "refresh_token":"canary-refresh-token","issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}}"#
        ),
    };
    (200, body)
}

fn answer(path: &str, token_type: &str) -> Answer {
    let (status, body) = answers(path, token_type);
    oauth_tests::canned::json_status(status, &body)
}

/// The steps at whose endpoints a client proves itself, in the order of [`everywhere`].
const STEPS: [&str; 9] = ["par", "token", "device", "token", "introspect", "revoke", "token", "token", "token"];

/// A client of [`acme`] with a clock of its own.
fn client(more: &str, credentials: impl Into<ClientAuth>) -> (Client, ManualClock) {
    let clock = ManualClock::new();
    let client = spec(&acme(more)).client("my-client", credentials).redirect_uri("https://app.example/callback");
    (client.clock(Arc::new(clock.clone())), clock)
}

/// A whole login whose request is pushed.
async fn log_in(client: &Client) -> oauth_core::Result<Account> {
    let (_, pending, browser) = client.authorize().begin().await?.into_parts();
    let attempt: serde_json::Value = serde_json::from_str(pending.expose_json().expose_secret()).unwrap();
    let callback = format!("code=canary-code&state={}", attempt["state"].as_str().unwrap());
    client.callback(callback, pending, browser).await
}

/// A login on another device that the user finishes at once.
async fn device(client: &Client, clock: &ManualClock) -> oauth_core::Result<Account> {
    let mut login = client.device().begin().await?;
    if let DevicePoll::Wait(wait) = login.poll() {
        clock.advance(wait);
    }
    login.ask().await.map(|account| account.expect("the user has finished"))
}

/// Goes to each endpoint in turn, as [`STEPS`] has them.
async fn everywhere(client: &Client, clock: &ManualClock) -> oauth_core::Result<()> {
    let tokens = log_in(client).await?.tokens();
    device(client, clock).await?;
    client.introspect(&tokens).await?;
    let access = TokenSet::new("another-access-token");
    client.revoke(&access).await?;
    client.token_exchange("canary-subject-token", TokenKind::ACCESS_TOKEN).send().await?;
    client.jwt_bearer("canary.grant.assertion").account().await?;
    client.client_credentials().account().await?;
    Ok(())
}

/// A server that gives each of those its answer.
async fn server(token_type: &str) -> Canned {
    Canned::start(STEPS.iter().map(|path| answer(path, token_type))).await
}

/// The last part of a request's path.
fn path(request: &Received) -> &str {
    request.target.split('?').next().unwrap().rsplit('/').next().unwrap()
}

/// A parameter of a form that was sent.
fn sent(request: &Received, name: &str) -> Option<String> {
    parameter(&request.body, name)
}
