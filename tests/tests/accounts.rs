//! The life of an account's tokens: one refresh for all who ask, and what a refresh that fails leaves behind.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, ReqwestClient, TransportError, TransportErrorKind};
use oauth_core::{AccessToken, Account, Clock as _, ErrorKind, ExposeSecret as _, Result, TokenSet};
use oauth_tests::canned::{Answer, Canned, Received, json, json_status, status};
use oauth_tests::login::{ACME, ManualClock, client, log_in};
use tokio::sync::{Barrier, Semaphore};

/// How many ask at once.
const CROWD: usize = 1_000;

/// A token response with this access token.
fn tokens(access: &str, more: &str) -> Answer {
    json(&format!(r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":3600{more}}}"#))
}

/// A set whose access token ends after that many seconds of the clock; negative: ended before.
fn ending_in(clock: &ManualClock, seconds: i64) -> TokenSet {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let end = if seconds < 0 { clock.now() - by } else { clock.now() + by };
    TokenSet::new("old-access").with_refresh_token("old-refresh").with_expires_at(end)
}

/// An account whose requests go to a canned server.
struct Rig {
    server: Canned,
    account: Account,
    clock: ManualClock,
}

impl Rig {
    /// The access token ends after `seconds`.
    async fn new(seconds: i64, answers: impl IntoIterator<Item = Answer>) -> Self {
        let clock = ManualClock::new();
        let tokens = ending_in(&clock, seconds);
        Self::of(ACME, clock, tokens, answers).await
    }

    async fn of(yaml: &str, clock: ManualClock, tokens: TokenSet, answers: impl IntoIterator<Item = Answer>) -> Self {
        let server = Canned::start(answers).await;
        let client = client(yaml).clock(Arc::new(clock.clone())).dangerous_at(server.origin());
        Self { account: client.account(tokens), server, clock }
    }

    /// The requests to the token endpoint.
    fn refreshes(&self) -> Vec<Received> {
        self.server.received().into_iter().filter(|request| request.target.ends_with("/token")).collect()
    }
}

/// A transport that holds each request until the test lets it pass.
struct Gate {
    inner: ReqwestClient,
    arrived: AtomicUsize,
    pass: Semaphore,
}

impl Gate {
    fn new() -> Arc<Self> {
        let inner = ReqwestClient::new().expect("a transport");
        Arc::new(Self { inner, arrived: AtomicUsize::new(0), pass: Semaphore::new(0) })
    }

    fn open(&self) {
        self.pass.add_permits(CROWD);
    }
}

impl HttpClient for Gate {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            self.arrived.fetch_add(1, Ordering::SeqCst);
            self.pass.acquire().await.expect("the gate is never closed for good").forget();
            self.inner.send(request).await
        })
    }
}

/// An account behind a gate.
async fn gated(seconds: i64, answers: impl IntoIterator<Item = Answer>) -> (Rig, Arc<Gate>) {
    let (gate, clock) = (Gate::new(), ManualClock::new());
    let server = Canned::start(answers).await;
    let client = client(ACME).clock(Arc::new(clock.clone())).http_client(Arc::clone(&gate) as Arc<dyn HttpClient>);
    let account = client.dangerous_at(server.origin()).account(ending_in(&clock, seconds));
    (Rig { server, account, clock }, gate)
}

/// Lets a crowd ask, opens the gate when each of them waits, and gives what they got.
///
/// On a runtime with one thread a task runs until it waits: whoever has said that it asks next is waiting when another
/// task runs.
async fn ask_at_once(rig: &Rig, gate: &Gate) -> Vec<Result<AccessToken>> {
    let asking = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..CROWD)
        .map(|_| {
            let (account, asking) = (rig.account.clone(), Arc::clone(&asking));
            tokio::spawn(async move {
                asking.fetch_add(1, Ordering::SeqCst);
                account.token().await
            })
        })
        .collect();
    while asking.load(Ordering::SeqCst) < CROWD || gate.arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(tasks.iter().all(|task| !task.is_finished()), "nobody has an answer before the provider gave one");
    gate.open();
    let mut results = Vec::with_capacity(CROWD);
    for task in tasks {
        results.push(task.await.expect("no task panics"));
    }
    results
}

