//! Logins, imports and disconnections while a refresh is under way.

use oauth_core::{ErrorKind, ExposeSecret as _, Revocation, Status};

use crate::faulty::{Fault, Op};
use crate::provider::{Reply, access, refresh};
use crate::rig::{ALICE, Process, World, rotating, secs, settle};

/// A refresh of an ended token whose request is with the provider.
async fn under_way(
    world: &World,
    process: &Process,
    reply: Reply,
) -> tokio::task::JoinHandle<oauth_core::Result<oauth_core::AccessToken>> {
    let account = process.connect(world.login(ALICE, -1)).await;
    world.provider.next(reply);
    let task = tokio::spawn(async move { account.token().await });
    world.provider.arrived(1).await;
    task
}

#[tokio::test]
async fn ref_18_a_refresh_that_ends_after_the_disconnection_brings_nothing_back() {
    // In the same process, and in another one.
    for elsewhere in [false, true] {
        let world = World::rotating();
        let (mut one, other) = (world.process(), world.process());
        let asking = under_way(&world, &one, Reply::Held).await;
        let ending = if elsewhere { &other } else { &one };
        let ended = ending.manager.disconnect(&ending.client, ALICE).await.unwrap();
        assert!(ended.existed && matches!(ended.revocation, Revocation::Done), "{ended:?}");
        assert_eq!(world.provider.revoked(), [refresh(ALICE, 0)]);
        world.provider.pass();
        let error = world.pass(asking).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected, "{}", error.explain());
        assert!(error.needs_reauth());
        world.pass(settle()).await;
        // What had been sent had been replaced already: what came of it is ended as well.
        assert_eq!(world.provider.revoked(), [refresh(ALICE, 0), refresh(ALICE, 1)], "{elsewhere}");
        assert!(!world.provider.is_alive(ALICE));
        assert!(world.keys().await.is_empty(), "nothing is written back");
        assert!(one.events().contains(&"discarded"));
        for process in [&one, &other, &world.process()] {
            assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::NotConnected);
        }
        assert_eq!(world.provider.refreshes().len(), 1);
    }
}

#[tokio::test]
async fn ref_18_an_answer_that_comes_while_the_old_token_is_being_revoked_is_revoked_too() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let asking = under_way(&world, &one, Reply::Held).await;
    // The answer comes between the mark and the deletion.
    let provider = std::sync::Arc::clone(&world.provider);
    other.store.before(Op::Delete, async move {
        provider.pass();
        settle().await;
    });
    other.manager.disconnect(&other.client, ALICE).await.unwrap();
    assert_eq!(world.pass(asking).await.unwrap().unwrap_err().kind(), ErrorKind::Revoked);
    world.pass(settle()).await;
    assert_eq!(world.provider.revoked(), [refresh(ALICE, 0), refresh(ALICE, 1)]);
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn ref_18_what_was_read_before_the_disconnection_is_not_given_away_after_it() {
    for (fails, op) in [(false, Op::Load), (true, Op::Load)] {
        let world = World::rotating();
        let process = world.process();
        let account = process.connect(world.login(ALICE, 3600)).await;
        // The store is asked for news, and answers late.
        world.clock.advance(secs(31));
        let (manager, client) = (process.manager.clone(), process.client.clone());
        if fails {
            process.store.at(op, 0, Fault::Fail(oauth_core::store::StoreErrorKind::Unavailable));
        }
        process.store.after(op, async move {
            manager.disconnect(&client, ALICE).await.unwrap();
        });
        assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 0));
        settle().await;
        assert!(world.keys().await.is_empty());
        let error = account.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected, "{fails}: {}", error.explain());
    }
}

#[tokio::test]
async fn ref_18_a_login_during_a_refresh_stays() {
    for (ends, revoked) in [("token", vec![refresh("old", 1)]), ("grant", vec![])] {
        for elsewhere in [false, true] {
            let world = World::new(&format!("{}revoke: {{ends: {ends}}}\n", rotating("")));
            let (mut one, other) = (world.process(), world.process());
            let account = one.connect(world.login("old", -1)).await;
            world.provider.next(Reply::Held);
            let asking = tokio::spawn(async move { account.token().await });
            world.provider.arrived(1).await;
            let process = if elsewhere { &other } else { &one };
            process.connect(world.login("new", 3600)).await;
            world.provider.pass();
            let token = world.pass(asking).await.unwrap().unwrap();
            assert_eq!(token.expose_secret(), access("new", 0), "whoever waits gets the newer login's");
            for process in [&one, &other, &world.process()] {
                assert_eq!(process.token().await.unwrap(), access("new", 0));
            }
            let kept = world.process().alice().await.tokens();
            assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh("new", 0));
            assert!(one.events().contains(&"discarded"));
            assert_eq!(world.provider.revoked(), revoked, "{ends}");
            assert!(world.provider.is_alive("new"));
        }
    }
}

#[tokio::test]
async fn ref_18_a_login_with_an_ended_token_during_a_refresh_is_renewed_before_it_is_given_away() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let account = one.connect(world.login("old", -1)).await;
    world.provider.next(Reply::Held);
    let asking = tokio::spawn(async move { account.token().await });
    world.provider.arrived(1).await;
    other.connect(world.login("new", -1)).await;
    world.provider.pass();
    let token = world.pass(asking).await.unwrap().unwrap();
    assert_eq!(token.expose_secret(), access("new", 1), "an ended token is never given away");
    assert_eq!(world.provider.refreshes(), [refresh("old", 0), refresh("new", 0)]);
}

