//! Where a profile may come from.

use serde_json::{Value, json};

use super::specs::plain_with;
use super::*;
use crate::{Answer, Endpoint, SimUser};

/// A request of the API with a fresh token.
async fn fetch(sim: &Simulator, method: Method, url: &str, kind: &str, body: &str) -> Received {
    let bearer = format!("Bearer {}", text(&login(sim, &[]).await, "/access_token"));
    let headers = [("authorization", bearer.as_str()), ("user-agent", "t"), ("content-type", kind)];
    call(sim, method, url, &headers, body).await
}

#[tokio::test]
async fn from_the_token_answer() {
    let profile = json!({
        "from": "token", "request": null, "at": ["/owner"],
        "map": {"subject": ["/user/id"], "name": ["/user/first", "/user/last"], "email": null, "email_verified": null}
    });
    let sim = start(plain_with(&json!({"profile": profile}))).await;
    let answer = login(&sim, &[]).await;
    assert_eq!(answer["owner"], json!({"user": {"id": 20071, "first": "Ada", "last": "Lovelace"}}));
    let renewed = json(&refresh(&sim, text(&answer, "/refresh_token")).await);
    assert!(renewed.get("owner").is_none(), "a refresh introduces nobody");
}

#[tokio::test]
async fn an_id_of_digits_as_text() {
    let url = "https://api.plain.example/me";
    let request = json!({"profile": {"request": {"method": "GET", "url": url}}});
    let sim = builder(plain_with(&request)).user(SimUser::new("20071").id_as_text()).start().await.unwrap();
    assert_eq!(json(&fetch(&sim, Method::GET, url, "", "").await)["id"], "20071");
}

#[tokio::test]
async fn from_the_id_token() {
    let profile = json!({
        "from": "id_token", "request": null,
        "map": {"subject": ["/sub"], "name": ["/names/full"], "email": ["/email"], "email_verified": null}
    });
    let sim = start(plain_with(&json!({"profile": profile, "openid": {"algs": ["RS256"], "required": true}}))).await;
    let answer = login(&sim, &[]).await;
    let payload = text(&answer, "/id_token").split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["sub"], "20071");
    assert_eq!(claims["names"]["full"], "Ada Lovelace");
    assert_eq!(claims["email"], "ada@example.com");
}

