//! What the provider may answer, and what an API may say of a token.

use std::sync::Arc;

use oauth_core::http::TransportErrorKind;
use oauth_core::{Account, ErrorKind, EventKind, ExposeSecret as _, Reason, Status, TokenSet};

use crate::provider::{Reply, access, refresh, text};
use crate::rig::{ALICE, World, rotating, secs, settle, steady};

/// The same set with these granted scopes.
fn scoped(tokens: &TokenSet, scopes: &[&str]) -> TokenSet {
    let mut set: serde_json::Value = serde_json::from_str(tokens.expose_json().expose_secret()).unwrap();
    set["scopes"] = serde_json::json!(scopes);
    TokenSet::from_exposed_json(&set.to_string().into()).unwrap()
}

#[tokio::test]
async fn ref_03_what_an_answer_leaves_out_goes_on_in_every_process() {
    for more in ["", r#","refresh_token":null"#, r#","refresh_token":"""#] {
        let world = World::steady();
        let process = world.process();
        let mut first: serde_json::Value =
            serde_json::from_str(world.login(ALICE, -1).expose_json().expose_secret()).unwrap();
        first["id_token"] = "h.p.s".into();
        first["scopes"] = serde_json::json!(["a", "b"]);
        first["extras"] = r#"{"team":"T1"}"#.into();
        process.connect(TokenSet::from_exposed_json(&first.to_string().into()).unwrap()).await;
        for round in 1..=3 {
            world.provider.next(Reply::GrantWith(more));
            assert_eq!(process.token().await.unwrap(), access(ALICE, round));
            let kept = world.process().alice().await.tokens();
            assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 0), "{more}");
            assert_eq!(kept.scopes(), ["a", "b"]);
            assert_eq!(kept.id_token().unwrap().expose_secret(), "h.p.s");
            assert!(kept.expires_at() > Some(oauth_core::Clock::now(&world.clock)));
            world.clock.advance(secs(3600));
        }
        assert!(world.provider.refreshes().iter().all(|token| *token == refresh(ALICE, 0)));
    }
}

#[tokio::test]
async fn ref_10_a_refusal_for_good_stops_every_process() {
    let world = World::rotating();
    let (mut one, other) = (world.process(), world.process());
    one.connect(world.login(ALICE, -1)).await;
    let before = other.alice().await;
    world.provider.end(ALICE);
    one.events();
    let error = one.token().await.unwrap_err();
    assert!(error.kind() == ErrorKind::GrantRejected && error.needs_reauth() && !error.is_retryable());
    assert_eq!(one.events(), ["needs-reauth"]);
    for round in 0..5 {
        for process in [&one, &other, &world.process()] {
            assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::GrantRejected, "{round}");
            assert_eq!(process.status().await, Status::NeedsReauth(Reason::GrantRejected));
            assert_eq!(process.manager.worker().run_once().await.unwrap().due, 0);
        }
        assert_eq!(before.token().await.unwrap_err().kind(), ErrorKind::GrantRejected);
        assert_eq!(before.refresh().await.unwrap_err().kind(), ErrorKind::GrantRejected);
        world.clock.advance(secs(7200));
    }
    assert_eq!(world.provider.refreshes().len(), 1);
    assert_eq!(world.process().alice().await.tokens().refresh_token().unwrap().expose_secret(), refresh(ALICE, 0));
}