#[tokio::test]
async fn ref_18_a_login_during_a_disconnection_stays() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    one.connect(world.login("old", 3600)).await;
    let (manager, client, tokens) = (other.manager.clone(), other.client.clone(), world.login("new", 3600));
    one.store.before(Op::Delete, async move {
        manager.connect(&client, ALICE, tokens).await.unwrap();
    });
    let error = one.manager.disconnect(&one.client, ALICE).await.unwrap_err();
    assert!(error.to_string().contains("connected anew"), "{error}");
    for process in [&one, &other] {
        world.clock.advance(secs(31));
        assert_eq!(world.pass(process.token()).await.unwrap(), access("new", 0));
    }
    assert!(world.provider.is_alive("new") && !world.provider.is_alive("old"));
}

#[tokio::test]
async fn a_disconnection_is_seen_elsewhere_within_max_stale() {
    let world = World::rotating();
    let (mut one, other) = (world.process_with(|builder| builder.max_stale(secs(10))), world.process());
    let account = one.connect(world.login(ALICE, 3600)).await;
    one.events();
    assert!(other.manager.disconnect(&other.client, ALICE).await.unwrap().existed);
    world.clock.advance(secs(9));
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 0), "believed so far");
    world.clock.advance(secs(1));
    // Whoever asks next gets it once more, and the store is asked meanwhile.
    let _ = account.token().await;
    settle().await;
    let error = account.token().await.unwrap_err();
    assert!(error.kind() == ErrorKind::NotConnected && error.needs_reauth(), "{}", error.explain());
    assert_eq!(one.events(), ["gone"]);

    // Nor is a login elsewhere missed.
    other.connect(world.login("again", 3600)).await;
    world.clock.advance(secs(11));
    assert_eq!(world.pass(account.token()).await.unwrap().expose_secret(), access("again", 0));
    assert!(world.provider.refreshes().is_empty());

    // Twice is no fault.
    other.manager.disconnect(&other.client, ALICE).await.unwrap();
    let again = other.manager.disconnect(&other.client, ALICE).await.unwrap();
    assert!(!again.existed && matches!(again.revocation, Revocation::Nothing));
}

#[tokio::test]
async fn a_disconnection_that_cannot_revoke_says_so_and_forgets_all_the_same() {
    let world = World::new(&rotating("").replace("revocation: https://id.acme.example/revoke, ", ""));
    let process = world.process();
    process.connect(world.login(ALICE, 3600)).await;
    let ended = process.manager.disconnect(&process.client, ALICE).await.unwrap();
    assert!(ended.existed && matches!(ended.revocation, Revocation::NotSupported), "{ended:?}");
    assert!(world.keys().await.is_empty());

    // A store that fails half way: nobody uses the tokens any more, and the next try comes to an end.
    let world = World::rotating();
    let (process, other) = (world.process(), world.process());
    process.connect(world.login(ALICE, 3600)).await;
    process.store.at(Op::Delete, 0, Fault::Fail(oauth_core::store::StoreErrorKind::Unavailable));
    let error = process.manager.disconnect(&process.client, ALICE).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(other.status().await, Status::Revoked);
    let error = other.token().await.unwrap_err();
    assert!(error.needs_reauth(), "{}", error.explain());
    assert!(world.provider.refreshes().is_empty());
    assert!(process.manager.disconnect(&process.client, ALICE).await.unwrap().existed);
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn ref_22_no_two_accounts_share_a_record() {
    use oauth_core::AccountName;
    let world = World::rotating();
    let process = world.process();
    let name = |account: &str| AccountName::new(account);
    let names = [
        name("a"),
        name("ab"),
        name("a/b"),
        name("a").tenant("b"),
        name("b").tenant("a"),
        name("").tenant("ab"),
        name("a").tenant(""),
        name("a/b").tenant("c"),
        name("b").tenant("c/a"),
        name("A"),
        name("a "),
        name("a\0"),
        name("\u{e9}"),
        name("e\u{301}"),
        name("../a"),
        name("*"),
        name(&"x".repeat(4096)),
        name(&"x".repeat(4097)),
    ];
    let mut connected = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let tokens = world.login(&format!("f{at}"), 3600);
        match process.manager.connect(&process.client, name, tokens).await {
            Ok(_) => connected.push((at, name)),
            Err(error) => assert!(name.account().is_empty(), "{}", error.explain()),
        }
    }
    assert_eq!(connected.len(), names.len() - 1);
    // Another client id, and another server, are other accounts, too.
    let elsewhere = world.client(&rotating("").replace("id.acme.example", "eu.acme.example"));
    let another =
        oauth_tests::login::spec(&rotating("")).client("my-clien", "t").clock(std::sync::Arc::new(world.clock.clone()));
    process.manager.connect(&elsewhere, "a", world.login("elsewhere", 3600)).await.unwrap();
    process.manager.connect(&another, "a", world.login("another", 3600)).await.unwrap();
    assert_eq!(world.keys().await.len(), connected.len() + 2);

    let fresh = world.process();
    for (at, name) in connected {
        let token = fresh.manager.token(&fresh.client, name).await.unwrap();
        assert_eq!(token.expose_secret(), access(&format!("f{at}"), 0));
    }
    assert_eq!(fresh.manager.token(&elsewhere, "a").await.unwrap().expose_secret(), access("elsewhere", 0));
    assert_eq!(fresh.manager.token(&another, "a").await.unwrap().expose_secret(), access("another", 0));
    assert_eq!(fresh.manager.token(&elsewhere, "ab").await.unwrap_err().kind(), ErrorKind::NotConnected);
}
