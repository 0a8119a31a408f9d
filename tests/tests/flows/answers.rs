//! What is kept of a token response: lifetimes, parts of texts, further tokens.

use std::time::Duration;

use oauth_core::{Clock as _, ErrorKind, ExposeSecret as _, TokenSet};
use oauth_tests::canned::{Answer, Canned, json, json_status};
use oauth_tests::login::{ManualClock, SECRET, account_with, client, log_in_with};

const SEEN: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints: {authorization: https://id.acme.example/authorize, token: https://id.acme.example/token}
client_auth: body
api: {base_url: https://api.acme.example}
";

fn file(more: &str) -> String {
    format!("{SEEN}{more}")
}

async fn tokens(yaml: &str, body: &str) -> TokenSet {
    let (_, account) = log_in_with(&file(yaml), [json(body)]).await;
    (*account.unwrap_or_else(|error| panic!("{}", error.explain())).tokens()).clone()
}

/// Seconds from the clock's start.
fn seconds(at: Option<std::time::SystemTime>) -> Option<u64> {
    at.map(|at| at.duration_since(ManualClock::new().now()).unwrap().as_secs())
}

#[tokio::test]
async fn a_status_of_201_is_a_success() {
    let (_, account) =
        log_in_with(&file(""), [json_status(201, r#"{"access_token":"a","token_type":"Bearer"}"#)]).await;
    assert_eq!(account.unwrap().tokens().access_token().expose_secret(), "a");
}

#[tokio::test]
async fn a_lifetime_of_zero_may_be_no_end() {
    let body = |value: &str| format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{value}}}"#);
    assert_eq!(seconds(tokens("", &body("0")).await.expires_at()), Some(0));
    let never = "token: {response: {expiry: {zero: never, default: 60}}}\n";
    for zero in ["0", "\"0\"", "0.0"] {
        assert_eq!(tokens(never, &body(zero)).await.expires_at(), None, "{zero}");
    }
    assert_eq!(seconds(tokens(never, &body("5")).await.expires_at()), Some(5));
    assert_eq!(seconds(tokens(never, &body("null")).await.expires_at()), Some(60));
}

#[tokio::test]
async fn a_point_in_time_may_be_text() {
    // The clock stands at 2026-11-18T11:06:40Z.
    let yaml = "token: {response: {expiry: {field: ends, kind: at}}}\n";
    let body = |value: &str| format!(r#"{{"access_token":"a","token_type":"Bearer","ends":"{value}"}}"#);
    for text in ["2026-11-18T12:06:40Z", "2026-11-18T13:06:40+01:00", "1795003600", "2026-11-18 12:06:40.9Z"] {
        assert_eq!(seconds(tokens(yaml, &body(text)).await.expires_at()), Some(3600), "{text}");
    }
    assert_eq!(seconds(tokens(yaml, &body("2020-01-01T00:00:00Z")).await.expires_at()), Some(0));
    // Where a span is told, a date is none; nor is what is nearly one.
    for (yaml, text) in [(yaml, "18.11.2026"), ("token: {response: {expiry: {field: ends}}}\n", "2026-11-18T12:06:40")]
    {
        let (_, account) = log_in_with(&file(yaml), [json(&body(text))]).await;
        assert_eq!(account.err().map(|error| error.kind()), Some(ErrorKind::BadResponse), "{text}");
    }
}

#[tokio::test]
async fn a_refresh_token_may_end_too() {
    let yaml = "refresh: {expiry: {field: refresh_ends_in, default: 600}, idle_lifetime: 300}\n";
    let body = |more: &str| format!(r#"{{"access_token":"a","token_type":"Bearer"{more}}}"#);
    let told = tokens(yaml, &body(r#","refresh_token":"r","refresh_ends_in":100"#)).await;
    assert_eq!(seconds(told.refresh_expires_at()), Some(100));
    let read = TokenSet::from_exposed_json(&told.expose_json()).unwrap();
    assert_eq!(read.refresh_expires_at(), told.refresh_expires_at());
    assert_eq!(seconds(tokens(yaml, &body(r#","refresh_token":"r""#)).await.refresh_expires_at()), Some(300), "unused");
    assert_eq!(tokens(yaml, &body("")).await.refresh_expires_at(), None);
    assert_eq!(tokens("", &body(r#","refresh_token":"r""#)).await.refresh_expires_at(), None);

    // A refresh is a use; what was said of the old refresh token goes on with it, and not with a new one.
    let (server, account) =
        account_with(&file(yaml), told, [json(&body("")), json(&body(r#","refresh_token":"s""#))]).await;
    assert_eq!(seconds(account.refresh().await.unwrap().refresh_expires_at()), Some(100));
    assert_eq!(seconds(account.refresh().await.unwrap().refresh_expires_at()), Some(300));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn the_part_before_a_mark_is_an_extra() {
    let yaml = "token: {response: {extras: {user_id: {type: string, at: /access_token, before: \".\"}, team: {type: string, at: /org/slug, before: /}, scope_text: {type: string, at: /scope}}}}\n";
    let body = r#"{"access_token":"u17.rest.of-it","token_type":"Bearer","scope":"a b","org":{"slug":"north/x"},"user_id":"no"}"#;
    let (_, account) = log_in_with(&file(yaml), [json(body)]).await;
    let extras = account.unwrap().extras().unwrap();
    assert_eq!(
        (extras.str("user_id"), extras.str("team"), extras.str("scope_text")),
        (Some("u17"), Some("north"), Some("a b"))
    );
    // Without the mark there is no such part, and the whole is a secret.
    let body = r#"{"access_token":"u17","token_type":"Bearer"}"#;
    let (_, account) = log_in_with(&file(yaml), [json(body)]).await;
    assert_eq!(account.unwrap().extras().unwrap().str("user_id"), None);
}

const TWO: &str = "token: {response: {token_type: ignored, also: {user: {at: /authed_user}, team: {at: /team/bot}}}}
quirks: [{field: token.response.token_type, because: it says bot or user, source: \"https://acme.example/docs\"}]
";

fn two() -> Answer {
    json(
        r#"{"access_token":"bot-1","token_type":"bot","refresh_token":"bot-r1","expires_in":3600,"team_id":"T1",
            "authed_user":{"id":"U1","access_token":"user-1","token_type":"user","refresh_token":"user-r1","expires_in":0,"scope":"me"},
            "team":{"bot":{"access_token":null}}}"#,
    )
}

fn one(access: &str, refresh: &str) -> Answer {
    json(&format!(r#"{{"access_token":"{access}","token_type":"user","refresh_token":"{refresh}","expires_in":3600}}"#))
}

fn access(tokens: &TokenSet) -> &str {
    tokens.access_token().expose_secret()
}

#[tokio::test]
async fn a_further_token_is_an_account_of_its_own() {
    let (server, account) = log_in_with(&file(TWO), [two()]).await;
    let account = account.unwrap();
    let user = account.also("user").unwrap();
    assert_eq!((access(&account.tokens()), access(&user.tokens())), ("bot-1", "user-1"));
    assert_eq!((user.tokens().scopes(), user.tokens().token_type()), (&["me".to_owned()][..], Some("user")));
    assert_eq!(user.extras().unwrap().str("team_id"), Some("T1"), "what came beside it");
    assert_eq!(user.extras().unwrap().str("id"), Some("U1"));

    // Its token is renewed by itself, and the login's export has the new one.
    server.answer(one("user-2", "user-r2"));
    let again = account.also("user").unwrap();
    user.refresh().await.unwrap();
    assert_eq!(user.token().await.unwrap().expose_secret(), "user-2");
    assert_eq!(access(&again.tokens()), "user-2", "they are the same account");
    let refresh = server.received().pop().unwrap();
    assert!(refresh.body.contains("refresh_token=user-r1") && !refresh.body.contains("bot-r1"), "{}", refresh.body);
    let exported = account.tokens();
    assert_eq!((access(&exported), access(exported.also("user").unwrap())), ("bot-1", "user-2"));
    let read = TokenSet::from_exposed_json(&exported.expose_json()).unwrap();
    let stored = read.also("user").unwrap();
    assert_eq!((access(stored), stored.refresh_token().unwrap().expose_secret()), ("user-2", "user-r2"));

    // The main token's refresh leaves it alone, and is not kept from happening by the other's.
    server.answer(one("bot-2", "bot-r2"));
    account.refresh().await.unwrap();
    let exported = account.tokens();
    assert_eq!((access(&exported), access(exported.also("user").unwrap())), ("bot-2", "user-2"));
    drop((user, again));
    assert_eq!(access(&account.also("user").unwrap().tokens()), "user-2");
}

#[tokio::test]
async fn a_refresh_that_brings_a_further_token_tells_its_account() {
    let (server, account) = log_in_with(&file(TWO), [two()]).await;
    let account = account.unwrap();
    let user = account.also("user").unwrap();
    let brought = r#"{"access_token":"bot-2","token_type":"bot","authed_user":{"access_token":"user-9","refresh_token":"user-r9"}}"#;
    server.answer(json(brought));
    account.refresh().await.unwrap();
    assert_eq!(access(&user.tokens()), "user-9");
    assert_eq!(user.tokens().refresh_token().unwrap().expose_secret(), "user-r9");
}

#[tokio::test]
async fn what_an_answer_leaves_out_of_a_further_token_goes_on() {
    let yaml = file(&format!("callback: {{keep: {{location: {{doc: where}}}}}}\n{TWO}"));
    let server = Canned::start([two()]).await;
    let client = client(&yaml).dangerous_at(server.origin());
    let started = oauth_tests::login::start(&client).await;
    let callback = format!("code=c&state={}&location=eu", started.state);
    let account = client.callback(callback, started.pending, started.browser).await.unwrap();
    let user = account.also("user").unwrap();
    let refresh = |tokens: &TokenSet| tokens.refresh_token().unwrap().expose_secret().to_owned();

    let answer = |user: &str| format!(r#"{{"access_token":"bot-2","token_type":"bot","authed_user":{{{user}}}}}"#);
    server.answer(json(&answer(r#""access_token":"user-9""#)));
    account.refresh().await.unwrap();
    let exported = account.tokens();
    for tokens in [exported.also("user").unwrap(), &*user.tokens()] {
        assert_eq!((access(tokens), refresh(tokens).as_str()), ("user-9", "user-r1"));
        assert_eq!(tokens.scopes(), ["me"]);
    }
    assert_eq!(user.callback_extras().unwrap().str("location"), Some("eu"));
    assert_eq!(user.extras().unwrap().str("id"), Some("U1"));

    // The same access token with another refresh token is news, too.
    server.answer(json(&answer(r#""access_token":"user-9","refresh_token":"user-r9""#)));
    account.refresh().await.unwrap();
    assert_eq!(refresh(&user.tokens()), "user-r9");

    // An answer without it leaves it as it is.
    server.answer(one("bot-3", "bot-r3"));
    account.refresh().await.unwrap();
    assert_eq!(refresh(account.tokens().also("user").unwrap()), "user-r9");
}

#[tokio::test]
async fn a_token_that_is_not_there_is_told_with_those_that_may_be() {
    let (_, account) = log_in_with(&file(TWO), [two()]).await;
    let account = account.unwrap();
    let error = account.also("usr").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.to_string().contains("there is no further token `usr`; the provider's file has user, team"),
        "{error}"
    );
    let error = account.also("team").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadResponse);
    assert!(error.to_string().contains("the token response had no token `team`"), "{error}");
}

#[tokio::test]
async fn a_further_token_is_shown_nowhere() {
    let (server, account) =
        log_in_with(&file(TWO), [two(), json_status(400, r#"{"message":"no user-1 or bot-1"}"#)]).await;
    let account = account.unwrap();
    let error = account.get("/x").send().await.unwrap().error_for_status().await.unwrap_err();
    let shown =
        format!("{:?} {account:?} {:?} {error:?} {}", account.tokens(), account.also("user").unwrap(), error.explain());
    assert!(shown.contains("no [redacted] or [redacted]"), "{shown}");
    for secret in ["user-1", "bot-1", "user-r1", "bot-r1", SECRET] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    drop(server);
    // One that is no token is a fault of the answer: it would be lost without a word.
    let broken = r#"{"access_token":"a","token_type":"bot","authed_user":{"access_token":7}}"#;
    let (_, account) = log_in_with(&file(TWO), [json(broken)]).await;
    assert_eq!(account.unwrap_err().kind(), ErrorKind::BadResponse);
}

#[tokio::test]
async fn refreshes_of_both_tokens_at_once_lose_neither() {
    let clock = ManualClock::new();
    let server = Canned::start([two()]).await;
    let client = client(&file(TWO)).clock(std::sync::Arc::new(clock.clone())).dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = oauth_tests::login::parameter(url.as_ref(), "state").unwrap();
    let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
    let user = account.also("user").unwrap();
    clock.advance(Duration::from_secs(4000));
    server.answer(one("next-1", "r-1"));
    server.answer(one("next-2", "r-2"));
    let (main, other) = tokio::join!(account.token(), user.token());
    let (main, other) = (main.unwrap(), other.unwrap());
    assert_ne!(main.expose_secret(), other.expose_secret());
    let exported = account.tokens();
    assert_eq!(
        (access(&exported), access(exported.also("user").unwrap())),
        (main.expose_secret(), other.expose_secret())
    );
}
