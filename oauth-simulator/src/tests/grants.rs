//! What comes after the first token: refresh and upgrade.

use std::time::Duration;

use serde_json::json;

use super::specs::{plain, plain_with};
use super::*;
use crate::{Endpoint, RegisteredClient};

async fn me(sim: &Simulator, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    get(sim, "https://api.plain.example/v1/me", &[("authorization", &bearer), ("user-agent", "t")])
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn a_rotated_refresh_token_is_good_once() {
    let sim = start(plain()).await;
    let first = login(&sim, &[]).await;
    let old = text(&first, "/refresh_token");
    let second = json(&refresh(&sim, old).await);
    let new = text(&second, "/refresh_token");
    assert_ne!(old, new);
    assert_eq!(me(&sim, text(&second, "/access_token")).await, 200);
    assert_eq!(error(&refresh(&sim, old).await).1, "invalid_grant");
    assert_eq!(error(&refresh(&sim, new).await).1, "invalid_grant");
    assert_eq!(me(&sim, text(&second, "/access_token")).await, 401);
    assert_eq!(sim.requests_to(Endpoint::Refresh).len(), 3);
}

#[tokio::test]
async fn a_refresh_token_that_stays_is_repeated_or_left_out() {
    let sim = start(plain_with(&json!({"refresh": {"rotates": false}}))).await;
    let first = login(&sim, &[]).await;
    let again = json(&refresh(&sim, text(&first, "/refresh_token")).await);
    assert_eq!(again["refresh_token"], first["refresh_token"]);
    let sim = start(plain_with(&json!({"refresh": {"rotates": false, "keep_old": true}}))).await;
    let first = login(&sim, &[]).await;
    for _ in 0..2 {
        let again = json(&refresh(&sim, text(&first, "/refresh_token")).await);
        assert!(again.get("refresh_token").is_none() && again["access_token"].is_string());
    }
}

#[tokio::test]
async fn a_refresh_is_as_strict_as_an_exchange() {
    let sim = builder(plain())
        .client(RegisteredClient::confidential("one", "s1"))
        .client(RegisteredClient::confidential("two", "s2"))
        .start()
        .await
        .unwrap();
    let first = login(&sim, &[]).await;
    let good = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&first, "/refresh_token")),
        ("client_id", "one"),
        ("client_secret", "s1"),
    ];
    for (name, value, wanted) in [
        ("refresh_token", "x", "invalid_grant"),
        ("refresh_token", "", "invalid_request"),
        ("client_secret", "s2", "invalid_client"),
        ("grant_type", "password", "unsupported_grant_type"),
    ] {
        let pairs: Vec<_> = good.iter().map(|pair| if pair.0 == name { (name, value) } else { *pair }).collect();
        assert_eq!(error(&token(&sim, &pairs).await).1, wanted, "{name}={value}");
    }
    let other = [good[0], good[1], ("client_id", "two"), ("client_secret", "s2")];
    assert_eq!(error(&token(&sim, &other).await).1, "invalid_grant");
    assert_eq!(token(&sim, &good).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_only_for_those_who_asked() {
    for (needs, more) in [
        (json!({"param": ["access_type", "offline"]}), ("access_type", "offline")),
        (json!({"scope": "offline"}), ("scope", "offline")),
    ] {
        let sim = start(plain_with(&json!({"refresh": {"needs": needs}}))).await;
        assert!(login(&sim, &[]).await.get("refresh_token").is_none());
        assert!(login(&sim, &[more]).await["refresh_token"].is_string());
    }
    let sim = start(plain_with(&json!({"refresh": null}))).await;
    assert!(login(&sim, &[]).await.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_refresh_at_an_address_of_its_own() {
    let sim = start(plain_with(&json!({
        "token": {"request": {"headers": [["X-Only", "exchange"]]}},
        "refresh": {
            "url": "https://refresh.plain.example/renew?v=2", "format": "json", "client_auth": false,
            "params": [["key", "{client_id}"], ["old", "{access_token}"]]
        }
    })))
    .await;
    let code = code(&sim, VERIFIER, &[]).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("client_id", sim.client_id()),
        ("client_secret", secret(&sim)),
        ("code_verifier", VERIFIER),
    ];
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-only", "exchange")];
    let first = json(&call(&sim, Method::POST, "https://plain.example/token", &headers, &form(&pairs)).await);
    let renew = async |pairs: &[(&str, &str)]| {
        let headers = [("content-type", "application/json")];
        call(&sim, Method::POST, "https://refresh.plain.example/renew?v=2", &headers, &json_body(pairs)).await
    };
    let good = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&first, "/refresh_token")),
        ("key", sim.client_id()),
        ("old", text(&first, "/access_token")),
    ];
    let mut with_secret = good.to_vec();
    with_secret.push(("client_secret", secret(&sim)));
    assert_eq!(error(&renew(&with_secret).await).1, "invalid_request");
    assert_eq!(error(&renew(&good[..3]).await).1, "invalid_request");
    let stolen = [good[0], good[1], good[2], ("old", "unknown")];
    assert_eq!(error(&renew(&stolen).await).1, "invalid_grant");
    let received = renew(&good).await;
    assert_eq!(received.status, 200, "{}", received.text());
}

