//! Tables: who makes them, under which names, of which version.

use oauth_core::store::{Store as _, StoreErrorKind};
use oauth_stores::PostgresStore;

use crate::{Place, key, record, refused, url, write};

#[tokio::test(flavor = "multi_thread")]
async fn pg_08_many_make_the_tables_at_once() {
    for _ in 0..3 {
        let place = Place::new().await;
        let openers: Vec<_> = (0..8)
            .map(|number| {
                let (options, url) = (place.options().max_connections(1), place.url());
                tokio::spawn(async move {
                    let store = options.connect(url).await.unwrap();
                    store.save(&key(number), write(None, &record(1, "one"))).await.unwrap();
                })
            })
            .collect();
        for opener in openers {
            opener.await.unwrap();
        }
        assert_eq!(place.number("SELECT count(*) FROM {}.oauth_record").await, 8);
        assert_eq!(place.number("SELECT count(*) FROM {}.oauth_schema WHERE version = 1").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_08_what_makes_the_tables_may_run_again() {
    let place = Place::new().await;
    let store = place.store().await;
    store.save(&key(1), write(None, &record(1, "kept"))).await.unwrap();
    let sql = place.options().schema_sql().unwrap();
    assert!(sql.contains(&place.schema));
    place.run(&sql).await;
    place.run(&sql).await;
    assert_eq!(place.store().await.load(&key(1)).await.unwrap(), Some(record(1, "kept")));
    assert!(PostgresStore::schema_sql().contains("\"oauth_record\""));
}

/// Somebody who may log in and nothing else, as whom a store is opened.
async fn nobody(place: &Place) -> String {
    place.run("CREATE ROLE \"{}\" LOGIN PASSWORD 'of-nobody'").await;
    let mut url = url::Url::parse(&url()).unwrap();
    url.set_username(&place.schema).unwrap();
    url.set_password(Some("of-nobody")).unwrap();
    url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_08_who_may_not_make_the_tables_is_told_what_to_run() {
    let place = Place::new().await;
    let url = nobody(&place).await;
    let error = refused(place.options().connect(url.as_str()).await, StoreErrorKind::Schema);
    assert!(!error.is_transient());
    // What it says, run by who may, is all that is needed; and it may be run twice.
    let sql = error.remedy().unwrap().split_once('\n').unwrap().1.to_owned();
    place.run(&sql).await;
    place.run(&sql).await;
    let store = place.options().connect(url.as_str()).await.unwrap();
    store.save(&key(1), write(None, &record(1, "mine"))).await.unwrap();
    assert!(store.delete(&key(1), None).await.unwrap());
    crate::granted(store.lease(&key(1), crate::HOUR).await.unwrap());
    // A right that is taken away while the store runs is said to be that, too.
    place.run("REVOKE SELECT ON {}.oauth_record FROM \"{}\"").await;
    refused(store.load(&key(1)).await, StoreErrorKind::Schema);
    let error = refused(place.options().connect(url.as_str()).await, StoreErrorKind::Schema);
    assert!(error.remedy().unwrap().contains("GRANT SELECT, INSERT, UPDATE, DELETE"));
    place.run("DROP OWNED BY \"{}\"; DROP ROLE \"{}\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_08_tables_of_another_version_are_left_alone() {
    let place = Place::new().await;
    let store = place.store().await;
    store.save(&key(1), write(None, &record(1, "kept"))).await.unwrap();
    place.run("UPDATE {}.oauth_schema SET version = 2").await;
    refused(place.options().connect(place.url()).await, StoreErrorKind::NewerSchema);
    refused(store.check().await, StoreErrorKind::NewerSchema);
    place.run("DELETE FROM {}.oauth_schema").await;
    refused(place.options().connect(place.url()).await, StoreErrorKind::Schema);
    place.run("INSERT INTO {}.oauth_schema (version) VALUES (1)").await;
    assert_eq!(place.store().await.load(&key(1)).await.unwrap(), Some(record(1, "kept")));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_08_a_table_that_is_gone_is_the_schemas_fault() {
    let place = Place::new().await;
    let store = place.store().await;
    place.run("DROP TABLE {}.oauth_record").await;
    refused(store.load(&key(1)).await, StoreErrorKind::Schema);
    refused(store.save(&key(1), write(None, &record(1, ""))).await, StoreErrorKind::Schema);
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_06_names_of_tables_are_names() {
    let place = Place::new().await;
    for name in ["a\"; DROP TABLE users; --", "Ab", "a b", "a.b", "", "1a", &"x".repeat(64)] {
        refused(place.options().table_prefix(name).connect(place.url()).await, StoreErrorKind::Config);
        refused(place.options().schema(name).connect(place.url()).await, StoreErrorKind::Config);
    }
    // A word that SQL keeps for itself is a name like any other.
    let store = place.options().table_prefix("select_").connect(place.url()).await.unwrap();
    store.save(&key(1), write(None, &record(1, "one"))).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM {}.select_record").await, 1);
    // Two prefixes are two stores.
    let longest = "x".repeat(40);
    let other = place.options().table_prefix(&longest).connect(place.url()).await.unwrap();
    assert_eq!(other.load(&key(1)).await.unwrap(), None);
    other.save(&key(1), write(None, &record(1, "other"))).await.unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(1, "one")));
}

#[test]
fn pg_06_and_pg_07_the_driver_is_new_enough() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let version = |name: &str| -> Option<Vec<u32>> {
        let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(after.split_once('"')?.0.split('.').map(|part| part.parse().unwrap()).collect())
    };
    // RUSTSEC-2024-0363: lengths of 4 GiB.
    assert!(version("sqlx-postgres") >= Some(vec![0, 8, 1]));
    // RUSTSEC-2026-0178 to -0180 are of another driver, which sqlx does not use.
    assert_eq!(version("tokio-postgres"), None);
    assert_eq!(version("postgres-protocol"), None);
}
