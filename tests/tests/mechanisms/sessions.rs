//! A session login: the fresh token is exchanged for a session token, which goes into a header, and for the address of the
//! account's data, which the provider's file lets be below one host only. After each refresh the session is opened anew.

use std::time::Duration;

use bytes::Bytes;
use oauth_core::http::BoxFuture;
use oauth_core::mechanism::{MechanismError, Mechanisms, Session, SessionLogin, SessionRequest};
use oauth_core::{
    Account, CanAuthorize, CanRefresh, Client, Dynamic, ErrorKind, ExposeSecret as _, HasApi, Step, TokenSet,
};
use oauth_tests::canned::{Answer, Canned, json, json_status, with};
use oauth_tests::login::TOKENS;

use crate::{SECRET, at, file, log_in, said};

oauth_providers::provider!("tests/mechanisms/sessions.yaml");

/// What the file selects as `rest-login`.
struct RestLogin;

impl SessionLogin for RestLogin {
    fn open<'a>(&'a self, login: SessionRequest<'a>) -> BoxFuture<'a, Result<Session, MechanismError>> {
        Box::pin(async move {
            let answer = login.get("https://rest.sessions.example/login?version=2").await?.json()?;
            let token = answer["session"].as_str().ok_or(MechanismError::new("the answer has no session"))?;
            let ends = login.client().now() + Duration::from_secs(600);
            Ok(Session::new(token).with_expires_at(ends).with_extra("restUrl", answer["restUrl"].clone()))
        })
    }
}

fn typed() -> Client<sessions::Sessions> {
    sessions::Sessions::client("my-client", SECRET, RestLogin)
}

fn dynamic() -> Client {
    let mechanisms = Mechanisms::new().session_login("rest-login", RestLogin);
    file("sessions.yaml").client_with("my-client", SECRET, mechanisms).unwrap()
}

/// The answer to the session login.
fn session(number: u32) -> Answer {
    json(&format!(
        "{{\"session\":\"canary-session-{number}\",\"restUrl\":\"https://rest.sessions.example/core/{number}/\"}}"
    ))
}

/// The tokens of a refresh, which ends the old refresh token.
fn renewed(number: u32) -> Answer {
    json(&format!(
        "{{\"access_token\":\"canary-renewed-{number}\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"refresh_token\":\"canary-refresh-{number}\"}}"
    ))
}

/// What the server saw, in short: `/rest.sessions.example/login`.
fn targets(server: &Canned) -> Vec<String> {
    server.received().iter().map(|request| request.target.clone()).collect()
}

const LOGIN: &str = "/rest.sessions.example/login?version=2";
const TOKEN: &str = "/auth.sessions.example/token";

