//! Bound tokens at the simulator, which checks each proof from the server's side.

use std::sync::Arc;

use oauth_core::{Account, Client, ErrorKind, ExposeSecret as _, PendingAttempt, TokenSet};
use oauth_simulator::{Endpoint, SimUser, Simulator};
use oauth_tests::login::{ManualClock, parameter, spec};

use crate::acme;

const DPOP: &str =
    "client_auth: body\ndpop: required\nprofile: {request: GET https://api.acme.example/me, map: {subject: /id}}\n";

async fn simulate(more: &str) -> (Simulator, Client, ManualClock) {
    let clock = ManualClock::new();
    let builder = Simulator::builder(Arc::new(spec(&acme(more)))).user(SimUser::new("7"));
    let sim = builder.clock(Arc::new(clock.clone())).start().await.unwrap_or_else(|error| panic!("{error}"));
    let client = sim.dynamic_client().unwrap().redirect_uri("http://127.0.0.1:1/callback");
    (sim, client.clock(Arc::new(clock.clone())), clock)
}

async fn log_in(sim: &Simulator, client: &Client) -> oauth_core::Result<Account> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
    client.callback(callback.as_str(), pending, browser).await
}

#[tokio::test]
async fn cr_07_a_login_with_bound_tokens_at_servers_that_want_their_nonces() {
    for push in ["required", "asked"] {
        let (sim, client, _) = simulate(&format!("{DPOP}authorize: {{push: {push}}}\n")).await;
        for _ in 0..2 {
            let account = log_in(&sim, &client).await.unwrap_or_else(|error| panic!("{}", error.explain()));
            assert!(account.tokens().is_bound());
            assert_eq!(account.profile().await.unwrap().subject, "7");
            assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
            account.refresh().await.unwrap();
            sim.expire_access_tokens();
            assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
            // The second time with nonces.
            sim.renew_dpop_nonces();
        }
    }
}

#[tokio::test]
async fn cr_07_every_way_to_tokens_finds_the_nonces_again() {
    let (sim, client, clock) = simulate(DPOP).await;
    let mut login = client.device().begin().await.unwrap();
    assert!(sim.approve_device(login.user_code()));
    if let oauth_core::DevicePoll::Wait(wait) = login.poll() {
        clock.advance(wait);
    }
    sim.renew_dpop_nonces();
    let account = login.ask().await.unwrap().expect("the user has approved");
    let app = client.client_credentials().account().await.unwrap();
    for account in [account, app] {
        sim.renew_dpop_nonces();
        assert!(account.tokens().is_bound());
        account.refresh().await.unwrap();
        assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn cr_08_what_is_stolen_without_its_key_is_worth_nothing() {
    let (sim, client, _) = simulate(DPOP).await;
    // A code with a key of the thief's own.
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap();
    let (_, other, _) = client.authorize().begin().await.unwrap().into_parts();
    let text = |attempt: &PendingAttempt| -> serde_json::Value {
        serde_json::from_str(attempt.expose_json().expose_secret()).unwrap()
    };
    let mut swapped = text(&pending);
    swapped["dpop_key"] = text(&other)["dpop_key"].clone();
    let pending = PendingAttempt::from_exposed_json(&swapped.to_string().into()).unwrap();
    let error = client.callback(callback.as_str(), pending, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GrantRejected);
    // A token without its key, and with another one.
    let account = log_in(&sim, &client).await.unwrap();
    let token = account.token().await.unwrap().expose_secret().to_owned();
    let plain = spec(&acme("client_auth: body\n")).client(sim.client_id(), "x").dangerous_at(sim.origin());
    let stolen = plain.account(TokenSet::new(token)).get("/things").send().await;
    assert!(stolen.map_or(true, |answer| answer.status() == 401));
    let tokens = |account: &Account| account.tokens().expose_json().expose_secret().to_owned();
    let key = |text: &str| {
        let at = text.find("ES256:").expect("a key");
        text[at..].split('"').next().unwrap().to_owned()
    };
    let (own, other) = (tokens(&account), tokens(&log_in(&sim, &client).await.unwrap()));
    let swapped = own.replace(&key(&own), &key(&other));
    let swapped = client.account(TokenSet::from_exposed_json(&swapped.into()).unwrap());
    assert!(swapped.get("/things").send().await.map_or(true, |answer| answer.status() == 401));
    let pushed = &sim.requests_to(Endpoint::PushedAuthorization)[0];
    assert!(pushed.param("dpop_jkt").is_some() && parameter(url.as_str(), "dpop_jkt").is_none());
}
