//! A 403 that says which scopes are missing.

use oauth_core::ErrorKind;
use oauth_tests::login::parameter;

use crate::world::World;

const LACKS: &str = r#"Bearer error="insufficient_scope", scope="files:write""#;

#[tokio::test]
async fn a_step_up_asks_for_all_scopes_of_before_and_once() {
    let world = World::start().await;
    let mcp = world.documented();
    world.tokens(Some("files:read files:extra"));
    let account = world.log_in(&mcp, &world.challenge()).await.unwrap();
    let mut seen = String::new();
    let browse = |url: oauth_core::AuthorizationUrl| {
        seen = url.to_string();
        world.yes(url)
    };
    let more = mcp.step_up(&account, LACKS, browse).await.unwrap();
    assert_eq!(parameter(&seen, "scope").as_deref(), Some("files:read files:extra files:write"));
    assert_eq!(parameter(&seen, "resource"), Some(world.server()));

    // The user did not grant it, and the server says the same again: that is the end.
    let before = world.at.paths().len();
    let error = mcp.step_up(&more, LACKS, |url| world.yes(url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientScope);
    assert_eq!(error.scopes(), ["files:write"]);
    assert_eq!(world.at.paths().len(), before, "nothing was asked");
    let silent = mcp.step_up_client(&account, r#"Bearer error="insufficient_scope""#).await.unwrap_err();
    assert_eq!(silent.kind(), ErrorKind::InsufficientScope, "nobody knows what for");
}
