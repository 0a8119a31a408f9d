use std::sync::Arc;

use oauth_core::{CanAuthorize, Client, ErrorKind, HasProfile, PendingAttempts, ProviderSpec, Step};
use oauth_simulator::{RegisteredClient, Simulator};
use oauth_tests::login::ManualClock;

use crate::envoy::Envoy;

const REDIRECT: &str = "http://127.0.0.1:4001/callback";

async fn simulator() -> Simulator {
    let spec = ProviderSpec::from_yaml(include_str!("envoy.yaml")).unwrap_or_else(|faults| panic!("{faults}"));
    let app = RegisteredClient::confidential("my-client", oauth_tests::login::SECRET).redirect_uri(REDIRECT);
    let builder = Simulator::builder(Arc::new(spec)).client(app).clock(Arc::new(ManualClock::new()));
    builder.start().await.unwrap_or_else(|error| panic!("{error}"))
}

async fn whole<P: CanAuthorize + HasProfile>(sim: &Simulator, client: &Client<P>) {
    let logins = PendingAttempts::new();
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    logins.insert(pending);
    let callback = sim.scripted_user().approve(url.as_str()).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(callback.contains("response=") && !callback.contains("code="), "{callback}");
    let account =
        client.callback(callback, &logins, browser).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let profile = account.profile().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(Some(profile.subject.as_str()), account.tokens().identity().map(oauth_core::IdToken::subject));
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let callback = sim.scripted_user().deny(url.as_str()).await.unwrap_or_else(|error| panic!("{error}"));
    let error = client.callback(callback, pending, browser).await.expect_err("the user said no");
    assert_eq!((error.kind(), error.step()), (ErrorKind::AccessDenied, Step::Callback), "{}", error.explain());
}

#[tokio::test]
async fn typed_and_dynamic_clients_read_signed_answers() {
    let sim = simulator().await;
    whole(&sim, &sim.client::<Envoy>().redirect_uri(REDIRECT)).await;
    let dynamic = sim.dynamic_client().unwrap_or_else(|error| panic!("{error}"));
    whole(&sim, &dynamic.redirect_uri(REDIRECT)).await;
}

#[tokio::test]
async fn keys_that_are_renewed_sign_the_next_callback() {
    let sim = simulator().await;
    let client = sim.client::<Envoy>().redirect_uri(REDIRECT);
    whole(&sim, &client).await;
    sim.rotate_keys();
    whole(&sim, &client).await;
}