#[tokio::test]
async fn ref_10_an_access_token_is_used_to_its_end_after_the_refusal() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    one.connect(world.login(ALICE, 50)).await;
    world.provider.end(ALICE);
    for _ in 0..5 {
        for process in [&one, &other] {
            assert_eq!(process.token().await.unwrap(), access(ALICE, 0));
        }
        world.clock.advance(secs(9));
    }
    world.clock.advance(secs(5));
    for process in [&one, &other] {
        assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::GrantRejected);
    }
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn ref_11_a_401_is_worth_one_refresh_and_one_retry_in_every_process() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let account = one.connect(world.login("old", 3600)).await;
    // The API refuses whatever the token endpoint gives.
    world.provider.end("old");
    world.provider.end("dead");
    world.provider.always(Reply::Refuse(
        200,
        r#"{"access_token":"canary-dead-access-1","token_type":"Bearer","expires_in":3600,"refresh_token":"canary-dead-refresh-1"}"#,
        None,
    ));
    let answer = account.get("/things").send().await.unwrap();
    assert_eq!(answer.status(), 401, "the second refusal is the caller's");
    let paths: Vec<String> = world.provider.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/things", "/token", "/things"]);
    // The other process adopts the new one, and finds that it is no better; it may try one refresh of its own.
    let answer = other.alice().await.get("/things").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(world.provider.refreshes().len() <= 2);
    assert!(world.provider.seen().len() <= 6);
}

#[tokio::test]
async fn ref_11_a_401_after_the_newer_token_has_ended_too_is_no_reason_to_give_that_one_away() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, 3600)).await;
    let (mut parts, ()) = http::Request::get("https://api.acme.example/things").body(()).unwrap().into_parts();
    let applied = account.apply(&mut parts).await.unwrap();
    world.clock.advance(secs(3600));
    account.token().await.unwrap();
    world.clock.advance(secs(3600));
    let unauthorized = http::StatusCode::UNAUTHORIZED;
    assert!(account.refused(&applied, unauthorized, &http::HeaderMap::new()).await.unwrap());
    let (mut parts, ()) = http::Request::get("https://api.acme.example/things").body(()).unwrap().into_parts();
    account.apply(&mut parts).await.unwrap();
    assert_eq!(parts.headers["authorization"], format!("Bearer {}", access(ALICE, 2)));
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 1)]);
}

#[tokio::test]
async fn ref_12_insufficient_scope_is_no_reason_to_refresh() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, 3600)).await;
    let (mut parts, ()) = http::Request::get("https://api.acme.example/things").body(()).unwrap().into_parts();
    let applied = account.apply(&mut parts).await.unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert("www-authenticate", r#"Bearer error="insufficient_scope", scope="admin""#.parse().unwrap());
    for status in [http::StatusCode::FORBIDDEN, http::StatusCode::UNAUTHORIZED] {
        let error = account.refused(&applied, status, &headers).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InsufficientScope);
        assert_eq!(error.scopes(), ["admin"]);
    }
    assert!(!account.refused(&applied, http::StatusCode::FORBIDDEN, &http::HeaderMap::new()).await.unwrap());
    assert!(world.provider.refreshes().is_empty());
}

#[tokio::test]
async fn ref_13_a_token_is_renewed_ahead_of_its_end_and_nobody_waits_for_it() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    account.token().await.unwrap();
    world.provider.always(Reply::Held);
    // Ten minutes before its end, or up to five later; never in the last minute of an hour.
    world.clock.advance(secs(2999));
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 1));
    settle().await;
    assert_eq!(world.provider.refreshes().len(), 1, "not earlier than a sixth of its life before its end");
    world.clock.advance(secs(302));
    for _ in 0..3 {
        assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 1), "nobody waits");
        settle().await;
    }
    assert_eq!(world.provider.refreshes().len(), 2);
    world.provider.pass();
    settle().await;
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 2));

    // A short-lived one is used until a tenth of its life is left.
    let world = World::rotating();
    let process = world.process();
    world.provider.lifetime.store(100, std::sync::atomic::Ordering::SeqCst);
    let account = process.connect(world.login(ALICE, -1)).await;
    account.token().await.unwrap();
    world.clock.advance(secs(79));
    account.token().await.unwrap();
    settle().await;
    assert_eq!(world.provider.refreshes().len(), 1);
    world.clock.advance(secs(12));
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 2));
}

