//! Sequences in which two steps meet that are each sound by themselves.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use oauth_core::store::StoreErrorKind;
use oauth_core::{ErrorKind, ExposeSecret as _, Reason, Status, TokenSet};

use crate::faulty::{Fault, Op};
use crate::provider::{access, refresh};
use crate::rig::{ALICE, World, rotating, secs, settle};

#[tokio::test]
async fn a_client_without_a_limit_of_time_refreshes() {
    let world = World::rotating();
    let one = world.process_with(|builder| builder.ahead(Duration::MAX));
    let client = one.client.clone().timeout(Duration::MAX);
    let account = one.manager.connect(&client, ALICE, world.login("a", -1)).await.unwrap();
    let token = account.token().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token.expose_secret(), access("a", 1));
}

#[tokio::test]
async fn tokens_that_never_last_as_long_are_not_renewed_in_vain() {
    let world = World::rotating();
    let one = world.process();
    let account = one.connect(world.login("a", 300)).await;
    world.provider.lifetime.store(600, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(account.token_lasting(secs(900)).await.unwrap_err().kind(), ErrorKind::TooShort);
    }
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn time_02_a_clock_that_was_ahead_ends_no_login() {
    let world = World::new(&rotating(", idle_lifetime: 2592000"));
    let one = world.process();
    let account = one.connect(world.login("a", -1)).await;
    account.token().await.unwrap();
    let month = secs(31 * 24 * 3600);
    world.clock.advance(month);
    assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::RefreshExpired);
    world.clock.set_back(month - secs(7200));
    assert_eq!(account.token().await.unwrap().expose_secret(), access("a", 2));
}

#[tokio::test]
async fn ref_19_a_worker_leaves_alone_what_it_can_do_nothing_for() {
    let world = World::steady();
    let one = world.process();
    let ended = TokenSet::new("canary").with_expires_at(oauth_core::Clock::now(&world.clock) - secs(1));
    one.connect(ended).await;
    let first = one.manager.worker().run_once().await.unwrap();
    assert_eq!((first.due, first.failed), (1, 1));
    world.clock.advance(secs(3600));
    assert_eq!(one.manager.worker().run_once().await.unwrap().due, 0);
    assert_eq!(one.status().await, Status::NeedsReauth(Reason::NoRefreshToken));
}

/// The client after its secret was replaced.
fn with_another_secret(world: &World) -> oauth_core::Client {
    oauth_tests::login::spec(&rotating(""))
        .client("my-client", "another-secret")
        .clock(Arc::new(world.clock.clone()))
        .http_client(Arc::clone(&world.provider) as Arc<dyn oauth_core::http::HttpClient>)
}

#[tokio::test]
async fn ref_06_another_handle_does_not_use_a_refresh_token_that_the_store_has_and_that_is_spent() {
    let world = World::rotating();
    let one = world.process();
    one.connect(world.login("a", -1)).await;
    one.store.at(Op::Save, 2, Fault::Fail(StoreErrorKind::Unavailable));
    assert_eq!(one.token().await.unwrap(), access("a", 1));
    // The client has another secret since, and so another handle.
    let client = with_another_secret(&world);
    let account = one.manager.account(&client, ALICE).await.unwrap();
    let tokens = world.pass(account.refresh()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert!(world.provider.is_alive("a"));
    assert!(!world.provider.refreshes()[1..].contains(&refresh("a", 0)), "{:?}", world.provider.refreshes());
    assert_ne!(tokens.access_token().expose_secret(), access("a", 0));
}

#[tokio::test]
async fn ref_18_a_disconnect_ends_what_another_handle_could_not_write() {
    let world = World::rotating();
    let one = world.process();
    one.connect(world.login("a", -1)).await;
    one.store.at(Op::Save, 2, Fault::Fail(StoreErrorKind::Unavailable));
    assert_eq!(one.token().await.unwrap(), access("a", 1));
    // The client has another secret since, and so another handle.
    let client = with_another_secret(&world);
    let _newer = one.manager.account(&client, ALICE).await.unwrap();
    one.manager.disconnect(&client, ALICE).await.unwrap();
    assert_eq!(world.provider.revoked(), [refresh("a", 1)]);
    assert!(!world.provider.is_alive("a"));
}

#[tokio::test]
async fn a_life_that_is_over_or_short_when_it_begins_is_not_renewed_without_end() {
    for lifetime in [0, 5, 59] {
        let world = World::rotating();
        let one = world.process();
        let account = one.connect(world.login("a", -1)).await;
        world.provider.lifetime.store(lifetime, Ordering::SeqCst);
        for _ in 0..50 {
            account.token().await.unwrap();
            settle().await;
        }
        assert_eq!(world.provider.refreshes().len(), 1, "{lifetime}: fifty callers within a second");
        for _ in 0..20 {
            world.clock.advance(secs(15));
            let report = one.manager.worker().run_once().await.unwrap();
            assert_eq!((report.due, report.refreshed), (0, 0), "{lifetime}: nobody asks for it");
        }
        assert_eq!(world.provider.refreshes().len(), 1);
        account.token().await.unwrap();
        assert_eq!(world.provider.refreshes().len(), 2, "{lifetime}: who asks has a new one");
    }
}
