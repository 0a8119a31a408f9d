//! The example of the catalog crate, run against a server on loopback.

#[path = "../../../oauth-providers/examples/mcp_login.rs"]
#[allow(dead_code, reason = "its main reads the command line")]
mod mcp_login;

use crate::world::{REGISTER, World};

#[tokio::test]
async fn the_example_logs_in() {
    let world = World::start().await;
    let account = mcp_login::log_in(world.nobody(), async |url| world.yes(url).await).await.unwrap();
    assert_eq!(account.client().client_id(), "registered-1");
    assert_eq!(world.at.asked(REGISTER), 1);
}
