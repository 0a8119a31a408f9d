//! Connections that end in the middle.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::store::{AttemptStore as _, LeaseAnswer, Store as _, StoreErrorKind, TakenAttempt, Write};
use oauth_stores::PostgresStore;

use crate::proxy::{Cut, Proxy};
use crate::{HOUR, Place, granted, key, record, refused, through, until, url, write};

/// A store behind a wire, which has said everything once, so that each step is one message and one answer.
async fn behind_a_wire() -> (Place, Arc<Proxy>, PostgresStore) {
    behind_a_wire_with(Duration::from_secs(10)).await
}

async fn behind_a_wire_with(patience: Duration) -> (Place, Arc<Proxy>, PostgresStore) {
    let place = Place::new().await;
    let proxy = Proxy::to(url::Url::parse(&url()).unwrap().port().unwrap()).await;
    let options = place.options().max_connections(1).patience(patience);
    let store = options.connect(place.named(&through(proxy.port))).await.unwrap();
    store.save(&key(0), write(None, &record(1, "warm"))).await.unwrap();
    store.save(&key(0), write(Some(1), &record(2, "warm"))).await.unwrap();
    let lease = granted(store.lease(&key(0), HOUR).await.unwrap());
    store.release(&key(0), &lease).await.unwrap();
    store.delete(&key(0), None).await.unwrap();
    store.put("warm", b"warm", HOUR).await.unwrap();
    store.take("warm").await.unwrap();
    (place, proxy, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_a_write_whose_answer_is_lost_is_found_and_not_repeated() {
    let (place, proxy, store) = behind_a_wire().await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    proxy.cut(Cut::After(b"mark-2".to_vec()), 1);
    store.save(&key(1), write(Some(1), &record(2, "mark-2"))).await.unwrap();
    assert_eq!(proxy.cuts(), 1);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "mark-2")));
    proxy.cut(Cut::After(b"mark-new".to_vec()), 1);
    store.save(&key(2), write(None, &record(7, "mark-new"))).await.unwrap();
    assert_eq!(proxy.cuts(), 2);
    assert_eq!(place.number("SELECT count(*) FROM {}.oauth_record").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_a_write_that_did_not_arrive_is_repeated() {
    let (_place, proxy, store) = behind_a_wire().await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    proxy.cut(Cut::Before(b"mark-2".to_vec()), 3);
    store.save(&key(1), write(Some(1), &record(2, "mark-2"))).await.unwrap();
    assert_eq!(proxy.cuts(), 3);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "mark-2")));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_a_lost_write_that_another_came_before_is_a_conflict() {
    let (place, proxy, store) = behind_a_wire().await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    place.run("UPDATE {}.oauth_record SET version = 2, payload = 'another'").await;
    proxy.cut(Cut::After(b"mark-2".to_vec()), 1);
    refused(store.save(&key(1), write(Some(1), &record(2, "mark-2"))).await, StoreErrorKind::Conflict);
    assert_eq!(proxy.cuts(), 1);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "another")));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_a_lost_write_under_a_lease_is_found_also_when_a_newer_lease_is_there() {
    let (_place, proxy, store) = behind_a_wire().await;
    let old = granted(store.lease(&key(1), Duration::ZERO).await.unwrap());
    let mine = record(1, "mark-1");
    proxy.cut(Cut::After(b"mark-1".to_vec()), 1);
    store.save(&key(1), Write { expected: None, record: &mine, lease: Some(&old) }).await.unwrap();
    granted(store.lease(&key(1), HOUR).await.unwrap());
    proxy.cut(Cut::Before(b"mark-2".to_vec()), 1);
    let late = record(2, "mark-2");
    let answer = store.save(&key(1), Write { expected: Some(1), record: &late, lease: Some(&old) }).await;
    refused(answer, StoreErrorKind::Fenced);
    assert_eq!(proxy.cuts(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_a_deletion_whose_answer_is_lost_is_still_this_callers() {
    let (_place, proxy, store) = behind_a_wire().await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    proxy.cut(Cut::After(key(1).as_str().into()), 1);
    assert!(store.delete(&key(1), Some(1)).await.unwrap());
    assert_eq!(proxy.cuts(), 1);
    assert!(!store.delete(&key(1), Some(1)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_a_lease_whose_answer_is_lost_is_not_lost() {
    let (_place, proxy, store) = behind_a_wire().await;
    proxy.cut(Cut::After(key(1).as_str().into()), 1);
    let lease = granted(store.lease(&key(1), HOUR).await.unwrap());
    assert_eq!(proxy.cuts(), 1);
    assert!(matches!(store.lease(&key(1), HOUR).await.unwrap(), LeaseAnswer::Held { .. }));
    store.release(&key(1), &lease).await.unwrap();
    granted(store.lease(&key(1), HOUR).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_an_attempt_whose_taking_was_not_answered_is_not_lost() {
    let (_place, proxy, store) = behind_a_wire().await;
    store.put("mark-id", b"attempt", HOUR).await.unwrap();
    proxy.cut(Cut::After(b"mark-id".to_vec()), 1);
    assert_eq!(store.take("mark-id").await.unwrap(), TakenAttempt::Waiting(b"attempt".to_vec()));
    assert_eq!(proxy.cuts(), 1);
    assert_eq!(store.take("mark-id").await.unwrap(), TakenAttempt::Taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_what_cannot_be_learnt_is_said_to_be_unknown() {
    let (_place, proxy, store) = behind_a_wire_with(Duration::from_secs(1)).await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    // Everything about this record: the write, and every look at what became of it.
    proxy.cut(Cut::After(key(1).as_str().into()), u32::MAX);
    let error = refused(store.save(&key(1), write(Some(1), &record(2, "second"))).await, StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("could not be learnt"), "{error}");
    assert!(error.is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_04_a_backend_that_is_killed_in_the_middle_of_a_write() {
    let place = Place::new().await;
    let store = place.store().await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    let mut locked = place.admin.begin().await.unwrap();
    sqlx::query(place.sql("SELECT 1 FROM {}.oauth_record FOR UPDATE")).execute(&mut *locked).await.unwrap();
    let writing = store.clone();
    let writing = tokio::spawn(async move { writing.save(&key(1), write(Some(1), &record(2, "second"))).await });
    until("the write waits for the lock", || async { place.sessions("wait_event_type = 'Lock'").await == 1 }).await;
    assert_eq!(place.terminate("wait_event_type = 'Lock'").await, 1);
    locked.rollback().await.unwrap();
    writing.await.unwrap().unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "second")));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_02_a_refresh_holds_no_transaction_and_survives_the_end_of_its_connection() {
    let place = Place::new().await;
    let store = place.store().await;
    store.save(&key(1), write(None, &record(1, "old token"))).await.unwrap();
    let lease = granted(store.lease(&key(1), HOUR).await.unwrap());
    // While the token endpoint is asked, the server has nothing of ours open: no transaction, no lock.
    assert_eq!(place.sessions("state IS DISTINCT FROM 'idle'").await, 0);
    assert_eq!(place.sessions("pid IN (SELECT pid FROM pg_locks)").await, 0);
    assert!(place.terminate("true").await > 0);
    let rotated = record(2, "new token");
    store.save(&key(1), Write { expected: Some(1), record: &rotated, lease: Some(&lease) }).await.unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(rotated));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_waits_for_leaves_no_connection_in_the_middle() {
    let place = Place::new().await;
    let store = place.options().max_connections(1).connect(place.url()).await.unwrap();
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    let mut locked = place.admin.begin().await.unwrap();
    sqlx::query(place.sql("SELECT 1 FROM {}.oauth_record FOR UPDATE")).execute(&mut *locked).await.unwrap();
    let (name, dropped) = (key(1), record(2, "dropped"));
    let save = store.save(&name, write(Some(1), &dropped));
    assert!(tokio::time::timeout(Duration::from_millis(100), save).await.is_err());
    locked.rollback().await.unwrap();
    // It happens wholly: the one connection is free only after that.
    let found = store.load(&key(1)).await.unwrap().unwrap();
    assert_eq!(found, record(2, "dropped"));
    until("nothing is open", || async { place.sessions("state IS DISTINCT FROM 'idle'").await == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn st_03_a_server_that_is_gone_is_not_an_empty_one() {
    let (_place, proxy, store) = behind_a_wire_with(Duration::from_secs(1)).await;
    store.save(&key(1), write(None, &record(1, "there"))).await.unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = url::Url::parse(&url()).unwrap().port().unwrap();
    proxy.lead_to(nobody);
    proxy.cut(Cut::Before(b"o".to_vec()), u32::MAX);
    let error = refused(store.load(&key(1)).await, StoreErrorKind::Unavailable);
    assert!(error.is_transient());
    refused(store.take("id").await, StoreErrorKind::Unavailable);
    refused(store.list(None, 10).await, StoreErrorKind::Unavailable);
    proxy.lead_to(server);
    proxy.cut(Cut::Before(b"o".to_vec()), 0);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(1, "there")));
}
