//! New tokens that a store does not take, and shutdowns.

use oauth_core::store::StoreErrorKind;
use oauth_core::{ErrorKind, ExposeSecret as _, Revocation, Status};

use crate::faulty::{Fault, Op};
use crate::provider::{Reply, access, refresh};
use crate::rig::{ALICE, Process, World, secs, settle};

/// A process whose store takes nothing from the moment at which the new tokens are there.
async fn unsaved(world: &World, kind: StoreErrorKind) -> Process {
    let mut process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    process.events();
    world.provider.next(Reply::Held);
    let asking = tokio::spawn(async move { account.token().await });
    world.provider.arrived(1).await;
    process.store.always(Op::Save, Fault::Fail(kind));
    world.provider.pass();
    let token = world.pass(asking).await.unwrap().unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token.expose_secret(), access(ALICE, 1), "it is good, whether or not it is written");
    process
}

#[tokio::test]
async fn ref_06_tokens_that_cannot_be_written_are_used_and_written_later() {
    for kind in [StoreErrorKind::Full, StoreErrorKind::NotWritable, StoreErrorKind::Locked, StoreErrorKind::Unavailable]
    {
        let world = World::rotating();
        let mut process = unsaved(&world, kind).await;
        let events = process.whole_events();
        let words: Vec<&str> = events.iter().map(crate::rig::word).collect();
        assert_eq!(words, ["rotated", "save-failed"], "{kind:?}");
        let oauth_core::EventKind::SaveFailed { error } = &events[1].kind else { panic!("{events:?}") };
        assert_eq!(error.store().map(oauth_core::store::StoreError::kind), Some(kind));
        assert!(!format!("{events:?} {}", error.explain()).contains("canary"), "no token in an event");

        // Used meanwhile, also long after the store was last asked.
        for _ in 0..5 {
            world.clock.advance(secs(40));
            settle().await;
            assert_eq!(process.token().await.unwrap(), access(ALICE, 1));
        }
        assert_eq!(world.provider.refreshes().len(), 1);
        process.store.heal();
        world.clock.advance(secs(31));
        settle().await;
        assert_eq!(process.events(), ["saved"]);
        let kept = world.process().alice().await.tokens();
        assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 1));
        assert_eq!(process.status().await, Status::Active);
        process.manager.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn ref_06_nothing_is_refreshed_from_the_old_refresh_token() {
    let world = World::rotating();
    let mut process = unsaved(&world, StoreErrorKind::Full).await;
    world.clock.advance(secs(3600));
    let error = process.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.is_retryable() && !error.needs_reauth());
    process.alice().await.refresh().await.unwrap_err();
    process.manager.worker().run_once().await.unwrap();
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)], "the store has a refresh token that has been used");
    // It is the new one that goes on.
    process.store.heal();
    assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 2));
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 1)]);
    let words = process.events();
    let saved = words.iter().position(|word| *word == "saved").unwrap();
    assert!(words.iter().rposition(|word| *word == "rotated").unwrap() > saved, "{words:?}");
}

#[tokio::test]
async fn ref_06_a_write_that_took_place_and_failed_all_the_same_is_noticed() {
    let world = World::rotating();
    let mut process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    process.events();
    process.store.at(Op::Save, 2, Fault::DoneAndFail(StoreErrorKind::Unavailable));
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 1));
    world.clock.advance(secs(31));
    settle().await;
    assert_eq!(process.events(), ["rotated", "save-failed", "saved"]);
    process.manager.shutdown().await.unwrap();
    assert_eq!(world.process().token().await.unwrap(), access(ALICE, 1));
    assert_eq!(world.provider.refreshes().len(), 1);
    assert!(world.provider.revoked().is_empty());
}

#[tokio::test]
async fn ref_06_where_nothing_can_be_noted_nothing_is_sent() {
    for passed in [0, 1] {
        let world = World::rotating();
        let process = world.process();
        process.connect(world.login(ALICE, -1)).await;
        process.store.at(Op::Save, passed, Fault::Fail(StoreErrorKind::Full));
        let error = process.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.is_retryable() && !error.needs_reauth(), "{}", error.explain());
        assert!(world.provider.refreshes().is_empty());
        // The store's trouble is not the account's.
        assert!(!matches!(process.status().await, Status::Backoff { .. } | Status::NeedsReauth(_)));
        assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 1));
        assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)]);
    }
    // While the access token is good, nobody hears of it.
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, 30)).await;
    process.store.always(Op::Save, Fault::Fail(StoreErrorKind::Full));
    assert_eq!(process.token().await.unwrap(), access(ALICE, 0));
    assert!(world.provider.refreshes().is_empty());
}

#[tokio::test]
async fn ref_06_a_disconnection_ends_the_tokens_that_could_not_be_written() {
    let world = World::rotating();
    let process = unsaved(&world, StoreErrorKind::Full).await;
    process.store.heal();
    let ended = process.manager.disconnect(&process.client, ALICE).await.unwrap();
    assert!(ended.existed && matches!(ended.revocation, Revocation::Done));
    assert!(world.provider.revoked().contains(&refresh(ALICE, 1)), "the newest one: {:?}", world.provider.revoked());
    assert!(!world.provider.is_alive(ALICE));
    assert!(world.keys().await.is_empty());
    world.clock.advance(secs(60));
    settle().await;
    assert!(world.keys().await.is_empty(), "and is not written later");
    process.manager.shutdown().await.unwrap();
}

