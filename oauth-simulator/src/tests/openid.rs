use std::time::{Duration, UNIX_EPOCH};

use oauth_core::spec::SigningAlg;
use ring::{hmac, signature};
use serde_json::{Value, json};

use super::specs::plain_with;
use super::*;
use crate::{Answer, Endpoint};

const KEYS: &str = "https://plain.example/jwks";

fn openid(changes: &Value) -> ProviderSpec {
    let mut spec = specs::plain_json();
    specs::merge(&mut spec, &json!({"openid": {"algs": ["RS256"]}, "scopes": {"default": ["openid"], "known": []}}));
    specs::merge(&mut spec, changes);
    ProviderSpec::from_json(&spec.to_string()).unwrap()
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// Header and claims, unchecked.
fn parts(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    (serde_json::from_slice(&decoded(parts[0])).unwrap(), serde_json::from_slice(&decoded(parts[1])).unwrap())
}

/// Whether the signature is that of the key.
fn is_signed(token: &str, key: &Value) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (message, signature) = (message.as_bytes(), decoded(signature));
    let member = |name: &str| decoded(key[name].as_str().unwrap());
    let point = || [vec![4], member("x"), member("y")].concat();
    let verify = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
        signature::UnparsedPublicKey::new(algorithm, key).verify(message, &signature).is_ok()
    };
    let rsa = |parameters: &'static signature::RsaParameters| {
        let key = signature::RsaPublicKeyComponents { n: member("n"), e: member("e") };
        key.verify(parameters, message, &signature).is_ok()
    };
    match key["alg"].as_str().unwrap() {
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "PS384" => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "ES256" => verify(&signature::ECDSA_P256_SHA256_FIXED, &point()),
        "ES384" => verify(&signature::ECDSA_P384_SHA384_FIXED, &point()),
        "EdDSA" => verify(&signature::ED25519, &member("x")),
        other => panic!("{other}"),
    }
}

async fn keys(sim: &Simulator, address: &str) -> Vec<Value> {
    let received = get(sim, address, &[]).await;
    assert_eq!(received.status, 200, "{}", received.text());
    json(&received)["keys"].as_array().unwrap().clone()
}

async fn id_token(sim: &Simulator, more: &[(&str, &str)]) -> String {
    text(&login(sim, more).await, "/id_token").to_owned()
}

#[tokio::test]
async fn an_id_token_says_who_for_whom_and_when() {
    let sim = start(openid(&json!({}))).await;
    let answer = login(&sim, &[("nonce", "n-0S6_WzA2Mj")]).await;
    let (header, claims) = parts(text(&answer, "/id_token"));
    assert_eq!((text(&header, "/alg"), text(&header, "/typ")), ("RS256", "JWT"));
    let now = sim.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let issued = claims["iat"].as_u64().unwrap();
    assert!(issued <= now && now - issued < 60);
    assert_eq!(claims["exp"], issued + 3600);
    let hash = digest::digest(&digest::SHA256, text(&answer, "/access_token").as_bytes());
    for (name, value) in [
        ("iss", json!("https://plain.example/")),
        ("sub", json!("20071")),
        ("aud", json!(sim.client_id())),
        ("nonce", json!("n-0S6_WzA2Mj")),
        ("at_hash", json!(URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]))),
        ("email", json!("ada@example.com")),
        ("email_verified", json!(true)),
        ("name", json!("Ada Lovelace")),
        ("preferred_username", json!("ada")),
        ("picture", json!("https://example.com/avatars/20071.png")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert!(claims.get("auth_time").is_none());
}

#[tokio::test]
async fn an_id_token_comes_with_the_scope_or_where_it_is_required() {
    let sim = start(openid(&json!({"scopes": {"default": ["read"]}}))).await;
    assert!(login(&sim, &[]).await.get("id_token").is_none());
    let (_, claims) = parts(&id_token(&sim, &[("scope", "read openid")]).await);
    assert!(claims.get("nonce").is_none());
    let sim =
        start(openid(&json!({"scopes": {"default": ["read"]}, "openid": {"required": true, "nonce": false}}))).await;
    let (_, claims) = parts(&id_token(&sim, &[("nonce", "n")]).await);
    assert!(claims.get("nonce").is_none());
    let sim = start(plain_with(&json!({"scopes": {"default": ["openid"], "known": []}}))).await;
    assert!(login(&sim, &[]).await.get("id_token").is_none());
}

