//! What is kept, and what keeps it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oauth_core::store::{
    AttemptStore as _, LeaseAnswer, MAX_RECORD, Store as _, StoreErrorKind, StoredRecord, TakenAttempt,
};
use redis::AsyncCommands as _;

use crate::{granted, key, own, random, raw, record, save, url};

const LONG: Duration = Duration::from_mins(10);

#[tokio::test]
async fn rd_01_who_comes_late_cannot_save() {
    let (store, _) = own();
    let store = store.connect().await.unwrap();
    let key = key(1);
    save(&store, &key, None, &record(1, "first"), None).await.unwrap();
    let paused = granted(&store, &key, Duration::from_millis(100)).await;
    // The holder pauses, its lease ends by the server's clock, and another one refreshes.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let next = granted(&store, &key, LONG).await;
    assert!(next.fence > paused.fence && next.token != paused.token);
    store.release(&key, &paused).await.unwrap();
    assert!(matches!(store.lease(&key, LONG).await.unwrap(), LeaseAnswer::Held { .. }), "not its lease");

    let late = save(&store, &key, Some(1), &record(2, "late"), Some(&paused)).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::Fenced, "before the other has saved");
    save(&store, &key, Some(1), &record(2, "next"), Some(&next)).await.unwrap();
    let late = save(&store, &key, Some(2), &record(3, "late"), Some(&paused)).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::Fenced, "at the right version");
    assert_eq!(store.load(&key).await.unwrap().unwrap(), record(2, "next"));
}

#[tokio::test]
async fn rd_01_the_version_decides_where_no_lease_does() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    let key = key(1);
    let paused = granted(&store, &key, LONG).await;
    save(&store, &key, None, &record(1, "first"), Some(&paused)).await.unwrap();
    // Everything that is known of leases is gone.
    let mut server = raw(&url()).await;
    let lost = server.del::<_, usize>(&[format!("{{{prefix}}}:lease:{key}"), format!("{{{prefix}}}:fence")]).await;
    assert_eq!(lost.unwrap(), 2);
    let next = granted(&store, &key, LONG).await;
    assert!(next.fence > paused.fence, "the clock goes on");
    save(&store, &key, Some(1), &record(2, "next"), None).await.unwrap();
    let late = save(&store, &key, Some(1), &record(2, "late"), None).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::Conflict);
}

#[tokio::test]
async fn rd_01_a_fence_is_above_those_of_record_and_counter_whatever_the_clock_says() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    let mut server = raw(&url()).await;
    // As if the primary before had had a clock that is an hour ahead.
    let ahead = SystemTime::UNIX_EPOCH.elapsed().unwrap() + Duration::from_hours(1);
    let ahead = u64::try_from(ahead.as_micros()).unwrap();
    save(&store, &key(1), None, &record(1, ""), None).await.unwrap();
    let () = server.hset(format!("{{{prefix}}}:record:{}", key(1)), "f", ahead).await.unwrap();
    let first = granted(&store, &key(1), LONG).await;
    assert_eq!(first.fence, ahead + 1);
    // The deletion of the record and the loss of the lease leave the counter.
    store.delete(&key(1), None).await.unwrap();
    let () = server.del(format!("{{{prefix}}}:lease:{}", key(1))).await.unwrap();
    assert_eq!(granted(&store, &key(1), LONG).await.fence, ahead + 2);
    // A record whose fence is above the counter leaves it behind when it goes.
    save(&store, &key(2), None, &record(1, ""), None).await.unwrap();
    let () = server.hset(format!("{{{prefix}}}:record:{}", key(2)), "f", ahead + 100).await.unwrap();
    store.delete(&key(2), Some(1)).await.unwrap();
    assert_eq!(granted(&store, &key(2), LONG).await.fence, ahead + 101);
}