async fn a_session<P: CanAuthorize + CanRefresh + HasApi>(client: Client<P>) {
    let server = Canned::start([json(TOKENS), session(1), json("[]"), renewed(2), session(2), json("[]")]).await;
    let account = log_in(&at(client, &server)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    account.get("/jobs").send().await.unwrap();
    account.refresh().await.unwrap();
    account.get("/jobs").send().await.unwrap();
    let jobs = |number| format!("/rest.sessions.example/core/{number}/jobs");
    assert_eq!(targets(&server), [TOKEN, LOGIN, &jobs(1), TOKEN, LOGIN, &jobs(2)]);
    let received = server.received();
    for (login, token) in [(&received[1], "canary-access-token"), (&received[4], "canary-renewed-2")] {
        assert_eq!(login.header("authorization"), Some(format!("Bearer {token}").as_str()));
    }
    for (call, number) in [(&received[2], 1), (&received[5], 2)] {
        assert_eq!(call.header("x-rest-token"), Some(format!("canary-session-{number}").as_str()));
        assert_eq!(call.header("authorization"), None);
    }
    // The refresh is made with the OAuth refresh token, never with anything of the session.
    assert!(received[3].body.contains("refresh_token=canary-refresh-token"), "{}", received[3].body);
    assert_eq!(account.tokens().refresh_token().unwrap().expose_secret(), "canary-refresh-2");
}

#[tokio::test]
async fn the_token_is_exchanged_for_a_session() {
    a_session(typed()).await;
    a_session(dynamic()).await;
}

/// An account of which the first session is open, and what comes after that.
async fn opened(answers: impl IntoIterator<Item = Answer>) -> (Canned, Account<Dynamic>) {
    let server = Canned::start([json(TOKENS), session(1)].into_iter().chain(answers)).await;
    let account = log_in(&at(dynamic(), &server)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    (server, account)
}

#[tokio::test]
async fn a_refused_session_is_renewed_once() {
    let (server, account) = opened([json_status(401, "{}"), renewed(2), session(2), json("[]")]).await;
    assert_eq!(account.get("/jobs").send().await.unwrap().status(), 200);
    assert_eq!(targets(&server).len(), 6);
}

#[tokio::test]
async fn no_token_is_lost_to_a_session_that_does_not_open() {
    let down = || with(503, &[("retry-after", "7")], "canary-session-0");
    let (server, account) = opened([renewed(2), down(), down(), session(2), json("[]")]).await;
    let error = account.refresh().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unavailable, Step::Session));
    assert!(error.is_retryable() && error.retry_after() == Some(Duration::from_secs(7)), "{error}");
    assert!(error.to_string().starts_with("opening the session with Sessions: "), "{error}");

    // The refresh took place and its refresh token is kept, also in a store; the access token alone is not handed out.
    let kept = account.tokens();
    assert_eq!(kept.refresh_token().unwrap().expose_secret(), "canary-refresh-2");
    let restored = TokenSet::from_exposed_json(&kept.expose_json()).unwrap();
    let mut request = http::Request::get("https://rest.sessions.example/core/1/jobs").body(Bytes::new()).unwrap();
    for tokens in [&*kept, &restored] {
        assert_eq!(account.client().apply(tokens, &mut request).unwrap_err().step(), Step::Session);
    }
    assert!(request.headers().is_empty());
    assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::Unavailable);

    // Once the provider is back the session opens with the token of that refresh, without another.
    let account = account.client().account(restored);
    account.get("/jobs").send().await.unwrap();
    let jobs = "/rest.sessions.example/core/2/jobs";
    assert_eq!(targets(&server), [TOKEN, LOGIN, TOKEN, LOGIN, LOGIN, LOGIN, jobs]);
    assert_eq!(server.received()[6].header("x-rest-token"), Some("canary-session-2"));
}

#[tokio::test]
async fn a_token_that_opens_no_session_is_refreshed() {
    let refused = || json_status(403, r#"{"error":"no_login","message":"canary-renewed-2 is unknown"}"#);
    let (server, account) = opened([renewed(2), refused(), refused(), renewed(3), session(3)]).await;
    let error = account.refresh().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderRefused);
    let said = said(&error);
    assert!(said.contains("[redacted] is unknown") && !said.contains("canary"), "{said}");
    account.refresh().await.unwrap();
    assert_eq!(targets(&server), [TOKEN, LOGIN, TOKEN, LOGIN, LOGIN, TOKEN, LOGIN]);
    assert_eq!(account.tokens().refresh_token().unwrap().expose_secret(), "canary-refresh-3");
}