#[tokio::test]
async fn an_upgrade_and_a_refresh_by_access_token() {
    let sim = start(plain_with(&json!({
        "token": {"upgrade": {
            "url": "https://graph.plain.example/access_token", "method": "GET", "grant_type": "ig_exchange_token", "format": "query",
            "params": [["client_secret", "{client_secret}"], ["access_token", "{access_token}"]]
        }},
        "refresh": {
            "with": "access_token", "url": "https://graph.plain.example/refresh_access_token", "method": "GET", "format": "query",
            "grant_type": "ig_refresh_token", "param": "access_token", "client_auth": false, "rotates": false
        }
    })))
    .await;
    let short = login(&sim, &[]).await;
    assert!(short.get("refresh_token").is_none());
    let short = text(&short, "/access_token");
    let at = async |path: &str, pairs: &[(&str, &str)]| {
        get(&sim, &format!("https://graph.plain.example/{path}?{}", form(pairs)), &[]).await
    };
    let renew = async |token: &str| {
        at("refresh_access_token", &[("grant_type", "ig_refresh_token"), ("access_token", token)]).await
    };
    assert_eq!(error(&renew(short).await).1, "invalid_grant");
    for (secret, token) in [("wrong", short), (secret(&sim), "wrong")] {
        let pairs = [("grant_type", "ig_exchange_token"), ("client_secret", secret), ("access_token", token)];
        assert_eq!(at("access_token", &pairs).await.status, 400);
    }
    let pairs = [("grant_type", "ig_exchange_token"), ("client_secret", secret(&sim)), ("access_token", short)];
    let long = json(&at("access_token", &pairs).await);
    assert_eq!(long["expires_in"], 5_184_000);
    sim.advance(Duration::from_secs(7200));
    assert_eq!(me(&sim, short).await, 401);
    let renewed = json(&renew(text(&long, "/access_token")).await);
    assert_eq!(me(&sim, text(&renewed, "/access_token")).await, 200);
    assert_eq!(sim.requests_to(Endpoint::Upgrade).len(), 3);
    sim.expire_access_tokens();
    assert_eq!(error(&renew(text(&renewed, "/access_token")).await).1, "invalid_grant");
}

/// What is left out of the code exchange is not left out of the refresh, which has a grant type of its own.
#[tokio::test]
async fn a_refresh_names_its_grant_type() {
    let sim = start(plain_with(&json!({
        "token": {"request": {"omit": ["grant_type"]}},
        "refresh": {"with": "access_token", "grant_type": "longer", "param": "old", "rotates": false}
    })))
    .await;
    let code = code(&sim, VERIFIER, &[]).await;
    let first = json(&exchange(&sim, &code, &[("grant_type", "")]).await);
    let pairs = [
        ("old", text(&first, "/access_token")),
        ("client_id", sim.client_id()),
        ("client_secret", secret(&sim)),
        ("grant_type", "longer"),
    ];
    assert_eq!(error(&token(&sim, &pairs[..3]).await).1, "invalid_request");
    assert_eq!(token(&sim, &pairs).await.status, 200);
    assert_eq!(sim.requests_to(Endpoint::Refresh).len(), 2);
}

#[tokio::test]
async fn one_address_for_exchange_upgrade_and_refresh() {
    let sim = start(plain_with(&json!({
        "token": {"upgrade": {
            "url": "https://plain.example/token", "method": "POST", "grant_type": "longer", "format": "form",
            "params": [["short", "{access_token}"]]
        }},
        "refresh": {"grant_type": "renew"}
    })))
    .await;
    let first = login(&sim, &[]).await;
    let long = json(&token(&sim, &[("grant_type", "longer"), ("short", text(&first, "/access_token"))]).await);
    assert_eq!(me(&sim, text(&long, "/access_token")).await, 200);
    let pairs = [
        ("grant_type", "renew"),
        ("refresh_token", text(&first, "/refresh_token")),
        ("client_id", sim.client_id()),
        ("client_secret", secret(&sim)),
    ];
    assert_eq!(token(&sim, &pairs).await.status, 200);
}
