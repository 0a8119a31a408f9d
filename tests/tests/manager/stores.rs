//! Records that are damaged, foreign, too new, too old or gone, keys that are not here, and stores that do not answer.

use oauth_core::store::{RecordKey, StoreError, StoreErrorKind, StoredRecord, Write};
use oauth_core::{ErrorKind, ExposeSecret as _};

use crate::faulty::{Fault, Op};
use crate::provider::{Reply, access, refresh};
use crate::rig::{ALICE, Process, World, rotating, secs, settle};
use crate::sealed::{open, put, seal};

/// The only record.
pub(crate) async fn record(world: &World) -> (RecordKey, StoredRecord) {
    let key = world.keys().await[0];
    (key, world.store.load(&key).await.unwrap().unwrap())
}

/// A record that cannot be opened says so to whoever asks, is no reason for a login, and stays as it is.
pub(crate) async fn stands(world: &World, process: &Process, kind: StoreErrorKind) {
    let (key, before) = record(world).await;
    let login = world.login("new", 3600);
    let (manager, client) = (&process.manager, &process.client);
    let errors = [
        manager.account(client, ALICE).await.map(drop),
        manager.token(client, ALICE).await.map(drop),
        manager.status(client, ALICE).await.map(drop),
        manager.explain(client, ALICE).await.map(drop),
        manager.connect(client, ALICE, login.clone()).await.map(drop),
        manager.import(client, ALICE, login.clone()).await.map(drop),
        manager.disconnect(client, ALICE).await.map(drop),
        manager.accounts().next().await.unwrap().map(drop),
    ];
    for (at, result) in errors.into_iter().enumerate() {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{at}");
        assert_eq!(error.store().map(StoreError::kind), Some(kind), "{at}: {}", error.explain());
        assert!(!error.needs_reauth() && !error.is_retryable(), "{at}");
        assert!(!format!("{error:?} {}", error.explain()).contains("canary"), "{at}");
        assert!(error.explain().contains("fix: "), "{kind:?} says what to do: {}", error.explain());
    }
    manager.worker().run_once().await.unwrap();
    assert_eq!(world.store.load(&key).await.unwrap().unwrap(), before, "not a byte is changed");
    assert!(world.provider.seen().is_empty(), "nothing is sent");

    // Only an explicit reset gives it up.
    assert!(manager.reset(client, ALICE).await.unwrap());
    assert!(world.keys().await.is_empty());
    process.connect(login).await;
    assert_eq!(process.token().await.unwrap(), access("new", 0));
}

#[tokio::test]
async fn st_02_a_record_that_cannot_be_opened_is_neither_overwritten_nor_taken_for_none() {
    let damages: [(&str, fn(&mut Vec<u8>)); 7] = [
        ("a bit", |bytes| *bytes.last_mut().unwrap() ^= 1),
        ("a bit in the middle", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x80;
        }),
        ("cut", |bytes| bytes.truncate(bytes.len() - 1)),
        ("almost nothing left", |bytes| bytes.truncate(5)),
        ("nothing left", Vec::clear),
        ("somebody else's", |bytes| *bytes = b"{\"access_token\":\"x\"}".to_vec()),
        ("longer", |bytes| bytes.push(0)),
    ];
    for (what, damage) in damages {
        let world = World::rotating();
        world.process().connect(world.login(ALICE, -1)).await;
        let (key, mut stored) = record(&world).await;
        damage(&mut stored.payload);
        put(&*world.store, &key, &stored).await;
        println!("{what}");
        stands(&world, &world.process(), StoreErrorKind::Corrupt).await;
    }
}

#[tokio::test]
async fn st_02_what_a_newer_version_wrote_is_left_to_it() {
    // Another sealing, and another content.
    let world = World::rotating();
    world.process().connect(world.login(ALICE, -1)).await;
    let (key, mut stored) = record(&world).await;
    stored.payload[3] = 2;
    put(&*world.store, &key, &stored).await;
    stands(&world, &world.process(), StoreErrorKind::NewerSchema).await;

    let world = World::rotating();
    world.process().connect(world.login(ALICE, -1)).await;
    let (key, stored) = record(&world).await;
    let mut content = open(&world.key, &key, &stored);
    content["schema"] = 2.into();
    content["tokens"] = "somewhere else".into();
    put(&*world.store, &key, &seal(&world.key, &key, stored.version, &content)).await;
    stands(&world, &world.process(), StoreErrorKind::NewerSchema).await;

    // Content of the right version that is none.
    let world = World::rotating();
    world.process().connect(world.login(ALICE, -1)).await;
    let (key, stored) = record(&world).await;
    let content = serde_json::json!({"schema": 1});
    put(&*world.store, &key, &seal(&world.key, &key, stored.version, &content)).await;
    stands(&world, &world.process(), StoreErrorKind::Corrupt).await;
}