#[tokio::test]
async fn ref_06_a_login_takes_the_place_of_tokens_that_could_not_be_written() {
    for elsewhere in [false, true] {
        let world = World::rotating();
        let mut process = unsaved(&world, StoreErrorKind::Full).await;
        process.events();
        let other = world.process();
        if elsewhere {
            other.connect(world.login("new", 3600)).await;
            process.store.heal();
        } else {
            process.store.heal();
            process.connect(world.login("new", 3600)).await;
        }
        world.clock.advance(secs(31));
        settle().await;
        for process in [&process, &other] {
            world.clock.advance(secs(31));
            assert_eq!(world.pass(process.token()).await.unwrap(), access("new", 0), "{elsewhere}");
            settle().await;
            assert_eq!(world.pass(process.token()).await.unwrap(), access("new", 0), "{elsewhere}");
        }
        process.manager.shutdown().await.unwrap();
        assert_eq!(process.events().contains(&"discarded"), elsewhere);
    }
}

#[tokio::test]
async fn ref_06_a_shutdown_writes_what_it_can_and_says_what_it_could_not() {
    let world = World::rotating();
    let process = unsaved(&world, StoreErrorKind::Full).await;
    let error = process.manager.shutdown().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(!format!("{error:?} {}", error.explain()).contains("canary"));
    // The store has room again: the next try of the shutdown writes.
    process.store.heal();
    process.manager.shutdown().await.unwrap();
    let kept = world.process().alice().await.tokens();
    assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 1));
}

#[tokio::test]
async fn ref_06_one_account_that_cannot_be_written_keeps_no_other_from_it() {
    let world = World::rotating();
    let process = world.process();
    let names: Vec<String> = (0..12).map(|at| format!("user{at}")).collect();
    for name in &names {
        process.manager.connect(&process.client, name.as_str(), world.login(name, -1)).await.unwrap();
    }
    let mut asking = Vec::new();
    for name in &names {
        world.provider.next(Reply::Held);
        let account = process.manager.account(&process.client, name.as_str()).await.unwrap();
        asking.push(tokio::spawn(async move { account.token().await.map(drop) }));
    }
    world.provider.arrived(names.len()).await;
    process.store.always(Op::Save, Fault::Fail(StoreErrorKind::Full));
    for _ in &names {
        world.provider.pass();
    }
    for asking in asking {
        asking.await.unwrap().unwrap();
    }
    process.store.heal();
    let poor = world.keys().await[5];
    process.store.always_for(Op::Save, poor, Fault::Fail(StoreErrorKind::TooLarge));
    let error = process.manager.shutdown().await.unwrap_err();
    assert_eq!(error.store().map(oauth_core::store::StoreError::kind), Some(StoreErrorKind::TooLarge));
    let other = world.process();
    let mut written = 0;
    for name in &names {
        let kept = other.manager.account(&other.client, name.as_str()).await.unwrap().tokens();
        written += usize::from(kept.refresh_token().unwrap().expose_secret() == refresh(name, 1));
    }
    assert_eq!(written, names.len() - 1);
}

#[tokio::test]
async fn rt_03_a_shutdown_waits_no_longer_than_it_is_told_and_writes_the_rest() {
    let world = World::rotating();
    let process = unsaved(&world, StoreErrorKind::Full).await;
    // Another account's refresh never ends.
    let hanging = world.login("bob", -1);
    process.store.heal();
    process.store.always_for(Op::Save, world.keys().await[0], Fault::Fail(StoreErrorKind::Full));
    let bob = process.manager.connect(&process.client, "bob", hanging).await.unwrap();
    world.provider.next(Reply::Silent);
    let asking = tokio::spawn(async move { bob.token().await });
    world.provider.arrived(2).await;
    process.store.heal();
    let error = process.manager.shutdown_within(secs(0)).await.unwrap_err();
    assert!(error.to_string().contains("under way"), "{error}");
    let kept = world.process().alice().await.tokens();
    assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 1), "what can be written is written");
    asking.abort();
}

#[tokio::test]
async fn rt_03_after_a_shutdown_nothing_begins() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, 3600)).await;
    process.manager.shutdown().await.unwrap();
    process.manager.shutdown().await.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 0));
    world.clock.advance(secs(3600));
    assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::ShutDown);
    assert!(world.provider.refreshes().is_empty());
    world.pass(process.manager.worker().run()).await;
    assert!(world.provider.refreshes().is_empty());
    assert!(world.store.load(&world.keys().await[0]).await.unwrap().is_some());
}

#[test]
fn rt_03_a_runtime_that_ends_with_unsaved_tokens_says_so_and_shows_none() {
    let lines = crate::capture::listen();
    let start = lines.len();
    let world = World::rotating();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let process = runtime.block_on(unsaved(&world, StoreErrorKind::Full));
    drop(process);
    drop(runtime);
    let said = lines.since(start);
    assert!(said.contains("the runtime has ended, and new tokens have not been written"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn rt_03_a_store_that_never_answers_does_not_hold_a_shutdown_up() {
    let world = World::rotating();
    let process = unsaved(&world, StoreErrorKind::Full).await;
    process.store.heal();
    process.store.always(Op::Save, Fault::Hang);
    let error = world.pass(process.manager.shutdown_within(secs(5))).await.unwrap_err();
    assert!(error.to_string().contains("could not be written"), "{error}");
}
