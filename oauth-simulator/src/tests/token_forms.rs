//! What token requests and their answers may have beyond RFC 6749.

use std::time::Duration;

use serde_json::json;

use super::specs::plain_with;
use super::*;
use crate::{Answer, Endpoint};

async fn me(sim: &Simulator, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("user-agent", "t")];
    get(sim, "https://api.plain.example/v1/me", &headers).await.status.as_u16()
}

#[tokio::test]
async fn a_grant_type_and_holes_of_the_exchange() {
    let sim = start(plain_with(&json!({"token": {"request": {
        "grant_type": "authorized_code",
        "params": [["again", "{redirect_uri}"], ["st", "{state}"], ["sc", "{scope}"]]
    }}})))
    .await;
    let code = code(&sim, VERIFIER, &[("scope", "read write:all")]).await;
    let good = [("grant_type", "authorized_code"), ("again", REDIRECT), ("st", "st a+te&="), ("sc", "read write:all")];
    for wrong in [("grant_type", "authorization_code"), ("again", "x"), ("st", "x"), ("sc", "read"), ("st", "")] {
        let pairs: Vec<_> = good.iter().map(|pair| if pair.0 == wrong.0 { wrong } else { *pair }).collect();
        assert_eq!(exchange(&sim, &code, &pairs).await.status, 400, "{wrong:?}");
    }
    assert_eq!(exchange(&sim, &code, &good).await.status, 200);
}

#[tokio::test]
async fn further_tokens_live_on_their_own() {
    let second = json!({"name": "user", "rust": "UserScope", "param": "user_scope", "separator": ",",
        "known": [{"value": "chat:write", "rust": "ChatWrite"}]});
    let sim = start(plain_with(&json!({
        "scopes": {"second": second},
        "token": {"response": {
            "also": [{"name": "user", "at": "/authed_user"}],
            "extras": [{"name": "user_id", "at": "/authed_user/id", "type": "string"}]
        }}
    })))
    .await;
    let alone = login(&sim, &[]).await;
    assert_eq!(alone["authed_user"], json!({"id": "sample-user-id-1"}));
    let code = code(&sim, VERIFIER, &[("user_scope", "chat:write")]).await;
    let answer = json(&exchange(&sim, &code, &[]).await);
    assert_eq!(answer["scope"], "read");
    let user = &answer["authed_user"];
    assert_eq!((user["id"].as_str(), user["scope"].as_str()), (Some("sample-user-id-1"), Some("chat:write")));
    assert_ne!(user["access_token"], answer["access_token"]);
    assert_ne!(user["refresh_token"], answer["refresh_token"]);
    assert_eq!(me(&sim, text(user, "/access_token")).await, 200);
    let renewed = json(&refresh(&sim, text(user, "/refresh_token")).await);
    assert_eq!(renewed["scope"], "chat:write");
    assert!(renewed.pointer("/authed_user/access_token").is_none());
    assert_eq!(exchange(&sim, &code, &[]).await.status, 400);
    for token in [text(&answer, "/access_token"), text(&renewed, "/access_token")] {
        assert_eq!(me(&sim, token).await, 401, "both end when the code is used again");
    }
}

#[tokio::test]
async fn a_token_without_end_says_zero() {
    let spec = plain_with(&json!({"token": {"response": {"expiry": {"zero": "never"}}}}));
    let sim = builder(spec).access_token_lifetime(None).start().await.unwrap();
    let answer = login(&sim, &[]).await;
    assert_eq!(answer["expires_in"], 0);
    sim.advance(Duration::from_secs(1_000_000));
    assert_eq!(me(&sim, text(&answer, "/access_token")).await, 200);
}

#[tokio::test]
async fn a_point_in_time_as_text() {
    let spec = plain_with(&json!({"token": {"response": {"expiry": {"field": "expires_at", "kind": "at"}}}}));
    let sim = builder(spec.clone()).times_as_text().start().await.unwrap();
    let answer = login(&sim, &[]).await;
    let told = text(&answer, "/expires_at");
    assert!(told.len() == 20 && told.ends_with('Z') && &told[10..11] == "T", "{told}");
    assert!(login(&start(spec).await, &[]).await["expires_at"].is_u64());
}

#[tokio::test]
async fn spans_as_text_and_scopes_as_a_list() {
    let sim = builder(plain_with(&json!({}))).times_as_text().scopes_as_list().start().await.unwrap();
    let answer = login(&sim, &[]).await;
    assert_eq!(answer["expires_in"], "3600");
    assert!(answer["scope"].as_array().is_some_and(|scopes| !scopes.is_empty()), "{answer}");
}