#[tokio::test]
async fn an_address_that_the_file_does_not_list_gets_nothing() {
    let foreign = json(r#"{"session":"canary-session-1","restUrl":"https://rest.sessions.example.evil.example/"}"#);
    let server = Canned::start([json(TOKENS), foreign]).await;
    let account = log_in(&at(typed(), &server)).await.unwrap();
    let error = account.get("/jobs").send().await.unwrap_err();
    assert!(error.to_string().contains("no usable `rest_url`"), "{error}");
    assert_eq!(targets(&server).len(), 2);
}

/// Session logins that go wrong.
#[derive(Clone, Copy)]
enum Bad {
    Ask(&'static str),
    Forever,
    Empty,
    Says,
}

impl SessionLogin for Bad {
    fn open<'a>(&'a self, login: SessionRequest<'a>) -> BoxFuture<'a, Result<Session, MechanismError>> {
        Box::pin(async move {
            assert!(!format!("{login:?}").contains("canary"));
            match self {
                Self::Ask(url) => {
                    let answer = login.get(url).await?;
                    assert!(!format!("{answer:?}").contains("canary"));
                    Ok(Session::beside_token())
                }
                Self::Forever => loop {
                    login.get("https://rest.sessions.example/").await?;
                },
                Self::Empty => Ok(Session::new(" ")),
                Self::Says => {
                    let answer = login.get("https://auth.sessions.example/login").await?;
                    let body = String::from_utf8_lossy(answer.body()).into_owned();
                    let token = login.tokens().access_token().expose_secret();
                    Err(MechanismError::new(format!("no session in `{body}` for {token}")))
                }
            }
        })
    }
}

/// A login whose session login goes wrong, and how many requests it made.
async fn fails(bad: Bad, answers: Vec<Answer>) -> (oauth_core::Error, usize) {
    let server = Canned::start(std::iter::once(json(TOKENS)).chain(answers)).await;
    let client = at(sessions::Sessions::client("my-client", SECRET, bad), &server).timeout(Duration::from_millis(500));
    let error = log_in(&client).await.unwrap_err();
    assert!(!said(&error).contains("canary"), "{}", said(&error));
    assert_eq!(error.step(), Step::Session, "{error}");
    (error, server.received().len() - 1)
}

#[tokio::test]
async fn its_requests_obey_the_rules_of_all() {
    for (url, kind) in [
        ("https://evil.example/", ErrorKind::OriginRefused),
        ("https://sessions.example/", ErrorKind::OriginRefused),
        ("https://rest.sessions.example.evil.example/", ErrorKind::OriginRefused),
        ("https://rest.sessions.example:8443/", ErrorKind::OriginRefused),
        ("https://user@rest.sessions.example/", ErrorKind::OriginRefused),
        ("http://rest.sessions.example/", ErrorKind::OriginRefused),
        ("/login", ErrorKind::Config),
    ] {
        let (error, requests) = fails(Bad::Ask(url), Vec::new()).await;
        assert_eq!((error.kind(), requests), (kind, 0), "{url}: {error}");
    }
    let below = "https://eu.rest.sessions.example/";
    let moved = with(302, &[("location", "https://evil.example/canary")], "");
    let large = json(&"x".repeat(1024 * 1024 + 1));
    let zipped = with(200, &[("content-encoding", "gzip")], "canary");
    for (answer, kind) in [
        (moved, ErrorKind::RedirectRefused),
        (large, ErrorKind::ResponseTooLarge),
        (zipped, ErrorKind::ResponseEncoded),
        (Answer::Hang(Vec::new()), ErrorKind::Timeout),
    ] {
        let (error, requests) = fails(Bad::Ask(below), vec![answer]).await;
        assert_eq!((error.kind(), requests), (kind, 1), "{error}");
    }
}

#[tokio::test]
async fn a_login_without_end_ends() {
    let (error, requests) = fails(Bad::Forever, (0..20).map(|_| json("{}")).collect()).await;
    assert_eq!((error.kind(), requests), (ErrorKind::Mechanism, 16), "{error}");
}

#[tokio::test]
async fn what_it_gives_and_says_is_checked() {
    let (error, _) = fails(Bad::Empty, Vec::new()).await;
    assert!(error.to_string().contains("the session's token is empty"), "{error}");
    let (error, _) = fails(Bad::Says, vec![json("canary-session-9")]).await;
    assert!(error.to_string().ends_with("no session in `[redacted]` for [redacted]"), "{error}");
}

#[tokio::test]
async fn a_session_may_be_beside_the_token() {
    let server = Canned::start([json(TOKENS), json("{}")]).await;
    let bad = Bad::Ask("https://auth.sessions.example/check");
    let account = log_in(&at(sessions::Sessions::client("my-client", SECRET, bad), &server)).await.unwrap();
    assert_eq!(account.tokens().access_token().expose_secret(), "canary-access-token");
}
