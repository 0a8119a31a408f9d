//! An account's token on requests of other HTTP stacks, and what becomes of refusals.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, Request, StatusCode, header};
use oauth_core::mechanism::{MechanismError, Mechanisms, RequestSigner, SignRequest};
use oauth_core::{Account, Clock as _, Error, ErrorKind, ExposeSecret as _, Step, TokenSet};
use oauth_tests::canned::{Answer, Canned, json, json_status, status, with};
use oauth_tests::login::{ACME, ManualClock, client, spec};

#[path = "apply/addresses.rs"]
mod addresses;
#[path = "apply/layers.rs"]
mod layers;

const THINGS: &str = "https://api.acme.example/things";

fn fresh(access: &str) -> Answer {
    json(&format!(r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":3600,"scope":"read"}}"#))
}

/// A 403 as RFC 6750 section 3.1 has it.
fn lacking(status: u16) -> Answer {
    with(status, &[("www-authenticate", r#"Bearer error="insufficient_scope", scope="write admin""#)], "{}")
}

/// An account whose token requests go to a canned server.
struct Rig {
    server: Canned,
    account: Account,
    clock: ManualClock,
}

impl Rig {
    async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::ending_in(3600, answers).await
    }

    async fn ending_in(seconds: u64, answers: impl IntoIterator<Item = Answer>) -> Self {
        let (server, clock) = (Canned::start(answers).await, ManualClock::new());
        let tokens = TokenSet::new("old-access").with_refresh_token("old-refresh");
        let tokens = tokens.with_expires_at(clock.now() + Duration::from_secs(seconds));
        let client = client(ACME).clock(Arc::new(clock.clone())).dangerous_at(server.origin());
        Self { account: client.account(tokens), server, clock }
    }

    fn refreshes(&self) -> usize {
        self.server.received().iter().filter(|request| request.target.ends_with("/token")).count()
    }

    /// The tokens of the requests that are none to the token endpoint, in order.
    fn shown(&self) -> Vec<String> {
        let calls = self.server.received().into_iter().filter(|request| !request.target.ends_with("/token"));
        calls.map(|request| request.header("authorization").unwrap_or_default().to_owned()).collect()
    }
}

fn parts(address: &str) -> Parts {
    Request::get(address).body(()).unwrap().into_parts().0
}

fn token_of(parts: &Parts) -> &str {
    parts.headers[header::AUTHORIZATION].to_str().unwrap()
}

/// An account of a file beyond [`ACME`], whose requests go to the addresses themselves.
fn account(more: &str) -> Account {
    spec(&format!("{ACME}{more}\n")).client("my-client", "s3cret").account(TokenSet::new("old-access"))
}

#[tokio::test]
async fn a_token_is_put_where_the_provider_wants_it() {
    let mut head = parts("https://api.acme.example/things?a=b");
    account("").apply(&mut head).await.unwrap();
    assert_eq!((token_of(&head), head.headers[header::AUTHORIZATION].is_sensitive()), ("Bearer old-access", true));
    assert_eq!(head.uri, "https://api.acme.example/things?a=b");

    let mut head = parts(THINGS);
    head.headers.insert("x-version", "1".parse().unwrap());
    head.extensions.insert(7_u8);
    let yaml = ACME.replace(
        "{base_url: https://api.acme.example}",
        "{base_url: https://api.acme.example, headers: {X-Version: \"2\", X-Client: \"{client_id}\"}}",
    );
    let yaml = format!("{yaml}token: {{placement: {{header: X-Token}}}}\n");
    let account = spec(&yaml).client("my-client", "s3cret").account(TokenSet::new("old-access"));
    account.apply(&mut head).await.unwrap();
    assert_eq!(head.headers["x-token"], "old-access");
    assert_eq!(
        (&head.headers["x-version"], &head.headers["x-client"]),
        (&"1".parse().unwrap(), &"my-client".parse().unwrap())
    );
    assert!(!head.headers.contains_key(header::AUTHORIZATION));
    assert_eq!(head.extensions.get::<u8>(), Some(&7));

    let quirk = "quirks: [{field: token.placement, because: x, source: \"https://acme.example\"}]";
    let mut head = parts("https://api.acme.example/things?a=b");
    self::account(&format!("token: {{placement: {{query: key}}}}\n{quirk}")).apply(&mut head).await.unwrap();
    assert_eq!(head.uri, "https://api.acme.example/things?a=b&key=old-access");
}

#[tokio::test]
async fn a_token_goes_to_the_provider_only_and_a_refused_request_stays_as_it_was() {
    let account = account("");
    for (address, host, kind) in [
        ("https://evil.example/things", None, ErrorKind::OriginRefused),
        ("http://api.acme.example/things", None, ErrorKind::OriginRefused),
        ("https://api.acme.example:8443/things", None, ErrorKind::OriginRefused),
        ("https://api.acme.example/things", Some("evil.example"), ErrorKind::OriginRefused),
        ("https://api.acme.example/things?access_token=x", None, ErrorKind::Parameter),
        ("/things", None, ErrorKind::Config),
    ] {
        let mut head = parts(address);
        if let Some(host) = host {
            head.headers.insert(header::HOST, host.parse().unwrap());
        }
        let headers = head.headers.clone();
        let error = account.apply(&mut head).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{address}");
        assert_eq!((head.uri.to_string().as_str(), head.headers), (address, headers));
    }
    let mut head = parts(THINGS);
    head.headers.insert(header::HOST, "API.acme.example".parse().unwrap());
    account.apply(&mut head).await.unwrap();
}

struct Signer {
    needs_body: bool,
}

impl RequestSigner for Signer {
    fn sign(&self, request: &mut SignRequest<'_>) -> Result<(), MechanismError> {
        request.set_header("x-signed", "yes")
    }

    fn needs_body(&self) -> bool {
        self.needs_body
    }
}

#[tokio::test]
async fn what_needs_the_body_says_what_to_use_instead() {
    let quirk = "quirks: [{field: token.placement, because: x, source: \"https://acme.example\"}]";
    let in_body = account(&format!("token: {{placement: {{body: token}}}}\n{quirk}"));
    let signed = |needs_body| {
        let yaml =
            ACME.replace("{base_url: https://api.acme.example}", "{base_url: https://api.acme.example, sign: mine}");
        let mechanisms = Mechanisms::new().request_signer("mine", Signer { needs_body });
        let client = spec(&yaml).client_with("my-client", "s3cret", mechanisms).unwrap();
        client.account(TokenSet::new("old-access"))
    };
    for account in [in_body, signed(true)] {
        let error = account.apply(&mut parts(THINGS)).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Api));
        let text = error.explain();
        assert!(text.contains("account.request(..)") && text.contains("client.apply(..)"), "{text}");
    }
    let mut head = parts(THINGS);
    signed(false).apply(&mut head).await.unwrap();
    assert_eq!((token_of(&head), &head.headers["x-signed"]), ("Bearer old-access", &"yes".parse().unwrap()));
}

/// Applies, and shows the answer: whether to try again.
async fn tried(account: &Account, status: StatusCode, headers: &HeaderMap) -> Result<bool, Error> {
    let applied = account.apply(&mut parts("https://api.acme.example/things")).await?;
    account.refused(&applied, status, headers).await
}

async fn refused(account: &Account) -> bool {
    tried(account, StatusCode::UNAUTHORIZED, &HeaderMap::new()).await.unwrap()
}

#[tokio::test]
async fn ref_11_a_401_is_worth_one_refresh() {
    let rig = Rig::new([fresh("new-access")]).await;
    let mut head = parts(THINGS);
    let applied = rig.account.apply(&mut head).await.unwrap();
    assert!(head.uri.to_string().ends_with("/api.acme.example/things") && head.uri.scheme_str() == Some("http"));
    let again = rig.account.refused(&applied, StatusCode::UNAUTHORIZED, &HeaderMap::new()).await.unwrap();
    assert!(again);
    let mut head = parts(THINGS);
    let second = rig.account.apply(&mut head).await.unwrap();
    assert_eq!((token_of(&head), rig.refreshes()), ("Bearer new-access", 1));
    assert!(!rig.account.refused(&second, StatusCode::UNAUTHORIZED, &HeaderMap::new()).await.unwrap());
    assert_eq!(rig.refreshes(), 1, "the second refusal is the caller's");
    assert!(!format!("{applied:?}").contains("old-access"));
}

#[tokio::test]
async fn ref_11_a_late_401_for_an_old_token_discards_no_newer_one() {
    let rig = Rig::new([fresh("new-access"), status(500, "a second refresh")]).await;
    let late = rig.account.apply(&mut parts(THINGS)).await.unwrap();
    rig.account.refresh().await.unwrap();
    for _ in 0..3 {
        assert!(rig.account.refused(&late, StatusCode::UNAUTHORIZED, &HeaderMap::new()).await.unwrap());
    }
    assert_eq!(rig.account.tokens().access_token().expose_secret(), "new-access");
    assert_eq!(rig.refreshes(), 1);
}

#[tokio::test]
async fn ref_11_many_that_are_refused_at_once_share_one_refresh() {
    let rig = Rig::new([fresh("new-access"), status(500, "a second refresh")]).await;
    let applied = rig.account.apply(&mut parts(THINGS)).await.unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (account, applied) = (rig.account.clone(), applied.clone());
            tokio::spawn(async move { account.refused(&applied, StatusCode::UNAUTHORIZED, &HeaderMap::new()).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().unwrap());
    }
    assert_eq!(rig.refreshes(), 1);
}

#[tokio::test]
async fn ref_11_without_a_way_to_renew_a_401_is_the_callers() {
    let server = Canned::start([]).await;
    let account = client(ACME).dangerous_at(server.origin()).account(TokenSet::new("old-access"));
    assert!(!refused(&account).await);
    assert_eq!(server.received().len(), 0);
    // A server may prolong the token that there is.
    let rig = Rig::new([fresh("old-access")]).await;
    assert!(refused(&rig.account).await);
    assert!(!refused(&rig.account).await);
    assert_eq!(rig.refreshes(), 1);
}

#[tokio::test]
async fn a_refresh_that_fails_is_told() {
    let rig = Rig::new([status(503, "down")]).await;
    let error = tried(&rig.account, StatusCode::UNAUTHORIZED, &HeaderMap::new()).await.unwrap_err();
    assert!(error.is_retryable() && error.step() == Step::Refresh, "{}", error.explain());
}

#[tokio::test]
async fn rt_07_an_api_that_refuses_everything_costs_one_refresh_a_minute() {
    let rig = Rig::new([fresh("second"), fresh("third"), fresh("fourth")]).await;
    let mut tries = 0;
    while refused(&rig.account).await {
        tries += 1;
        assert!(tries < 10, "a caller's loop comes to its end");
    }
    for _ in 0..10 {
        assert!(!refused(&rig.account).await);
    }
    assert_eq!((tries, rig.refreshes()), (1, 1));
    rig.clock.advance(Duration::from_secs(60));
    assert!(refused(&rig.account).await, "a token is not on trial for ever");
    assert_eq!(rig.refreshes(), 2);
}

#[tokio::test]
async fn rt_07_a_token_that_was_taken_once_is_worth_a_refresh_again() {
    let rig = Rig::new([fresh("second"), fresh("third")]).await;
    assert!(refused(&rig.account).await);
    for (status, taken) in [(500, false), (404, false), (204, true)] {
        let status = StatusCode::from_u16(status).unwrap();
        assert!(!tried(&rig.account, status, &HeaderMap::new()).await.unwrap());
        assert_eq!(refused(&rig.account).await, taken, "{status}");
    }
    assert_eq!(rig.refreshes(), 2);
}

#[tokio::test]
async fn ref_12_a_missing_scope_is_an_error_that_names_it_and_no_reason_to_refresh() {
    let challenge = r#"Bearer realm="x", error="insufficient_scope", scope="write old-access admin""#;
    for code in [401, 403] {
        let rig = Rig::new([]).await;
        let headers = HeaderMap::from_iter([(header::WWW_AUTHENTICATE, challenge.parse().unwrap())]);
        let error = tried(&rig.account, StatusCode::from_u16(code).unwrap(), &headers).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::InsufficientScope, Step::Api));
        assert_eq!(error.scopes(), ["write", "[redacted]", "admin"], "servers echo what they were shown");
        assert_eq!(error.server().and_then(oauth_core::ServerError::status), Some(code));
        assert!(error.to_string().contains("write and [redacted] and admin"), "{error}");
        assert!(!error.is_retryable() && !error.needs_reauth());
        assert_eq!(rig.refreshes(), 0);
    }
    let rig = Rig::new([]).await;
    assert!(!tried(&rig.account, StatusCode::FORBIDDEN, &HeaderMap::new()).await.unwrap(), "a 403 may be anything");
    let other = HeaderMap::from_iter([(header::WWW_AUTHENTICATE, "Bearer error=insufficient_scope".parse().unwrap())]);
    assert!(!tried(&rig.account, StatusCode::OK, &other).await.unwrap());
    assert_eq!(rig.refreshes(), 0);
}

