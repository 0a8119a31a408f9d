//! Revoking tokens (RFC 7009), and what some providers have in its place.

use serde_json::json;

use super::specs::plain_with;
use super::*;
use crate::{Answer, Endpoint, RegisteredClient};

const ENDPOINT: &str = "https://plain.example/revoke";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The plain provider with a revocation endpoint, and changes to how it is used.
fn revoking(changes: &Value) -> ProviderSpec {
    let mut revoke = json!({
        "method": "POST", "format": "form", "tokens": ["refresh", "access"], "in": "param", "param": "token", "hint": true,
        "client_auth": true
    });
    specs::merge(&mut revoke, changes);
    plain_with(&json!({"endpoints": {"revocation": ENDPOINT}, "revoke": revoke}))
}

/// The token, by a client that proves itself in the body; further parameters go first.
async fn revoke(sim: &Simulator, token: &str, more: &[(&str, &str)]) -> Received {
    let mut pairs = vec![("token", token), ("client_id", sim.client_id()), ("client_secret", secret(sim))];
    pairs.retain(|(name, _)| !more.iter().any(|(own, _)| own == name));
    pairs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    call(sim, Method::POST, ENDPOINT, &[FORM], &form(&pairs)).await
}

async fn me(sim: &Simulator, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    get(sim, "https://api.plain.example/v1/me", &[("authorization", &bearer), ("user-agent", "t")])
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn a_refresh_token_takes_the_access_tokens_along() {
    let sim = start(revoking(&json!({}))).await;
    let tokens = login(&sim, &[]).await;
    let answer = revoke(&sim, text(&tokens, "/refresh_token"), &[("token_type_hint", "refresh_token")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(me(&sim, text(&tokens, "/access_token")).await, 401);
    assert_eq!(error(&refresh(&sim, text(&tokens, "/refresh_token")).await).1, "invalid_grant");
    assert_eq!(sim.requests_to(Endpoint::Revocation).len(), 1);
}

#[tokio::test]
async fn an_access_token_ends_alone_unless_the_file_says_more() {
    for (ends, refreshed) in [(json!({}), 200), (json!({"ends": "token"}), 200), (json!({"ends": "grant"}), 400)] {
        let sim = start(revoking(&ends)).await;
        let tokens = login(&sim, &[]).await;
        assert_eq!(revoke(&sim, text(&tokens, "/access_token"), &[]).await.status, 200);
        assert_eq!(me(&sim, text(&tokens, "/access_token")).await, 401);
        assert_eq!(refresh(&sim, text(&tokens, "/refresh_token")).await.status, refreshed, "{ends}");
    }
    let sim = start(revoking(&json!({"ends": "token"}))).await;
    let tokens = login(&sim, &[]).await;
    assert_eq!(revoke(&sim, text(&tokens, "/refresh_token"), &[]).await.status, 200);
    assert_eq!(me(&sim, text(&tokens, "/access_token")).await, 200, "the access token goes on");
    assert_eq!(refresh(&sim, text(&tokens, "/refresh_token")).await.status, 400);
}

#[tokio::test]
async fn a_token_that_is_none_is_as_good_as_revoked() {
    let sim = start(revoking(&json!({}))).await;
    let tokens = login(&sim, &[]).await;
    assert_eq!(revoke(&sim, "never-seen", &[]).await.status, 200);
    for _ in 0..2 {
        assert_eq!(revoke(&sim, text(&tokens, "/refresh_token"), &[]).await.status, 200);
    }
    for (gone, status, code) in [("404", 404, "gone"), ("token_over", 400, "token_over")] {
        let sim = start(revoking(&json!({"gone": [gone]}))).await;
        assert_eq!(error(&revoke(&sim, "never-seen", &[]).await), (status, code.to_owned()));
    }
}

#[tokio::test]
async fn a_revocation_is_as_strict_as_an_exchange() {
    let sim = builder(revoking(&json!({"hint": false, "tokens": ["refresh"]})))
        .client(RegisteredClient::confidential("one", "s1"))
        .client(RegisteredClient::confidential("two", "s2"))
        .start()
        .await
        .unwrap();
    let tokens = login(&sim, &[]).await;
    let token = text(&tokens, "/refresh_token");
    for (changes, code) in [
        (&[("client_secret", "wrong")][..], "invalid_client"),
        (&[("client_id", "two"), ("client_secret", "s2")], "invalid_grant"),
        (&[("token", "")], "invalid_request"),
        (&[("token_type_hint", "refresh_token")], "invalid_request"),
        (&[("token", text(&tokens, "/access_token"))], "unsupported_token_type"),
    ] {
        assert_eq!(error(&revoke(&sim, token, changes).await).1, code, "{changes:?}");
    }
    assert_eq!(call(&sim, Method::GET, ENDPOINT, &[], "").await.status, 405);
    assert_eq!(refresh(&sim, token).await.status, 200, "nothing was revoked");
}

#[tokio::test]
async fn a_revocation_shows_of_the_client_what_the_file_says() {
    let by_header = json!({"client_auth": "basic", "method": "DELETE", "format": "json", "param": "access_token"});
    let mut spec = revoking(&by_header);
    spec.endpoints.revocation =
        Some(oauth_core::spec::Template::parse("https://plain.example/apps/{client_id}").unwrap());
    let sim = builder(spec).client(RegisteredClient::confidential("a b:c", "s+1")).start().await.unwrap();
    let tokens = login(&sim, &[]).await;
    let address = "https://plain.example/apps/a%20b%3Ac";
    let body = json_body(&[("access_token", text(&tokens, "/access_token"))]);
    let json_type = ("content-type", "application/json");
    let refused =
        call(&sim, Method::DELETE, address, &[json_type, ("authorization", &basic("a b:c", "s"))], &body).await;
    assert_eq!(error(&refused).1, "invalid_client");
    let good =
        call(&sim, Method::DELETE, address, &[json_type, ("authorization", &basic("a b:c", "s+1"))], &body).await;
    assert_eq!(good.status, 200, "{}", good.text());

    let sim = start(revoking(&json!({"client_auth": "id"}))).await;
    assert_eq!(error(&revoke(&sim, "x", &[]).await).1, "invalid_request", "no secret is taken");
    assert_eq!(revoke(&sim, "x", &[("client_secret", "")]).await.status, 200);
    let sim = start(revoking(&json!({"client_auth": false, "params": [["app", "{client_id}"]]}))).await;
    let tokens = login(&sim, &[]).await;
    let bare = [("client_secret", ""), ("client_id", "")];
    assert_eq!(error(&revoke(&sim, text(&tokens, "/access_token"), &bare).await).1, "invalid_request");
    let with = [bare[0], bare[1], ("app", sim.client_id())];
    assert_eq!(revoke(&sim, text(&tokens, "/access_token"), &with).await.status, 200);
    assert_eq!(me(&sim, text(&tokens, "/access_token")).await, 401);
}

#[tokio::test]
async fn a_token_may_stand_where_api_requests_have_it() {
    let changes = json!({
        "in": "api", "tokens": ["access"], "client_auth": false, "hint": false, "fails_when": {"at": "/ok", "equals": false}
    });
    let sim = start(revoking(&changes)).await;
    let tokens = login(&sim, &[]).await;
    let bearer = format!("Bearer {}", text(&tokens, "/access_token"));
    let good = call(&sim, Method::POST, ENDPOINT, &[("authorization", &bearer)], "").await;
    assert_eq!((good.status.as_u16(), json(&good)), (200, json!({"ok": true})));
    let again = call(&sim, Method::POST, ENDPOINT, &[("authorization", &bearer)], "").await;
    assert_eq!(again.status, 401);
    sim.next_revocation_answer(Answer::failed("token_over"));
    let failed = call(&sim, Method::POST, ENDPOINT, &[("authorization", &bearer)], "").await;
    assert_eq!((failed.status.as_u16(), json(&failed)["ok"].clone()), (200, json!(false)));
}

#[tokio::test]
async fn a_replaced_refresh_token_ends_its_family_unless_the_file_says_less() {
    for (reuse, status) in [(json!(null), 401), (json!("ends_family"), 401), (json!("refused"), 200)] {
        let sim = start(plain_with(&json!({"refresh": {"reuse": reuse}}))).await;
        let first = login(&sim, &[]).await;
        let second = json(&refresh(&sim, text(&first, "/refresh_token")).await);
        assert_eq!(error(&refresh(&sim, text(&first, "/refresh_token")).await).1, "invalid_grant");
        assert_eq!(me(&sim, text(&second, "/access_token")).await, status, "{reuse}");
    }
}
