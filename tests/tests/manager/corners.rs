//! Sequences in which two steps meet that are each sound by themselves.

use std::sync::atomic::Ordering;
use std::time::Duration;

use oauth_core::{ErrorKind, ExposeSecret as _};

use crate::provider::access;
use crate::rig::{ALICE, World, rotating, secs};

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
