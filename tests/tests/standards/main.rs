//! Standards that a program demands of its providers: with a bound, or when it runs.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use oauth_core::http::ReqwestClient;
use oauth_core::standards::{Fapi2, Mcp, Rfc9700, Standard, Unmet};
use oauth_core::{Client, ClientAuth, Compiled, Dynamic, Error, ErrorKind, ProviderSpec, Step};
use oauth_tests::login::{ACME, client, spec};

oauth_providers::provider!("tests/standards/vault.yaml");

use vault::Vault;

const VAULT: &str = include_str!("vault.yaml");

fn demanded<P: Rfc9700 + Fapi2 + Mcp>(client: &Client<P>) -> String {
    client.client_id().to_owned()
}

fn with(from: &str, to: &str) -> ProviderSpec {
    assert!(VAULT.contains(from), "{from}");
    spec(&VAULT.replace(from, to))
}

fn refused(client: Client<Dynamic>, standard: Standard) -> Error {
    client.demand(standard).map(|client| client.client_id().to_owned()).unwrap_err()
}

#[test]
fn a_bound_takes_a_provider_whose_file_meets_the_standard() {
    let key = ClientAuth::private_key("a key");
    assert_eq!(demanded(&Vault::client("my-client", key)), "my-client");
    for standard in Standard::ALL {
        assert_eq!(Vault::spec().meets(standard), Ok(()), "{standard}");
    }
}

#[test]
fn a_client_that_is_made_at_run_time_is_asked_then() {
    for standard in Standard::ALL {
        let client = spec(VAULT).client("my-client", ClientAuth::private_key("a key")).demand(standard);
        assert_eq!(client.unwrap().client_id(), "my-client", "{standard}");
    }
    let client = Vault::client("my-client", ClientAuth::private_key("a key")).erase();
    assert!(client.demand(Standard::Fapi2).is_ok());
}

#[test]
fn an_error_names_each_requirement_and_its_key() {
    let bank = with("dpop: required", "dpop: supported").client("my-client", ClientAuth::private_key("a key"));
    let error = refused(bank, Standard::Fapi2);
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Configure));
    let text = error.to_string();
    assert!(
        text.contains("provider `vault` does not meet FAPI 2.0 Security Profile: `dpop`: tokens are bound"),
        "{text}"
    );
    assert!(error.explain().contains("fix: change these keys of the provider's YAML file"), "{}", error.explain());

    let text = refused(client(ACME), Standard::Fapi2).to_string();
    let keys: Vec<&str> = spec(ACME).meets(Standard::Fapi2).unwrap_err().iter().map(Unmet::key).collect();
    assert_eq!(
        keys,
        ["endpoints.discovery", "client_auth", "dpop", "authorize.push", "pkce", "endpoints.iss_in_callback"]
    );
    for key in keys {
        assert!(text.contains(&format!("`{key}`: ")), "{key}: {text}");
    }
}

#[test]
fn whether_a_client_is_public_is_its_own_business() {
    let bound = with("dpop: required\n", "").public("my-client");
    let text = refused(bound, Standard::Rfc9700).to_string();
    assert!(text.contains("`refresh.rotates`: a public client's refresh tokens rotate"), "{text}");
    let confidential = with("dpop: required\n", "").client("my-client", ClientAuth::private_key("a key"));
    assert!(confidential.demand(Standard::Rfc9700).is_ok());
    let text = refused(spec(VAULT).public("my-client"), Standard::Fapi2).to_string();
    assert!(text.contains("`client_auth`: the client proves itself"), "{text}");
    let mtls = with("{method: private_key_jwt, alg: ES256}", "mtls");
    let own = std::sync::Arc::new(ReqwestClient::new().unwrap());
    let shown = mtls.public("my-client").http_client(own).demand(Standard::Fapi2);
    assert!(shown.is_ok(), "the transport has the certificate");
}

/// FAPI 2.0 section 5.3.3.1 wants sender-constrained tokens, and a bearer token is what a client without a certificate gets.
#[test]
fn cr_10_a_client_that_cannot_bind_its_tokens_meets_nothing() {
    const FIX: &str = "with_certificate(chain, key)";
    let key = || ClientAuth::private_key("a key");
    let bound = || with("dpop: required", "token: {bound: mtls}");
    assert_eq!(bound().meets(Standard::Fapi2), Ok(()));
    for standard in Standard::ALL {
        let error = refused(bound().client("my-client", key()), standard);
        assert_eq!((error.kind(), error.step()), (ErrorKind::Config, Step::Configure), "{standard}");
        let told = error.explain();
        assert!(told.contains("Vault") && told.contains("token: {bound: mtls}") && told.contains(FIX), "{told}");
        let certified = bound().client("my-client", key().with_certificate("a chain", "its key"));
        assert!(certified.demand(standard).is_ok(), "{standard}");
        let own = std::sync::Arc::new(ReqwestClient::new().unwrap());
        assert!(bound().client("my-client", key()).http_client(own).demand(standard).is_ok(), "{standard}");
    }
    let mtls = with("{method: private_key_jwt, alg: ES256}", "mtls").public("my-client");
    assert_eq!(refused(mtls, Standard::Fapi2).kind(), ErrorKind::Config);
}

/// Whoever changes a file of the catalog or a rule sees what it means.
#[test]
fn what_the_catalog_meets() {
    let met = |standard| -> Vec<&str> {
        let entries = oauth_providers::catalog().iter().filter(|entry| entry.spec().meets(standard).is_ok());
        entries.map(oauth_core::CatalogEntry::id).collect()
    };
    let nobody: [&str; 0] = [];
    assert_eq!(met(Standard::Fapi2), nobody);
    assert_eq!(met(Standard::Mcp), nobody);
    // Where nothing but the issuer in the callback is missing, a redirect URI of the provider's own is the other defence.
    let but_for_the_issuer = oauth_providers::catalog().iter().filter(|entry| {
        let unmet = entry.spec().meets(Standard::Rfc9700).err().unwrap_or_default();
        unmet.iter().all(|unmet| unmet.key() == "endpoints.iss_in_callback")
    });
    let ids: Vec<&str> = but_for_the_issuer.map(oauth_core::CatalogEntry::id).collect();
    for id in ["apple", "github", "gitlab", "google", "microsoft", "salesforce", "x"] {
        assert!(ids.contains(&id), "{id}: {ids:?}");
    }
    assert!(!ids.contains(&"facebook") && !ids.contains(&"notion"), "{ids:?}");
}
