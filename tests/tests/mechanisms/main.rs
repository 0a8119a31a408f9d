//! Mechanisms: a worked example of each, with its provider file beside it. Every one runs for a typed client, whose
//! constructor takes the mechanism, and for a client of the same file loaded at run time, which takes it from a registry.
//!
//! - [`hashed`]: a hash over the secret and the code takes the secret's place.
//! - [`signed`]: a proof over the token as a query parameter; a signature over method, path and time in headers.
//! - [`xml`]: token answers in XML.
//! - [`sessions`]: the token is exchanged for a session, which has its own address.
//! - [`missing`]: what a program hears that forgets one.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod hashed;
mod missing;
mod sessions;
mod signed;
mod xml;

use std::path::Path;
use std::sync::Arc;

use oauth_core::{Account, Browser, CanAuthorize, Client, Provider, ProviderSpec, Result};
use oauth_tests::canned::Canned;
use oauth_tests::login::{ManualClock, parameter};

/// A secret that is long enough to be an HMAC key.
const SECRET: &str = "canary-client-secret-0123456789abcdef";

/// A provider file of this folder.
fn file(name: &str) -> ProviderSpec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mechanisms").join(name);
    ProviderSpec::from_yaml_file(path).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The client against a server of the test.
fn at<P: Provider>(client: Client<P>, server: &Canned) -> Client<P> {
    client
        .redirect_uri("https://app.example/callback")
        .clock(Arc::new(ManualClock::new()))
        .dangerous_at(server.origin())
}

/// A login whose code is `canary-code`.
async fn log_in<P: CanAuthorize>(client: &Client<P>) -> Result<Account<P>> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let state = parameter(url.as_str(), "state").expect("a state");
    client.callback(format!("code=canary-code&state={state}"), pending, Browser::from(browser)).await
}

/// Everything that an error says, and that a program may log of it.
fn said(error: &oauth_core::Error) -> String {
    format!("{error}\n{error:?}\n{error:#?}\n{}", error.explain())
}

/// The form or query parameters.
fn params(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The value of one of them.
fn param(text: &str, name: &str) -> Option<String> {
    params(text).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
