//! What the specifications print of a login, from its random octets on. Those of JOSE are in oauth-core.

use std::sync::Arc;

use oauth_core::{Browser, ErrorKind, ExposeSecret as _, Rng, RngError};
use oauth_tests::canned::json;
use oauth_tests::issuer::{ACME_ID, Issuer, TOKEN};
use oauth_tests::login::{self, parameter};
use serde_json::json;

/// RFC 7636 appendix B: the client "generated a 32-octet sequence".
struct Octets;

const OCTETS: [u8; 32] = [
    116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191, 240,
    91, 88, 5, 88, 83, 132, 141, 121,
];

impl Rng for Octets {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        bytes.iter_mut().zip(OCTETS.iter().cycle()).for_each(|(byte, octet)| *byte = *octet);
        Ok(())
    }
}

#[tokio::test]
async fn rfc_7636_appendix_b() {
    let server = oauth_tests::canned::Canned::start([json(login::TOKENS)]).await;
    let client = login::client(login::ACME).rng(Arc::new(Octets)).dangerous_at(server.origin());
    let started = login::start(&client).await;
    assert_eq!(
        parameter(&started.url, "code_challenge").as_deref(),
        Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    );
    assert_eq!(parameter(&started.url, "code_challenge_method").as_deref(), Some("S256"));
    client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await.unwrap();
    let body = &server.received()[0].body;
    assert_eq!(parameter(body, "code_verifier").as_deref(), Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
}

/// OpenID Connect Core 1.0 appendix A: a code and an access token, and their hashes in ID tokens of RS256.
#[tokio::test]
async fn openid_connect_core_appendix_a() {
    const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    const CODE: &str = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
    const HASHES: [(&str, &str); 2] = [("at_hash", "77QmUPtjPfzWtF2AnpK9RQ"), ("c_hash", "LDktKdoQak3Pk0cnXxCltA")];
    let issuer = Issuer::start().await;
    let client = issuer.client_of(ACME_ID);
    let log_in = async |hashes: [(&str, &str); 2]| {
        let login::Started { pending, browser, state, url } = login::start(&client).await;
        let mut claims = issuer.claims(&client, parameter(&url, "nonce").as_deref());
        for (name, hash) in hashes {
            claims[name] = hash.into();
        }
        let answer =
            json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": issuer.key.sign(&claims)});
        issuer.answer(TOKEN, json(&answer.to_string()));
        client.callback(format!("code={CODE}&state={state}"), pending, Browser::from(browser)).await
    };
    let account = log_in(HASHES).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(account.tokens().access_token().expose_secret(), ACCESS_TOKEN);
    let [(_, at), (_, c)] = HASHES;
    for wrong in [[("at_hash", c), ("c_hash", c)], [("at_hash", at), ("c_hash", at)]] {
        assert_eq!(log_in(wrong).await.unwrap_err().kind(), ErrorKind::IdTokenHash);
    }
}
