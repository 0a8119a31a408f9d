//! Which server it is, and how it is talked to.

use std::time::Duration;

use oauth_core::store::{Store as _, StoreErrorKind};
use sqlx::postgres::PgPoolOptions;

use crate::proxy::Proxy;
use crate::{Place, connect_options, given, key, record, refused, through, until, url, write};

fn standby() -> String {
    given("OAUTH_TEST_POSTGRES_STANDBY_URL")
}

fn port(url: &str) -> u16 {
    url::Url::parse(url).unwrap().port().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_05_a_standby_is_refused() {
    let place = Place::new().await;
    place.store().await;
    let error = refused(place.options().connect(standby()).await, StoreErrorKind::Unavailable);
    assert!(error.is_transient());
    assert!(error.remedy().unwrap().contains("takes writes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_05_a_server_that_is_set_to_read_only_is_refused() {
    let place = Place::new().await;
    place.store().await;
    let options = connect_options().options([("default_transaction_read_only", "on")]);
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    refused(place.options().with_pool(pool).await, StoreErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_05_after_a_failover_to_a_standby_its_old_tokens_are_not_read() {
    let place = Place::new().await;
    let (primary, standby) = (port(&url()), port(&standby()));
    let proxy = Proxy::to(primary).await;
    let options = place.options().patience(Duration::from_secs(5));
    let store = options.connect(place.named(&through(proxy.port))).await.unwrap();
    store.save(&key(1), write(None, &record(1, "old token"))).await.unwrap();
    let there = PgPoolOptions::new().connect_with(connect_options().port(standby)).await.unwrap();
    let count = place.sql("SELECT count(*) FROM pg_tables WHERE schemaname = '{}'").0;
    until("the standby has followed", || async {
        let count = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(count.clone())).fetch_one(&there).await.unwrap();
        let records = place.sql("SELECT count(*) FROM {}.oauth_record");
        count > 0 && sqlx::query_scalar::<_, i64>(records).fetch_one(&there).await.unwrap() == 1
    })
    .await;
    proxy.lead_to(standby);
    place.terminate("true").await;
    refused(store.load(&key(1)).await, StoreErrorKind::Unavailable);
    refused(store.save(&key(1), write(Some(1), &record(2, "new token"))).await, StoreErrorKind::Unavailable);
    refused(store.lease(&key(1), Duration::from_secs(1)).await, StoreErrorKind::Unavailable);
    // No connection to the standby is kept: when the way leads to the primary again, so do they.
    proxy.lead_to(primary);
    store.save(&key(1), write(Some(1), &record(2, "new token"))).await.unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(record(2, "new token")));
}

/// The server's URL with these parameters.
fn with(host: &str, parameters: &[(&str, &str)]) -> String {
    let mut url = url::Url::parse(&url()).unwrap();
    url.set_host(Some(host)).unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_07_a_verified_server_is_verified() {
    let authority = given("OAUTH_TEST_POSTGRES_CA");
    for host in ["127.0.0.1", "localhost"] {
        let place = Place::new().await;
        let url = with(host, &[("sslmode", "verify-full"), ("sslrootcert", &authority)]);
        let store = place.options().connect(place.named(&url)).await.unwrap();
        store.save(&key(1), write(None, &record(1, "over TLS"))).await.unwrap();
        assert_eq!(
            place.sessions("pid IN (SELECT pid FROM pg_stat_ssl WHERE ssl)").await,
            place.sessions("true").await
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_07_a_server_without_a_certificate_that_is_trusted_is_refused() {
    let place = Place::new().await;
    let error = refused(
        place.options().connect(with("localhost", &[("sslmode", "verify-full")])).await,
        StoreErrorKind::Unavailable,
    );
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    assert!(error.remedy().unwrap().contains("sslrootcert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pg_07_a_certificate_for_another_name_is_refused() {
    let place = Place::new().await;
    let authority = given("OAUTH_TEST_POSTGRES_CA");
    let url = with("127.0.0.2", &[("sslmode", "verify-full"), ("sslrootcert", &authority)]);
    let error = refused(place.options().connect(url).await, StoreErrorKind::Unavailable);
    assert!(format!("{error:?}").contains("NotValidForName"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_to_be_one_and_not_shown() {
    let place = Place::new().await;
    let mut url = url::Url::parse(&url()).unwrap();
    url.set_password(Some("canary-7af3")).unwrap();
    let error = refused(place.options().connect(url.as_str()).await, StoreErrorKind::Config);
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    url.set_path("no-such-database");
    url.set_password(url::Url::parse(&crate::url()).unwrap().password()).unwrap();
    refused(place.options().connect(url.as_str()).await, StoreErrorKind::Config);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_quite_right_is_said_in_sentences() {
    let place = Place::new().await;
    let store = place.store().await;
    // The script's server does not wait for its disk.
    assert!(store.check().await.unwrap().iter().any(|remark| remark.contains("fsync")));
    let options = connect_options().options([("synchronous_commit", "off")]);
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    let store = place.options().with_pool(pool).await.unwrap();
    assert!(store.check().await.unwrap().iter().any(|remark| remark.contains("synchronous_commit")));
    let text = format!("{store:?}");
    assert!(text.contains(&place.schema), "{text}");
    let secret = url::Url::parse(&url()).unwrap();
    assert!(!text.contains(secret.password().unwrap()), "{text}");
}
