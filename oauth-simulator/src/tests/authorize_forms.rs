//! What a provider's authorization request and its answer may have beyond RFC 6749.

use ring::hmac;
use serde_json::{Value, json};

use super::specs::plain_with;
use super::*;
use crate::openid::signing::hex;
use crate::{Error, RegisteredClient};

/// The callback's parameter, or what the page says where there is no callback.
async fn outcome(sim: &Simulator, url: &str, name: &str) -> String {
    match sim.scripted_user().approve(url).await {
        Ok(callback) => param(&callback, name).unwrap_or_else(|| panic!("no {name}: {callback}")),
        Err(Error::Page { problem, .. }) => problem,
        Err(other) => panic!("{other}"),
    }
}

async fn refused(sim: &Simulator, more: &[(&str, &str)]) -> String {
    outcome(sim, &authorize_url(sim, VERIFIER, more), "error").await
}

#[tokio::test]
async fn a_response_type_of_its_own_or_none() {
    let sim = start(plain_with(&json!({"authorize": {"response_type": "web_server"}}))).await;
    code(&sim, VERIFIER, &[("response_type", "web_server")]).await;
    assert_eq!(refused(&sim, &[]).await, "unsupported_response_type");
    assert_eq!(refused(&sim, &[("response_type", "")]).await, "invalid_request");
    let sim = start(plain_with(&json!({"authorize": {"omit": ["response_type"], "fragment": "there"}}))).await;
    code(&sim, VERIFIER, &[("response_type", "")]).await;
    assert_eq!(refused(&sim, &[]).await, "invalid_request");
}

#[tokio::test]
async fn a_redirect_uri_that_the_request_does_not_name() {
    let spec = plain_with(&json!({"authorize": {"omit": ["redirect_uri"]}}));
    let client = RegisteredClient::confidential("app", "s").redirect_uri(REDIRECT);
    let sim = builder(spec.clone()).client(client).start().await.unwrap();
    let code = code(&sim, VERIFIER, &[("redirect_uri", "")]).await;
    assert_eq!(exchange(&sim, &code, &[("redirect_uri", "")]).await.status, 200);
    let url = authorize_url(&sim, VERIFIER, &[]);
    assert!(outcome(&sim, &url, "code").await.contains("does not take it"));
    let sim = start(spec).await;
    let url = authorize_url(&sim, VERIFIER, &[("redirect_uri", "")]);
    assert!(outcome(&sim, &url, "code").await.contains("registered exactly one"));
}

#[tokio::test]
async fn parameters_in_order() {
    let at = |sim: &Simulator, names: &[&str]| {
        let challenge = challenge(VERIFIER);
        let value = |name: &str| match name {
            "response_type" => "code".to_owned(),
            "client_id" => sim.client_id().to_owned(),
            "redirect_uri" => REDIRECT.to_owned(),
            "code_challenge" => challenge.clone(),
            "code_challenge_method" => "S256".to_owned(),
            _ => "s".to_owned(),
        };
        let pairs: Vec<_> = names.iter().map(|name| (*name, value(name))).collect();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        sim.address(&format!("https://plain.example/authorize?v=1&{}", form(&pairs))).unwrap()
    };
    let endpoint = json!({"authorization": "https://plain.example/authorize?v=1"});
    let order = json!({"order": ["client_id", "redirect_uri", "response_type", "scope", "state"]});
    let sim = start(plain_with(&json!({"endpoints": endpoint, "authorize": order}))).await;
    let good = ["client_id", "redirect_uri", "response_type", "state", "code_challenge_method", "code_challenge"];
    assert!(outcome(&sim, &at(&sim, &good), "code").await.starts_with("sim_code_"));
    let mut bad = good;
    bad.swap(0, 1);
    assert_eq!(outcome(&sim, &at(&sim, &bad), "error").await, "invalid_request");
    bad = good;
    bad.swap(3, 4);
    assert_eq!(outcome(&sim, &at(&sim, &bad), "error").await, "invalid_request");

    let sim = start(plain_with(&json!({"endpoints": endpoint, "authorize": {"sorted": true}}))).await;
    let mut sorted = good;
    assert_eq!(outcome(&sim, &at(&sim, &sorted), "error").await, "invalid_request");
    sorted.sort_unstable();
    assert!(outcome(&sim, &at(&sim, &sorted), "code").await.starts_with("sim_code_"));
}

