//! What status, lists, events and explanations say in each state; and that none of them shows a token.

use oauth_core::{AccountName, ErrorKind, EventKind, ExposeSecret as _, Reason, Status, TokenSet};

use crate::faulty::{Fault, Op};
use crate::provider::{Reply, access};
use crate::rig::{ALICE, Process, World, acme, rotating, secs, settle, steady};

/// Status, list and explanation agree, the explanation has those words, and nothing shows a token.
async fn says(process: &mut Process, status: Status, words: &[&str]) -> String {
    assert_eq!(process.status().await, status);
    let info = process.manager.info(&process.client, ALICE).await.unwrap();
    assert_eq!(info.status, status);
    let mut accounts = process.manager.accounts();
    let mut listed = None;
    while let Some(account) = accounts.next().await {
        let account = account.unwrap();
        if account.id == info.id {
            listed = Some(account);
        }
    }
    assert_eq!(listed.unwrap().status, status);
    let text = process.explain().await;
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    let events = process.whole_events();
    let shown = format!("{text} {info:?} {events:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains(oauth_tests::login::SECRET));
    text
}

#[tokio::test]
async fn a_fresh_account_is_active_and_one_that_ends_soon_is_expiring() {
    let world = World::rotating();
    let mut process = world.process();
    process.connect(world.login(ALICE, 3600)).await;
    let text = says(&mut process, Status::Active, &["acme/alice", "fresh"]).await;
    assert!(!text.contains("why:") && !text.contains("fix:"), "nothing is wrong: {text}");
    world.clock.advance(secs(3550));
    says(&mut process, Status::Expiring, &["new one"]).await;
    world.clock.advance(secs(100));
    says(&mut process, Status::Expiring, &["new one"]).await;
    process.token().await.unwrap();
    says(&mut process, Status::Active, &[]).await;
    let info = process.manager.info(&process.client, ALICE).await.unwrap();
    let now = oauth_core::Clock::now(&world.clock);
    assert_eq!((info.expires_at, info.refreshed_at), (Some(now + secs(3600)), Some(now)));
    assert_eq!(info.connected_at, now - secs(3650));
    assert!(info.can_refresh && !info.refreshing);
}

#[tokio::test]
async fn an_account_under_refresh_says_so_also_when_its_process_is_gone() {
    let world = World::rotating();
    let (process, other) = (world.process(), world.process());
    let account = process.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Held);
    let asking = tokio::spawn(async move { account.token().await });
    world.provider.arrived(1).await;
    assert!(other.manager.info(&other.client, ALICE).await.unwrap().refreshing);
    process.kill();
    world.clock.advance(secs(3600));
    assert!(other.manager.info(&other.client, ALICE).await.unwrap().refreshing);
    asking.abort();
}

#[tokio::test]
async fn an_account_that_waits_says_until_when_and_why() {
    let world = World::rotating();
    let mut process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    let refusal = r#"{"error":"temporarily_unavailable","error_description":"canary-alice-refresh-0 is busy"}"#;
    world.provider.next(Reply::Refuse(503, refusal, Some("90")));
    process.token().await.unwrap_err();
    let events = process.whole_events();
    let until = events.iter().find_map(|event| match &event.kind {
        EventKind::Backoff { until, error } => Some((*until, error.kind())),
        _ => None,
    });
    let (until, kind) = until.unwrap();
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(!format!("{events:?}").contains("canary"), "what the server repeats is blotted out: {events:?}");
    says(&mut process, Status::Backoff { until }, &["waits", "attempt 1", "503"]).await;
    // Another process says the same.
    let mut other = world.process();
    says(&mut other, Status::Backoff { until }, &["waits", "attempt 1", "503"]).await;
    world.clock.advance(secs(120));
    says(&mut other, Status::Expiring, &["new one"]).await;
}

#[tokio::test]
async fn an_account_that_needs_a_login_says_why() {
    // Refused.
    let world = World::rotating();
    let mut process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    world.provider.end(ALICE);
    process.token().await.unwrap_err();
    let reason = Status::NeedsReauth(Reason::GrantRejected);
    says(&mut process, reason, &["needs a new login", "invalid_grant", "fix:", "console"]).await;

    // Nothing to renew it with.
    let world = World::rotating();
    let mut process = world.process();
    let ends = world.login(ALICE, 60).expires_at().unwrap();
    process.connect(TokenSet::new(access(ALICE, 0)).with_expires_at(ends)).await;
    says(&mut process, Status::Expiring, &["no refresh token"]).await;
    world.clock.advance(secs(60));
    says(&mut process, Status::NeedsReauth(Reason::NoRefreshToken), &["needs a new login", "no refresh token"]).await;

    // Lain idle for too long.
    let world = World::new(&rotating(", idle_lifetime: 60"));
    let mut process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    process.token().await.unwrap();
    world.clock.advance(secs(3600));
    process.token().await.unwrap_err();
    says(&mut process, Status::NeedsReauth(Reason::RefreshExpired), &["needs a new login", "refresh token has ended"])
        .await;

    // The answer was lost.
    let world = World::new(&rotating(", replay: never"));
    let mut process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Lost(oauth_core::http::TransportErrorKind::Broken));
    process.token().await.unwrap_err();
    world.clock.advance(secs(300));
    world.pass(process.token()).await.unwrap_err();
    says(&mut process, Status::NeedsReauth(Reason::LostRotation), &["needs a new login", "lost"]).await;
}

