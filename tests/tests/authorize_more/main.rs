//! The authorization request and its answer beyond the plain code flow.
//!
//! - [`pushed`]: RFC 9126, from a file and from metadata.
//! - [`resource`]: RFC 8707 in each request of a login's life.
//! - [`details`]: RFC 9396.
//! - [`request_object`]: RFC 9101.
//! - [`step_up`]: RFC 9470, and missing scopes.
//! - [`hybrid`]: callbacks by POST, and an ID token beside the code.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod details;
mod hybrid;
mod pushed;
mod request_object;
mod resource;
mod step_up;

use oauth_tests::canned::{Answer, json_status};
use oauth_tests::login::ACME;

/// The reference of the pushed request.
const REFERENCE: &str = "urn:ietf:params:oauth:request_uri:canary-reference";

/// [`ACME`] with an endpoint for pushed requests, and more.
fn pushing(more: &str) -> String {
    let endpoint = "{pushed_authorization: https://id.acme.example/par, authorization";
    format!("{}{more}", ACME.replacen("{authorization", endpoint, 1))
}

/// What a sound provider answers to a pushed request.
fn accepted() -> Answer {
    json_status(201, &format!(r#"{{"request_uri":"{REFERENCE}","expires_in":60}}"#))
}

/// All parameters of a query or a form, in order.
fn pairs(url_or_form: &str) -> Vec<(String, String)> {
    let url = url::Url::parse(url_or_form).ok();
    let text = url.as_ref().map_or(url_or_form, |url| url.query().unwrap_or_default());
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The names of the parameters.
fn names(url_or_form: &str) -> Vec<String> {
    pairs(url_or_form).into_iter().map(|(name, _)| name).collect()
}

/// The values of a parameter.
fn all(url_or_form: &str, name: &str) -> Vec<String> {
    pairs(url_or_form).into_iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect()
}