#[tokio::test]
async fn the_answer_as_a_form() {
    let sim = start(plain_with(&json!({"authorize": {"response_mode": "form_post"}}))).await;
    let url = authorize_url(&sim, VERIFIER, &[("response_mode", "form_post")]);
    let body = sim.scripted_user().approve(&url).await.unwrap();
    assert_eq!(param(&format!("?{body}"), "state").as_deref(), Some("st a+te&="));
    let code = param(&format!("?{body}"), "code").unwrap();
    assert_eq!(exchange(&sim, &code, &[]).await.status, 200);
    let denied = sim.scripted_user().deny(&url).await.unwrap();
    assert!(denied.starts_with("error=access_denied&"), "{denied}");
    let wrong = sim.scripted_user().approve(&authorize_url(&sim, VERIFIER, &[])).await.unwrap();
    assert!(wrong.starts_with("error=invalid_request&"), "{wrong}");

    let sim = start(plain_with(&json!({}))).await;
    assert_eq!(refused(&sim, &[("response_mode", "form_post")]).await, "invalid_request");
}

#[tokio::test]
async fn a_state_that_travels_in_the_redirect_uri() {
    let spec = plain_with(&json!({"authorize": {"state": {"in": "redirect_uri"}}, "redirect": {"query": false}}));
    let client = RegisteredClient::confidential("app", "s").redirect_uri(REDIRECT);
    let sim = builder(spec).client(client).start().await.unwrap();
    let with_state = format!("{REDIRECT}?state=abc");
    let url = authorize_url(&sim, VERIFIER, &[("redirect_uri", &with_state), ("state", "dropped")]);
    let callback = sim.scripted_user().approve(&url).await.unwrap();
    assert!(callback.starts_with(&format!("{with_state}&code=")), "{callback}");
    assert!(!callback.contains("dropped"));
    let other = format!("{REDIRECT}?page=1&state=abc");
    let url = authorize_url(&sim, VERIFIER, &[("redirect_uri", &other)]);
    assert!(outcome(&sim, &url, "code").await.contains("redirect URI"));
}

#[tokio::test]
async fn redirect_limits_are_the_providers() {
    for (limits, uri, good) in [
        (json!({"https": true}), REDIRECT, false),
        (json!({"https": true}), "https://127.0.0.1:7777/cb", true),
        (json!({"loopback": "refused"}), REDIRECT, false),
        (json!({"loopback": "refused"}), "https://app.example/cb", true),
        (json!({"loopback": "refused"}), "http://app.example/cb", false),
        (json!({"loopback": "only"}), REDIRECT, true),
        (json!({"loopback": "only"}), "https://app.example/cb", false),
        (json!({"query": false}), "http://127.0.0.1:7777/cb?a=b", false),
        (json!({"query": false}), REDIRECT, true),
        (json!({"max_length": 24}), REDIRECT, true),
        (json!({"max_length": 23}), REDIRECT, false),
    ] {
        let sim = start(plain_with(&json!({"redirect": limits}))).await;
        let url = authorize_url(&sim, VERIFIER, &[("redirect_uri", uri)]);
        let found = outcome(&sim, &url, "code").await;
        assert_eq!(found.starts_with("sim_code_"), good, "{limits} {uri}: {found}");
    }
}

#[tokio::test]
async fn no_scopes_and_two_sets_of_them() {
    let sim = start(plain_with(&json!({"scopes": {"none": true, "default": [], "known": []}}))).await;
    assert_eq!(refused(&sim, &[("scope", "read")]).await, "invalid_request");
    assert!(login(&sim, &[]).await.get("scope").is_none());

    let second = json!({"name": "user", "rust": "UserScope", "param": "user_scope", "separator": ",",
        "known": [{"value": "users:read", "rust": "UsersRead"}, {"value": "chat:write", "rust": "ChatWrite"}]});
    let sim = start(plain_with(&json!({"scopes": {"second": second}}))).await;
    code(&sim, VERIFIER, &[("user_scope", "users:read,chat:write")]).await;
    assert_eq!(refused(&sim, &[("user_scope", "users:read chat:write")]).await, "invalid_scope");
    assert_eq!(refused(&sim, &[("user_scope", "read")]).await, "invalid_scope");
}

#[tokio::test]
async fn scopes_as_they_are_written() {
    let sim = start(plain_with(&json!({"scopes": {"separator": "+", "encode": false}}))).await;
    let url = authorize_url(&sim, VERIFIER, &[]);
    assert!(outcome(&sim, &format!("{url}&scope=read+write%3Aall"), "code").await.starts_with("sim_code_"));
    assert_eq!(outcome(&sim, &format!("{url}&scope=read%2Bwrite%3Aall"), "error").await, "invalid_scope");
    assert_eq!(outcome(&sim, &format!("{url}&scope=read%20write"), "error").await, "invalid_scope");
}

