//! Clocks that stop, jump, or show what no clock should.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use oauth_core::http::BoxFuture;
use oauth_core::seal::SealingKey;
use oauth_core::store::MemoryStore;
use oauth_core::{Clock, ErrorKind, ExposeSecret as _, OsRng, Status, TokenManager, TokenSet};

use crate::provider::{Provider, Reply, access, refresh};
use crate::rig::{ALICE, World, rotating, secs, settle};

#[tokio::test]
async fn time_01_whether_a_token_has_ended_is_decided_when_it_is_used() {
    // A machine that slept: nothing ran, and the clock on the wall went on.
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let accounts = [one.connect(world.login(ALICE, 600)).await, other.alice().await];
    for account in &accounts {
        account.token().await.unwrap();
    }
    world.clock.advance(secs(8 * 3600));
    for account in &accounts {
        assert_eq!(world.pass(account.token()).await.unwrap().expose_secret(), access(ALICE, 1));
    }
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn time_01_a_monotonic_clock_that_goes_on_ends_no_token() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, 600)).await;
    tokio::time::advance(secs(100_000)).await;
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 0));
    assert!(world.provider.refreshes().is_empty());
}

#[tokio::test]
async fn time_02_a_clock_that_jumps_forward_causes_one_refresh_an_account() {
    let world = World::rotating();
    let process = world.process();
    for at in 0..50 {
        let name = format!("user{at}");
        process.manager.connect(&process.client, name.as_str(), world.login(&name, 3600)).await.unwrap();
    }
    // Ten years, and back again, and forth: each account is renewed once for each time that its token has ended.
    world.clock.advance(secs(10 * 365 * 86_400));
    for _ in 0..3 {
        for at in 0..50 {
            let name = format!("user{at}");
            let token = process.manager.token(&process.client, name.as_str()).await.unwrap();
            assert_eq!(token.expose_secret(), access(&name, 1));
        }
    }
    assert_eq!(world.provider.refreshes().len(), 50);
    world.clock.set_back(secs(10 * 365 * 86_400));
    for at in 0..50 {
        let name = format!("user{at}");
        process.manager.token(&process.client, name.as_str()).await.unwrap();
    }
    settle().await;
    assert_eq!(world.provider.refreshes().len(), 50);
}

#[tokio::test]
async fn time_02_an_ended_token_that_a_clock_makes_good_again_costs_one_401_and_one_refresh() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, 3600)).await;
    world.clock.set_back(secs(7200));
    // The provider's clock goes right: its tokens have ended.
    world.provider.end_access(&access(ALICE, 0));
    let answer = account.get("/things").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let paths: Vec<String> = world.provider.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/things", "/token", "/things"]);
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 1));
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn time_02_a_clock_that_is_set_back_makes_no_wait_longer_than_it_was() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    one.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Refuse(503, "{}", None));
    one.token().await.unwrap_err();
    assert!(matches!(one.status().await, Status::Backoff { .. }));
    world.clock.set_back(secs(3 * 3600));
    // By the clock the token is good again. Whoever forces a refresh does not wait for three hours.
    world.clock.advance(secs(30));
    let renewed = world.pass(other.alice().await.refresh()).await;
    assert_eq!(
        renewed.unwrap_or_else(|error| panic!("{}", error.explain())).access_token().expose_secret(),
        access(ALICE, 1)
    );
}

#[tokio::test]
async fn time_02_a_store_is_asked_for_news_although_the_clock_was_set_back() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let account = one.connect(world.login(ALICE, 36_000)).await;
    world.clock.set_back(secs(3600));
    other.manager.disconnect(&other.client, ALICE).await.unwrap();
    let _ = account.token().await;
    settle().await;
    assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::NotConnected);
}

/// A clock that stands at any time at all.
struct At(SystemTime);

impl Clock for At {
    fn now(&self) -> SystemTime {
        self.0
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async { tokio::task::yield_now().await })
    }
}

