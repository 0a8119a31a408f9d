//! What is in the tables.

use std::time::{Duration, SystemTime};

use oauth_core::store::{
    AttemptStore as _, LeaseAnswer, MAX_RECORD, RecordKey, Store as _, StoreErrorKind, StoredRecord, TakenAttempt,
};

use crate::{HOUR, Place, granted, key, record, refused, until, write};

#[tokio::test(flavor = "multi_thread")]
async fn pg_10_one_account_is_never_read_for_another() {
    let place = Place::new().await;
    let store = place.store().await;
    // Two tenants whose keys differ in one bit of the digest, first, last and in the middle.
    let mut keys = vec![key(0)];
    for at in [0, 15, 31] {
        let mut digest = [0; 32];
        digest[at] = 1;
        keys.push(RecordKey::from_digest(digest));
    }
    for (number, key) in (0..).zip(&keys) {
        assert_eq!(store.load(key).await.unwrap(), None);
        store.save(key, write(None, &record(1, vec![number]))).await.unwrap();
    }
    store.save(&keys[0], write(Some(1), &record(2, "changed"))).await.unwrap();
    assert!(store.delete(&keys[1], None).await.unwrap());
    granted(store.lease(&keys[2], HOUR).await.unwrap());
    granted(store.lease(&keys[3], HOUR).await.unwrap());
    assert_eq!(store.load(&keys[0]).await.unwrap(), Some(record(2, "changed")));
    assert_eq!(store.load(&keys[1]).await.unwrap(), None);
    assert_eq!(store.load(&keys[2]).await.unwrap(), Some(record(1, vec![2])));
    assert_eq!(store.load(&keys[3]).await.unwrap(), Some(record(1, vec![3])));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_10_there_is_one_row_for_a_key() {
    let place = Place::new().await;
    let store = place.store().await;
    store.save(&key(1), write(None, &record(1, "one"))).await.unwrap();
    let again = "INSERT INTO {}.oauth_record SELECT * FROM {}.oauth_record";
    let error = sqlx::query(place.sql(again)).execute(&place.admin).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("23505"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_06_nothing_larger_than_a_record_is_written_or_read() {
    let place = Place::new().await;
    let store = place.store().await;
    let large = record(1, vec![7; MAX_RECORD + 1]);
    refused(store.save(&key(1), write(None, &large)).await, StoreErrorKind::TooLarge);
    refused(store.put("id", &large.payload, HOUR).await, StoreErrorKind::TooLarge);
    store.save(&key(1), write(None, &record(1, vec![7; MAX_RECORD]))).await.unwrap();
    place.run("ALTER TABLE {}.oauth_record DROP CONSTRAINT oauth_record_payload_check").await;
    place.run("UPDATE {}.oauth_record SET payload = decode(repeat('00', 2000000), 'hex')").await;
    refused(store.load(&key(1)).await, StoreErrorKind::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn st_01_an_older_state_never_replaces_a_newer_one() {
    let place = Place::new().await;
    let store = place.store().await;
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    store.save(&key(1), write(Some(1), &record(2, "second"))).await.unwrap();
    refused(store.save(&key(1), write(Some(1), &record(2, "late"))).await, StoreErrorKind::Conflict);
    refused(store.save(&key(1), write(None, &record(1, "late"))).await, StoreErrorKind::Conflict);
    refused(store.save(&key(1), write(Some(u64::MAX), &record(3, "late"))).await, StoreErrorKind::Conflict);
    refused(store.save(&key(1), write(Some(2), &record(u64::MAX, "late"))).await, StoreErrorKind::Config);
    refused(store.delete(&key(1), Some(1)).await, StoreErrorKind::Conflict);
    refused(store.delete(&key(1), Some(u64::MAX)).await, StoreErrorKind::Conflict);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "second")));
}

#[tokio::test(flavor = "multi_thread")]
async fn st_02_what_is_no_record_is_corrupt_and_stays() {
    let place = Place::new().await;
    let store = place.store().await;
    store.save(&key(1), write(None, &record(1, "one"))).await.unwrap();
    place.run("ALTER TABLE {}.oauth_record DROP CONSTRAINT oauth_record_version_check").await;
    place.run("UPDATE {}.oauth_record SET version = -1").await;
    refused(store.load(&key(1)).await, StoreErrorKind::Corrupt);
    refused(store.list(None, 10).await, StoreErrorKind::Corrupt);
    place.run("UPDATE {}.oauth_record SET version = 1, key = 'strange'").await;
    refused(store.list(None, 10).await, StoreErrorKind::Corrupt);
    place.run("ALTER TABLE {}.oauth_record ALTER version TYPE text").await;
    place.run(&format!("UPDATE {{}}.oauth_record SET key = '{}'", key(1))).await;
    let kind = store.load(&key(1)).await.unwrap_err().kind();
    assert!(matches!(kind, StoreErrorKind::Corrupt | StoreErrorKind::Schema | StoreErrorKind::Internal), "{kind:?}");
    assert_eq!(place.number("SELECT count(*) FROM {}.oauth_record WHERE payload = 'one'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn st_05_an_id_is_data_and_nothing_else() {
    let place = Place::new().await;
    let store = place.store().await;
    let long = "x".repeat(1024);
    let ids = [
        "'; DROP TABLE oauth_attempt; --",
        "../../etc/passwd",
        "nul\0nul",
        "nul",
        "*",
        "%",
        "a:b",
        "a\nb",
        "\\x00",
        "",
        "caf\u{e9}",
        "cafe\u{301}",
        "$1",
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
    assert_eq!(place.number("SELECT count(*) FROM {}.oauth_attempt WHERE attempt <> ''").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn st_07_what_has_ended_is_forgotten() {
    let place = Place::new().await;
    let store = place.store().await;
    for number in 0..40 {
        store.put(&format!("abandoned {number}"), b"attempt", HOUR).await.unwrap();
    }
    let highest = granted(store.lease(&key(1), HOUR).await.unwrap()).fence;
    place.run("UPDATE {}.oauth_attempt SET until = now() - interval '1 second'").await;
    place.run("UPDATE {}.oauth_lease SET until = now() - interval '25 hours'").await;
    store.put("new", b"attempt", HOUR).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM {}.oauth_attempt").await, 1);
    // Every so often a lease looks for what is to be forgotten.
    for _ in 0..64 {
        granted(store.lease(&key(2), Duration::ZERO).await.unwrap());
    }
    assert_eq!(place.number("SELECT count(*) FROM {}.oauth_lease").await, 1);
    assert!(granted(store.lease(&key(1), HOUR).await.unwrap()).fence > highest);
}

#[tokio::test(flavor = "multi_thread")]
async fn st_07_nothing_looks_at_every_row() {
    let place = Place::new().await;
    place.store().await.close().await;
    let digits = "translate(lpad(to_hex(n), 52, '0'), '0189', 'wxyz')";
    place
        .run(&format!(
            "INSERT INTO {{}}.oauth_record (key, version, due, payload)
               SELECT 'oa1' || {digits}, 1, n, '' FROM generate_series(1, 5000) AS n;
             INSERT INTO {{}}.oauth_lease (key, token, until)
               SELECT 'oa1' || {digits}, '', now() + interval '1 day' FROM generate_series(1, 5000) AS n;
             INSERT INTO {{}}.oauth_attempt (id, attempt, until)
               SELECT decode(to_hex(n + 65536), 'escape'), '', now() + interval '1 day' FROM generate_series(1, 5000) AS n;
             ANALYZE {{}}.oauth_record, {{}}.oauth_lease, {{}}.oauth_attempt"
        ))
        .await;
    let scans =
        "SELECT sum(seq_scan)::bigint FROM pg_stat_user_tables WHERE schemaname = '{}' AND relname <> 'oauth_schema'";
    let before = place.number(scans).await;
    let store = place.store().await;
    for number in 1..20 {
        store.save(&key(number), write(None, &record(1, "one"))).await.unwrap();
        store.save(&key(number), write(Some(1), &record(2, "two"))).await.unwrap();
        store.load(&key(number)).await.unwrap();
        store.list(Some(&key(number)), 10).await.unwrap();
        store.claim_due(SystemTime::UNIX_EPOCH + HOUR, HOUR, 5).await.unwrap();
        let lease = granted(store.lease(&key(number), HOUR).await.unwrap());
        store.release(&key(number), &lease).await.unwrap();
        store.delete(&key(number), None).await.unwrap();
        store.put("id", b"attempt", HOUR).await.unwrap();
        store.take("id").await.unwrap();
    }
    // The server counts a session's scans when it ends.
    store.close().await;
    until("the sessions have ended", || async { place.sessions("true").await == 0 }).await;
    assert_eq!(place.number(scans).await, before);
    assert!(place.number("SELECT sum(idx_scan)::bigint FROM pg_stat_user_tables WHERE schemaname = '{}'").await > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_04_times_before_1970_and_after_9999() {
    let place = Place::new().await;
    let store = place.store().await;
    let epoch = SystemTime::UNIX_EPOCH;
    let far = Duration::from_secs(253_402_300_800 + 1);
    let last = epoch + Duration::from_secs(i64::MAX.unsigned_abs());
    for (number, due) in
        (1..).zip([epoch - HOUR * 1_000_000, epoch - HOUR, epoch, epoch + far, epoch + far * 1000, last])
    {
        let written = StoredRecord { version: 1, due: Some(due), payload: Vec::new() };
        store.save(&key(number), write(None, &written)).await.unwrap();
        assert_eq!(store.load(&key(number)).await.unwrap(), Some(written));
        assert_eq!(store.claim_due(due, HOUR, 10).await.unwrap(), [key(number)]);
        store.delete(&key(number), None).await.unwrap();
    }
    assert!(store.claim_due(epoch, Duration::MAX, usize::MAX).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_04_a_time_without_end_is_cut() {
    let place = Place::new().await;
    let store = place.store().await;
    let lease = granted(store.lease(&key(1), Duration::MAX).await.unwrap());
    assert!(lease.lasts < Duration::MAX);
    assert!(matches!(store.lease(&key(1), HOUR).await.unwrap(), LeaseAnswer::Held { remaining } if remaining > HOUR));
    store.put("id", b"attempt", Duration::MAX).await.unwrap();
    assert_eq!(store.take("id").await.unwrap(), TakenAttempt::Waiting(b"attempt".to_vec()));
    // What somebody else has made of it is no panic, either.
    for until in ["infinity", "-infinity", "294276-12-31", "4713-01-01 BC"] {
        place.run(&format!("UPDATE {{}}.oauth_lease SET until = '{until}'")).await;
        let _ = store.lease(&key(1), Duration::ZERO).await;
    }
    granted(store.lease(&key(1), HOUR).await.unwrap());
}