#[tokio::test]
async fn challenges_of_other_kinds() {
    let hash = digest::digest(&digest::SHA256, VERIFIER.as_bytes());
    let hex = hex(hash.as_ref());
    for (form, method, challenge) in [
        (json!({"method": "plain"}), "plain", VERIFIER.to_owned()),
        (json!({"encoding": "hex"}), "S256", hex),
        (json!({"method_name": "s256"}), "s256", challenge(VERIFIER)),
    ] {
        let sim = start(plain_with(&json!({"challenge": form}))).await;
        let more = [("code_challenge", challenge.as_str()), ("code_challenge_method", method)];
        let code = code(&sim, VERIFIER, &more).await;
        let other = "abcdefghijklmnopqrstuvwxyz-0123456789._~ABCDF";
        assert_eq!(error(&exchange(&sim, &code, &[("code_verifier", other)]).await).1, "invalid_grant");
        assert_eq!(exchange(&sim, &code, &[]).await.status, 200, "{form}");
        for wrong in [[("code_challenge", "short"), more[1]], [more[0], ("code_challenge_method", "S512")]] {
            assert_eq!(refused(&sim, &wrong).await, "invalid_request", "{form}");
        }
    }
}

#[tokio::test]
async fn errors_under_the_providers_names() {
    let sim = start(plain_with(&json!({"callback": {
        "error": ["error_code", "error"], "error_description": ["error_message"], "errors": [["200", "access_denied"]]
    }})))
    .await;
    let callback = sim.scripted_user().deny(&authorize_url(&sim, VERIFIER, &[])).await.unwrap();
    assert_eq!(param(&callback, "error_code").as_deref(), Some("200"));
    assert_eq!(param(&callback, "error_message").as_deref(), Some("the user denied the request"));
    assert_eq!(param(&callback, "error"), None);
}

#[tokio::test]
async fn a_signed_callback() {
    let sim = start(plain_with(&json!({"callback": {
        "verify": {"param": "hmac", "algorithm": "hmac-sha256", "over": "sorted_query", "encoding": "hex"},
        "keep": [{"name": "shop", "rust": "shop"}]
    }})))
    .await;
    let uri = format!("{REDIRECT}?z=1");
    let url = authorize_url(&sim, VERIFIER, &[("redirect_uri", &uri)]);
    let user = sim.scripted_user();
    for callback in [user.approve(&url).await.unwrap(), user.deny(&url).await.unwrap()] {
        let (_, query) = callback.split_once('?').unwrap();
        let (mut signature, mut signed) = (String::new(), Vec::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "hmac" => signature = value.into_owned(),
                _ => signed.push(format!("{name}={}", value.replace('%', "%25").replace('&', "%26"))),
            }
        }
        signed.sort_unstable();
        assert!(signed.contains(&"z=1".to_owned()) && signed.contains(&"state=st a+te%26=".to_owned()), "{signed:?}");
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret(&sim).as_bytes());
        let expected = hmac::sign(&key, signed.join("&").as_bytes());
        let expected = hex(expected.as_ref());
        assert_eq!(signature, expected, "{callback}");
    }
}

#[tokio::test]
async fn the_first_callback_introduces_the_user() {
    let sim =
        start(plain_with(&json!({"callback": {"profile": {"param": "user", "map": {"email": ["/email"]}}}}))).await;
    let url = authorize_url(&sim, VERIFIER, &[]);
    let user = sim.scripted_user();
    let first = user.approve(&url).await.unwrap();
    let facts: Value = serde_json::from_str(&param(&first, "user").unwrap()).unwrap();
    assert_eq!(facts["email"], "ada@example.com");
    assert_eq!(param(&user.approve(&url).await.unwrap(), "user"), None);
}

#[tokio::test]
async fn parameters_that_are_new_in_each_request() {
    let sim = start(plain_with(&json!({"authorize": {"params": [["fresh", "v1-{random}"]]}}))).await;
    code(&sim, VERIFIER, &[("fresh", "v1-abcdefghijklmnopqrstuv")]).await;
    for wrong in ["", "v1-", "v2-abcdefghijklmnopqrstuv", "v1-abcdefghijklmnopqrstuvw", "v1-abcdefghijklmnopqrstu+"] {
        assert_eq!(refused(&sim, &[("fresh", wrong)]).await, "invalid_request", "{wrong}");
    }
}
