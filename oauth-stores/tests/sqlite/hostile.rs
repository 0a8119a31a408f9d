//! Hostile cases that a SQL store decides, on a file.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use oauth_core::store::{
    AttemptStore as _, LeaseAnswer, Store as _, StoreErrorKind, StoredRecord, TakenAttempt, Write,
};
use oauth_stores::SqliteStore;
use sqlx::{Connection as _, SqliteConnection};

use crate::{Moved, fresh, key, record, refused, write};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn st_01_an_older_state_never_replaces_a_newer_one() {
    let (_folder, store) = fresh().await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    store.save(&key(1), write(Some(1), &record(2, "second"))).await.unwrap();
    refused(store.save(&key(1), write(Some(1), &record(2, "late"))).await, StoreErrorKind::Conflict);
    refused(store.save(&key(1), write(None, &record(1, "late"))).await, StoreErrorKind::Conflict);
    refused(store.delete(&key(1), Some(1)).await, StoreErrorKind::Conflict);
    refused(store.delete(&key(1), Some(u64::MAX)).await, StoreErrorKind::Conflict);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "second")));
}

#[tokio::test]
async fn st_03_a_store_that_cannot_be_reached_is_not_an_empty_one() {
    let (folder, store) = fresh().await;
    store.save(&key(1), write(None, &record(1, "there"))).await.unwrap();
    fs::rename(folder.path().join("tokens.db"), folder.path().join("away.db")).unwrap();
    let error = refused(store.load(&key(1)).await, StoreErrorKind::Unavailable);
    assert!(error.is_transient());
    refused(store.list(None, 10).await, StoreErrorKind::Unavailable);
    refused(store.take("id").await, StoreErrorKind::Unavailable);
    refused(store.lease(&key(1), HOUR).await, StoreErrorKind::Unavailable);
    store.close().await;
    fs::rename(folder.path().join("away.db"), folder.path().join("tokens.db")).unwrap();
    refused(store.load(&key(1)).await, StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn st_03_a_database_locked_by_another_process_is_busy_for_writers_and_not_for_readers() {
    let (folder, store) = fresh().await;
    let store = store.patience(Duration::from_millis(500));
    store.save(&key(1), write(None, &record(1, "there"))).await.unwrap();
    let path = folder.path().join("tokens.db");
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(store.load(&key(1)).await.unwrap().is_some());
    let error = refused(store.save(&key(1), write(Some(1), &record(2, "late"))).await, StoreErrorKind::Busy);
    assert!(error.is_transient());
    held.rollback().await.unwrap();
    store.save(&key(1), write(Some(1), &record(2, "in time"))).await.unwrap();
}

#[tokio::test]
async fn st_05_an_id_is_data_and_nothing_else() {
    let (_folder, store) = fresh().await;
    let long = "x".repeat(1024);
    let ids = [
        "'; DROP TABLE attempt; --",
        "../../etc/passwd",
        "nul\0nul",
        "nul",
        "*",
        "%",
        "a:b",
        "a\nb",
        "",
        "caf\u{e9}",
        "cafe\u{301}",
        &long,
    ];
    for id in ids {
        store.put(id, id.as_bytes(), HOUR).await.unwrap();
    }
    for id in ids {
        assert_eq!(store.take(id).await.unwrap(), TakenAttempt::Waiting(id.as_bytes().to_vec()), "{id:?}");
        assert_eq!(store.peek(id).await.unwrap(), TakenAttempt::Taken, "{id:?}");
    }
    refused(store.put(&"x".repeat(1025), b"", HOUR).await, StoreErrorKind::Config);
}

#[tokio::test]
async fn st_07_what_has_ended_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.db");
    let clock = Moved::at(1_800_000_000);
    let store = SqliteStore::open(&path).await.unwrap().clock(clock.clone());
    for number in 0..50 {
        store.put(&format!("abandoned {number}"), b"attempt", HOUR).await.unwrap();
        granted(store.lease(&key(number), HOUR).await.unwrap());
    }
    let highest = granted(store.lease(&key(50), HOUR).await.unwrap());
    clock.by(HOUR * 30);
    store.put("new", b"attempt", HOUR).await.unwrap();
    // Every so often a lease looks for what is to be forgotten.
    for _ in 0..64 {
        granted(store.lease(&key(51), Duration::ZERO).await.unwrap());
    }
    assert_eq!(rows(&path, "SELECT count(*) FROM attempt").await, 1);
    assert_eq!(rows(&path, "SELECT count(*) FROM lease").await, 1);
    let next = granted(store.lease(&key(0), HOUR).await.unwrap());
    assert!(next > highest + 64, "fence {next} follows fence {highest}");
}

#[tokio::test]
async fn st_07_the_highest_fence_is_never_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Moved::at(1_800_000_000);
    let store = SqliteStore::open(folder.path().join("tokens.db")).await.unwrap().clock(clock.clone());
    let mut last = 0;
    for _ in 0..200 {
        let fence = granted(store.lease(&key(1), Duration::ZERO).await.unwrap());
        assert!(fence > last, "fence {fence} follows fence {last}");
        last = fence;
        clock.by(HOUR * 48);
    }
}