#[tokio::test]
async fn ref_08_a_crowd_that_asks_at_once_makes_one_refresh() {
    let (rig, gate) = gated(-1, [tokens("new-access", r#","refresh_token":"new-refresh""#)]).await;
    let results = ask_at_once(&rig, &gate).await;
    assert_eq!(results.len(), CROWD);
    for result in results {
        assert_eq!(result.unwrap_or_else(|error| panic!("{}", error.explain())).expose_secret(), "new-access");
    }
    let requests = rig.server.received();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].body.contains("grant_type=refresh_token&refresh_token=old-refresh"), "{}", requests[0].body);
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "new-access");
    assert_eq!(rig.server.received().len(), 1, "a fresh token is asked for no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn ref_08_a_crowd_on_many_threads_makes_one_refresh() {
    let rig = Rig::new(-1, [tokens("new-access", ""), tokens("second-access", "")]).await;
    let barrier = Arc::new(Barrier::new(CROWD));
    let tasks: Vec<_> = (0..CROWD)
        .map(|_| {
            let (account, barrier) = (rig.account.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                account.token().await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap().expose_secret(), "new-access");
    }
    assert_eq!(rig.refreshes().len(), 1);
}

#[tokio::test]
async fn ref_08_a_crowd_shares_one_failure_and_whoever_asks_after_the_wait_tries_again() {
    let (rig, gate) = gated(-1, [status(503, "down"), tokens("new-access", "")]).await;
    let results = ask_at_once(&rig, &gate).await;
    let mut texts: Vec<String> = Vec::new();
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.is_retryable() && !error.needs_reauth());
        texts.push(error.explain());
    }
    assert_eq!(texts.len(), CROWD);
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(rig.server.received().len(), 1);
    // Who asks at once shares it, too: one failure is one wait.
    let error = rig.account.token().await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Unavailable, Some(Duration::from_secs(1))));
    assert_eq!(rig.server.received().len(), 1);
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "new-access");
    assert_eq!(rig.server.received().len(), 2);
}

#[tokio::test]
async fn ref_07_a_caller_that_is_cancelled_does_not_cancel_the_refresh() {
    let (rig, gate) =
        gated(-1, [tokens("new-access", r#","refresh_token":"new-refresh""#), status(500, "a second refresh")]).await;
    let account = rig.account.clone();
    let caller = tokio::spawn(async move { account.token().await });
    while gate.arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.open();
    // Nobody waits for it; it comes to its end all the same.
    let landed = async {
        while rig.account.tokens().access_token().expose_secret() != "new-access" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), landed).await.expect("the refresh goes on without its caller");
    assert_eq!(rig.account.tokens().refresh_token().unwrap().expose_secret(), "new-refresh");
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "new-access");
    assert_eq!(rig.server.received().len(), 1);
}

#[tokio::test]
async fn ref_07_who_comes_after_a_cancelled_caller_joins_its_refresh() {
    let (rig, gate) = gated(-1, [tokens("new-access", ""), status(500, "a second refresh")]).await;
    let account = rig.account.clone();
    let first = tokio::spawn(async move { account.token().await });
    while gate.arrived.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let account = rig.account.clone();
    let second = tokio::spawn(async move { account.token().await });
    tokio::task::yield_now().await;
    gate.open();
    assert_eq!(second.await.unwrap().unwrap().expose_secret(), "new-access");
    assert_eq!(rig.server.received().len(), 1);
}

#[test]
fn a_refresh_whose_runtime_ends_before_it_began_is_in_nobodys_way() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serving = runtime();
    let rig = serving.block_on(Rig::new(-1, [tokens("new-access", "")]));
    let short = runtime();
    // Polled once, which starts the refresh in a task that this runtime never runs.
    short.block_on(async {
        let mut asking = std::pin::pin!(rig.account.token());
        assert!(std::future::poll_fn(|cx| Poll::Ready(asking.as_mut().poll(cx).is_pending())).await);
    });
    drop(short);
    let token = serving.block_on(rig.account.token()).unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token.expose_secret(), "new-access");
    assert_eq!(rig.refreshes().len(), 1);
}

