use serde_json::{Value, json};

use super::specs::plain_with;
use super::*;

const URL: &str = "https://api.plain.example/v1/me";

async fn at(placement: Value, method: &str) -> (Simulator, String) {
    let mut spec = specs::plain_json();
    spec["token"]["placement"] = placement;
    spec["profile"]["request"]["method"] = Value::from(method);
    let sim = start(ProviderSpec::from_json(&spec.to_string()).unwrap()).await;
    let token = text(&login(&sim, &[]).await, "/access_token").to_owned();
    (sim, token)
}

#[tokio::test]
async fn behind_a_scheme() {
    let (sim, token) = at(json!({"header": {"name": "Authorization", "scheme": "Bearer"}}), "GET").await;
    for (header, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer {token}"), 200),
        (format!("token {token}"), 401),
        (token.clone(), 401),
        ("Bearer ".to_owned(), 401),
        ("Bearer unknown".to_owned(), 401),
    ] {
        let received = get(&sim, URL, &[("authorization", &header), ("user-agent", "t")]).await;
        assert_eq!(received.status, status, "{header}");
        if status == 401 {
            assert!(received.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer realm=\"plain\""));
        }
    }
    let bearer = format!("Bearer {token}");
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str()), ("user-agent", "t")];
    assert_eq!(get(&sim, URL, &twice).await.status, 400);
}

#[tokio::test]
async fn nowhere_else() {
    let (sim, token) = at(json!({"header": {"name": "Authorization", "scheme": "Bearer"}}), "GET").await;
    let bearer = format!("Bearer {token}");
    let good = [("authorization", bearer.as_str()), ("user-agent", "t")];
    assert_eq!(get(&sim, URL, &good).await.status, 200);
    assert_eq!(get(&sim, &format!("{URL}?access_token={token}"), &good).await.status, 401);
    assert_eq!(get(&sim, &format!("https://api.plain.example/v1/{token}"), &good).await.status, 401);
    let cookie = format!("t={token}");
    assert_eq!(get(&sim, URL, &[good[0], good[1], ("cookie", &cookie)]).await.status, 401);
    assert_eq!(call(&sim, Method::GET, URL, &good, &format!("raw {token}")).await.status, 401);
    assert_eq!(get(&sim, &format!("{URL}?access_token={token}"), &good[1..]).await.status, 401);
}

#[tokio::test]
async fn bare_in_a_header_of_its_own() {
    let (sim, token) = at(json!({"header": {"name": "X-Plain-Token"}}), "GET").await;
    let bearer = format!("Bearer {token}");
    assert_eq!(get(&sim, URL, &[("x-plain-token", &token), ("user-agent", "t")]).await.status, 200);
    assert_eq!(get(&sim, URL, &[("x-plain-token", &bearer), ("user-agent", "t")]).await.status, 401);
    assert_eq!(get(&sim, URL, &[("authorization", &bearer), ("user-agent", "t")]).await.status, 401);
    assert_eq!(
        get(&sim, URL, &[("authorization", &bearer), ("x-plain-token", &token), ("user-agent", "t")]).await.status,
        401
    );
}

#[tokio::test]
async fn in_the_query() {
    let (sim, token) = at(json!({"query": {"name": "access_token"}}), "GET").await;
    let agent = [("user-agent", "t")];
    assert_eq!(get(&sim, &format!("{URL}?access_token={token}"), &agent).await.status, 200);
    assert_eq!(get(&sim, &format!("{URL}?access_token={token}&access_token={token}"), &agent).await.status, 400);
    let bearer = format!("Bearer {token}");
    assert_eq!(
        get(&sim, &format!("{URL}?access_token={token}"), &[agent[0], ("authorization", &bearer)]).await.status,
        401
    );
    assert_eq!(get(&sim, URL, &[agent[0], ("authorization", &bearer)]).await.status, 401);
}

#[tokio::test]
async fn in_the_body() {
    let (sim, token) = at(json!({"body": {"name": "token", "json": true}}), "POST").await;
    let in_form = [("content-type", "application/x-www-form-urlencoded"), ("user-agent", "t")];
    let in_json = [("content-type", "application/json"), ("user-agent", "t")];
    let post =
        async |headers: &[(&str, &str)], body: &str| call(&sim, Method::POST, URL, headers, body).await.status.as_u16();
    assert_eq!(post(&in_json, &json!({"token": token, "x": 1}).to_string()).await, 200);
    assert_eq!(post(&in_form, &format!("token={token}")).await, 200);
    assert_eq!(post(&in_form, &format!("token={token}&again={token}")).await, 401);
    assert_eq!(post(&in_json, "{}").await, 401);
    assert_eq!(post(&in_json, "{").await, 400);
}

#[tokio::test]
async fn expired_and_revoked_tokens_are_refused() {
    let (sim, token) = at(json!({"header": {"name": "Authorization", "scheme": "Bearer"}}), "GET").await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("user-agent", "t")];
    assert_eq!(get(&sim, URL, &headers).await.status, 200);
    sim.expire_access_tokens();
    let received = get(&sim, URL, &headers).await;
    assert_eq!(error(&received), (401, "invalid_token".to_owned()));
    let sim = start(plain_with(&json!({}))).await;
    let answer = login(&sim, &[]).await;
    sim.revoke_all();
    assert_eq!(error(&refresh(&sim, text(&answer, "/refresh_token")).await).1, "invalid_grant");
}
