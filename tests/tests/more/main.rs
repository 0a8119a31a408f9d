//! What lies beyond the core: logins that the client initiates, SAML assertions, registrations that are managed, front-channel
//! logout. For typed and dynamic clients alike.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod ciba;
mod front_channel_logout;
mod registration;
mod saml_bearer;

oauth_providers::provider!("tests/more/harbor.yaml");

/// The file of a provider with ID tokens, with these further endpoints and sections.
fn acme(endpoints: &str, more: &str) -> String {
    let own = "  issuer: https://id.acme.example\n";
    let file = oauth_tests::issuer::ACME_ID.replace(own, &format!("{own}{endpoints}"));
    assert!(endpoints.is_empty() || file.contains(endpoints));
    format!("{file}{more}\n")
}