#[tokio::test]
async fn rd_03_records_have_no_time_to_live() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    let due = Some(UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    save(&store, &key(1), None, &StoredRecord { due, ..record(1, "x") }, None).await.unwrap();
    let lease = granted(&store, &key(1), LONG).await;
    save(&store, &key(1), Some(1), &StoredRecord { due, ..record(2, "x") }, Some(&lease)).await.unwrap();
    let mut server = raw(&url()).await;
    for name in [format!("record:{}", key(1)), "keys".into(), "due".into(), "fence".into(), "format".into()] {
        let left: i64 = server.pttl(format!("{{{prefix}}}:{name}")).await.unwrap();
        assert_eq!(left, -1, "{name}");
    }
}

#[tokio::test]
async fn rd_03_an_evicted_record_is_not_there_and_does_not_come_back_by_itself() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    for number in 1..=3 {
        save(&store, &key(number), None, &record(1, "x"), None).await.unwrap();
    }
    let evicted = key(2);
    let () = raw(&url()).await.del(format!("{{{prefix}}}:record:{evicted}")).await.unwrap();
    assert_eq!(store.load(&evicted).await.unwrap(), None);
    // Pages go on behind it.
    let mut after = None;
    let mut listed = Vec::new();
    while let [one] = store.list(after.as_ref(), 1).await.unwrap().as_slice() {
        listed.push(one.key);
        after = Some(one.key);
    }
    let mut kept = [key(1), key(3)];
    kept.sort_unstable();
    assert_eq!(listed, kept);
    let error = save(&store, &evicted, Some(1), &record(2, "x"), None).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict);
    assert!(!store.delete(&evicted, None).await.unwrap());
}

#[tokio::test]
async fn rd_04_a_lease_ends_in_one_step_with_its_grant() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    let (key, mut server) = (key(1), raw(&url()).await);
    let name = format!("{{{prefix}}}:lease:{key}");
    let first = granted(&store, &key, Duration::from_millis(300)).await;
    let left: i64 = server.pttl(&name).await.unwrap();
    assert!(left > 0, "a lease that is forgotten goes away by itself: {left}");
    // Even without that time to live it is no eternal lock.
    let persisted: bool = server.persist(&name).await.unwrap();
    assert!(persisted);
    let LeaseAnswer::Held { remaining } = store.lease(&key, LONG).await.unwrap() else { panic!("it is held") };
    assert!(remaining <= Duration::from_millis(300), "{remaining:?}");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(granted(&store, &key, LONG).await.fence > first.fence);
}

#[tokio::test]
async fn rd_04_a_clock_that_goes_back_does_not_lengthen_a_lease_for_ever() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    let (key, mut server) = (key(1), raw(&url()).await);
    granted(&store, &key, Duration::from_millis(200)).await;
    // As if the clock had been an hour ahead when it was granted.
    let ahead = (SystemTime::UNIX_EPOCH.elapsed().unwrap() + Duration::from_hours(1)).as_micros();
    let () = server.hset(format!("{{{prefix}}}:lease:{key}"), "u", ahead.to_string()).await.unwrap();
    let LeaseAnswer::Held { remaining } = store.lease(&key, LONG).await.unwrap() else { panic!("it is held") };
    assert!(remaining <= Duration::from_millis(200), "{remaining:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    granted(&store, &key, LONG).await;
}