#[tokio::test]
async fn ref_12_requests_of_the_account_say_so_as_well() {
    for code in [401, 403] {
        let rig = Rig::new([lacking(code), lacking(code), fresh("new-access")]).await;
        let response = rig.account.get("/things").send().await.unwrap();
        assert_eq!(response.status(), code);
        let error = response.error_for_status().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.scopes()),
            (ErrorKind::InsufficientScope, &["write".into(), "admin".into()][..])
        );
        let error = rig.account.profile().await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::InsufficientScope, Step::Profile));
        assert_eq!(rig.refreshes(), 0);
    }
}

#[tokio::test]
async fn ref_13_a_token_that_is_about_to_end_is_renewed_before_it_is_applied() {
    let rig = Rig::ending_in(30, [fresh("new-access")]).await;
    let mut head = parts(THINGS);
    rig.account.apply(&mut head).await.unwrap();
    assert_eq!((token_of(&head), rig.refreshes()), ("Bearer new-access", 1));
}

#[tokio::test]
async fn ref_13_a_token_that_ends_on_its_way_costs_one_refresh() {
    let rig = Rig::ending_in(61, [fresh("new-access"), fresh("third")]).await;
    let mut head = parts(THINGS);
    let applied = rig.account.apply(&mut head).await.unwrap();
    assert_eq!(token_of(&head), "Bearer old-access");
    rig.clock.advance(Duration::from_secs(62));
    assert!(rig.account.refused(&applied, StatusCode::UNAUTHORIZED, &HeaderMap::new()).await.unwrap());
    assert_eq!(rig.refreshes(), 1, "the token is renewed once, because it has ended and was refused");
}

#[tokio::test]
async fn rt_07_a_second_refusal_says_that_there_were_two() {
    let rig = Rig::new([json_status(401, "{}"), fresh("new-access"), json_status(401, "{}")]).await;
    let error = rig.account.get("/things").send().await.unwrap().error_for_status().await.unwrap_err();
    assert!(error.to_string().contains("neither the token nor the one that took its place"), "{error}");
    let rig =
        Rig::new([json_status(401, "{}"), fresh("new-access"), json_status(401, "{}"), json_status(401, "{}")]).await;
    for _ in 0..2 {
        assert_eq!(rig.account.get("/things").send().await.unwrap().status(), 401);
    }
    assert_eq!((rig.refreshes(), rig.shown().len()), (1, 3), "the next request is refused without a refresh");
}
