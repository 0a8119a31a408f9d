//! A compiled provider with extras of two answers and a further token: what the generated types read.

use oauth_core::{Account, ErrorKind, ExposeSecret as _};
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::parameter;

use self::orbit::Orbit;

oauth_providers::provider!("tests/flows/orbit.yaml");

async fn log_in() -> (Canned, Account<Orbit>) {
    let tokens = r#"{"access_token":"T1.secret","token_type":"Bearer","authed_user":{"id":"18446744073709551615",
        "first":"Ada","last":"Lovelace","access_token":"user-1","refresh_token":"user-r1"}}"#;
    let metadata = r#"{"api":"https://eu.orbit.example","plans":["a","b"]}"#;
    let server = Canned::start([json(tokens), json(metadata)]).await;
    let client = Orbit::client("my:id".replace(':', "-"), "s%c").redirect_uri("https://app.example/callback");
    let client = client.dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_ref(), "state").unwrap();
    let account = client.callback(format!("code=c&state={state}"), pending, browser).await;
    (server, account.unwrap_or_else(|error| panic!("{}", error.explain())))
}

#[tokio::test]
async fn extras_of_both_answers_are_typed() {
    let (server, account) = log_in().await;
    let extras = account.extras().unwrap();
    assert_eq!((extras.user_id, extras.team.as_deref()), (Some(u64::MAX), Some("T1")));
    assert_eq!(extras.api_endpoint.as_deref(), Some("https://eu.orbit.example"));
    assert_eq!(extras.plans, ["a", "b"]);
    assert!(!format!("{extras:?}").contains("T1"), "a part of a token: {extras:?}");
    let me = account.profile().await.unwrap();
    assert_eq!((me.subject.as_str(), me.name.as_deref()), ("18446744073709551615", Some("Ada Lovelace")));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_further_token_is_an_account_of_the_same_provider() {
    let (server, account) = log_in().await;
    let user: Account<Orbit> = account.also("user").unwrap();
    server.answer(json(r#"{"ok":true}"#));
    server.answer(json(r#"{"ok":false,"error":"nope"}"#));
    user.get("/me").send().await.unwrap().error_for_status().await.unwrap();
    let call = server.received().pop().unwrap();
    assert_eq!(
        (call.target.as_str(), call.header("authorization")),
        ("/eu.orbit.example/v1/me", Some("Bearer user-1"))
    );
    let error = user.get("/me").send().await.unwrap().error_for_status().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApiStatus);
    server.answer(json(r#"{"access_token":"user-2","token_type":"Bearer"}"#));
    user.refresh().await.unwrap();
    assert!(server.received().pop().unwrap().body.contains("refresh_token=user-r1"));
    assert_eq!(account.tokens().also("user").unwrap().access_token().expose_secret(), "user-2");
    assert_eq!(account.tokens().access_token().expose_secret(), "T1.secret");
}
