//! The clients that the simulator hands out.

use oauth_core::{Browser, Client};
use serde_json::json;

use super::specs::{plain, plain_with};
use super::*;
use crate::{Endpoint, RegisteredClient};

/// A whole life of an account: login, profile, API, refresh.
async fn live(sim: &Simulator, client: Client) {
    let client = client.redirect_uri(REDIRECT);
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().approve(url.as_ref()).await.unwrap();
    let account = client.callback(callback, pending, Browser::from(browser)).await.unwrap();
    assert_eq!(account.profile().await.unwrap().subject, "20071");
    assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
    account.refresh().await.unwrap();
    assert_eq!(account.profile().await.unwrap().name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(sim.requests_to(Endpoint::Token).len(), 1);
    assert_eq!(sim.requests_to(Endpoint::Refresh).len(), 1);
}

#[tokio::test]
async fn of_a_plain_provider() {
    let sim = start(plain()).await;
    live(&sim, sim.dynamic_client().unwrap()).await;
}

#[tokio::test]
async fn of_a_public_client() {
    let sim = builder(plain()).client(RegisteredClient::public("cli")).start().await.unwrap();
    live(&sim, sim.dynamic_client().unwrap()).await;
}

#[tokio::test]
async fn of_a_provider_with_settings_and_ways_of_its_own() {
    let sim = builder(plain_with(&json!({
        "settings": [{"name": "shop", "rust": "Shop", "type": "label"}],
        "endpoints": {"authorization": "https://{shop}.plain.example/authorize", "token": "https://{shop}.plain.example/token"},
        "client_auth": "basic",
        "token": {
            "request": {"format": "json", "rename": [["code", "auth_code"]], "headers": [["X-Shop", "{shop}"]]},
            "response": {"at": ["/data"], "expiry": {"field": "expires", "kind": "at", "unit": "ms"}, "fails_when": {"at": "/code", "differs": 0}}
        },
        "refresh": {"format": "json", "rotates": false, "keep_old": true},
        "api": {"headers": [["X-Version", "7"]]}
    })))
    .setting("shop", "tea")
    .start()
    .await
    .unwrap();
    live(&sim, sim.dynamic_client().unwrap()).await;
}

#[tokio::test]
async fn of_another_idea_of_the_provider() {
    let sim = start(plain_with(&json!({"client_auth": "basic"}))).await;
    let client = sim.dynamic_client_of(plain()).unwrap().redirect_uri(REDIRECT);
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().approve(url.as_ref()).await.unwrap();
    assert!(client.callback(callback, pending, Browser::from(browser)).await.is_err());
}