#[tokio::test]
async fn time_04_no_time_is_too_early_or_too_late() {
    let epoch = SystemTime::UNIX_EPOCH;
    let year = 31_556_952_u64;
    for now in [
        epoch - secs(300 * year),
        epoch - secs(1),
        epoch,
        epoch + secs((1 << 31) - 1),
        epoch + secs(1 << 31),
        epoch + secs(1 << 32),
        epoch + secs(292 * year),
        epoch + secs(293 * year),
        epoch + secs(8029 * year),
        epoch + secs(8031 * year),
        epoch + secs(100_000 * year),
    ] {
        let provider = Arc::new(Provider::new(true));
        let clock: Arc<dyn Clock> = Arc::new(At(now));
        let client = oauth_tests::login::client(&rotating(", idle_lifetime: 5000"))
            .clock(Arc::clone(&clock))
            .http_client(Arc::clone(&provider) as Arc<dyn oauth_core::http::HttpClient>);
        let store = MemoryStore::new().clock(Arc::clone(&clock));
        let key = SealingKey::generate(&OsRng).unwrap();
        let manager = |store: MemoryStore| {
            TokenManager::builder(store).keys(key.clone()).clock(Arc::clone(&clock)).client(client.clone()).build()
        };
        let (one, other) = (manager(store.clone()).unwrap(), manager(store).unwrap());
        let ended = provider.open(ALICE, now - secs(1));
        let account = one.connect(&client, ALICE, ended).await.unwrap();
        let token = account.token().await.unwrap_or_else(|error| panic!("{now:?}: {}", error.explain()));
        assert_eq!(token.expose_secret(), access(ALICE, 1), "{now:?}");
        for manager in [&one, &other] {
            let token =
                manager.token(&client, ALICE).await.unwrap_or_else(|error| panic!("{now:?}: {}", error.explain()));
            assert_eq!(token.expose_secret(), access(ALICE, 1), "{now:?}");
            manager.status(&client, ALICE).await.unwrap();
            manager.explain(&client, ALICE).await.unwrap();
            manager.worker().run_once().await.unwrap();
        }
        provider.next(Reply::Refuse(429, "{}", Some("99999999999999999999999999")));
        account.refresh().await.unwrap_err();
        one.status(&client, ALICE).await.unwrap();
        one.disconnect(&client, ALICE).await.unwrap();
    }
}

#[tokio::test]
async fn time_04_no_lifetime_is_too_long() {
    for ends in [u64::MAX, u64::MAX / 1000, 1 << 53, 1 << 40, 253_402_300_800] {
        let world = World::rotating();
        let process = world.process();
        world.provider.lifetime.store(usize::try_from(ends).unwrap(), std::sync::atomic::Ordering::SeqCst);
        process.connect(world.login(ALICE, -1)).await;
        match process.token().await {
            Ok(token) => assert_eq!(token, access(ALICE, 1)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::BadResponse, "{ends}: {}", error.explain()),
        }
        process.status().await;
        process.explain().await;
        process.manager.worker().run_once().await.unwrap();
    }
    // What an import says.
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let far = SystemTime::UNIX_EPOCH + secs(1 << 42);
    one.connect(TokenSet::new("canary-far").with_expires_at(far)).await;
    assert_eq!(other.token().await.unwrap(), "canary-far");
}

#[tokio::test]
async fn time_05_a_date_that_is_no_date_costs_nothing() {
    let long: &'static str = "(".repeat(60_000).leak();
    let dates = ["Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 99999999999 08:49:37 GMT"];
    for wait in ["", "soon", "-1", "1e9", long].into_iter().chain(dates) {
        let world = World::rotating();
        let process = world.process();
        process.connect(world.login(ALICE, -1)).await;
        world.provider.next(Reply::Refuse(503, "{}", Some(wait)));
        let start = tokio::time::Instant::now();
        process.token().await.unwrap_err();
        assert!(start.elapsed() < secs(5));
        world.clock.advance(secs(2));
        assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 1), "{}", wait.len());
        assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 0)]);
    }
}

#[tokio::test]
async fn a_token_that_is_to_last_is_renewed_before_it_is_given_away() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, 1800)).await;
    assert_eq!(account.token_lasting(secs(1700)).await.unwrap().expose_secret(), access(ALICE, 0));
    assert_eq!(account.token_lasting(secs(1900)).await.unwrap().expose_secret(), access(ALICE, 1));
    assert_eq!(account.token_lasting(secs(3500)).await.unwrap().expose_secret(), access(ALICE, 1));
    // Longer than the provider gives: an error, and no refresh for each who asks.
    for _ in 0..5 {
        let error = account.token_lasting(secs(7200)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooShort, "{}", error.explain());
    }
    assert!(world.provider.refreshes().len() <= 2, "{:?}", world.provider.refreshes());
    assert_eq!(account.token().await.unwrap().expose_secret(), account.tokens().access_token().expose_secret());
}
