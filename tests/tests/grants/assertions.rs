//! A JWT for a token (RFC 7523 section 2.1), and the user's password for one (RFC 6749 section 4.3).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oauth_core::{Clock as _, ErrorKind, Step};
use oauth_tests::canned::{Received, json, json_status};
use ring::rand::SystemRandom;
use ring::signature::UnparsedPublicKey;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::Value;

use super::{acme, at, sent, token};

const GRANT: &str = "jwt_bearer: {assertion: {alg: ES256, claims: {iss: \"{client_id}\", aud: https://id.acme.example/token, scope: \"{scope}\"}}}";

/// A private key as PEM, and its public half.
#[allow(clippy::disallowed_methods, reason = "a key of a test: nothing depends on its bits")]
fn key() -> (String, Vec<u8>) {
    let rng = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &rng).unwrap();
    let label = "PRIVATE KEY";
    let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(pkcs8.as_ref()));
    (pem, pair.public_key().as_ref().to_vec())
}

/// Header and claims of the assertion that was sent, its signature checked.
fn assertion(request: &Received, public: &[u8]) -> (Value, Value) {
    let jwt = sent(request, "assertion").unwrap();
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(signed.as_bytes(), &decode(signature)).unwrap();
    (serde_json::from_slice(&decode(header)).unwrap(), serde_json::from_slice(&decode(claims)).unwrap())
}

#[tokio::test]
async fn an_assertion_from_elsewhere() {
    let (server, client, _) = at(&acme("jwt_bearer: {}"), [token("one")]).await;
    let account = client.jwt_bearer("canary.asser.tion").scopes(["read"]).account().await.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), "one");
    let request = &server.received()[0];
    assert_eq!(sent(request, "grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(sent(request, "assertion").unwrap(), "canary.asser.tion");
    assert_eq!(sent(request, "scope").unwrap(), "read");
}

#[tokio::test]
async fn grants_that_are_no_logins_bring_no_id_token() {
    let grants = acme("jwt_bearer: {}, saml_bearer: {}, password: {}");
    let yaml = format!(
        "{grants}openid: {{jwks: https://id.acme.example/keys, required: true}}\n\
         quirks: [{{field: grants.password, because: a test, source: \"https://acme.example/docs\"}}]\n"
    );
    let (server, client, _) = at(&yaml, [token("one"), token("two"), token("three")]).await;
    client.jwt_bearer("canary.asser.tion").account().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    client.saml_bearer("<Assertion/>").account().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    client.dangerous_password("ada", "p").account().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(server.received().len(), 3);
    // One that comes all the same is checked.
    let forged = r#"{"access_token":"one","token_type":"Bearer","id_token":"canary.id.token"}"#;
    let (_server, client, _) = at(&yaml, [json(forged)]).await;
    let error = client.jwt_bearer("canary.asser.tion").account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::IdTokenMalformed, Step::IdToken));
}

#[tokio::test]
async fn cr_02_each_signed_assertion_is_a_new_one_and_ends_soon() {
    let (server, client, clock) = at(&acme(GRANT), [token("one"), token("two")]).await;
    let (pem, public) = key();
    let now = clock.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for _ in 0..2 {
        let signed = client.jwt_bearer_signed(pem.clone()).key_id("k1").claim("sub", "ada@acme.example");
        signed.scopes(["a", "b"]).account().await.unwrap();
    }
    let mut ids = Vec::new();
    for request in server.received() {
        assert!(sent(&request, "scope").is_none(), "the assertion says it");
        let (header, claims) = assertion(&request, &public);
        assert_eq!((&header["alg"], &header["kid"]), (&"ES256".into(), &"k1".into()));
        assert_eq!((&claims["iss"], &claims["sub"]), (&"my-client".into(), &"ada@acme.example".into()));
        assert_eq!((&claims["aud"], &claims["scope"]), (&"https://id.acme.example/token".into(), &"a b".into()));
        assert_eq!((&claims["iat"], &claims["exp"]), (&now.into(), &(now + 300).into()));
        ids.push(claims["jti"].as_str().unwrap().to_owned());
    }
    assert!(ids[0] != ids[1] && ids[0].len() == 22, "{ids:?}");
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    let (server, client, _) = at(&acme(GRANT), []).await;
    let error = client.jwt_bearer_signed("canary-no-key").account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Config, Step::Grant));
    assert!(!format!("{error:?}{}", error.explain()).contains("canary"));
    let (_server, without, _) = at(&acme("jwt_bearer: {}"), []).await;
    let error = without.jwt_bearer_signed(key().0).account().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.explain().contains("grants.jwt_bearer.assertion"), "{}", error.explain());
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn a_refusal_repeats_no_assertion() {
    let refusal = r#"{"error":"invalid_grant","error_description":"canary.asser.tion is old"}"#;
    let (_server, client, _) = at(&acme("jwt_bearer: {}"), [json_status(400, refusal)]).await;
    let error = client.jwt_bearer("canary.asser.tion").account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::GrantRejected, Step::Grant));
    assert!(!error.explain().contains("canary") && !error.needs_reauth(), "{}", error.explain());
}

#[tokio::test]
async fn password_ropc() {
    let quirk = "quirks: [{field: grants.password, because: a test, source: \"https://acme.example/docs\"}]\n";
    let yaml = acme("password: {rename: {username: user}}") + quirk;
    let refusal = r#"{"error":"invalid_grant","error_description":"canary-password is wrong"}"#;
    let (server, client, _) = at(&yaml, [token("one"), json_status(400, refusal)]).await;
    let account = client.dangerous_password("ada", "canary-password").scopes(["read"]).account().await.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), "one");
    let body = &server.received()[0].body;
    assert!(body.starts_with("grant_type=password&user=ada&password=canary-password&scope=read&client_id="), "{body}");
    let asking = client.dangerous_password("ada", "canary-password");
    assert!(!format!("{asking:?}").contains("canary"));
    let error = asking.account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::GrantRejected, Step::Grant));
    assert!(!error.explain().contains("canary"), "{}", error.explain());
    let (_server, without, _) = at(&acme("device: {}"), []).await;
    let error = without.dangerous_password("ada", "x").account().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.explain().contains("`grants.password`"), "{}", error.explain());
}
