//! The grants at the simulator, which checks each request from the server's side.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Clock as _, DevicePoll, Discovered, ErrorKind};
use oauth_simulator::{Endpoint, RegisteredClient, SimUser, Simulator};
use oauth_tests::login::{ManualClock, spec};

use super::acme;
use super::grove::Grove;

const BOTH: &str = "client_credentials: {}, device: {}";

async fn simulate(yaml: &str) -> (Simulator, ManualClock) {
    let clock = ManualClock::new();
    let client = RegisteredClient::confidential("my client:1", "s3cret +/%");
    let builder = Simulator::builder(Arc::new(spec(yaml))).client(client.redirect_uri("https://app.example/callback"));
    let sim = builder.user(SimUser::new("7").name("Ada")).clock(Arc::new(clock.clone())).start().await;
    (sim.unwrap_or_else(|error| panic!("{error}")), clock)
}

#[tokio::test]
async fn client_credentials_are_renewed_by_asking_again() {
    let (sim, clock) = simulate(&acme(BOTH)).await;
    let client = sim.dynamic_client().unwrap();
    let app = client.client_credentials().scopes(["reports"]).account().await.unwrap();
    let first = app.token().await.unwrap().expose_secret().to_owned();
    clock.advance(Duration::from_secs(24 * 3600));
    assert_ne!(app.token().await.unwrap().expose_secret(), first);
    sim.expire_access_tokens();
    assert!(app.get("/anything").send().await.unwrap().status().is_success(), "asked again after a refusal");
    let types: Vec<_> =
        sim.requests_to(Endpoint::Token).iter().map(|r| r.param("grant_type").unwrap().to_owned()).collect();
    assert_eq!(types, ["client_credentials"; 3]);
}

#[tokio::test]
async fn a_device_login_ends_with_an_account_that_refreshes() {
    let (sim, clock) = simulate(&acme(BOTH)).await;
    let client = sim.dynamic_client().unwrap();
    let mut login = client.device().scopes(["read"]).begin().await.unwrap();
    let wait = |login: &oauth_core::DeviceLogin| match login.poll() {
        DevicePoll::Wait(wait) => clock.advance(wait),
        other => assert_eq!(other, DevicePoll::Ask),
    };
    wait(&login);
    assert!(login.ask().await.unwrap().is_none());
    assert!(sim.approve_device(login.user_code()));
    wait(&login);
    let account = login.ask().await.unwrap().expect("the user has approved");
    assert_eq!(account.profile().await.unwrap().name.as_deref(), Some("Ada"));
    assert_eq!(account.tokens().scopes(), ["read"]);
    account.refresh().await.unwrap();
    assert_eq!(sim.requests_to(Endpoint::Device).len(), 1);

    let mut denied = client.device().begin().await.unwrap();
    assert!(sim.deny_device(denied.user_code()) && !sim.deny_device("BCDF-GHJK"));
    wait(&denied);
    assert_eq!(denied.ask().await.unwrap_err().kind(), ErrorKind::AccessDenied);
    let late = client.device().begin().await.unwrap();
    clock.advance(late.expires_at().duration_since(clock.now()).unwrap());
    assert_eq!(late.account().await.unwrap_err().kind(), ErrorKind::AttemptExpired);
}

#[tokio::test]
async fn a_server_whose_clock_is_slower_is_asked_less_often() {
    let (sim, clock) = simulate(&acme(BOTH)).await;
    let own = ManualClock::new();
    let client = sim.dynamic_client().unwrap().clock(Arc::new(own.clone()));
    let mut login = client.device().begin().await.unwrap();
    own.advance(Duration::from_secs(5));
    assert!(login.ask().await.unwrap().is_none(), "too early by the server's clock");
    assert_eq!(login.poll(), DevicePoll::Wait(Duration::from_secs(10)), "and slower for it");
    assert!(sim.approve_device(login.user_code()));
    own.advance(Duration::from_secs(10));
    clock.advance(Duration::from_secs(10));
    assert!(login.ask().await.unwrap().is_some());
}

#[tokio::test]
async fn the_file_says_how_and_the_server_looks() {
    let odd = "client_credentials: {grant_type: account_credentials, format: json, params: {account: \"{client_id}\"}, client_auth: basic, url: \"https://apps.acme.example/t\"}, device: {grant_type: device_code, rename: {device_code: code}, authorization: {params: {response_type: device_code}, rename: {verification_uri: verification_url}}}";
    let (sim, clock) = simulate(&acme(odd)).await;
    let client = sim.dynamic_client().unwrap();
    client.client_credentials().account().await.unwrap();
    let mut login = client.device().begin().await.unwrap();
    sim.approve_device(login.user_code());
    clock.advance(Duration::from_secs(5));
    assert!(login.ask().await.unwrap().is_some());
    let other = sim.dynamic_client_of(spec(&acme(BOTH))).unwrap();
    assert!(other.client_credentials().account().await.is_err(), "the standard form is another provider's");
    assert!(other.device().begin().await.is_err());
}

#[tokio::test]
async fn typed_clients_and_discovered_ones() {
    let (sim, _) = simulate(include_str!("grove.yaml")).await;
    let typed = sim.client::<Grove>();
    typed.client_credentials().account().await.unwrap();
    let login = typed.device().begin().await.unwrap();
    assert!(sim.approve_device(login.user_code()));

    let server = oauth_tests::canned::Canned::start([]).await;
    let origin = server.origin();
    server.answer(oauth_tests::canned::json(&format!(
        r#"{{"issuer":"{origin}","authorization_endpoint":"{origin}/a","token_endpoint":"{origin}/t","device_authorization_endpoint":"{origin}/d","grant_types_supported":["client_credentials"]}}"#
    )));
    let found = Discovered::at(origin).unwrap().client("id", "secret").await.unwrap().discover().await.unwrap();
    assert_eq!(found.spec().grants(), ["authorization_code", "refresh_token", "client_credentials", "device"]);
    server.answer(super::token("one"));
    found.client_credentials().account().await.unwrap();
    let error = found.token_exchange("x", oauth_core::TokenKind::JWT).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
