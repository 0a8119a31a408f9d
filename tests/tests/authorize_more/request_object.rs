use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oauth_core::{Client, ErrorKind};
use oauth_tests::canned::Canned;
use oauth_tests::login::{ACME, SECRET, client, parameter};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};

use crate::{accepted, names, pushing};

#[allow(clippy::disallowed_methods, reason = "ring's trait for random sources is sealed")]
fn random() -> ring::rand::SystemRandom {
    ring::rand::SystemRandom::new()
}

/// A private key as PEM, and its public half.
fn key() -> (String, Vec<u8>) {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random()).unwrap();
    let text = STANDARD.encode(pkcs8.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    (pem, pair.public_key().as_ref().to_vec())
}

/// Header and claims of a signed object.
fn opened(object: &str, public: &[u8]) -> (Value, Value) {
    let (signed, signature) = object.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(signed.as_bytes(), &signature).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(header), read(claims))
}

const OBJECT: &str = "authorize: {request_object: {alg: ES256, kid: key-1}}\n";

fn signing(yaml: &str, pem: &str) -> Client {
    client(yaml).request_key(pem.to_owned())
}

#[tokio::test]
async fn cr_13_the_request_is_signed_for_the_issuer_and_has_no_secret() {
    let (pem, public) = key();
    let client = signing(&format!("{ACME}{OBJECT}"), &pem);
    let login = client.authorize().resource("urn:a:b").resource("urn:a:c").param("max_age", "300");
    let attempt = login.authorization_details(r#"[{"type":"x"}]"#).scopes(["read"]).begin().await.unwrap();
    let url = attempt.url().as_str();
    assert_eq!(names(url), ["client_id", "request"]);
    assert_eq!(parameter(url, "client_id").as_deref(), Some("my-client"));
    let (header, claims) = opened(&parameter(url, "request").unwrap(), &public);
    assert_eq!(header, json!({"alg": "ES256", "kid": "key-1", "typ": "oauth-authz-req+jwt"}));
    assert_eq!((&claims["iss"], &claims["client_id"]), (&json!("my-client"), &json!("my-client")));
    assert_eq!(claims["aud"], "https://id.acme.example");
    assert_eq!(claims["redirect_uri"], "https://app.example/callback");
    assert_eq!((&claims["response_type"], &claims["scope"]), (&json!("code"), &json!("read")));
    assert_eq!(claims["resource"], json!(["urn:a:b", "urn:a:c"]));
    assert_eq!((&claims["max_age"], &claims["authorization_details"]), (&json!(300), &json!([{"type": "x"}])));
    let seconds = |name: &str| claims[name].as_u64().unwrap();
    assert_eq!((seconds("iat"), seconds("nbf"), seconds("exp")), (1_795_000_000, 1_795_000_000, 1_795_000_300));
    assert!(claims["state"].is_string() && claims["code_challenge"].is_string() && claims["sub"].is_null());
    for secret in ["client_secret", "code_verifier", SECRET] {
        assert!(!claims.to_string().contains(secret), "{secret}");
    }
    let next = client.authorize().begin().await.unwrap();
    let (_, other) = opened(&parameter(next.url().as_str(), "request").unwrap(), &public);
    assert_ne!(claims["jti"], other["jti"]);
}

#[tokio::test]
async fn a_signed_request_is_pushed() {
    let (pem, public) = key();
    let server = Canned::start([accepted()]).await;
    let client = signing(&pushing(OBJECT), &pem).dangerous_at(server.origin());
    let attempt = client.authorize().begin().await.unwrap();
    assert_eq!(names(attempt.url().as_str()), ["client_id", "request_uri"]);
    let pushed = &server.received()[0];
    assert_eq!(names(&pushed.body), ["client_id", "request", "client_secret"]);
    let (_, claims) = opened(&parameter(&pushed.body, "request").unwrap(), &public);
    assert!(claims["state"].is_string());
}

#[tokio::test]
async fn cr_13_without_a_key_nothing_is_sent_unsigned() {
    let yaml = format!("{ACME}{OBJECT}");
    let rsa = include_str!("../../keys/rsa.pem");
    for client in [client(&yaml), client(&yaml).request_key("no key"), client(&yaml).request_key(rsa)] {
        let error = client.authorize().begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.explain().contains("request_key"), "{}", error.explain());
        assert!(!error.explain().contains(SECRET));
    }
    let public = oauth_tests::login::spec(&yaml).public("my-client").redirect_uri("https://app.example/callback");
    let error = public.authorize().begin().await.unwrap_err();
    assert!(error.to_string().contains("there is no key"), "{error}");
}