#[tokio::test]
async fn st_02_a_record_of_another_account_is_none_of_this_ones() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    let (alice, own) = record(&world).await;
    process.manager.connect(&process.client, "bob", world.login("bob", 3600)).await.unwrap();
    let bob = *world.keys().await.iter().find(|key| **key != alice).unwrap();
    let others = world.store.load(&bob).await.unwrap().unwrap();
    // As it is, and sealed anew for this place by somebody who has the key.
    put(&*world.store, &alice, &others).await;
    let error = world.process().token().await.unwrap_err();
    assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::Corrupt));
    let moved = seal(&world.key, &alice, own.version, &open(&world.key, &bob, &others));
    put(&*world.store, &alice, &moved).await;
    let error = world.process().token().await.unwrap_err();
    assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::Corrupt));
    // An older version of the own record, under a newer number.
    put(&*world.store, &alice, &StoredRecord { version: own.version + 1, ..own }).await;
    let error = world.process().token().await.unwrap_err();
    assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::Corrupt));
    assert!(world.provider.seen().is_empty());
}

#[tokio::test]
async fn st_03_a_store_that_does_not_answer_is_not_an_account_that_does_not_exist() {
    for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Busy, StoreErrorKind::Locked] {
        let world = World::rotating();
        let mut process = world.process();
        let account = process.connect(world.login(ALICE, 600)).await;
        process.events();
        for op in [Op::Load, Op::List, Op::Claim, Op::Lease, Op::Save, Op::Delete] {
            process.store.always(op, Fault::Fail(kind));
        }
        let fresh = world.process();
        fresh.store.always(Op::Load, Fault::Fail(kind));
        let (manager, client) = (&fresh.manager, &fresh.client);
        let errors = [
            manager.account(client, ALICE).await.map(drop),
            manager.status(client, ALICE).await.map(drop),
            manager.explain(client, ALICE).await.map(drop),
            manager.connect(client, ALICE, world.login("new", 3600)).await.map(drop),
            manager.disconnect(client, ALICE).await.map(drop),
            process.manager.accounts().next().await.unwrap().map(drop),
            process.manager.worker().run_once().await.map(drop),
        ];
        for result in errors {
            let error = result.unwrap_err();
            assert_eq!(error.store().map(StoreError::kind), Some(kind));
            assert!(error.is_retryable() && !error.needs_reauth(), "{}", error.explain());
        }
        // What is in use stays so to its end, and says then that it is the store.
        for _ in 0..59 {
            assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 0));
            settle().await;
            world.clock.advance(secs(10));
        }
        world.clock.advance(secs(10));
        let error = account.token().await.unwrap_err();
        assert_eq!(error.store().map(StoreError::kind), Some(kind));
        assert!(!error.needs_reauth());
        assert!(world.provider.refreshes().is_empty());
        assert!(!process.events().iter().any(|word| matches!(*word, "gone" | "needs-reauth")));
        process.store.heal();
        assert_eq!(world.pass(account.token()).await.unwrap().expose_secret(), access(ALICE, 1));
    }
}

#[tokio::test]
async fn st_06_what_a_newer_version_added_is_kept_when_this_one_writes() {
    let world = World::rotating();
    world.process().connect(world.login(ALICE, -1)).await;
    let (key, stored) = record(&world).await;
    let mut content = open(&world.key, &key, &stored);
    content["from_the_future"] = serde_json::json!({"a": [1.50, null, {"deep": "canary"}]});
    content["tokens"]["key_of_tomorrow"] = "k1".into();
    put(&*world.store, &key, &seal(&world.key, &key, stored.version, &content)).await;
    let process = world.process();
    assert_eq!(process.token().await.unwrap(), access(ALICE, 1));
    let (_, written) = record(&world).await;
    assert!(written.version > stored.version);
    let now = open(&world.key, &key, &written);
    assert_eq!(now["from_the_future"], content["from_the_future"]);
    assert_eq!(now["tokens"]["key_of_tomorrow"], "k1");
    assert_eq!(now["tokens"]["refresh_token"], *refresh(ALICE, 1));
    assert_eq!(now["schema"], 1);
}

