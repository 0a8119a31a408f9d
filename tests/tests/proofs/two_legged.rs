//! A token of the app's own comes first, and is the app's proof where a user's token is asked for.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Client, ClientAuth, ErrorKind};
use oauth_tests::canned::{Canned, Received, json};
use oauth_tests::login::{ManualClock, spec, start};

/// Where the app gets its own token: other names, and a number that says how it went.
const APP: &str = "
id: branch-app
name: Branch app
docs: https://branch.example/docs
checked: 2026-11-21
endpoints: {token: https://open.branch.example/app_access_token}
client_auth: body
token:
  request: {format: json, rename: {client_id: app_id, client_secret: app_secret}}
  response: {rename: {access_token: app_access_token}, expiry: {field: expire}, token_type: assume_bearer, fails_when: {at: /code, differs: 0}}
grants: {client_credentials: {}}
quirks: [{field: token.response.token_type, because: a test, source: \"https://branch.example/docs\"}]
";

/// Where it gets a user's token, which shows its own in the place of an id and a secret.
const USER: &str = "
id: branch
name: Branch
docs: https://branch.example/docs
checked: 2026-11-21
endpoints: {authorization: https://id.branch.example/authorize, token: https://open.branch.example/access_token}
client_auth: custom
token:
  request: {format: json, headers: {Authorization: \"Bearer {client_secret}\"}}
  response: {at: /data, fails_when: {at: /code, differs: 0}}
";

const APP_TOKEN: &str = r#"{"code":0,"app_access_token":"canary-app-one","expire":7200}"#;
const USER_TOKEN: &str = r#"{"code":0,"data":{"access_token":"canary-user-one","token_type":"Bearer","expires_in":600,"refresh_token":"canary-refresh"}}"#;

fn member(request: &Received, name: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    Some(body.get(name)?.as_str()?.to_owned())
}

#[tokio::test]
async fn an_app_token_is_the_proof_for_a_users() {
    let server = Canned::start([json(APP_TOKEN), json(USER_TOKEN), json(USER_TOKEN)]).await;
    let clock = ManualClock::new();
    let at = |client: Client| client.clock(Arc::new(clock.clone())).dangerous_at(server.origin());
    let app = at(spec(APP).client("cli_a1", "canary-app-secret")).client_credentials().account().await.unwrap();
    let branch = at(spec(USER).client("cli_a1", ClientAuth::source(app))).redirect_uri("https://app.example/callback");
    let started = start(&branch).await;
    let answer = format!("code=canary-code&state={}", started.state);
    let account = branch.callback(answer, started.pending, started.browser).await.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), "canary-user-one");
    account.refresh().await.unwrap();

    let [own, exchange, refresh] = <[Received; 3]>::try_from(server.received()).unwrap();
    assert_eq!(
        (member(&own, "app_id").as_deref(), member(&own, "app_secret").as_deref()),
        (Some("cli_a1"), Some("canary-app-secret"))
    );
    for request in [&exchange, &refresh] {
        assert_eq!(request.header("authorization"), Some("Bearer canary-app-one"), "the same token while it is good");
        assert!(!request.body.contains("canary-app"), "{}", request.body);
    }
    assert_eq!(member(&exchange, "code").as_deref(), Some("canary-code"));

    clock.advance(Duration::from_secs(7200));
    server.answer(json(&APP_TOKEN.replace("one", "two")));
    server.answer(json(USER_TOKEN));
    account.refresh().await.unwrap();
    let requests = server.received();
    let last = requests.last().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer canary-app-two"), "renewed by asking again");
}

#[tokio::test]
async fn without_an_app_token_nothing_is_sent_for_a_user() {
    let server = Canned::start([json(APP_TOKEN)]).await;
    let clock = ManualClock::new();
    let at = |client: Client| client.clock(Arc::new(clock.clone())).dangerous_at(server.origin());
    let app = at(spec(APP).client("cli_a1", "canary-app-secret")).client_credentials().account().await.unwrap();
    let branch = at(spec(USER).client("cli_a1", ClientAuth::source(app))).redirect_uri("https://app.example/callback");
    clock.advance(Duration::from_secs(7200));
    server.answer(json(r#"{"code":10003,"msg":"invalid app_secret"}"#));
    let error = branch.authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("branch-app") || cause.contains("Branch app"), "{cause}");
    assert!(!format!("{error:?} {}", error.explain()).contains("canary"), "{error:?}");
    assert_eq!(server.received().len(), 2, "nothing but the questions for the app's own token");
}