#[tokio::test]
async fn a_value_at_the_beginning_of_the_token() {
    let extras = json!([{"name": "user_id", "at": "/access_token", "type": "string", "before": "."}]);
    let sim = builder(plain_with(&json!({"token": {"response": {"extras": extras}}})))
        .extra("user_id", "4711")
        .start()
        .await
        .unwrap();
    let answer = login(&sim, &[]).await;
    assert!(text(&answer, "/access_token").starts_with("4711.sim_at_"), "{answer}");
    assert_eq!(me(&sim, text(&answer, "/access_token")).await, 200);
}

#[tokio::test]
async fn a_refresh_that_names_the_client_only() {
    let sim = start(plain_with(&json!({"refresh": {"client_auth": "id", "params": [["sc", "{scope}"]]}}))).await;
    let first = login(&sim, &[]).await;
    let good = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&first, "/refresh_token")),
        ("client_id", sim.client_id()),
        ("sc", "read"),
    ];
    let with_secret = [&good[..], &[("client_secret", secret(&sim))]].concat();
    assert_eq!(error(&token(&sim, &with_secret).await).1, "invalid_request");
    assert_eq!(error(&token(&sim, &good[..2]).await).1, "invalid_client");
    assert_eq!(error(&token(&sim, &good[..3]).await).1, "invalid_request");
    assert_eq!(token(&sim, &good).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_ends() {
    let spec = plain_with(&json!({"refresh": {
        "rotates": false, "idle_lifetime": 1000,
        "expiry": {"field": "refresh_expires_in", "kind": "in", "unit": "s"}
    }}));
    let sim = builder(spec.clone()).refresh_token_lifetime(Duration::from_secs(1500)).start().await.unwrap();
    let first = login(&sim, &[]).await;
    let refresh_token = text(&first, "/refresh_token");
    assert_eq!(first["refresh_expires_in"], 1500);
    sim.advance(Duration::from_secs(900));
    let left = json(&refresh(&sim, refresh_token).await)["refresh_expires_in"].as_u64().unwrap();
    assert!((590..=600).contains(&left), "{left}");
    sim.advance(Duration::from_secs(700));
    assert_eq!(error(&refresh(&sim, refresh_token).await).1, "invalid_grant");

    let sim = start(spec).await;
    let first = login(&sim, &[]).await;
    assert_eq!(first["refresh_expires_in"], 5_184_000);
    sim.advance(Duration::from_secs(1001));
    assert_eq!(error(&refresh(&sim, text(&first, "/refresh_token")).await).1, "invalid_grant");
}

#[tokio::test]
async fn a_lookup_with_the_token_in_a_header_of_its_own() {
    let sim = start(plain_with(&json!({"token": {"lookup": {
        "request": {
            "method": "GET", "url": "https://login.plain.example/metadata",
            "headers": [["Authorization", "OAuth {access_token}"]], "query": [["v", "1"]]
        },
        "at": ["/data"],
        "extras": [{"name": "api_endpoint", "at": "/api_endpoint", "type": "url", "hosts": [".plain.example"]}]
    }}})))
    .await;
    let token = text(&login(&sim, &[]).await, "/access_token").to_owned();
    let look = async |url: &str, header: &str| get(&sim, url, &[("authorization", header), ("user-agent", "t")]).await;
    let url = "https://login.plain.example/metadata?v=1";
    assert_eq!(look(url, &format!("Bearer {token}")).await.status, 400);
    assert_eq!(look(url, "OAuth other").await.status, 401);
    assert_eq!(look("https://login.plain.example/metadata", &format!("OAuth {token}")).await.status, 400);
    let answer = json(&look(url, &format!("OAuth {token}")).await);
    assert_eq!(answer, json!({"data": {"api_endpoint": "https://sample.plain.example"}}));
    sim.next_lookup_answer(Answer::new(503));
    assert_eq!(look(url, &format!("OAuth {token}")).await.status, 503);
    assert_eq!(sim.requests_to(Endpoint::Lookup).len(), 5);
}

#[tokio::test]
async fn one_address_for_lookup_and_profile() {
    let sim = start(plain_with(&json!({"token": {"lookup": {
        "request": {"method": "GET", "url": "https://api.plain.example/v1/me"},
        "extras": [{"name": "dc", "at": "/dc", "type": "string"}]
    }}})))
    .await;
    let token = text(&login(&sim, &[]).await, "/access_token").to_owned();
    let bearer = format!("Bearer {token}");
    for _ in 0..3 {
        let headers = [("authorization", bearer.as_str()), ("user-agent", "t")];
        let answer = json(&get(&sim, "https://api.plain.example/v1/me", &headers).await);
        assert_eq!((answer["dc"].as_str(), answer["id"].as_u64()), (Some("sample-dc-1"), Some(20071)));
    }
    let endpoints: Vec<_> = sim.requests().iter().skip(2).map(crate::Recorded::endpoint).collect();
    assert_eq!(endpoints, [Endpoint::Lookup, Endpoint::Profile, Endpoint::Profile]);
}
