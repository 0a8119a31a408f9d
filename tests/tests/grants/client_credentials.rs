//! Tokens of the client's own (RFC 6749 section 4.4).

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Client, ErrorKind, Status, Step, TokenManager, TokenSet};
use oauth_tests::canned::{Canned, json, json_status, status};
use oauth_tests::login::{ACME, spec};

use super::grove::{Grove, Scope};
use super::{acme, at, sent, token};

const WITH_REFRESH: &str =
    r#"{"access_token":"one","token_type":"Bearer","expires_in":3600,"refresh_token":"canary","id_token":"x.y.z"}"#;

#[tokio::test]
async fn a_token_of_the_clients_own() {
    let (server, client, _) = at(&acme("client_credentials: {}"), [token("one")]).await;
    let account = client.client_credentials().scopes(["reports:read", "b"]).param("audience", "x").account().await;
    let account = account.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), "one");
    assert_eq!(account.tokens().scopes(), ["reports:read", "b"], "as asked for, where the answer names none");
    let request = &server.received()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/id.acme.example/token"));
    assert_eq!(sent(request, "grant_type").unwrap(), "client_credentials");
    assert_eq!(sent(request, "scope").unwrap(), "reports:read b");
    assert_eq!(sent(request, "audience").unwrap(), "x");
    assert_eq!(sent(request, "client_id").unwrap(), "my-client");
    assert!(sent(request, "client_secret").is_some() && sent(request, "redirect_uri").is_none());
}

#[tokio::test]
async fn typed_clients_have_the_scopes_of_the_section() {
    let server = Canned::start([token("one"), token("two")]).await;
    let client: Client<Grove> = Grove::client("id", "secret").dangerous_at(server.origin());
    client.client_credentials().account().await.unwrap();
    client.client_credentials().scopes([Scope::Write]).account().await.unwrap();
    let scopes: Vec<_> = server.received().iter().map(|request| sent(request, "scope").unwrap()).collect();
    assert_eq!(scopes, ["read", "write"]);
}

#[tokio::test]
async fn cr_03_the_token_is_renewed_by_asking_again_and_a_refresh_token_is_ignored() {
    let (server, client, clock) =
        at(&acme("client_credentials: {}"), [json(WITH_REFRESH), token("two"), token("three")]).await;
    let request = client.client_credentials().scopes(["a"]).param("resource", "https://api.acme.example");
    let account = request.account().await.unwrap();
    assert!(account.tokens().refresh_token().is_none() && account.tokens().id_token().is_none());
    clock.advance(Duration::from_secs(3600 - 30));
    let asking = (0..8).map(|_| {
        let account = account.clone();
        tokio::spawn(async move { account.token().await.unwrap().expose_secret().to_owned() })
    });
    for task in asking.collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), "two", "renewed before its end");
    }
    let requests = server.received();
    assert_eq!(requests.len(), 2, "one request for all");
    assert_eq!(requests[0].body, requests[1].body, "what was asked for is asked for again");
    account.refresh().await.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), "three");
}

#[tokio::test]
async fn cr_03_a_token_that_the_api_refuses_is_asked_for_again_once() {
    let refused = || status(401, "");
    let answers = [token("one"), refused(), token("two"), json("{}"), refused(), token("three"), refused()];
    let (server, client, _) = at(&acme("client_credentials: {}"), answers).await;
    let account = client.client_credentials().account().await.unwrap();
    assert_eq!(account.get("/x").send().await.unwrap().status().as_u16(), 200);
    let used: Vec<_> = server.received().iter().filter_map(|r| r.header("authorization").map(str::to_owned)).collect();
    assert_eq!(used, ["Bearer one", "Bearer two"]);
    let again = account.get("/x").send().await;
    assert!(again.map_or(true, |answer| answer.status().as_u16() == 401));
    assert_eq!(server.received().len(), 7, "no loop");
}

