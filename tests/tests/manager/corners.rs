//! Sequences in which two steps meet that are each sound by themselves.

use std::time::Duration;

use oauth_core::ExposeSecret as _;

use crate::provider::access;
use crate::rig::{ALICE, World, rotating};

#[tokio::test]
async fn a_client_without_a_limit_of_time_refreshes() {
    let world = World::rotating();
    let one = world.process_with(|builder| builder.ahead(Duration::MAX));
    let client = one.client.clone().timeout(Duration::MAX);
    let account = one.manager.connect(&client, ALICE, world.login("a", -1)).await.unwrap();
    let token = account.token().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token.expose_secret(), access("a", 1));
}
