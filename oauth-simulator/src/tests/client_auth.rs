//! The ways in which clients prove themselves beyond RFC 6749.

use std::time::{Duration, UNIX_EPOCH};

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use super::specs::plain_with;
use super::*;
use crate::RegisteredClient;

/// An exchange with these headers and these parameters beside the usual ones; its status.
async fn status(sim: &Simulator, headers: &[(&str, &str)], more: &[(&str, &str)]) -> u16 {
    let verifier = if sim.spec().pkce == oauth_core::spec::Pkce::Unsupported { "" } else { VERIFIER };
    let code = code(sim, verifier, &[]).await;
    let mut pairs = vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
    if !verifier.is_empty() {
        pairs.push(("code_verifier", verifier));
    }
    pairs.extend(more);
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    call(sim, Method::POST, "https://plain.example/token", &all, &form(&pairs)).await.status.as_u16()
}

fn raw_basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn a_header_that_is_not_encoded() {
    let sim = start(plain_with(&json!({"client_auth": {"method": "basic", "basic": {"encode": false}}}))).await;
    assert_eq!(status(&sim, &[("authorization", &raw_basic(sim.client_id(), secret(&sim)))], &[]).await, 200);
    assert_eq!(status(&sim, &[("authorization", &basic(sim.client_id(), secret(&sim)))], &[]).await, 401);
}

#[tokio::test]
async fn a_header_with_the_secret_as_user_name() {
    let sim = start(plain_with(&json!({"client_auth": {"method": "basic", "basic": {"user": "secret"}}}))).await;
    assert_eq!(status(&sim, &[("authorization", &basic(secret(&sim), ""))], &[]).await, 200);
    assert_eq!(status(&sim, &[("authorization", &basic(secret(&sim), "x"))], &[]).await, 401);
    assert_eq!(status(&sim, &[("authorization", &basic(sim.client_id(), secret(&sim)))], &[]).await, 401);
}

#[tokio::test]
async fn a_header_and_the_id_in_the_body() {
    let sim = start(plain_with(&json!({"client_auth": {"method": "basic", "basic": {"id_in_body": true}}}))).await;
    let header = basic(sim.client_id(), secret(&sim));
    assert_eq!(status(&sim, &[("authorization", &header)], &[("client_id", sim.client_id())]).await, 200);
    assert_eq!(status(&sim, &[("authorization", &header)], &[]).await, 400);
    assert_eq!(status(&sim, &[("authorization", &header)], &[("client_id", "other")]).await, 400);
}

#[tokio::test]
async fn a_public_client_with_an_empty_password() {
    let spec = plain_with(&json!({"client_auth": {"method": "basic", "basic": {"public": "basic"}}}));
    let sim = builder(spec).client(RegisteredClient::public("cli")).start().await.unwrap();
    assert_eq!(status(&sim, &[("authorization", &basic("cli", ""))], &[]).await, 200);
    assert_eq!(status(&sim, &[], &[("client_id", "cli")]).await, 401);
    assert_eq!(status(&sim, &[("authorization", &basic("cli", "x"))], &[]).await, 401);
}

#[tokio::test]
async fn id_and_secret_where_the_holes_are() {
    let sim = start(plain_with(&json!({
        "client_auth": "custom",
        "token": {"request": {
            "params": [["appid", "{client_id}"]], "query": [["v", "2"]], "headers": [["X-Secret", "key {client_secret}"]]
        }}
    })))
    .await;
    let key = format!("key {}", secret(&sim));
    let code = code(&sim, VERIFIER, &[]).await;
    let good = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("appid", sim.client_id()),
    ];
    let post = async |query: &str, headers: &[(&str, &str)], more: &[(&str, &str)]| {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        let pairs = [&good, more].concat();
        call(&sim, Method::POST, &format!("https://plain.example/token{query}"), &all, &form(&pairs)).await
    };
    let header = basic(sim.client_id(), secret(&sim));
    assert_eq!(error(&post("?v=2", &[("x-secret", "key other")], &[]).await), (401, "invalid_client".to_owned()));
    assert_eq!(error(&post("?v=2", &[], &[]).await), (401, "invalid_client".to_owned()));
    assert_eq!(post("?v=2", &[("x-secret", &key), ("authorization", &header)], &[]).await.status, 400);
    assert_eq!(post("?v=2", &[("x-secret", &key)], &[("client_secret", secret(&sim))]).await.status, 400);
    assert_eq!(post("?v=2", &[("x-secret", &key)], &[("client_id", sim.client_id())]).await.status, 400);
    assert_eq!(post("?v=3", &[("x-secret", &key)], &[]).await.status, 400);
    assert_eq!(post("", &[("x-secret", &key)], &[]).await.status, 400);
    assert_eq!(post("?v=2&w=3", &[("x-secret", &key)], &[]).await.status, 400);
    let received = post("?v=2", &[("x-secret", &key)], &[]).await;
    assert_eq!(received.status, 200, "{}", received.text());
}