#[tokio::test]
async fn a_refresh_repeats_the_login_without_the_nonce() {
    let sim = start(openid(&json!({}))).await;
    let first = login(&sim, &[("nonce", "n"), ("max_age", "600")]).await;
    let (_, before) = parts(text(&first, "/id_token"));
    sim.advance(Duration::from_secs(30));
    let second = json(&refresh(&sim, text(&first, "/refresh_token")).await);
    let (_, after) = parts(text(&second, "/id_token"));
    assert!(after.get("nonce").is_none());
    assert_eq!(after["auth_time"], before["auth_time"]);
    assert_eq!(after["sub"], before["sub"]);
    assert!(after["iat"].as_u64().unwrap() >= before["iat"].as_u64().unwrap() + 30);
}

#[tokio::test]
async fn an_old_login_is_renewed_where_the_client_wants() {
    let sim = start(openid(&json!({}))).await;
    let user = sim.scripted_user();
    let mut times = Vec::new();
    for max_age in ["600", "600", "10"] {
        let url = authorize_url(&sim, VERIFIER, &[("max_age", max_age)]);
        let code = param(&user.approve(&url).await.unwrap(), "code").unwrap();
        let (_, claims) = parts(text(&json(&exchange(&sim, &code, &[]).await), "/id_token"));
        times.push(claims["auth_time"].as_u64().unwrap());
        sim.advance(Duration::from_secs(20));
    }
    assert_eq!(times[0], times[1]);
    assert!(times[2] >= times[0] + 40);
    let url = authorize_url(&sim, VERIFIER, &[("max_age", "old")]);
    assert_eq!(param(&user.approve(&url).await.unwrap(), "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn each_algorithm_signs_with_a_published_key() {
    for alg in ["RS256", "PS384", "ES256", "ES384", "EdDSA"] {
        let sim = start(openid(&json!({"openid": {"algs": [alg, "HS256"]}}))).await;
        let token = id_token(&sim, &[]).await;
        let keys = keys(&sim, KEYS).await;
        assert_eq!(keys.len(), 1, "a secret is not published");
        assert_eq!(keys[0]["use"], "sig");
        assert_eq!(parts(&token).0["kid"], keys[0]["kid"]);
        assert!(is_signed(&token, &keys[0]), "{alg}");
        assert!(!is_signed(&token.replacen("ey", "eX", 1), &keys[0]), "{alg}");
    }
    assert!(builder(openid(&json!({"openid": {"algs": ["ES512"]}}))).start().await.is_err());
}

#[tokio::test]
async fn the_clients_secret_signs_where_that_is_declared() {
    let sim = start(openid(&json!({"openid": {"algs": ["HS256"]}}))).await;
    let token = id_token(&sim, &[]).await;
    assert!(parts(&token).0.get("kid").is_none());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret(&sim).as_bytes());
    hmac::verify(&key, message.as_bytes(), &decoded(signature)).unwrap();
    assert!(keys(&sim, KEYS).await.is_empty());
}

#[tokio::test]
async fn keys_rotate_and_lose_their_names() {
    let sim = start(openid(&json!({"openid": {"jwks": "https://keys.plain.example/certs?v=1"}}))).await;
    let address = "https://keys.plain.example/certs?v=1";
    let (old, old_keys) = (id_token(&sim, &[]).await, keys(&sim, address).await);
    sim.rotate_keys();
    let (new, new_keys) = (id_token(&sim, &[]).await, keys(&sim, address).await);
    assert_ne!(old_keys[0]["kid"], new_keys[0]["kid"]);
    assert!(is_signed(&old, &old_keys[0]) && is_signed(&new, &new_keys[0]));
    assert!(!is_signed(&old, &new_keys[0]) && !is_signed(&new, &old_keys[0]));
    sim.omit_kid(true);
    let (token, keys) = (id_token(&sim, &[]).await, keys(&sim, address).await);
    assert!(parts(&token).0.get("kid").is_none() && keys[0].get("kid").is_none());
    assert!(is_signed(&token, &keys[0]));
    assert_eq!(sim.requests_to(Endpoint::Keys).len(), 3);
    assert_eq!(get(&sim, KEYS, &[]).await.status, 404);
}

#[tokio::test]
async fn a_test_may_falsify_id_tokens() {
    let sim = start(openid(&json!({}))).await;
    sim.id_token_claims(|claims| {
        claims.insert("aud".to_owned(), json!("somebody-else"));
        claims.remove("sub");
    });
    sim.sign_id_tokens_with(SigningAlg::ES256);
    let token = id_token(&sim, &[]).await;
    let (header, claims) = parts(&token);
    assert_eq!((header["alg"].as_str(), claims["aud"].as_str()), (Some("ES256"), Some("somebody-else")));
    assert!(claims.get("sub").is_none());
    let keys = keys(&sim, KEYS).await;
    assert_eq!(keys.iter().map(|key| key["alg"].as_str().unwrap()).collect::<Vec<_>>(), ["RS256", "ES256"]);
    assert!(is_signed(&token, &keys[1]));
    sim.id_token_text(|token| Some(format!("{}.", token.rsplit_once('.').unwrap().0)));
    assert!(id_token(&sim, &[]).await.ends_with('.'));
    sim.id_token_text(|_| None);
    assert!(login(&sim, &[]).await.get("id_token").is_none());
}

#[tokio::test]
async fn an_issuer_of_many_names_the_tenant() {
    let sim = start(openid(&json!({
        "endpoints": {"issuer": null},
        "openid": {"issuer": "https://plain.example/{claim.tid}/v2", "jwks": KEYS}
    })))
    .await;
    let (_, claims) = parts(&id_token(&sim, &[]).await);
    assert_eq!(text(&claims, "/iss"), format!("https://plain.example/{}/v2", text(&claims, "/tid")));
    assert_eq!(text(&claims, "/tid").len(), 36);
    assert_eq!(get(&sim, "https://plain.example/.well-known/openid-configuration", &[]).await.status, 404);
}

#[tokio::test]
async fn metadata_says_where_everything_is() {
    let sim = start(openid(&json!({
        "endpoints": {"authorization": null, "token": null, "issuer": "https://plain.example/tenant/", "discovery": true}
    })))
    .await;
    let mut documents = Vec::new();
    for address in [
        "https://plain.example/tenant/.well-known/openid-configuration",
        "https://plain.example/.well-known/oauth-authorization-server/tenant",
    ] {
        let received = get(&sim, address, &[]).await;
        assert_eq!(received.headers.get_all("cache-control").iter().count(), 1);
        documents.push(json(&received));
    }
    assert_eq!(documents[0], documents[1]);
    for (name, value) in [
        ("issuer", json!("https://plain.example/tenant/")),
        ("authorization_endpoint", json!("https://plain.example/tenant/authorize")),
        ("token_endpoint", json!("https://plain.example/tenant/token")),
        ("userinfo_endpoint", json!("https://plain.example/tenant/userinfo")),
        ("jwks_uri", json!("https://plain.example/tenant/jwks")),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("token_endpoint_auth_methods_supported", json!(["client_secret_post"])),
        ("id_token_signing_alg_values_supported", json!(["RS256"])),
    ] {
        assert_eq!(documents[0][name], value, "{name}");
    }
    assert_eq!(sim.requests_to(Endpoint::Metadata).len(), 2);
    sim.next_metadata_answer(Answer::new(503));
    assert_eq!(get(&sim, "https://plain.example/tenant/.well-known/openid-configuration", &[]).await.status, 503);
    sim.next_keys_answer(Answer::new(200).body("{}"));
    assert_eq!(get(&sim, "https://plain.example/tenant/jwks", &[]).await.text(), "{}");
}

#[tokio::test]
async fn a_login_at_the_addresses_of_the_metadata() {
    let sim = start(openid(&json!({"endpoints": {"authorization": null, "token": null, "discovery": true}}))).await;
    let challenge = challenge(VERIFIER);
    let query = form(&[
        ("response_type", "code"),
        ("client_id", sim.client_id()),
        ("redirect_uri", REDIRECT),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let url = sim.address(&format!("https://plain.example/authorize?{query}")).unwrap();
    let code = param(&sim.scripted_user().approve(&url).await.unwrap(), "code").unwrap();
    let answer = json(&exchange(&sim, &code, &[]).await);
    assert!(is_signed(text(&answer, "/id_token"), &keys(&sim, KEYS).await[0]));
    let bearer = format!("Bearer {}", text(&answer, "/access_token"));
    let headers = [("authorization", bearer.as_str()), ("user-agent", "t")];
    let claims = json(&get(&sim, "https://plain.example/userinfo", &headers).await);
    assert_eq!((text(&claims, "/sub"), text(&claims, "/email")), ("20071", "ada@example.com"));
    assert_eq!(get(&sim, "https://plain.example/userinfo", &[]).await.status, 401);
    assert_eq!(refresh(&sim, text(&answer, "/refresh_token")).await.status, 200);
    assert_eq!(sim.requests_to(Endpoint::Refresh).len(), 1);
}

#[tokio::test]
async fn a_provider_without_identity_has_the_metadata_of_oauth_alone() {
    let sim = start(plain_with(&json!({}))).await;
    let document = json(&get(&sim, "https://plain.example/.well-known/oauth-authorization-server", &[]).await);
    assert_eq!(document["token_endpoint"], "https://plain.example/token");
    assert!(document.get("jwks_uri").is_none());
    assert_eq!(get(&sim, "https://plain.example/.well-known/openid-configuration", &[]).await.status, 404);
}
