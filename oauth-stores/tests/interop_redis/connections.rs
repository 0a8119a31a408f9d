//! Connections that are lost, refused and shared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oauth_core::store::{AttemptStore as _, Store as _, StoreErrorKind, StoreResult, StoredRecord, TakenAttempt};
use oauth_core::{OsRng, Rng as _};
use oauth_stores::RedisStore;
use tokio::task::JoinSet;

use crate::{key, own, random, raw, record, save, url, variable};

/// The content of a key's record: of another length for each, and nothing that another key has.
fn content(number: u8) -> Vec<u8> {
    [number].repeat(usize::from(number) * 97 + 1)
}

/// A number below the limit.
fn below(limit: u8) -> u8 {
    let mut byte = [0];
    OsRng.fill(&mut byte).unwrap();
    byte[0] % limit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rd_08_no_caller_gets_anothers_value() {
    const KEYS: u8 = 40;
    const CALLERS: usize = 24;
    let store = Arc::new(own().0.connect().await.unwrap());
    for number in 0..KEYS {
        save(&store, &key(number), None, &record(u64::from(number) + 1, content(number)), None).await.unwrap();
    }
    let (cancelled, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (store, cancelled, answered) = (Arc::clone(&store), Arc::clone(&cancelled), Arc::clone(&answered));
        callers.spawn(async move {
            for _ in 0..400 {
                let number = below(KEYS);
                let key = key(number);
                // From no time at all to more than any answer takes: some are cut before, some within, some not.
                let patience = Duration::from_micros(u64::from(below(200)) * 20);
                match tokio::time::timeout(patience, store.load(&key)).await {
                    Err(_) => _ = cancelled.fetch_add(1, Ordering::Relaxed),
                    Ok(loaded) => {
                        let loaded = loaded.unwrap().unwrap();
                        assert!(loaded == record(u64::from(number) + 1, content(number)), "another caller's value");
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        });
    }
    callers.join_all().await;
    let (cancelled, answered) = (cancelled.load(Ordering::Relaxed), answered.load(Ordering::Relaxed));
    assert!(cancelled > 100 && answered > 100, "{cancelled} were cancelled, {answered} were answered");
    for number in 0..KEYS {
        assert!(store.load(&key(number)).await.unwrap().unwrap().payload == content(number));
    }
}

/// Ends the connections of whoever uses that database.
async fn end_connections(database: u8) -> usize {
    let mut server = raw(&url()).await;
    let all: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut server).await.unwrap();
    let mut ended = 0;
    for line in all.lines().filter(|line| line.contains(&format!(" db={database} "))) {
        let id = line.split(' ').find_map(|field| field.strip_prefix("id=")).unwrap();
        ended +=
            redis::cmd("CLIENT").arg("KILL").arg("ID").arg(id).query_async::<usize>(&mut server).await.unwrap_or(0);
    }
    ended
}

/// The version of a key's record, as soon as it can be had.
async fn version_of(store: &RedisStore, number: u8) -> u64 {
    loop {
        match store.load(&key(number)).await {
            Ok(record) => return record.map_or(0, |record| record.version),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_connection_is_made_anew_and_loses_no_write() {
    const DATABASE: u8 = 7;
    let prefix = random();
    let store = RedisStore::builder(format!("{}/{DATABASE}", url())).prefix(prefix.as_str()).connect().await.unwrap();
    let store = Arc::new(store);
    let mut writers = JoinSet::new();
    for number in 0..8 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let mut version = 0;
            for _ in 0..200 {
                let next = record(version + 1, format!("{}", version + 1));
                let expected = (version > 0).then_some(version);
                // Nobody else writes: whatever happens to the connection, the answer is that it is written.
                match save(&store, &key(number), expected, &next, None).await {
                    Ok(()) => version += 1,
                    // Twice in a row: then it says that it does not know, and the next load does.
                    Err(error) => {
                        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                        version = version_of(&store, number).await;
                    }
                }
            }
            assert_eq!(version_of(&store, number).await, version);
            version
        });
    }
    let mut ended = 0;
    while !writers.is_empty() {
        ended += end_connections(DATABASE).await;
        let finished = tokio::time::timeout(Duration::from_millis(15), writers.join_next()).await;
        if let Ok(Some(version)) = finished {
            assert!(version.unwrap() > 150);
        }
    }
    assert!(ended > 1, "{ended} connections were ended");
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_not_used() {
    const DATABASE: u8 = 8;
    let store = RedisStore::builder(format!("{}/{DATABASE}", url())).prefix(random()).connect().await.unwrap();
    store.put("login", b"x", Duration::from_mins(1)).await.unwrap();
    assert!(end_connections(DATABASE).await >= 1);
    // It has noticed: even what is asked once only is not asked in vain.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(store.take("login").await.unwrap(), TakenAttempt::Waiting(b"x".to_vec()));
}

#[tokio::test]
async fn scripts_that_the_server_has_forgotten_are_loaded_again() {
    let store = own().0.connect().await.unwrap();
    save(&store, &key(1), None, &record(1, "x"), None).await.unwrap();
    let () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut raw(&url()).await).await.unwrap();
    save(&store, &key(1), Some(1), &record(2, "x"), None).await.unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "x")));
}

