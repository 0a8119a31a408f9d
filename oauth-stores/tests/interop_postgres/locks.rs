//! Locks of others, and none of our own.

use std::time::Duration;

use oauth_core::store::{LeaseAnswer, Store as _, StoreErrorKind};
use sqlx::Executor as _;
use sqlx::postgres::PgPoolOptions;

use crate::{HOUR, Place, connect_options, granted, key, record, refused, until, write};

/// Writes fail with that code until they have been tried so many times.
async fn failing(place: &Place, code: &str, times: u32) {
    place
        .run(&format!(
            "CREATE SEQUENCE {{}}.tries;
            CREATE FUNCTION {{}}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF nextval('{{}}.tries') <= {times} THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}'; END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON {{}}.oauth_record FOR EACH ROW EXECUTE FUNCTION {{}}.fail()"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_01_a_step_that_the_server_undid_is_tried_five_times_again() {
    for code in ["40001", "40P01", "55P03"] {
        let place = Place::new().await;
        let store = place.store().await;
        failing(&place, code, 5).await;
        store.save(&key(1), write(None, &record(1, code))).await.unwrap();
        assert_eq!(place.number("SELECT last_value FROM {}.tries").await, 6, "{code}");
        assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(1, code)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_01_and_not_for_ever() {
    for code in ["40001", "40P01", "55P03"] {
        let place = Place::new().await;
        let store = place.store().await;
        failing(&place, code, 1000).await;
        let error = refused(store.save(&key(1), write(None, &record(1, code))).await, StoreErrorKind::Busy);
        assert!(error.is_transient());
        assert_eq!(place.number("SELECT last_value FROM {}.tries").await, 6, "{code}");
        assert_eq!(store.load(&key(1)).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_01_what_is_refused_for_good_is_not_tried_again() {
    let place = Place::new().await;
    let store = place.store().await;
    failing(&place, "P0001", 1000).await;
    refused(store.save(&key(1), write(None, &record(1, ""))).await, StoreErrorKind::Internal);
    assert_eq!(place.number("SELECT last_value FROM {}.tries").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_01_a_lock_that_is_held_for_too_long_is_busy_and_one_that_ends_is_waited_for() {
    let place = Place::new().await;
    let store = place.options().patience(Duration::from_secs(1)).connect(place.url()).await.unwrap();
    store.save(&key(1), write(None, &record(1, "first"))).await.unwrap();
    let mut locked = place.admin.begin().await.unwrap();
    sqlx::query(place.sql("SELECT 1 FROM {}.oauth_record FOR UPDATE")).execute(&mut *locked).await.unwrap();
    let second = record(2, "second");
    let error = refused(store.save(&key(1), write(Some(1), &second)).await, StoreErrorKind::Busy);
    assert!(error.is_transient());
    let waiting = tokio::spawn({
        let store = place.store().await;
        async move { store.save(&key(1), write(Some(1), &record(2, "second"))).await }
    });
    until("it waits", || async { place.sessions("wait_event_type = 'Lock'").await == 1 }).await;
    // A reader waits for nobody.
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(1, "first")));
    locked.rollback().await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_01_writers_of_a_serializable_database_lose_by_conflict() {
    let place = Place::new().await;
    let pool = PgPoolOptions::new().max_connections(8).after_connect(|connection, _| {
        Box::pin(async { connection.execute("SET default_transaction_isolation = 'serializable'").await.map(drop) })
    });
    let store = place.options().with_pool(pool.connect_with(connect_options()).await.unwrap()).await.unwrap();
    store.save(&key(1), write(None, &record(0, "0"))).await.unwrap();
    for version in 0..10 {
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    store.save(&key(1), write(Some(version), &record(version + 1, vec![writer]))).await
                })
            })
            .collect();
        let mut won = 0;
        for writer in writers {
            match writer.await.unwrap() {
                Ok(()) => won += 1,
                lost => drop(refused(lost, StoreErrorKind::Conflict)),
            }
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_03_leases_are_rows_and_not_locks_of_a_session() {
    let place = Place::new().await;
    // What a pooler in transaction mode may do to a session between two transactions.
    let pool = || {
        let pool = PgPoolOptions::new().max_connections(2).after_release(|connection, _| {
            Box::pin(async { connection.execute("SELECT pg_advisory_unlock_all()").await.map(|_| false) })
        });
        pool.connect_with(connect_options().application_name(&place.schema))
    };
    let one = place.options().with_pool(pool().await.unwrap()).await.unwrap();
    let other = place.options().with_pool(pool().await.unwrap()).await.unwrap();
    let lease = granted(one.lease(&key(1), HOUR).await.unwrap());
    assert!(matches!(other.lease(&key(1), HOUR).await.unwrap(), LeaseAnswer::Held { .. }));
    other.release(&key(1), &lease).await.unwrap();
    granted(other.lease(&key(1), HOUR).await.unwrap());
    let place = Place::new().await;
    let store = place.store().await;
    granted(store.lease(&key(1), HOUR).await.unwrap());
    let locks = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')";
    assert_eq!(place.sessions(locks).await, 0);
    assert!(place.sessions("true").await > 0);
}