#[tokio::test]
async fn ref_03_an_answer_without_a_refresh_token_keeps_the_old_one() {
    for more in ["", r#","refresh_token":null"#, r#","refresh_token":"""#] {
        let rig = Rig::new(-1, [tokens("second", more), tokens("third", more)]).await;
        assert_eq!(rig.account.token().await.unwrap().expose_secret(), "second");
        assert_eq!(rig.account.tokens().refresh_token().unwrap().expose_secret(), "old-refresh");
        rig.clock.advance(Duration::from_secs(3600));
        assert_eq!(rig.account.token().await.unwrap().expose_secret(), "third");
        let bodies: Vec<String> = rig.refreshes().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies.len(), 2);
        assert!(bodies.iter().all(|body| body.contains("refresh_token=old-refresh")), "{bodies:?}");
    }
}

#[tokio::test]
async fn a_rotated_refresh_token_takes_the_place_of_the_old_one() {
    let rig =
        Rig::new(-1, [tokens("second", r#","refresh_token":"second-refresh","scope":"a b""#), tokens("third", "")])
            .await;
    rig.account.token().await.unwrap();
    rig.clock.advance(Duration::from_secs(3600));
    let clone = rig.account.clone();
    clone.token().await.unwrap();
    let requests = rig.refreshes();
    assert!(requests[1].body.contains("refresh_token=second-refresh") && !requests[1].body.contains("old-refresh"));
    assert_eq!(rig.account.tokens().scopes(), ["a", "b"], "an answer without scopes changes none");
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "third", "clones share");
}

#[tokio::test]
async fn ref_11_a_401_of_the_api_is_worth_one_refresh_and_one_retry() {
    let rig = Rig::new(3600, [json_status(401, "{}"), tokens("new-access", ""), json(r#"{"ok":true}"#)]).await;
    let answer: serde_json::Value =
        rig.account.post("/things").json(&[1, 2]).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["ok"], true);
    let requests = rig.server.received();
    let targets: Vec<&str> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, ["/api.acme.example/things", "/id.acme.example/token", "/api.acme.example/things"]);
    assert_eq!(requests[0].header("authorization"), Some("Bearer old-access"));
    assert_eq!(requests[2].header("authorization"), Some("Bearer new-access"));
    assert_eq!((requests[0].body.as_str(), requests[2].body.as_str()), ("[1,2]", "[1,2]"));

    let rig =
        Rig::new(3600, [json_status(401, "{}"), tokens("new-access", ""), json_status(401, "{}"), tokens("x", "")])
            .await;
    let response = rig.account.get("/things").send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.error_for_status().await.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!(rig.server.received().len(), 3, "the second refusal is the caller's");

    let rig = Rig::new(3600, [json_status(401, "{}"), tokens("new-access", ""), json(r#"{"id":"7"}"#)]).await;
    assert_eq!(rig.account.profile().await.unwrap().subject, "7");
    assert_eq!(rig.server.received().len(), 3);
}

#[tokio::test]
async fn ref_11_without_a_refresh_token_a_401_is_the_callers() {
    let clock = ManualClock::new();
    let rig = Rig::of(ACME, clock, TokenSet::new("old-access"), [json_status(401, "{}"), json("{}")]).await;
    assert_eq!(rig.account.get("/things").send().await.unwrap().status(), 401);
    assert_eq!(rig.server.received().len(), 1);
}

#[tokio::test]
async fn ref_12_a_403_is_no_reason_to_refresh() {
    let rig = Rig::new(3600, [json_status(403, "{}"), tokens("new-access", "")]).await;
    assert_eq!(rig.account.get("/things").send().await.unwrap().status(), 403);
    assert_eq!(rig.server.received().len(), 1);
}

/// An API that takes `Bearer new-access` only, and a token endpoint that gives it.
struct Rotated {
    refreshes: AtomicUsize,
    refused: AtomicUsize,
    pass: Semaphore,
}

impl HttpClient for Rotated {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        let respond = |status: u16, body: &'static str| {
            let response =
                http::Response::builder().status(status).body(Body::from(Bytes::from_static(body.as_bytes())));
            response.map_err(|error| TransportError::new(TransportErrorKind::Broken, error))
        };
        Box::pin(async move {
            if request.uri().path().ends_with("/token") {
                self.refreshes.fetch_add(1, Ordering::SeqCst);
                return respond(200, r#"{"access_token":"new-access","token_type":"Bearer","expires_in":3600}"#);
            }
            if request.headers().get("authorization").is_some_and(|value| value == "Bearer new-access") {
                return respond(200, "{}");
            }
            self.refused.fetch_add(1, Ordering::SeqCst);
            self.pass.acquire().await.expect("it is never closed").forget();
            respond(401, "{}")
        })
    }
}

#[tokio::test]
async fn ref_11_many_that_are_refused_at_once_make_one_refresh() {
    let provider =
        Arc::new(Rotated { refreshes: AtomicUsize::new(0), refused: AtomicUsize::new(0), pass: Semaphore::new(0) });
    let clock = ManualClock::new();
    let client = client(ACME).clock(Arc::new(clock.clone())).http_client(Arc::clone(&provider) as Arc<dyn HttpClient>);
    let account = client.account(ending_in(&clock, 3600));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.get("/things").send().await.map(|response| response.status()) })
        })
        .collect();
    while provider.refused.load(Ordering::SeqCst) < 100 {
        tokio::task::yield_now().await;
    }
    // One by one, so that most are refused after the refresh for the others is over.
    for _ in 0..100 {
        provider.pass.add_permits(1);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), 200);
    }
    assert_eq!(provider.refreshes.load(Ordering::SeqCst), 1);
    assert_eq!(provider.refused.load(Ordering::SeqCst), 100, "no retry was made with the old token");
}

