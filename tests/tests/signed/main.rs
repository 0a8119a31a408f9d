//! Answers that the provider signs: what is believed of each, and that nothing unsigned or of another kind passes for one.
//!
//! - [`jarm`]: callbacks (JWT Secured Authorization Response Mode); [`jarm_forged`]: those that somebody else made.
//! - [`userinfo`]: profiles (OpenID Connect Core section 5.3.2).
//! - [`introspection`]: what is said of a token (RFC 9701).
//! - [`simulated`]: typed and dynamic clients at a provider that signs what it can.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod introspection;
mod jarm;
mod jarm_forged;
mod simulated;
mod userinfo;

use serde_json::Value;

oauth_providers::provider!("tests/signed/envoy.yaml");

/// The issuer of [`oauth_tests::issuer::ACME_ID`].
const ISSUER: &str = "https://id.acme.example";

/// What makes claims other ones.
type Change = fn(&mut Value);

/// Takes a claim away.
fn without(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name);
}