#[tokio::test]
async fn cr_03_what_was_asked_for_survives_a_store() {
    let yaml = acme("client_credentials: {}");
    let (server, client, clock) = at(&yaml, [token("one"), token("two"), token("three")]).await;
    let asked = client.client_credentials().scopes(["a", "b"]).param("audience", "canary-audience");
    let tokens = asked.tokens().await.unwrap();
    let restored = TokenSet::from_exposed_json(&tokens.expose_json()).unwrap();
    assert!(!format!("{restored:?}").contains("canary"));
    clock.advance(Duration::from_secs(4000));
    let account = client.account(restored);
    assert_eq!(account.token().await.unwrap().expose_secret(), "two");

    let manager = TokenManager::in_memory_builder().clock(Arc::new(clock.clone())).build().unwrap();
    manager.connect(&client, "app", account.tokens()).await.unwrap();
    let info = manager.info(&client, "app").await.unwrap();
    assert!(info.can_refresh && info.status == Status::Active);
    clock.advance(Duration::from_secs(4000));
    let kept = manager.account(&client, "app").await.unwrap();
    assert_eq!(kept.token().await.unwrap().expose_secret(), "three");
    let bodies: Vec<_> = server.received().iter().map(|request| request.body.clone()).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    let _ = manager.shutdown().await;
}

#[tokio::test]
async fn cc_refresh_needs_no_refresh_section() {
    let yaml = acme("client_credentials: {}") + "refresh: none\n";
    let (server, client, clock) = at(&yaml, [token("one"), token("two")]).await;
    let account = client.client_credentials().account().await.unwrap();
    clock.advance(Duration::from_secs(4000));
    assert_eq!(account.token().await.unwrap().expose_secret(), "two");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn grant_rename_and_other_deviations() {
    let yaml = acme(
        "client_credentials: {url: \"https://apps.acme.example/t\", grant_type: account_credentials, client_auth: basic, format: json, params: {account_id: \"for-{client_id}\"}, headers: {X-App: \"{client_id}\"}, rename: {scope: permissions}, scopes: [all]}",
    );
    let (server, client, _) = at(&yaml, [token("one")]).await;
    client.client_credentials().account().await.unwrap();
    let request = &server.received()[0];
    assert_eq!(request.target, "/apps.acme.example/t");
    assert!(request.header("authorization").unwrap().starts_with("Basic "));
    assert_eq!(request.header("x-app").unwrap(), "my-client");
    assert_eq!(
        request.body,
        r#"{"account_id":"for-my-client","grant_type":"account_credentials","permissions":"all"}"#
    );
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_not_sent() {
    let yaml = acme("client_credentials: {params: {fixed: x}}");
    let (server, client, _) = at(&yaml, []).await;
    for name in ["scope", "grant_type", "client_id", "fixed"] {
        let error = client.client_credentials().param(name, "y").account().await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::ReservedParameter, Step::Grant), "{name}");
    }
    let error = client.client_credentials().scopes(["a b"]).account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Scope, Step::Grant));
    let public = spec(&yaml).public("id").dangerous_at(server.origin());
    assert_eq!(public.client_credentials().account().await.unwrap_err().kind(), ErrorKind::Config);
    let without = oauth_tests::login::client(ACME).dangerous_at(server.origin());
    let error = without.client_credentials().account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Grant));
    assert!(error.explain().contains("add `grants.client_credentials` to the provider's YAML file"));
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn a_refusal_repeats_no_secret() {
    let refusal = r#"{"error":"invalid_client","error_description":"canary-client-secret-7f1c and canary-audience"}"#;
    let (_server, client, _) = at(&acme("client_credentials: {}"), [json_status(401, refusal)]).await;
    let error = client.client_credentials().param("audience", "canary-audience").account().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::ClientRejected, Step::Grant));
    assert!(!error.explain().contains("canary") && !format!("{error:?}").contains("canary"), "{}", error.explain());
}