#[tokio::test]
async fn ref_16_a_token_that_has_not_ended_is_used_while_the_token_endpoint_is_down() {
    for outage in [status(503, ""), status(500, ""), status(429, ""), Answer::Bytes(Vec::new())] {
        let rig = Rig::new(30, [outage.clone(), json("{}"), outage.clone()]).await;
        assert_eq!(rig.account.token().await.unwrap().expose_secret(), "old-access", "{outage:?}");
        assert_eq!(rig.refreshes().len(), 1, "it was tried");
        rig.clock.advance(Duration::from_secs(30));
        // The second answer of the list is no token response; an ended token is worth nothing.
        assert_eq!(rig.account.token().await.unwrap_err().kind(), ErrorKind::BadResponse);
        rig.clock.advance(Duration::from_secs(60));
        let error = rig.account.token().await.unwrap_err();
        assert!(error.is_retryable() && !error.needs_reauth(), "{}", error.explain());
    }
    // A server that is gone altogether.
    let clock = ManualClock::new();
    let gone = Canned::start([]).await.origin().to_owned();
    let client = client(ACME).clock(Arc::new(clock.clone())).dangerous_at(gone);
    let account = client.account(ending_in(&clock, 30));
    assert_eq!(account.token().await.unwrap().expose_secret(), "old-access");
    clock.advance(Duration::from_secs(31));
    assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end_and_not_earlier() {
    let rig = Rig::new(61, [tokens("new-access", "")]).await;
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "old-access");
    assert_eq!(rig.refreshes().len(), 0);
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "new-access");
    assert_eq!(rig.refreshes().len(), 1);
    // A lifetime that nobody told is not "never": the API's word counts, and until then the token is used.
    let clock = ManualClock::new();
    let rig = Rig::of(ACME, clock, TokenSet::new("endless").with_refresh_token("r"), []).await;
    rig.clock.advance(Duration::from_secs(1_000_000_000));
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "endless");
}

