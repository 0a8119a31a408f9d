//! Keys that are not here, keys that change, and records older than one that was seen.

use oauth_core::seal::{KeyRing, SealingKey};
use oauth_core::store::{StoreError, StoreErrorKind};
use oauth_core::{OsRng, Status};

use crate::faulty::{Fault, Op};
use crate::provider::{Reply, access};
use crate::rig::{ALICE, World, secs};
use crate::sealed::{open, put};
use crate::stores::{record, stands};

#[tokio::test]
async fn en_03_a_key_that_is_not_here_is_named_and_nothing_is_overwritten() {
    let world = World::rotating();
    world.process().connect(world.login(ALICE, -1)).await;
    let another = SealingKey::generate(&OsRng).unwrap();
    let process = world.process_keys(another.clone(), |builder| builder);
    let error = process.token().await.unwrap_err();
    let text = error.store().unwrap().to_string();
    assert!(text.contains(&world.key.id().to_string()) && text.contains(&another.id().to_string()), "{text}");
    stands(&world, &process, StoreErrorKind::KeyUnknown).await;
}

#[tokio::test]
async fn en_03_records_move_to_the_new_key_when_they_are_read() {
    let world = World::rotating();
    world.process().connect(world.login(ALICE, 3600)).await;
    let (key, before) = record(&world).await;
    let new = SealingKey::generate(&OsRng).unwrap();
    let ring = || KeyRing::from(new.clone()).with_old(world.key.clone());
    let (one, other) = (world.process_keys(ring(), |builder| builder), world.process_keys(ring(), |builder| builder));
    let late = other.alice().await;
    for process in [&one, &other] {
        assert_eq!(process.token().await.unwrap(), access(ALICE, 0));
    }
    let (_, after) = record(&world).await;
    assert_eq!(after.version, before.version + 1, "once");
    assert_eq!(open(&new, &key, &after)["tokens"], open(&world.key, &key, &before)["tokens"]);
    // A process that has only the new key, and one that has only the old one.
    assert_eq!(world.process_keys(new.clone(), |builder| builder).token().await.unwrap(), access(ALICE, 0));
    let error = world.process().token().await.unwrap_err();
    assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::KeyUnknown));
    world.clock.advance(secs(3600));
    assert_eq!(late.token().await.unwrap().expose_secret(), access(ALICE, 1));

    // Where it cannot be written it is read all the same.
    let world = World::rotating();
    world.process().connect(world.login(ALICE, 3600)).await;
    let process = world.process_keys(KeyRing::from(new.clone()).with_old(world.key.clone()), |builder| builder);
    process.store.always(Op::Save, Fault::Fail(StoreErrorKind::Full));
    assert_eq!(process.token().await.unwrap(), access(ALICE, 0));
}

#[tokio::test]
async fn en_03_a_change_of_keys_in_the_middle_of_a_refresh_loses_nothing() {
    let world = World::rotating();
    let old = world.process();
    let account = old.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Held);
    let asking = tokio::spawn(async move { account.token().await });
    world.provider.arrived(1).await;
    let new = SealingKey::generate(&OsRng).unwrap();
    let changed = world.process_keys(KeyRing::from(new).with_old(world.key.clone()), |builder| builder);
    changed.alice().await;
    changed.status().await;
    world.provider.pass();
    assert_eq!(world.pass(asking).await.unwrap().unwrap().expose_secret(), access(ALICE, 1));
    assert_eq!(world.pass(changed.token()).await.unwrap(), access(ALICE, 1));
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn en_04_a_record_older_than_one_that_was_seen_is_refused() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    let (key, backup) = record(&world).await;
    process.token().await.unwrap();
    let (_, newest) = record(&world).await;
    put(&*world.store, &key, &backup).await;
    for round in 0..3 {
        world.clock.advance(secs(3600));
        let error = process.token().await.unwrap_err();
        assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::Stale), "{round}");
        assert!(!error.needs_reauth() && error.explain().contains("fix: "), "{}", error.explain());
    }
    assert_eq!(world.provider.refreshes().len(), 1, "its refresh token has been used");
    assert_eq!(record(&world).await.1, backup);
    put(&*world.store, &key, &newest).await;
    assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 2));
}

#[tokio::test]
async fn en_06_a_lost_key_has_a_remedy_that_somebody_has_to_choose() {
    let world = World::rotating();
    world.process().connect(world.login(ALICE, 3600)).await;
    let process = world.process_keys(SealingKey::generate(&OsRng).unwrap(), |builder| builder);
    let login = world.login("new", 3600);
    let error = process.manager.connect(&process.client, ALICE, login.clone()).await.unwrap_err();
    assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::KeyUnknown));
    assert!(error.store().unwrap().remedy().unwrap().contains("with_old"));
    assert!(process.manager.reset(&process.client, ALICE).await.unwrap());
    assert!(!process.manager.reset(&process.client, ALICE).await.unwrap());
    process.connect(login).await;
    assert_eq!(process.status().await, Status::Active);
    // Whoever still has the old key finds that it is another record.
    let error = world.process().token().await.unwrap_err();
    assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::KeyUnknown));
}
