use serde_json::json;

use super::specs::{plain, plain_with};
use super::*;
use crate::{Endpoint, Error, RegisteredClient};

/// The error code with which the browser comes back.
async fn refused(sim: &Simulator, verifier: &str, more: &[(&str, &str)]) -> String {
    let callback = sim.scripted_user().approve(&authorize_url(sim, verifier, more)).await.unwrap();
    assert_eq!(param(&callback, "state").as_deref(), Some("st a+te&="), "{callback}");
    assert_eq!(param(&callback, "code"), None);
    param(&callback, "error").unwrap()
}

/// What the page says when the browser does not come back.
async fn shown(sim: &Simulator, url: &str) -> String {
    match sim.scripted_user().approve(url).await {
        Err(Error::Page { status: 400, problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_sound_request_ends_with_a_code_and_the_exact_state() {
    let sim = start(plain()).await;
    let callback =
        sim.scripted_user().approve(&authorize_url(&sim, VERIFIER, &[("scope", "read write:all")])).await.unwrap();
    assert!(callback.starts_with(&format!("{REDIRECT}?code=")), "{callback}");
    assert_eq!(param(&callback, "state").as_deref(), Some("st a+te&="));
    assert_eq!(param(&callback, "iss"), None);
    let requests = sim.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].endpoint(), Endpoint::Authorization);
    assert!(requests[0].url().starts_with("https://plain.example/authorize?response_type=code&client_id="));
    assert_eq!(requests[0].param("scope"), Some("read write:all"));
}

#[tokio::test]
async fn a_denial_comes_back_as_the_providers_error() {
    let sim = start(plain_with(&json!({"callback": {"errors": [["user_denied", "access_denied"]]}}))).await;
    let callback = sim.scripted_user().deny(&authorize_url(&sim, VERIFIER, &[])).await.unwrap();
    assert_eq!(param(&callback, "error").as_deref(), Some("user_denied"));
    assert_eq!(param(&callback, "code"), None);
}

#[tokio::test]
async fn bad_clients_and_redirects_stay_on_the_page() {
    let sim = start(plain()).await;
    for (change, words) in [
        (("client_id", "nobody"), "no client"),
        (("redirect_uri", "https://evil.example/cb"), "redirect URI"),
        (("redirect_uri", "http://127.0.0.1:7777/cb#x"), "fragment"),
        (("redirect_uri", "myapp://cb"), "loopback"),
        (("redirect_uri", ""), "missing"),
    ] {
        let problem = shown(&sim, &authorize_url(&sim, VERIFIER, &[change])).await;
        assert!(problem.contains(words), "{change:?}: {problem}");
    }
    for name in ["client_id", "redirect_uri", "state"] {
        let url = format!("{}&{name}=again", authorize_url(&sim, VERIFIER, &[]));
        assert!(shown(&sim, &url).await.contains("more than once"));
    }
}

#[tokio::test]
async fn registered_redirects_match_character_for_character() {
    let client =
        RegisteredClient::confidential("app", "s").redirect_uri("https://app.example/cb?x=1").redirect_uri(REDIRECT);
    let sim = builder(plain()).client(client).start().await.unwrap();
    let url = authorize_url(&sim, VERIFIER, &[("redirect_uri", "https://app.example/cb?x=1")]);
    let callback = sim.scripted_user().approve(&url).await.unwrap();
    assert!(callback.starts_with("https://app.example/cb?x=1&code="), "{callback}");
    for near in [
        "https://app.example/cb",
        "https://app.example/cb?x=1&",
        "https://APP.example/cb?x=1",
        "http://127.0.0.1:7778/cb",
    ] {
        let problem = shown(&sim, &authorize_url(&sim, VERIFIER, &[("redirect_uri", near)])).await;
        assert!(problem.contains("character for character"), "{near}");
    }
}

#[tokio::test]
async fn faults_that_the_client_may_know_go_to_it() {
    let sim = start(plain()).await;
    for (change, code) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "admin"), "invalid_scope"),
        (("scope", "read  write:all"), "invalid_scope"),
        (("scope", "re\"ad"), "invalid_scope"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
    ] {
        assert_eq!(refused(&sim, VERIFIER, &[change]).await, code, "{change:?}");
    }
    let twice = format!("{}&scope=read&scope=read", authorize_url(&sim, VERIFIER, &[]));
    let callback = sim.scripted_user().approve(&twice).await.unwrap();
    assert_eq!(param(&callback, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn unknown_scopes_pass_where_the_test_says_so() {
    let sim = builder(plain()).allow_unknown_scopes().start().await.unwrap();
    code(&sim, VERIFIER, &[("scope", "admin")]).await;
    let sim = start(plain_with(&json!({"scopes": {"known": []}}))).await;
    code(&sim, VERIFIER, &[("scope", "admin")]).await;
}

#[tokio::test]
async fn scopes_are_split_as_the_provider_does() {
    let sim = start(plain_with(&json!({"scopes": {"separator": ",", "param": "scopes", "required": ["read"]}}))).await;
    code(&sim, VERIFIER, &[("scopes", "write:all,read")]).await;
    assert_eq!(refused(&sim, VERIFIER, &[("scopes", "write:all read")]).await, "invalid_scope");
    assert_eq!(refused(&sim, VERIFIER, &[("scopes", "write:all")]).await, "invalid_scope");
}

#[tokio::test]
async fn pkce_is_as_declared() {
    let sim = start(plain_with(&json!({"pkce": "required"}))).await;
    assert_eq!(refused(&sim, "", &[]).await, "invalid_request");
    code(&sim, VERIFIER, &[]).await;
    let sim = start(plain_with(&json!({"pkce": "unsupported"}))).await;
    assert_eq!(refused(&sim, VERIFIER, &[]).await, "invalid_request");
    code(&sim, "", &[]).await;
}

#[tokio::test]
async fn renamed_and_required_parameters_and_options() {
    let sim = start(plain_with(&json!({"authorize": {
        "rename": [["client_id", "app_key"]],
        "params": [["access_type", "offline"], ["prompt", "consent"]],
        "options": [{"name": "prompt", "rust": "Prompt", "values": [["consent", "Consent"], ["login", "Login"]], "join": " "}]
    }})))
    .await;
    let own = ("app_key", sim.client_id());
    let offline = ("access_type", "offline");
    code(&sim, VERIFIER, &[own, offline, ("prompt", "consent")]).await;
    code(&sim, VERIFIER, &[own, offline, ("prompt", "login consent")]).await;
    for more in [
        vec![own, offline],
        vec![own, offline, ("prompt", "none")],
        vec![own, ("access_type", "online"), ("prompt", "consent")],
    ] {
        assert_eq!(refused(&sim, VERIFIER, &more).await, "invalid_request", "{more:?}");
    }
    assert!(shown(&sim, &authorize_url(&sim, VERIFIER, &[offline])).await.contains("app_key"));
}

#[tokio::test]
async fn the_callback_has_the_providers_names_and_values() {
    let sim = start(plain_with(&json!({
        "endpoints": {"iss_in_callback": true},
        "callback": {"code": "auth_code", "keep": [
            {"name": "location", "rust": "location", "values": [["eu", "accounts.plain.example"]]},
            {"name": "realm_id", "rust": "realm_id"}
        ]}
    })))
    .await;
    let url = authorize_url(&sim, VERIFIER, &[]);
    let callback = sim.scripted_user().approve(&url).await.unwrap();
    assert!(param(&callback, "auth_code").is_some());
    assert_eq!(param(&callback, "location").as_deref(), Some("eu"));
    assert_eq!(param(&callback, "realm_id").as_deref(), Some("sample-realm-id"));
    assert_eq!(param(&callback, "iss").as_deref(), Some("https://plain.example/"));
    let callback = sim.scripted_user().deny(&url).await.unwrap();
    assert_eq!(param(&callback, "iss").as_deref(), Some("https://plain.example/"));
}

#[tokio::test]
async fn the_endpoint_follows_the_settings() {
    let spec = plain_with(&json!({
        "settings": [
            {"name": "region", "rust": "Region", "type": "enum", "values": [["com", "plain.example", "Com"], ["eu", "plain-eu.example", "Eu"]], "default": "com"},
            {"name": "shop", "rust": "Shop", "type": "label"}
        ],
        "endpoints": {"authorization": "https://{shop}.{region}/authorize?tenant=1"}
    }));
    for (name, value) in [("region", "eu"), ("planet", "mars")] {
        assert!(builder(spec.clone()).setting(name, value).start().await.is_err());
    }
    assert!(builder(spec.clone()).setting("shop", "not a label").start().await.is_err());
    let sim = builder(spec).setting("region", "eu").setting("shop", "tea").start().await.unwrap();
    let query = form(&[("response_type", "code"), ("client_id", sim.client_id()), ("redirect_uri", REDIRECT)]);
    let good = sim.address(&format!("https://tea.plain-eu.example/authorize?tenant=1&{query}")).unwrap();
    assert!(param(&sim.scripted_user().approve(&good).await.unwrap(), "code").is_some());
    let without = good.replace("tenant=1&", "");
    assert_eq!(
        param(&sim.scripted_user().approve(&without).await.unwrap(), "error").as_deref(),
        Some("invalid_request")
    );
    assert_eq!(get(&sim, "https://tea.plain.example/authorize", &[]).await.status, 404);
}

#[tokio::test]
async fn only_get_is_taken() {
    let sim = start(plain()).await;
    for method in [Method::POST, Method::HEAD, Method::OPTIONS] {
        let received = call(&sim, method, "https://plain.example/authorize", &[], "").await;
        assert_eq!(received.status, 405);
        assert_eq!(received.headers["allow"], "GET");
    }
}
