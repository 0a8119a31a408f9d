use std::time::Duration;

use serde_json::json;

use super::specs::{plain, plain_with};
use super::*;
use crate::{Endpoint, RegisteredClient};

#[tokio::test]
async fn a_code_gives_tokens_in_the_rfcs_shape() {
    let sim = start(plain()).await;
    let code = code(&sim, VERIFIER, &[]).await;
    let received = exchange(&sim, &code, &[]).await;
    assert_eq!(received.status, 200, "{}", received.text());
    assert_eq!(received.headers["cache-control"], "no-store");
    assert_eq!(received.headers["pragma"], "no-cache");
    let answer = json(&received);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["scope"], "read");
    assert!(answer["access_token"].is_string() && answer["refresh_token"].is_string());
    assert_eq!(sim.requests_to(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn a_second_use_of_a_code_ends_what_the_first_gave() {
    let sim = start(plain()).await;
    let code = code(&sim, VERIFIER, &[]).await;
    let first = json(&exchange(&sim, &code, &[]).await);
    let bearer = format!("Bearer {}", text(&first, "/access_token"));
    let headers = [("authorization", bearer.as_str()), ("user-agent", "t")];
    assert_eq!(get(&sim, "https://api.plain.example/v1/me", &headers).await.status, 200);
    assert_eq!(error(&exchange(&sim, &code, &[]).await), (400, "invalid_grant".to_owned()));
    assert_eq!(get(&sim, "https://api.plain.example/v1/me", &headers).await.status, 401);
    assert_eq!(error(&refresh(&sim, text(&first, "/refresh_token")).await).1, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_bound_and_short_lived() {
    let sim = builder(plain())
        .client(RegisteredClient::confidential("one", "s1"))
        .client(RegisteredClient::confidential("two", "s2"))
        .start()
        .await
        .unwrap();
    let code = code(&sim, VERIFIER, &[]).await;
    for (changes, wanted) in [
        (vec![("code", "other")], "invalid_grant"),
        (vec![("code", "")], "invalid_request"),
        (vec![("redirect_uri", "http://127.0.0.1:7777/other")], "invalid_grant"),
        (vec![("redirect_uri", "")], "invalid_request"),
        (vec![("code_verifier", "")], "invalid_grant"),
        (vec![("code_verifier", "abcdefghijklmnopqrstuvwxyz-0123456789._~ABCDEF")], "invalid_grant"),
        (vec![("code_verifier", "short")], "invalid_request"),
        (vec![("grant_type", "")], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("client_id", "two"), ("client_secret", "s2")], "invalid_grant"),
    ] {
        assert_eq!(error(&exchange(&sim, &code, &changes).await), (400, wanted.to_owned()), "{changes:?}");
    }
    sim.advance(Duration::from_secs(61));
    assert_eq!(error(&exchange(&sim, &code, &[]).await).1, "invalid_grant");
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let sim = start(plain()).await;
    let code = code(&sim, "", &[]).await;
    assert_eq!(error(&exchange(&sim, &code, &[]).await).1, "invalid_grant");
    assert_eq!(exchange(&sim, &code, &[("code_verifier", "")]).await.status, 200);
}

#[tokio::test]
async fn the_secret_goes_into_the_body_where_that_is_declared() {
    let sim = start(plain()).await;
    let code = code(&sim, VERIFIER, &[]).await;
    for changes in [
        vec![("client_secret", "wrong")],
        vec![("client_secret", "")],
        vec![("client_id", "x")],
        vec![("client_id", "")],
    ] {
        let received = exchange(&sim, &code, &changes).await;
        assert_eq!(error(&received), (401, "invalid_client".to_owned()), "{changes:?}");
        assert!(received.headers.contains_key("www-authenticate"));
    }
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let basic = basic(sim.client_id(), secret(&sim));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let in_header = call(&sim, Method::POST, "https://plain.example/token", &headers, &form(&pairs)).await;
    assert_eq!(error(&in_header), (401, "invalid_client".to_owned()));
    let mut both = pairs.to_vec();
    both.extend([("client_id", sim.client_id()), ("client_secret", secret(&sim))]);
    let both = call(&sim, Method::POST, "https://plain.example/token", &headers, &form(&both)).await;
    assert_eq!(error(&both), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn the_secret_goes_into_the_header_form_encoded_where_that_is_declared() {
    let sim = start(plain_with(&json!({"client_auth": "basic"}))).await;
    let code = code(&sim, VERIFIER, &[]).await;
    assert_eq!(error(&exchange(&sim, &code, &[]).await), (401, "invalid_client".to_owned()));
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let raw = format!("Basic {}", STANDARD.encode(format!("{}:{}", sim.client_id(), secret(&sim))));
    for (header, status) in [
        (raw, 401),
        ("Basic !".to_owned(), 401),
        ("Bearer x".to_owned(), 401),
        (basic(sim.client_id(), secret(&sim)), 200),
    ] {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", header.as_str())];
        let received = call(&sim, Method::POST, "https://plain.example/token", &headers, &form(&pairs)).await;
        assert_eq!(received.status, status, "{}", received.text());
    }
}

#[tokio::test]
async fn a_public_client_shows_no_secret() {
    for sim in [
        start(plain_with(&json!({"client_auth": "none"}))).await,
        builder(plain()).client(RegisteredClient::public("cli")).start().await.unwrap(),
    ] {
        let code = code(&sim, VERIFIER, &[]).await;
        assert_eq!(error(&exchange(&sim, &code, &[]).await), (401, "invalid_client".to_owned()));
        assert_eq!(exchange(&sim, &code, &[("client_secret", "")]).await.status, 200);
    }
}

#[tokio::test]
async fn method_format_and_headers_are_as_declared() {
    let sim = start(plain_with(
        &json!({"token": {"request": {"headers": [["Accept", "application/json"], ["X-Client", "{client_id}"]]}}}),
    ))
    .await;
    let code = code(&sim, VERIFIER, &[]).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_id", sim.client_id()),
        ("client_secret", secret(&sim)),
    ];
    let url = "https://plain.example/token";
    let kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let good = [kind, ("accept", "application/json"), ("x-client", sim.client_id())];
    assert_eq!(call(&sim, Method::GET, url, &good, "").await.status, 405);
    assert_eq!(call(&sim, Method::POST, &format!("{url}?{}", form(&pairs)), &good, "").await.status, 400);
    assert_eq!(call(&sim, Method::POST, &format!("{url}?client_secret=x"), &good, &form(&pairs)).await.status, 400);
    assert_eq!(call(&sim, Method::POST, url, &good[1..], &form(&pairs)).await.status, 400);
    assert_eq!(call(&sim, Method::POST, url, &good[..1], &form(&pairs)).await.status, 400);
    assert_eq!(call(&sim, Method::POST, url, &[kind, ("accept", "*/*"), good[2]], &form(&pairs)).await.status, 400);
    let json_kind = [("content-type", "application/json"), good[1], good[2]];
    assert_eq!(call(&sim, Method::POST, url, &json_kind, &json_body(&pairs)).await.status, 400);
    assert_eq!(call(&sim, Method::POST, url, &good, &format!("{}&code=x", form(&pairs))).await.status, 400);
    assert_eq!(call(&sim, Method::POST, url, &good, &form(&pairs)).await.status, 200);
}

#[tokio::test]
async fn a_query_token_request() {
    let sim = start(plain_with(&json!({"token": {"request": {"method": "GET", "format": "query"}}}))).await;
    let code = code(&sim, VERIFIER, &[]).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_id", sim.client_id()),
        ("client_secret", secret(&sim)),
    ];
    assert_eq!(exchange(&sim, &code, &[]).await.status, 405);
    let received = get(&sim, &format!("https://plain.example/token?{}", form(&pairs)), &[]).await;
    assert_eq!(received.status, 200, "{}", received.text());
}

#[tokio::test]
async fn a_json_token_request_with_names_of_its_own() {
    let sim = start(plain_with(&json!({"token": {"request": {
        "format": "json",
        "rename": [["client_id", "client_key"], ["code", "auth_code"]],
        "omit": ["grant_type", "redirect_uri"],
        "params": [["action", "request{client_id}"]]
    }}})))
    .await;
    let code = code(&sim, VERIFIER, &[]).await;
    let action = format!("request{}", sim.client_id());
    let good = [
        ("client_key", sim.client_id()),
        ("client_secret", secret(&sim)),
        ("auth_code", &code),
        ("code_verifier", VERIFIER),
        ("action", &action),
    ];
    let post = async |body: &str| {
        call(&sim, Method::POST, "https://plain.example/token", &[("content-type", "application/json")], body).await
    };
    for further in [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT)] {
        let mut pairs = good.to_vec();
        pairs.push(further);
        assert_eq!(error(&post(&json_body(&pairs)).await).1, "invalid_request", "{further:?}");
    }
    for missing in 0..good.len() {
        let mut pairs = good.to_vec();
        pairs.remove(missing);
        assert_ne!(post(&json_body(&pairs)).await.status, 200, "{missing}");
    }
    let repeated = json_body(&good).replacen('{', "{\"action\":\"x\",", 1);
    assert_eq!(error(&post(&repeated).await).1, "invalid_request");
    assert_eq!(post(&json_body(&good)).await.status, 200);
}