#[tokio::test]
async fn ref_13_a_short_lived_token_is_used_until_a_tenth_of_its_life_is_left() {
    let minute =
        |access: &str| json(&format!(r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":60}}"#));
    let rig = Rig::new(-1, [minute("second"), minute("third")]).await;
    for (advance, expected, requests) in [(0, "second", 1), (0, "second", 1), (53, "second", 1), (1, "third", 2)] {
        rig.clock.advance(Duration::from_secs(advance));
        assert_eq!(rig.account.token().await.unwrap().expose_secret(), expected);
        assert_eq!(rig.refreshes().len(), requests);
    }

    // The lifetime is stored with the token; a record from before that has the minute.
    let exposed = rig.account.tokens().expose_json();
    let mut record: serde_json::Value = serde_json::from_str(exposed.expose_secret()).unwrap();
    assert!(record.as_object_mut().unwrap().remove("issued_at_ms").is_some());
    for (text, expected) in [(exposed.expose_secret().to_owned(), "third"), (record.to_string(), "fourth")] {
        let stored = TokenSet::from_exposed_json(&text.into()).unwrap();
        let rig = Rig::of(ACME, rig.clock.clone(), stored, [minute("fourth")]).await;
        assert_eq!(rig.account.token().await.unwrap().expose_secret(), expected);
    }
}

#[tokio::test]
async fn an_ended_token_that_cannot_be_renewed_says_what_the_provider_wants() {
    let note = "Ask for the scope offline, and let the user agree once more.";
    let yaml = format!("{ACME}refresh: {{note: \"{note}\"}}\n");
    let clock = ManualClock::new();
    let ended = TokenSet::new("old-access").with_expires_at(clock.now());
    let rig = Rig::of(&yaml, clock, ended, [tokens("x", "")]).await;
    for error in [
        rig.account.token().await.unwrap_err(),
        rig.account.get("/x").send().await.unwrap_err(),
        rig.account.profile().await.unwrap_err(),
        rig.account.refresh().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NoRefreshToken);
        assert!(error.needs_reauth() && !error.is_retryable());
        assert!(error.explain().contains(&format!("fix: {note}")), "{}", error.explain());
    }
    assert!(rig.server.received().is_empty(), "nothing is sent");

    // Ends in half a minute and cannot be renewed: it is good until then.
    let clock = ManualClock::new();
    let soon = TokenSet::new("old-access").with_expires_at(clock.now() + Duration::from_secs(30));
    let rig = Rig::of(&yaml, clock, soon, []).await;
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "old-access");

    // A provider that has no refresh at all.
    let clock = ManualClock::new();
    let ended = ending_in(&clock, -1);
    let rig = Rig::of(&format!("{ACME}refresh: none\n"), clock, ended, []).await;
    let error = rig.account.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRefreshToken);
    assert!(error.needs_reauth());
}

#[tokio::test]
async fn the_catalogs_notes_reach_the_user() {
    let mut notes = 0;
    for entry in oauth_providers::catalog() {
        let Some(refresh) = &entry.spec().refresh else { continue };
        if refresh.with != oauth_core::spec::RefreshWith::RefreshToken {
            continue;
        }
        let clock = ManualClock::new();
        let ended = TokenSet::new("old-access").with_expires_at(clock.now());
        let error = entry.client("id", "secret").clock(Arc::new(clock)).account(ended).token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRefreshToken, "{}", entry.id());
        if let Some(note) = &refresh.note {
            assert!(error.explain().contains(note.as_str()), "{}: {}", entry.id(), error.explain());
            notes += 1;
        }
    }
    assert!(notes >= 1);
}

#[tokio::test]
async fn ref_10_a_refused_refresh_token_means_a_new_login() {
    let refusal = || json_status(400, r#"{"error":"invalid_grant","error_description":"revoked"}"#);
    let rig = Rig::new(-1, [refusal()]).await;
    let error = rig.account.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GrantRejected);
    assert!(error.needs_reauth() && !error.is_retryable());
    assert_eq!(error.server().unwrap().code(), Some("invalid_grant"));
    assert_eq!(
        rig.account.tokens().refresh_token().unwrap().expose_secret(),
        "old-refresh",
        "a failure takes nothing away"
    );

    // The same token is not sent again; whoever asks has the same answer.
    for again in [rig.account.token().await.unwrap_err(), rig.account.refresh().await.unwrap_err()] {
        assert_eq!(again.explain(), error.explain());
    }
    assert_eq!(rig.refreshes().len(), 1);

    // RFC 6749 section 5.2 says the same of a code, and there it is the login that is at fault.
    let (_, account) = log_in([refusal()]).await;
    let error = account.unwrap_err();
    assert!(error.kind() == ErrorKind::GrantRejected && !error.needs_reauth());
}

