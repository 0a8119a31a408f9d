use std::time::{Duration, SystemTime};

use serde_json::json;

use super::specs::plain_with;
use super::*;

struct Fixed;

impl oauth_core::Clock for Fixed {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
    }
}

#[tokio::test]
async fn an_envelope_with_names_extras_and_a_point_in_time() {
    let spec = plain_with(&json!({
        "scopes": {"response_separator": ","},
        "token": {
            "placement": {"header": {"name": "Authorization", "scheme": "Plain-oauthtoken"}},
            "response": {
                "at": ["/data/0", ""],
                "rename": [["access_token", "accessToken"], ["scope", "permissions"]],
                "expiry": {"field": "expiresAt", "kind": "at", "unit": "ms"},
                "token_type": "ignored",
                "extras": [
                    {"name": "api_domain", "at": "/api/domain", "type": "url", "hosts": ["plainapis.com", "plainapis.eu"]},
                    {"name": "user_id", "at": "/user/id", "type": "u64"},
                    {"name": "team", "at": "/team", "type": "string?"},
                    {"name": "roles", "at": "/roles", "type": "[string]"}
                ]
            }
        }
    }));
    let sim = builder(spec).clock(Arc::new(Fixed)).extra("user_id", 99).start().await.unwrap();
    let answer = login(&sim, &[("scope", "read write:all")]).await;
    let token = &answer["data"][0];
    assert!(token["accessToken"].is_string() && token.get("access_token").is_none());
    assert_eq!(token["permissions"], "read,write:all");
    assert_eq!(token["expiresAt"], 1_003_600_000_u64);
    assert_eq!(token["token_type"], "Plain-oauthtoken");
    assert_eq!(token["api"]["domain"], "https://plainapis.com");
    assert_eq!(token["user"]["id"], 99);
    assert_eq!(token["team"], "sample-team-1");
    assert_eq!(token["roles"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn success_and_failure_behind_status_200() {
    let spec = plain_with(&json!({"token": {"response": {
        "fails_when": {"at": "/ok", "equals": false}, "token_type": "assume_bearer", "error": {"code": "/error"}
    }}}));
    let sim = start(spec).await;
    let code = code(&sim, VERIFIER, &[]).await;
    let answer = json(&exchange(&sim, &code, &[]).await);
    assert_eq!(answer["ok"], true);
    assert!(answer.get("token_type").is_none());
    let refused = exchange(&sim, &code, &[]).await;
    assert_eq!(refused.status, 200);
    assert_eq!(json(&refused)["ok"], false);
    assert_eq!(json(&refused)["error"], "invalid_grant");
    assert!(json(&refused).get("access_token").is_none());
}

#[tokio::test]
async fn error_codes_of_its_own() {
    let spec = plain_with(&json!({"token": {"response": {
        "at": ["/body"],
        "fails_when": {"at": "/status", "differs": 0},
        "error": {"code": "/status", "description": "/message", "codes": [["503", "invalid_grant"]]}
    }}}));
    let sim = start(spec).await;
    let code = code(&sim, VERIFIER, &[]).await;
    let answer = json(&exchange(&sim, &code, &[]).await);
    assert_eq!(answer["status"], 0);
    assert!(answer["body"]["access_token"].is_string());
    let refused = json(&exchange(&sim, &code, &[]).await);
    assert_eq!(refused["status"], 503);
    assert!(refused["message"].is_string());
    // A code that the file does not map still is an error by the rule.
    assert_eq!(json(&exchange(&sim, &code, &[("client_secret", "x")]).await)["status"], "invalid_client");
}

#[tokio::test]
async fn an_error_member_that_tells_by_being_there() {
    let sim = start(plain_with(
        &json!({"token": {"response": {"fails_when": {"at": "/errors"}, "error": {"code": "/errors/0/type"}}}}),
    ))
    .await;
    let code = code(&sim, VERIFIER, &[]).await;
    assert!(json(&exchange(&sim, &code, &[]).await).get("errors").is_none());
    assert_eq!(json(&exchange(&sim, &code, &[]).await)["errors"][0]["type"], "invalid_grant");
}

#[tokio::test]
async fn a_lifetime_that_the_answer_does_not_tell() {
    let sim = start(plain_with(&json!({"token": {"response": {"expiry": {"default": 120}}}}))).await;
    let answer = login(&sim, &[]).await;
    assert!(answer.get("expires_in").is_none());
    let bearer = format!("Bearer {}", text(&answer, "/access_token"));
    let headers = [("authorization", bearer.as_str()), ("user-agent", "t")];
    assert_eq!(get(&sim, "https://api.plain.example/v1/me", &headers).await.status, 200);
    sim.advance(Duration::from_secs(121));
    assert_eq!(get(&sim, "https://api.plain.example/v1/me", &headers).await.status, 401);

    // An upgraded token lives longer than that, which is said.
    let sim = start(plain_with(&json!({"token": {
        "response": {"expiry": {"default": 120}},
        "upgrade": {
            "url": "https://plain.example/longer", "method": "POST", "grant_type": "longer", "format": "form",
            "params": [["short", "{access_token}"]]
        }
    }})))
    .await;
    let short = login(&sim, &[]).await;
    let body = form(&[("grant_type", "longer"), ("short", text(&short, "/access_token"))]);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let long = json(&call(&sim, Method::POST, "https://plain.example/longer", &headers, &body).await);
    assert_eq!(long["expires_in"], 120 * 24 * 60);

    let sim = builder(specs::plain()).access_token_lifetime(None).start().await.unwrap();
    assert!(login(&sim, &[]).await.get("expires_in").is_none());
}