#[tokio::test]
async fn rd_07_what_another_program_has_left_there_is_corrupt() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    let mut server = raw(&url()).await;
    let name = |number| format!("{{{prefix}}}:record:{}", key(number));
    let () = server.rpush(name(1), "a list").await.unwrap();
    let () = server.hset_multiple(name(2), &[("v", "1"), ("p", &"x".repeat(MAX_RECORD + 1))]).await.unwrap();
    let () = server.hset(name(3), "v", "one").await.unwrap();
    for number in 1..=3 {
        let error = store.load(&key(number)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{number}: {error}");
    }
    let error = save(&store, &key(1), None, &record(1, "x"), None).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    let kept: Vec<String> = server.lrange(name(1), 0, -1).await.unwrap();
    assert_eq!(kept, ["a list"], "it is not overwritten");
    let error = store.delete(&key(1), Some(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    assert!(store.delete(&key(1), None).await.unwrap(), "whatever it is");
    // An index of another type: nothing is written by half.
    let () = server.set(format!("{{{prefix}}}:due"), "no sorted set").await.unwrap();
    let due = StoredRecord { due: Some(UNIX_EPOCH), ..record(1, "x") };
    assert_eq!(save(&store, &key(4), None, &due, None).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_eq!(store.load(&key(4)).await.unwrap(), None);
}

#[tokio::test]
async fn the_largest_record_fits_and_a_larger_one_does_not() {
    let (store, _) = own();
    let store = store.connect().await.unwrap();
    let largest = record(i64::MAX.unsigned_abs(), vec![0xff; MAX_RECORD]);
    save(&store, &key(1), None, &largest, None).await.unwrap();
    assert!(store.load(&key(1)).await.unwrap().unwrap() == largest);
    let error = save(&store, &key(2), None, &record(1, vec![0; MAX_RECORD + 1]), None).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooLarge);
    let error = store.put("id", &vec![0; MAX_RECORD + 1], LONG).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooLarge);
}

#[tokio::test]
async fn more_records_than_a_page_are_listed_and_claimed() {
    const COUNT: u16 = 1_203;
    let (store, _) = own();
    let store = store.connect().await.unwrap();
    let mut keys = Vec::new();
    for number in 0..COUNT {
        let mut digest = [0; 32];
        digest[..2].copy_from_slice(&number.to_be_bytes());
        keys.push(oauth_core::store::RecordKey::from_digest(digest));
        let due = StoredRecord { due: Some(UNIX_EPOCH), ..record(1, "x") };
        save(&store, &keys[usize::from(number)], None, &due, None).await.unwrap();
    }
    keys.sort_unstable();
    let listed = store.list(None, usize::MAX).await.unwrap();
    assert!(listed.iter().map(|listed| listed.key).eq(keys.iter().copied()));
    assert_eq!(store.list(Some(&keys[600]), 550).await.unwrap().len(), 550);
    let mut claimed = 0;
    loop {
        let some = store.claim_due(UNIX_EPOCH + LONG, LONG, usize::MAX).await.unwrap().len();
        if some == 0 {
            break;
        }
        claimed += some;
    }
    assert_eq!(claimed, usize::from(COUNT));
}

#[tokio::test]
async fn a_newer_format_is_left_alone() {
    let (store, prefix) = own();
    store.connect().await.unwrap();
    let (mut server, name) = (raw(&url()).await, format!("{{{prefix}}}:format"));
    for (format, kind) in [("2", StoreErrorKind::NewerSchema), ("mine", StoreErrorKind::Corrupt)] {
        let () = server.set(&name, format).await.unwrap();
        let error = oauth_stores::RedisStore::builder(url()).prefix(prefix.as_str()).connect().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(server.get::<_, String>(&name).await.unwrap(), format);
    }
}

#[tokio::test]
async fn two_prefixes_are_two_stores() {
    let (one, other) = (own().0.connect().await.unwrap(), own().0.connect().await.unwrap());
    save(&one, &key(1), None, &record(1, "one"), None).await.unwrap();
    one.put("login", b"x", LONG).await.unwrap();
    granted(&one, &key(1), LONG).await;
    assert_eq!(other.load(&key(1)).await.unwrap(), None);
    assert_eq!(other.peek("login").await.unwrap(), TakenAttempt::Unknown);
    assert!(other.list(None, 10).await.unwrap().is_empty());
    granted(&other, &key(1), LONG).await;
}

#[tokio::test]
async fn logins_go_away_when_the_last_one_is_over() {
    let (store, prefix) = own();
    let store = store.connect().await.unwrap();
    store.put("one", b"1", Duration::from_millis(300)).await.unwrap();
    store.put("two", b"2", Duration::from_millis(200)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for name in ["attempts", "attempts-order", "attempts-end"] {
        let there: bool = raw(&url()).await.exists(format!("{{{prefix}}}:{name}")).await.unwrap();
        assert!(!there, "{name}");
    }
    let error = store.put(&random().repeat(100), b"x", LONG).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config);
}