#[tokio::test]
async fn time_04_a_clock_before_1970_and_after_9999() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Moved::at(0);
    let store = SqliteStore::open(folder.path().join("tokens.db")).await.unwrap().clock(clock.clone());
    let epoch = SystemTime::UNIX_EPOCH;
    let far = Duration::from_secs(253_402_300_800 + 1);
    for (number, now) in (1..).zip([epoch - HOUR * 1_000_000, epoch - HOUR, epoch, epoch + far, epoch + far * 1000]) {
        clock.set(now);
        let due = StoredRecord { version: 1, due: Some(now), payload: Vec::new() };
        store.save(&key(number), write(None, &due)).await.unwrap();
        assert_eq!(store.load(&key(number)).await.unwrap().unwrap().due, Some(now));
        assert_eq!(store.claim_due(now, HOUR, 10).await.unwrap(), [key(number)]);
        assert_eq!(store.claim_due(now, HOUR, 10).await.unwrap(), []);
        granted(store.lease(&key(number), HOUR).await.unwrap());
        store.put("id", b"attempt", HOUR).await.unwrap();
        store.take("id").await.unwrap();
        store.delete(&key(number), None).await.unwrap();
    }
    let last = epoch + Duration::from_secs(i64::MAX.unsigned_abs());
    clock.set(last);
    let due = StoredRecord { version: 1, due: Some(last), payload: Vec::new() };
    store.save(&key(9), write(None, &due)).await.unwrap();
    assert_eq!(store.load(&key(9)).await.unwrap(), Some(due));
    assert_eq!(store.claim_due(last, HOUR, 10).await.unwrap(), [key(9)]);
    store.lease(&key(9), HOUR).await.unwrap();
}

#[tokio::test]
async fn time_04_a_time_without_end_is_cut() {
    let (_folder, store) = fresh().await;
    let LeaseAnswer::Granted(lease) = store.lease(&key(1), Duration::MAX).await.unwrap() else { panic!("held") };
    assert!(lease.lasts < Duration::MAX);
    assert!(matches!(store.lease(&key(1), HOUR).await.unwrap(), LeaseAnswer::Held { remaining } if remaining > HOUR));
    store.put("id", b"attempt", Duration::MAX).await.unwrap();
    assert_eq!(store.take("id").await.unwrap(), TakenAttempt::Waiting(b"attempt".to_vec()));
    assert!(store.claim_due(SystemTime::UNIX_EPOCH, Duration::MAX, usize::MAX).await.unwrap().is_empty());
}

#[tokio::test]
async fn time_02_a_clock_set_back_makes_no_lease_longer() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Moved::at(1_800_000_000);
    let store = SqliteStore::open(folder.path().join("tokens.db")).await.unwrap().clock(clock.clone());
    granted(store.lease(&key(1), HOUR).await.unwrap());
    clock.set(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let LeaseAnswer::Held { remaining } = store.lease(&key(1), HOUR).await.unwrap() else { panic!("granted") };
    assert_eq!(remaining, HOUR);
    clock.by(HOUR);
    granted(store.lease(&key(1), HOUR).await.unwrap());
}

#[tokio::test]
async fn what_is_stored_larger_than_a_record_is_not_read() {
    let (folder, store) = fresh().await;
    store.save(&key(1), write(None, &record(1, "small"))).await.unwrap();
    let mut other = SqliteConnection::connect(folder.path().join("tokens.db").to_str().unwrap()).await.unwrap();
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON; UPDATE record SET payload = zeroblob(2000000)")
        .execute(&mut other)
        .await
        .unwrap();
    refused(store.load(&key(1)).await, StoreErrorKind::TooLarge);
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON; UPDATE record SET payload = x'', version = -1")
        .execute(&mut other)
        .await
        .unwrap();
    refused(store.load(&key(1)).await, StoreErrorKind::Corrupt);
    refused(store.list(None, 10).await, StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_version_that_no_column_holds_is_refused() {
    let (_folder, store) = fresh().await;
    refused(store.save(&key(1), write(None, &record(u64::MAX, ""))).await, StoreErrorKind::Config);
    store.save(&key(1), write(None, &record(1, ""))).await.unwrap();
    refused(store.save(&key(1), write(Some(u64::MAX), &record(2, ""))).await, StoreErrorKind::Conflict);
}

#[tokio::test]
async fn a_lease_of_another_time_is_fenced() {
    let (_folder, store) = fresh().await;
    let LeaseAnswer::Granted(old) = store.lease(&key(1), Duration::ZERO).await.unwrap() else { panic!("held") };
    granted(store.lease(&key(1), HOUR).await.unwrap());
    let late = record(1, "late");
    let write = Write { expected: None, record: &late, lease: Some(&old) };
    refused(store.save(&key(1), write).await, StoreErrorKind::Fenced);
}

#[tokio::test]
async fn its_own_text_shows_no_more_than_the_path() {
    let (folder, store) = fresh().await;
    let text = format!("{store:?}");
    assert!(text.contains(folder.path().file_name().unwrap().to_str().unwrap()), "{text}");
    let shared: Arc<dyn oauth_core::store::Store> = Arc::new(store);
    assert_eq!(shared.name(), "sqlite");
}

fn granted(answer: LeaseAnswer) -> u64 {
    match answer {
        LeaseAnswer::Granted(lease) => lease.fence,
        held => panic!("{held:?}"),
    }
}

async fn rows(path: &std::path::Path, sql: &'static str) -> i64 {
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}
