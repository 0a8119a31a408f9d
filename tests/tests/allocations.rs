//! What a manager takes from the allocator: nothing for a fresh token, and nothing for good for accounts that are not in
//! use any more.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError, TransportErrorKind};
use oauth_core::store::MemoryStore;
use oauth_core::{Account, Client, Clock as _, OsRng, SystemClock, TokenManager, TokenSet, seal::SealingKey};
use oauth_tests::login::{ACME, ManualClock, client};

/// A provider that grants every refresh.
struct Granting;

impl HttpClient for Granting {
    fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async {
            let body = Bytes::from_static(
                br#"{"access_token":"new","token_type":"Bearer","expires_in":3600,"refresh_token":"new-refresh"}"#,
            );
            let response = http::Response::builder().body(Body::from(body));
            response.map_err(|error| TransportError::new(TransportErrorKind::Broken, error))
        })
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn tokens(ends: SystemTime) -> TokenSet {
    TokenSet::new("an-access-token").with_refresh_token("a-refresh-token").with_expires_at(ends)
}

/// The token, which is there without a wait.
fn hit(account: &Account) -> usize {
    match pin!(account.token()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(token) => token.map(|token| token.expose_secret().len()).unwrap_or_default(),
        Poll::Pending => 0,
    }
}

fn allocations(account: &Account) -> u64 {
    assert!(hit(account) > 0);
    let counted = measure(|| {
        for _ in 0..1_000 {
            assert!(black_box(hit(black_box(account))) > 0);
        }
    });
    counted.count_total
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(black_box(Box::new(7)))).count_total, 1);
}

#[test]
fn a_fresh_token_costs_no_allocation() {
    let runtime = runtime();
    let clock = Arc::new(ManualClock::new());
    let client = client(ACME).clock(Arc::clone(&clock) as Arc<dyn oauth_core::Clock>).http_client(Arc::new(Granting));
    let manager = TokenManager::in_memory_builder().clock(Arc::clone(&clock) as Arc<dyn oauth_core::Clock>);
    let manager = manager.build().unwrap();
    // As it was connected, as another handle, after a refresh, and where no manager keeps it.
    let account =
        runtime.block_on(manager.connect(&client, "alice", tokens(clock.now() + Duration::from_secs(3600)))).unwrap();
    assert_eq!(allocations(&account), 0);
    assert_eq!(allocations(&runtime.block_on(manager.account(&client, "alice")).unwrap()), 0);
    runtime.block_on(account.refresh()).unwrap();
    assert_eq!(allocations(&account), 0);
    assert_eq!(allocations(&account.clone()), 0);
    assert_eq!(allocations(&client.account(tokens(clock.now() + Duration::from_secs(3600)))), 0);

    // The system's clock, with which it is used.
    let client: Client = oauth_tests::login::spec(ACME).client("my-client", "secret");
    let manager = TokenManager::in_memory().unwrap();
    let ends = SystemClock.now() + Duration::from_secs(3600);
    let account = runtime.block_on(manager.connect(&client, "alice", tokens(ends))).unwrap();
    assert_eq!(allocations(&account), 0);
}

#[test]
fn rt_05_who_asks_for_accounts_that_do_not_exist_takes_no_memory() {
    let runtime = runtime();
    let (manager, client) = (TokenManager::in_memory().unwrap(), oauth_tests::login::spec(ACME).client("id", "secret"));
    let ask = |from: usize, to: usize| {
        for at in from..to {
            let name = format!("nobody-{at}");
            assert!(runtime.block_on(manager.token(&client, name.as_str())).is_err());
            assert!(!runtime.block_on(manager.disconnect(&client, name.as_str())).unwrap().existed);
        }
    };
    ask(0, 100);
    let taken = measure(|| ask(100, 10_000));
    assert!(taken.bytes_current < 16 * 1024, "{} bytes are gone", taken.bytes_current);
}

#[test]
fn rt_05_accounts_that_are_not_in_use_any_more_take_next_to_nothing() {
    let runtime = runtime();
    let clock = Arc::new(ManualClock::new());
    let client = client(ACME).clock(Arc::clone(&clock) as Arc<dyn oauth_core::Clock>).http_client(Arc::new(Granting));
    let store = MemoryStore::new().clock(Arc::clone(&clock) as Arc<dyn oauth_core::Clock>);
    let manager = TokenManager::builder(store).keys(SealingKey::generate(&OsRng).unwrap());
    let manager =
        manager.clock(Arc::clone(&clock) as Arc<dyn oauth_core::Clock>).client(client.clone()).build().unwrap();
    let use_once = |from: usize, to: usize| {
        runtime.block_on(async {
            for at in from..to {
                let name = format!("user-{at}");
                let ended = tokens(clock.now() - Duration::from_secs(1));
                let account = manager.connect(&client, name.as_str(), ended).await.unwrap();
                account.token().await.unwrap();
                drop(account);
                manager.token(&client, name.as_str()).await.unwrap();
                manager.disconnect(&client, name.as_str()).await.unwrap();
            }
        });
    };
    use_once(0, 2_000);
    let taken = measure(|| use_once(2_000, 8_000));
    let each = taken.bytes_current / 6_000;
    assert!(each < 400, "{each} bytes of each account that is gone are kept");

    // Handles that come and go leave nothing behind.
    runtime.block_on(manager.connect(&client, "alice", tokens(clock.now() + Duration::from_secs(3600)))).unwrap();
    let open = |times: usize| {
        for _ in 0..times {
            hit(&runtime.block_on(manager.account(&client, "alice")).unwrap());
        }
    };
    open(10);
    let taken = measure(|| open(2_000));
    assert!(taken.bytes_current < 1_024, "{} bytes are gone", taken.bytes_current);
}