#[tokio::test]
async fn from_a_post_with_a_body() {
    let url = "https://api.plain.example/graphql";
    for (format, kind, good, bad) in [
        ("json", "application/json", r#"{"query":"{ me { id } }"}"#, r#"{"query":"{ you }"}"#),
        ("form", "application/x-www-form-urlencoded", "query=%7B+me+%7B+id+%7D+%7D", "query=x"),
    ] {
        let request = json!({"method": "POST", "url": url, "body": [["query", "{{ me {{ id }} }}"]], "format": format});
        let sim = start(plain_with(&json!({"profile": {"request": request}}))).await;
        let received = fetch(&sim, Method::POST, url, kind, good).await;
        assert_eq!(received.status, 200, "{}", received.text());
        assert_eq!(json(&received)["id"], 20071);
        assert_eq!(fetch(&sim, Method::POST, url, kind, bad).await.status, 400);
        assert_eq!(fetch(&sim, Method::POST, url, "text/plain", good).await.status, 400);
        assert_eq!(fetch(&sim, Method::GET, url, kind, good).await.status, 405);
    }
}

#[tokio::test]
async fn from_several_requests() {
    let then = json!([
        {"request": {"method": "GET", "url": "https://api.plain.example/v1/emails"},
         "pick": {"at": "/primary", "equals": true}, "map": {"email": ["/email"], "email_verified": ["/verified"]}},
        {"request": {"method": "GET", "url": "https://api.plain.example/v1/more", "query": [["a", "b"]]},
         "at": ["/data"], "map": {"avatar_url": ["/picture"]}}
    ]);
    let sim = builder(plain_with(&json!({"profile": {"then": then}})))
        .user(SimUser::new("1").email("ada@example.com", true))
        .start()
        .await
        .unwrap();
    let emails = json(&fetch(&sim, Method::GET, "https://api.plain.example/v1/emails", "", "").await);
    let emails = emails.as_array().unwrap();
    let meant: Vec<_> = emails.iter().filter(|email| email["primary"] == true).collect();
    assert_eq!(meant, [&json!({"email": "ada@example.com", "verified": true, "primary": true})]);
    assert!(emails.len() > 1 && emails[0]["primary"] != true && emails[0]["email"] != "ada@example.com");
    let more = json(&fetch(&sim, Method::GET, "https://api.plain.example/v1/more?a=b", "", "").await);
    assert_eq!(more, json!({"data": {"picture": "https://example.com/avatars/1.png"}}));
    assert_eq!(fetch(&sim, Method::GET, "https://api.plain.example/v1/more", "", "").await.status, 400);
    assert_eq!(sim.requests_to(Endpoint::Profile).len(), 3);
}

#[tokio::test]
async fn errors_with_a_good_status() {
    let me = "https://api.plain.example/v1/me";
    let fails_when = json!({"at": "/errcode", "differs": 0});
    let sim = start(plain_with(&json!({
        "profile": {"fails_when": fails_when}, "api": {"fails_when": {"at": "/ok", "equals": false}},
        "token": {"response": {"error": {"code": "/errcode", "codes": [["40001", "invalid_token"]]}}}
    })))
    .await;
    assert_eq!(json(&fetch(&sim, Method::GET, me, "", "").await)["errcode"], 0);
    let other = "https://api.plain.example/v1/other";
    sim.next_api_answer(Answer::failed("invalid_token"));
    sim.next_api_answer(Answer::failed("invalid_token"));
    let received = fetch(&sim, Method::GET, me, "", "").await;
    assert_eq!((received.status.as_u16(), json(&received)["errcode"].as_u64()), (200, Some(40001)));
    let received = fetch(&sim, Method::GET, other, "", "").await;
    assert_eq!((received.status.as_u16(), json(&received)["ok"].as_bool()), (200, Some(false)));
    assert_eq!(json(&fetch(&sim, Method::GET, other, "", "").await)["ok"], true);

    let sim = start(plain_with(&json!({}))).await;
    sim.next_api_answer(Answer::failed("invalid_token"));
    assert_eq!(error(&fetch(&sim, Method::GET, me, "", "").await), (400, "invalid_token".to_owned()));
    sim.next_token_answer(Answer::failed("invalid_grant"));
    assert_eq!(login(&sim, &[]).await["error"], "invalid_grant");
}

#[tokio::test]
async fn an_operation_at_the_address_of_the_profile() {
    let url = "https://api.plain.example/v1/me";
    let sim = start(plain_with(&json!({
        "profile": {"request": {"query": [["fields", "id,name"]]}},
        "api": {"operations": [{
            "name": "get_me", "rust": "GetMe", "method": "GET", "path": "/me",
            "parameters": [{"name": "fields", "rust": "fields", "in": "query", "type": "string"}],
            "returns": {"rust": "Me", "at": "", "fields": [
                {"rust": "id", "at": "/id", "type": "u64"}, {"rust": "plan", "at": "/plan", "type": "string"}
            ]}
        }]}
    })))
    .await;
    let both = json(&fetch(&sim, Method::GET, &format!("{url}?fields=id%2Cname"), "", "").await);
    assert_eq!((both["id"].as_u64(), both["plan"].as_str()), (Some(20071), Some("sample-plan-1")));
    let other = json(&fetch(&sim, Method::GET, &format!("{url}?fields=plan"), "", "").await);
    assert_eq!((other["id"].as_u64(), other["plan"].as_str()), (Some(1), Some("sample-plan-1")));
    assert_eq!(fetch(&sim, Method::GET, url, "", "").await.status, 400);
    assert_eq!((sim.requests_to(Endpoint::Profile).len(), sim.requests_to(Endpoint::Api).len()), (2, 1));
}