#[tokio::test]
async fn an_account_that_is_gone_says_what_to_do() {
    let world = World::rotating();
    let process = world.process();
    let error = process.manager.status(&process.client, ALICE).await.unwrap_err();
    assert!(error.kind() == ErrorKind::NotConnected && error.needs_reauth(), "{}", error.explain());
    let text = process.explain().await;
    assert!(text.contains("never connected") && text.contains("fix: "), "{text}");
    assert!(process.manager.accounts().next().await.is_none());

    // Half disconnected.
    process.connect(world.login(ALICE, 3600)).await;
    process.store.at(Op::Delete, 0, Fault::Fail(oauth_core::store::StoreErrorKind::Unavailable));
    process.manager.disconnect(&process.client, ALICE).await.unwrap_err();
    assert_eq!(process.status().await, Status::Revoked);
    let text = process.explain().await;
    assert!(text.contains("being disconnected"), "{text}");
}

#[tokio::test]
async fn why_there_is_no_refresh_token_is_told_from_the_file() {
    let bare = || TokenSet::new("canary-bare").with_expires_at(std::time::UNIX_EPOCH + secs(2_000_000_000));
    for (yaml, words) in [
        (acme("needs: {scope: offline_access}"), &["offline_access", "ask for `offline_access`"][..]),
        (acme("needs: {param: access_type, value: offline}"), &["`access_type=offline`"]),
        (acme("note: Ask the administrator."), &["Ask the administrator."]),
        (steady().replace("refresh: {rotates: false}", "refresh: none"), &["does not issue any"]),
    ] {
        let world = World::new(&yaml);
        let process = world.process();
        process.connect(bare()).await;
        let text = process.explain().await;
        for word in words {
            assert!(text.contains(word), "`{word}` is not in: {text}");
        }
        assert!(text.contains("no refresh token") && !text.contains("canary"));
    }
}

#[tokio::test]
async fn why_a_scope_is_missing_is_told() {
    let world = World::rotating();
    let process = world.process();
    let client = process.client.clone().scopes(oauth_core::Scopes::new().raw("read").raw("write"));
    let tokens = r#"{"access_token":"canary","scopes":["read"],"refresh_token":"canary-r"}"#;
    let tokens = TokenSet::from_exposed_json(&tokens.into()).unwrap();
    process.manager.connect(&client, ALICE, tokens).await.unwrap();
    let text = process.manager.explain(&client, ALICE).await.unwrap();
    assert!(text.contains("missing scope: `write`") && !text.contains("`read`"), "{text}");
}

#[tokio::test]
async fn a_further_token_that_is_refused_is_told() {
    let world = World::new(&format!("{}token: {{response: {{also: {{user: {{at: /authed_user}}}}}}}}\n", rotating("")));
    let mut process = world.process();
    let (main, user) = (world.login("bot", 3600), world.login("user", -1));
    let mut both: serde_json::Value = serde_json::from_str(main.expose_json().expose_secret()).unwrap();
    let user: serde_json::Value = serde_json::from_str(user.expose_json().expose_secret()).unwrap();
    both["also"] = serde_json::json!([["user", user]]);
    let account = process.connect(TokenSet::from_exposed_json(&both.to_string().into()).unwrap()).await;
    world.provider.end("user");
    account.also("user").unwrap().token().await.unwrap_err();
    says(&mut process, Status::Active, &["further token `user`", "invalid_grant"]).await;
}

#[tokio::test]
async fn names_of_accounts_from_outside_do_no_harm_in_texts() {
    let world = World::rotating();
    let process = world.process();
    let name = AccountName::new("a\u{1b}[31m\n\u{202e}b").tenant("t\r\nevil: 1");
    process.manager.connect(&process.client, &name, world.login("x", 3600)).await.unwrap();
    let text = process.manager.explain(&process.client, &name).await.unwrap();
    let missing = process.manager.explain(&process.client, AccountName::new("\u{1b}[2J")).await.unwrap();
    let error = process.manager.account(&process.client, "\u{1b}[2J").await.unwrap_err();
    for text in [text.lines().next().unwrap(), &missing, &error.explain(), &error.to_string()] {
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text:?}");
    }
}

#[tokio::test]
async fn a_slow_reader_of_events_holds_nobody_up_and_hears_the_newest() {
    let world = World::steady();
    let process = world.process();
    let mut events = process.manager.events();
    for _ in 0..1_500 {
        process.connect(world.login(ALICE, 3600)).await;
    }
    process.manager.disconnect(&process.client, ALICE).await.unwrap();
    let mut heard = Vec::new();
    while let Some(event) = events.try_next() {
        heard.push(crate::rig::word(&event));
    }
    assert_eq!((heard.len(), heard.last()), (1_024, Some(&"disconnected")));
    let (clone, mut late) = (process.manager.clone(), process.manager.events());
    drop(process);
    drop(clone);
    settle().await;
    assert!(late.next().await.is_none(), "and ends with the manager");
}