#[tokio::test]
async fn rd_06_a_wrong_password_is_not_shown() {
    let right = url();
    let host = right.rsplit_once('@').unwrap().1;
    for wrong in
        [format!("redis://:hunter2@{host}"), format!("redis://nobody:hunter2@{host}"), format!("redis://{host}")]
    {
        let error = RedisStore::connect(wrong.as_str()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    let store = RedisStore::connect(right.as_str()).await.unwrap();
    let password = right.split([':', '@']).nth(2).unwrap();
    assert!(!format!("{store:?}").contains(password), "{store:?}");
}

#[tokio::test]
async fn rd_06_a_certificate_of_nobody_is_refused() {
    let (tls, roots) = (variable("OAUTH_TEST_REDIS_TLS_URL"), variable("OAUTH_TEST_REDIS_CA"));
    // By the system's authorities, to which the server's certificate says nothing.
    let error = RedisStore::connect(tls.as_str()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config, "{error}");
    // By the right one, under a name that the certificate does not have.
    let other = tls.replace("127.0.0.1", "127.0.0.2");
    let connect = |url: String| {
        let builder = RedisStore::builder(url).tls_roots(std::fs::read(&roots).unwrap());
        async { builder.connect().await }
    };
    let refused: StoreResult<RedisStore> = connect(other).await;
    assert!(matches!(refused.unwrap_err().kind(), StoreErrorKind::Config | StoreErrorKind::Unavailable));
    let store = connect(tls.replace("127.0.0.1", "localhost")).await.unwrap();
    assert_eq!(store.load(&key(250)).await.unwrap(), None::<StoredRecord>);
}

#[tokio::test]
async fn rd_03_the_check_says_what_may_be_lost() {
    let store = own().0.connect().await.unwrap();
    let mut server = raw(&url()).await;
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    for (setting, value, good) in [
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
        ("appendonly", "no", "yes"),
        ("appendfsync", "no", "everysec"),
    ] {
        let () = redis::cmd("CONFIG").arg("SET").arg(setting).arg(value).query_async(&mut server).await.unwrap();
        let found = store.check().await.unwrap();
        let () = redis::cmd("CONFIG").arg("SET").arg(setting).arg(good).query_async(&mut server).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(setting), "{found:?}");
    }
}

#[tokio::test]
async fn a_user_with_few_rights_is_told_so() {
    let (mut server, user) = (raw(&url()).await, random());
    let create = ["SETUSER", &user, "on", ">secret-word", "~*", "+@all", "-info", "-config", "-eval", "-evalsha"];
    let () = redis::cmd("ACL").arg(&create).query_async(&mut server).await.unwrap();
    let url = url();
    let host = url.rsplit_once('@').unwrap().1;
    let error = RedisStore::connect(format!("redis://{user}:secret-word@{host}")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config, "{error}");
    assert!(error.remedy().unwrap().contains("scripts"), "{error:?}");
    // With scripts, but without a look at the settings.
    let () = redis::cmd("ACL").arg(&["SETUSER", &user, "+eval", "+evalsha"]).query_async(&mut server).await.unwrap();
    let store = RedisStore::connect(format!("redis://{user}:secret-word@{host}")).await.unwrap();
    assert_eq!(store.check().await.unwrap().len(), 2);
    let _: usize = redis::cmd("ACL").arg(&["DELUSER", &user]).query_async(&mut server).await.unwrap();
}