fn minted(changes: &Value) -> ProviderSpec {
    let minted = json!({
        "alg": "ES256", "kid": "key-1", "lifetime": 300,
        "claims": [["iss", "TEAM"], ["sub", "{client_id}"], ["aud", "https://plain.example"]]
    });
    let mut spec = specs::plain_json();
    spec["client_auth"] = json!({"method": "minted", "minted": minted});
    specs::merge(&mut spec, changes);
    ProviderSpec::from_json(&spec.to_string()).unwrap()
}

/// A secret as the client would make it, with changes.
#[allow(clippy::disallowed_methods, reason = "ring takes no other generator for what it signs")]
fn jwt(sim: &Simulator, key: &str, header: &Value, changes: &Value) -> String {
    let now = sim.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({
        "iss": "TEAM", "sub": sim.client_id(), "aud": "https://plain.example", "iat": now, "exp": now + 300
    });
    specs::merge(&mut claims, changes);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(&claims));
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &STANDARD.decode(body).unwrap(), &random);
    let signature = pair.unwrap().sign(&random, message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_secret_that_the_client_makes() {
    let sim = start(minted(&json!({}))).await;
    assert!(secret(&sim).starts_with("-----BEGIN PRIVATE KEY-----\n"), "the console gives a key");
    let good = json!({"alg": "ES256", "kid": "key-1"});
    let other = start(minted(&json!({}))).await;
    let now = sim.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (header, changes, key, wanted) in [
        (good.clone(), json!({}), secret(&sim), 200),
        (json!({"alg": "none", "kid": "key-1"}), json!({}), secret(&sim), 401),
        (json!({"alg": "ES256"}), json!({}), secret(&sim), 401),
        (json!({"alg": "ES256", "kid": "key-2"}), json!({}), secret(&sim), 401),
        (good.clone(), json!({"iss": "OTHER"}), secret(&sim), 401),
        (good.clone(), json!({"sub": "other"}), secret(&sim), 401),
        (good.clone(), json!({"aud": null}), secret(&sim), 401),
        (good.clone(), json!({"exp": now + 3000}), secret(&sim), 401),
        (good.clone(), json!({"iat": now - 400, "exp": now - 100}), secret(&sim), 401),
        (good.clone(), json!({"iat": now + 1000, "exp": now + 1300}), secret(&sim), 401),
        (good.clone(), json!({"iat": null}), secret(&sim), 401),
        (good.clone(), json!({}), secret(&other), 401),
    ] {
        let made = jwt(&sim, key, &header, &changes);
        let pairs = [("client_id", sim.client_id()), ("client_secret", made.as_str())];
        assert_eq!(status(&sim, &[], &pairs).await, wanted, "{header} {changes}");
    }
    let made = jwt(&sim, secret(&sim), &good, &json!({}));
    for wrong in [secret(&sim), "a.b.c", ""] {
        assert_eq!(status(&sim, &[], &[("client_id", sim.client_id()), ("client_secret", wrong)]).await, 401);
    }
    assert_eq!(status(&sim, &[("authorization", &basic(sim.client_id(), &made))], &[]).await, 401);
    sim.advance(Duration::from_secs(301));
    assert_eq!(status(&sim, &[], &[("client_id", sim.client_id()), ("client_secret", &made)]).await, 401);
}

#[tokio::test]
async fn a_made_secret_in_the_header_and_a_client_without_a_key() {
    let sim = start(minted(&json!({"client_auth": {"minted": {"sent": "basic"}}}))).await;
    let made = jwt(&sim, secret(&sim), &json!({"alg": "ES256", "kid": "key-1"}), &json!({}));
    assert_eq!(status(&sim, &[("authorization", &basic(sim.client_id(), &made))], &[]).await, 200);
    let key = secret(&sim).to_owned();
    let app = RegisteredClient::confidential("app", "the key is somewhere else");
    let sim = builder(minted(&json!({}))).client(app).start().await.unwrap();
    let made = jwt(&sim, &key, &json!({"alg": "ES256", "kid": "key-1"}), &json!({}));
    assert_eq!(status(&sim, &[], &[("client_id", "app"), ("client_secret", &made)]).await, 200);
}

#[tokio::test]
async fn each_algorithm_has_a_key_of_its_own() {
    for alg in ["ES256", "ES384", "RS256", "PS256", "EdDSA"] {
        let sim = start(minted(&json!({"client_auth": {"minted": {"alg": alg}}}))).await;
        assert!(secret(&sim).ends_with("-----END PRIVATE KEY-----\n"), "{alg}");
        assert!(secret(&sim).lines().all(|line| line.len() <= 64));
    }
}
