//! The grants beside the authorization code, for typed and dynamic clients alike.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod assertions;
mod client_credentials;
mod device;
mod simulated;
mod token_exchange;

use oauth_core::{Client, Dynamic};
use oauth_tests::canned::{Answer, Canned, Received, json};
use oauth_tests::login::{self, ACME, ManualClock, parameter};

oauth_providers::provider!("tests/grants/grove.yaml");

/// A provider with these grants.
fn acme(grants: &str) -> String {
    let yaml = ACME.replace("issuer:", "device_authorization: https://id.acme.example/device, issuer:");
    format!("{yaml}grants: {{{grants}}}\n")
}

/// A client of a provider with these grants at a server with these answers, and its clock.
async fn at(yaml: &str, answers: impl IntoIterator<Item = Answer>) -> (Canned, Client<Dynamic>, ManualClock) {
    let server = Canned::start(answers).await;
    let clock = ManualClock::new();
    let client = login::client(yaml).dangerous_at(server.origin()).clock(std::sync::Arc::new(clock.clone()));
    (server, client, clock)
}

/// An answer with this access token, which lasts for an hour.
fn token(value: &str) -> Answer {
    json(&format!(r#"{{"access_token":"{value}","token_type":"Bearer","expires_in":3600}}"#))
}

/// A parameter of a form that was sent.
fn sent(request: &Received, name: &str) -> Option<String> {
    parameter(&request.body, name)
}