#[tokio::test]
async fn ref_10_an_access_token_that_has_not_ended_outlives_its_refresh_token() {
    let rig = Rig::new(30, [json_status(400, r#"{"error":"invalid_grant"}"#)]).await;
    let token =
        rig.account.token().await.unwrap_or_else(|error| panic!("good for 30 more seconds: {}", error.explain()));
    assert_eq!(token.expose_secret(), "old-access");
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "old-access");
    assert_eq!(rig.refreshes().len(), 1, "a refusal is not asked for twice");
}

#[tokio::test]
async fn a_token_that_has_not_ended_is_not_kept_back_by_a_slow_provider() {
    let (rig, gate) = gated(30, [tokens("new-access", "")]).await;
    let account = rig.account.clone();
    let asking = tokio::spawn(async move { account.token().await });
    while gate.arrived.load(Ordering::SeqCst) == 0 || rig.clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    rig.clock.advance(Duration::from_secs(2));
    assert_eq!(asking.await.unwrap().unwrap().expose_secret(), "old-access");
    // Whoever is not helped by the old one waits, and the refresh that was begun serves him.
    gate.open();
    assert_eq!(rig.account.token_lasting(Duration::from_secs(60)).await.unwrap().expose_secret(), "new-access");
    assert_eq!(rig.refreshes().len(), 1);
}

#[tokio::test]
async fn ref_23_a_refused_client_keeps_the_refresh_token() {
    let rig = Rig::new(-1, [json_status(401, r#"{"error":"invalid_client"}"#), tokens("new-access", "")]).await;
    let error = rig.account.token().await.unwrap_err();
    assert!(error.kind() == ErrorKind::ClientRejected && !error.needs_reauth());
    rig.clock.advance(Duration::from_secs(10));
    assert_eq!(rig.account.token().await.unwrap().expose_secret(), "new-access");
}

#[tokio::test]
async fn tokens_survive_a_store_of_ones_own() {
    let yaml = format!(
        "{ACME}scopes: {{default: [a, b]}}\ncallback: {{keep: {{location: {{doc: where}}}}}}\ntoken: {{response: {{extras: {{team: {{type: u64}}}}}}}}\n"
    );
    let answer = r#"{"access_token":"acc \"ä\\","token_type":"bearer","expires_in":3600,"refresh_token":"ref","id_token":"h.p.s","team":18446744073709551615,"more":{"x":[1.50]}}"#;
    let answer = answer.replace('ä', "a");
    let server = Canned::start([json(&answer), tokens("new-access", "")]).await;
    let clock = ManualClock::new();
    let client = client(&yaml).clock(Arc::new(clock.clone())).dangerous_at(server.origin());
    let started = oauth_tests::login::start(&client).await;
    let callback = format!("code=c&state={}&location=eu", started.state);
    let account = client
        .callback(callback, started.pending, started.browser)
        .await
        .unwrap_or_else(|error| panic!("{}", error.explain()));

    let exposed = account.tokens().expose_json();
    let read = TokenSet::from_exposed_json(&exposed).unwrap();
    assert_eq!(read.expose_json().expose_secret(), exposed.expose_secret());
    assert_eq!(read.access_token().expose_secret(), "acc \"a\\");
    assert_eq!(read.refresh_token().unwrap().expose_secret(), "ref");
    assert_eq!(read.id_token().unwrap().expose_secret(), "h.p.s");
    assert_eq!((read.token_type(), read.scopes()), (Some("bearer"), &["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(read.expires_at(), Some(clock.now() + Duration::from_secs(3600)));

    let again = client.account(read);
    assert_eq!(again.extras().unwrap().pointer("/team").unwrap().as_u64(), Some(u64::MAX));
    assert_eq!(again.callback_extras().unwrap().str("location"), Some("eu"));
    clock.advance(Duration::from_secs(3600));
    assert_eq!(again.token().await.unwrap().expose_secret(), "new-access");
    assert_eq!(again.tokens().id_token().unwrap().expose_secret(), "h.p.s", "what the answer leaves out goes on");
    assert_eq!(again.callback_extras().unwrap().str("location"), Some("eu"));

    let least = TokenSet::from_exposed_json(&TokenSet::new("a").expose_json()).unwrap();
    assert!(least.refresh_token().is_none() && least.expires_at().is_none() && least.scopes().is_empty());
    for text in ["", "{}", "[]", "null", "\"a\"", r#"{"access_token":5}"#, r#"{"access_token":"a""#] {
        let error = TokenSet::from_exposed_json(&text.into()).unwrap_err();
        assert!(!error.to_string().is_empty(), "{text}");
    }
}