#[tokio::test]
async fn ref_15_fewer_scopes_are_kept_and_told() {
    let world = World::rotating();
    let mut process = world.process();
    let account = process.connect(scoped(&world.login(ALICE, -1), &["a", "b", "c"])).await;
    process.events();
    world.provider.next(Reply::GrantWith(r#","scope":"a""#));
    account.token().await.unwrap();
    let events = process.whole_events();
    let lost = events.iter().find_map(|event| match &event.kind {
        EventKind::ScopeReduced { lost } => Some(lost.clone()),
        _ => None,
    });
    assert_eq!(lost, Some(vec!["b".to_owned(), "c".to_owned()]));
    assert_eq!(world.process().alice().await.tokens().scopes(), ["a"]);
    let info = process.manager.info(&process.client, ALICE).await.unwrap();
    assert_eq!(info.scopes, ["a"]);
    // The next answer that says nothing changes nothing, and is no event.
    world.clock.advance(secs(3600));
    account.token().await.unwrap();
    assert_eq!(process.events(), ["rotated"]);
}

#[tokio::test]
async fn ref_15_an_answer_may_change_one_of_the_tokens_only() {
    let same_access = r#"{"access_token":"canary-alice-access-0","token_type":"Bearer","expires_in":3600,"refresh_token":"canary-alice-refresh-9"}"#;
    let same_refresh = r#"{"access_token":"canary-alice-access-9","token_type":"Bearer","expires_in":3600,"refresh_token":"canary-alice-refresh-0"}"#;
    let same_both = r#"{"access_token":"canary-alice-access-0","token_type":"Bearer","expires_in":3600,"refresh_token":"canary-alice-refresh-0"}"#;
    for (body, expected) in [(same_access, (0, 9)), (same_refresh, (9, 0)), (same_both, (0, 0))] {
        let world = World::rotating();
        let (one, other) = (world.process(), world.process());
        let account = one.connect(world.login(ALICE, -1)).await;
        let late = other.alice().await;
        world.provider.next(Reply::Refuse(200, body, None));
        for account in [&account, &late] {
            let token = world.pass(account.token()).await.unwrap();
            assert_eq!(token.expose_secret(), access(ALICE, expected.0), "{body}");
            assert_eq!(account.tokens().refresh_token().unwrap().expose_secret(), refresh(ALICE, expected.1));
        }
        assert_eq!(world.provider.refreshes().len(), 1, "prolonged is renewed: {body}");
        let kept = world.process().alice().await.tokens();
        assert_eq!(
            (text(&kept), kept.refresh_token().unwrap().expose_secret()),
            (&*access(ALICE, expected.0), &*refresh(ALICE, expected.1))
        );
    }
}

#[tokio::test]
async fn ref_16_an_outage_is_nobodys_business_while_the_token_is_good() {
    for reply in [
        Reply::Refuse(503, "{}", None),
        Reply::Refuse(500, "oops", None),
        Reply::Refuse(429, "{}", None),
        Reply::Cut(TransportErrorKind::Connect),
        Reply::Cut(TransportErrorKind::Tls),
    ] {
        let world = World::rotating();
        let (one, other) = (world.process(), world.process());
        let accounts = [one.connect(world.login(ALICE, 900)).await, other.alice().await];
        world.provider.always(reply.clone());
        for second in 0..900 {
            for account in &accounts {
                let token = account.token().await.unwrap_or_else(|error| panic!("{second}: {}", error.explain()));
                assert_eq!(token.expose_secret(), access(ALICE, 0));
            }
            settle().await;
            world.clock.advance(secs(1));
        }
        let tried = world.provider.refreshes().len();
        assert!((4..=14).contains(&tried), "{tried} requests in ten minutes: {reply:?}");
        for account in &accounts {
            let error = account.token().await.unwrap_err();
            assert!(!error.needs_reauth(), "{}", error.explain());
        }
        world.provider.always(Reply::Grant);
        world.clock.advance(secs(301));
        for account in &accounts {
            assert_eq!(world.pass(account.token()).await.unwrap().expose_secret(), access(ALICE, 1));
        }
        assert_eq!(one.status().await, Status::Active);
    }
}

#[tokio::test]
async fn ref_17_a_refresh_token_that_has_ended_is_not_sent() {
    let world = World::new(&rotating(", idle_lifetime: 7200"));
    let (mut one, other) = (world.process(), world.process());
    one.connect(world.login(ALICE, -1)).await;
    one.token().await.unwrap();
    world.clock.advance(secs(7200));
    one.events();
    for process in [&one, &other] {
        let error = process.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RefreshExpired, "{}", error.explain());
        assert!(error.needs_reauth() && !error.is_retryable());
        assert_eq!(process.status().await, Status::NeedsReauth(Reason::RefreshExpired));
    }
    assert_eq!(one.events(), ["needs-reauth"]);
    assert_eq!(world.provider.refreshes().len(), 1);

    // The access token is good for longer than the refresh token: it is used.
    let world = World::new(&rotating(", idle_lifetime: 1000"));
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    process.token().await.unwrap();
    for _ in 0..35 {
        world.clock.advance(secs(100));
        assert_eq!(process.token().await.unwrap(), access(ALICE, 1));
        settle().await;
    }
    world.clock.advance(secs(101));
    assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::RefreshExpired);
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn a_refresh_token_that_ends_when_it_lies_idle_is_used_by_a_worker() {
    let world = World::new(&rotating(", idle_lifetime: 2000"));
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    process.token().await.unwrap();
    let worker = process.manager.worker();
    // Nobody asks for the token for a day.
    let mut refreshed = 0;
    for _ in 0..(86_400 / 60) {
        world.clock.advance(secs(60));
        let report = worker.run_once().await.unwrap();
        assert_eq!(report.failed, 0);
        refreshed += report.refreshed;
    }
    assert!((60..=90).contains(&refreshed), "{refreshed} refreshes in a day");
    assert_eq!(process.token().await.unwrap(), access(ALICE, 1 + refreshed));
    assert_eq!(process.status().await, Status::Active);
    assert!(world.provider.is_alive(ALICE));
}

#[tokio::test]
async fn ref_23_a_client_whose_secret_was_changed_goes_on_without_a_login() {
    for yaml in [rotating(""), steady()] {
        let world = World::new(&yaml);
        let mut process = world.process();
        process.connect(world.login(ALICE, -1)).await;
        process.events();
        world.provider.next(Reply::Refuse(401, r#"{"error":"invalid_client"}"#, None));
        let error = process.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ClientRejected);
        assert!(!error.needs_reauth(), "{}", error.explain());
        assert_eq!(process.events(), ["backoff"]);
        let kept = process.alice().await.tokens();
        assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 0), "it is not touched");

        // The new secret is used at once, not after the wait of the old one.
        let renewed = oauth_tests::login::spec(&yaml)
            .client("my-client", "the-new-secret")
            .clock(Arc::new(world.clock.clone()))
            .http_client(Arc::clone(&world.provider) as Arc<dyn oauth_core::http::HttpClient>);
        let account: Account = process.manager.account(&renewed, ALICE).await.unwrap();
        assert_eq!(world.pass(account.token()).await.unwrap().expose_secret(), access(ALICE, 1));
        assert!(world.provider.seen().last().unwrap().body.contains("client_secret=the-new-secret"));
        assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 0)]);
        assert_eq!(process.token().await.unwrap(), access(ALICE, 1), "whoever has the old client uses the new token");
    }
}

#[tokio::test]
async fn ref_25_a_refusal_starts_no_login_and_no_loop() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    world.provider.end(ALICE);
    for _ in 0..200 {
        account.token().await.unwrap_err();
        account.get("/things").send().await.unwrap_err();
        process.manager.worker().run_once().await.unwrap();
        world.clock.advance(secs(60));
    }
    let paths: Vec<String> = world.provider.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/token"], "one request, and nothing of a login");
}