#[tokio::test]
async fn st_06_a_record_is_replaced_only_in_the_version_that_was_read() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    let (key, stored) = record(&world).await;
    // Somebody else writes between the read and the first mark.
    let content = open(&world.key, &key, &stored);
    let newer = seal(&world.key, &key, stored.version + 7, &content);
    let store = std::sync::Arc::clone(&world.store);
    let expected = stored.version;
    process.store.before(Op::Save, async move {
        let write = Write { expected: Some(expected), record: &newer, lease: None };
        store.save(&key, write).await.unwrap();
    });
    assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 1));
    assert!(record(&world).await.1.version > expected + 7, "not written over, but after it");
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn st_08_lists_show_no_secret_and_nobody_reads_tokens_off_the_store() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    process.token().await.unwrap();
    let mut accounts = process.manager.accounts();
    let info = accounts.next().await.unwrap().unwrap();
    assert!(accounts.next().await.is_none());
    assert_eq!((info.id.account(), info.id.provider()), (ALICE, "acme"));
    let listed = world.store.list(None, 10).await.unwrap();
    let (_, stored) = record(&world).await;
    let shown =
        format!("{info:?} {listed:?} {stored:?} {:?} {:?} {accounts:?}", process.manager, process.alice().await);
    assert!(!shown.contains("canary") && !shown.contains(oauth_tests::login::SECRET), "{shown}");
    let bytes = String::from_utf8_lossy(&stored.payload).into_owned();
    assert!(!bytes.contains("canary") && !bytes.contains(ALICE) && !bytes.contains("acme"));
    assert!(
        process.alice().await.tokens().expose_json().expose_secret().contains("canary"),
        "who asks by name gets it"
    );
}

#[tokio::test]
async fn rd_03_a_record_that_the_store_has_lost_needs_a_new_login() {
    let world = World::rotating();
    let (mut one, other) = (world.process(), world.process());
    let account = one.connect(world.login(ALICE, 3600)).await;
    one.events();
    world.store.delete(&world.keys().await[0], None).await.unwrap();
    world.clock.advance(secs(31));
    let _ = account.token().await;
    settle().await;
    assert_eq!(one.events(), ["gone"]);
    for error in
        [account.token().await.unwrap_err(), other.token().await.unwrap_err(), account.refresh().await.unwrap_err()]
    {
        assert!(error.kind() == ErrorKind::NotConnected && error.needs_reauth() && !error.is_retryable());
        assert!(error.explain().contains("lost"), "{}", error.explain());
    }
    assert!(world.provider.refreshes().is_empty());
    assert!(one.explain().await.contains("lost"));
    other.connect(world.login("again", 3600)).await;
    world.clock.advance(secs(31));
    assert_eq!(world.pass(account.token()).await.unwrap().expose_secret(), access("again", 0));
}

#[tokio::test]
async fn rd_03_a_record_that_is_lost_during_a_refresh_is_not_brought_back() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Held);
    let asking = tokio::spawn(async move { account.token().await });
    world.provider.arrived(1).await;
    world.store.delete(&world.keys().await[0], None).await.unwrap();
    world.provider.pass();
    let error = world.pass(asking).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
    assert!(world.keys().await.is_empty());
    assert_eq!(world.provider.revoked(), [refresh(ALICE, 1)], "nobody has it any more");
}

#[tokio::test]
async fn a_file_that_names_other_hosts_opens_no_old_record() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    let moved =
        world.client(&rotating("").replace("base_url: https://api.acme.example", "base_url: https://evil.example"));
    let error = process.manager.account(&moved, ALICE).await.unwrap_err();
    assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::OriginsChanged), "{}", error.explain());
    assert!(error.explain().contains("evil.example"));
    assert!(process.manager.token(&moved, ALICE).await.is_err());
    assert!(world.provider.seen().is_empty());
    // A login under the new file is the user's consent.
    process.manager.connect(&moved, ALICE, world.login("new", 3600)).await.unwrap();
    assert_eq!(process.manager.token(&moved, ALICE).await.unwrap().expose_secret(), access("new", 0));
}

#[tokio::test]
async fn a_store_that_always_conflicts_is_asked_no_longer_than_makes_sense() {
    for kind in [StoreErrorKind::Conflict, StoreErrorKind::Fenced] {
        let world = World::rotating();
        let process = world.process();
        process.connect(world.login(ALICE, -1)).await;
        process.store.always(Op::Save, Fault::Fail(kind));
        let error = world.pass(process.token()).await.unwrap_err();
        assert_eq!(error.store().map(StoreError::kind), Some(kind), "{}", error.explain());
        assert!(process.store.count(Op::Save) < 100, "{} writes", process.store.count(Op::Save));
        assert!(world.provider.refreshes().is_empty());
        let error = world.pass(process.manager.disconnect(&process.client, ALICE)).await.unwrap_err();
        assert!(error.is_retryable() || error.store().is_some(), "{}", error.explain());
    }
}
