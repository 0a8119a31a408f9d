//! A primary that fails, and the replica that takes over without the last writes. Nothing else uses the replica.

use std::time::Duration;

use oauth_core::store::{AttemptStore as _, Store as _, StoreErrorKind, TakenAttempt};
use oauth_stores::RedisStore;
use redis::aio::MultiplexedConnection;

use crate::{granted, key, random, raw, record, save, url, variable};

const LONG: Duration = Duration::from_mins(10);

async fn say(server: &mut MultiplexedConnection, words: &[&str]) {
    let mut command = redis::Cmd::new();
    let _: redis::Value = command.arg(words).query_async(server).await.unwrap();
}

#[tokio::test]
async fn what_a_failover_loses_is_noticed_and_fences_go_on_rising() {
    let (replica_url, prefix) = (variable("OAUTH_TEST_REDIS_REPLICA_URL"), random());
    let (mut primary, mut replica) = (raw(&url()).await, raw(&replica_url).await);
    let at = |url: String| RedisStore::builder(url).prefix(prefix.as_str()).connect();
    let before = at(url()).await.unwrap();
    save(&before, &key(1), None, &record(1, "first"), None).await.unwrap();
    before.put("login", b"login", LONG).await.unwrap();
    let replicas: i64 = redis::cmd("WAIT").arg(1).arg(20_000).query_async(&mut primary).await.unwrap();
    assert_eq!(replicas, 1);

    let error = at(replica_url.clone()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(error.remedy().unwrap().contains("primary"), "{error:?}");

    // The replica hears no more of its primary, which goes on for a moment.
    say(&mut replica, &["REPLICAOF", "NO", "ONE"]).await;
    let lost = granted(&before, &key(1), LONG).await;
    save(&before, &key(1), Some(1), &record(2, "second"), Some(&lost)).await.unwrap();
    assert_eq!(before.take("login").await.unwrap(), TakenAttempt::Waiting(b"login".to_vec()));

    let after = at(replica_url.clone()).await.unwrap();
    // By this version whoever has seen the second one knows.
    assert_eq!(after.load(&key(1)).await.unwrap(), Some(record(1, "first")));
    let lease = granted(&after, &key(1), LONG).await;
    assert!(lease.fence > lost.fence, "{} after {}", lease.fence, lost.fence);
    let late = save(&after, &key(1), Some(1), &record(2, "second"), Some(&lost)).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::Fenced);
    assert_eq!(after.take("login").await.unwrap(), TakenAttempt::Waiting(b"login".to_vec()), "as is documented");

    // The lease of a time that is lost is not refused as long as it is the newest that is known.
    let lost = granted(&before, &key(2), LONG).await;
    save(&after, &key(2), None, &record(1, "saved late"), Some(&lost)).await.unwrap();
    assert!(granted(&after, &key(2), LONG).await.fence > lost.fence);

    goes_on_when_the_server_changes_sides(&after, &mut replica).await;
    says_why_it_takes_no_writes(&after, &mut replica).await;
    is_busy(&after, &replica_url, &mut replica).await;
}

/// A primary that becomes a replica under the connection.
async fn goes_on_when_the_server_changes_sides(store: &RedisStore, server: &mut MultiplexedConnection) {
    // Nobody is there to be followed: the data stays.
    say(server, &["REPLICAOF", "127.0.0.1", "1"]).await;
    let error = save(store, &key(3), None, &record(1, "x"), None).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(store.check().await.unwrap().iter().any(|said| said.contains("replica")));
    say(server, &["REPLICAOF", "NO", "ONE"]).await;
    save(store, &key(3), None, &record(1, "x"), None).await.unwrap();
}

async fn says_why_it_takes_no_writes(store: &RedisStore, server: &mut MultiplexedConnection) {
    for (setting, value, good, kind) in [
        ("maxmemory", "1", "0", StoreErrorKind::Full),
        ("min-replicas-to-write", "5", "0", StoreErrorKind::Unavailable),
    ] {
        say(server, &["CONFIG", "SET", setting, value]).await;
        let saved = save(store, &key(4), None, &record(1, "x"), None).await;
        let leased = store.lease(&key(4), LONG).await;
        let loaded = store.load(&key(3)).await;
        say(server, &["CONFIG", "SET", setting, good]).await;
        assert_eq!(saved.unwrap_err().kind(), kind, "{setting}");
        assert_eq!(leased.unwrap_err().kind(), kind, "{setting}");
        assert_eq!(loaded.unwrap(), Some(record(1, "x")), "{setting}");
    }
    save(store, &key(4), None, &record(1, "x"), None).await.unwrap();
}

async fn is_busy(store: &RedisStore, url: &str, server: &mut MultiplexedConnection) {
    say(server, &["CONFIG", "SET", "lua-time-limit", "10"]).await;
    let mut other = raw(url).await;
    let endless = tokio::spawn(async move {
        let mut script = redis::cmd("EVAL");
        script.arg("while true do end").arg(0).query_async::<redis::Value>(&mut other).await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let error = store.load(&key(3)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    say(server, &["SCRIPT", "KILL"]).await;
    assert!(endless.await.unwrap().is_err());
    assert_eq!(store.load(&key(3)).await.unwrap(), Some(record(1, "x")));
}
