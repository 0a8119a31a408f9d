//! A 403 that says which scopes are missing.

use std::sync::Arc;

use oauth_core::seal::SealingKey;
use oauth_core::store::{MemoryStore, Store};
use oauth_core::{ErrorKind, ExposeSecret as _, OsRng, TokenManager, TokenSet};
use oauth_tests::issuer::TOKEN;
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

/// A program that crashes, or is started anew by each request, is no way around the limit.
#[tokio::test]
async fn a_step_up_is_not_done_again_after_a_restart() {
    let world = World::start().await;
    let mcp = world.documented();
    world.tokens(Some("files:read"));
    let account = world.log_in(&mcp, &world.challenge()).await.unwrap();
    let more = mcp.step_up(&account, LACKS, |url| world.yes(url)).await.unwrap();
    assert_eq!(more.tokens().scopes(), ["files:read"], "not granted");

    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let key = SealingKey::generate(&OsRng).unwrap();
    let manager = || {
        let manager = TokenManager::over(Arc::clone(&store)).keys(key.clone());
        manager.clock(Arc::new(world.at.clock.clone())).build().unwrap()
    };
    let client = mcp.connect(world.challenge().as_str()).await.unwrap();
    manager().import(&client, "alice", more.tokens()).await.unwrap();
    // What a new process has: the server's first challenge, and the store; and the same with tokens that are kept as text.
    for renewed in [false, true] {
        let client = mcp.connect(world.challenge().as_str()).await.unwrap();
        let stored = manager().account(&client, "alice").await.unwrap();
        let text = TokenSet::from_exposed_json(&stored.tokens().expose_json()).unwrap();
        let before = world.at.paths().len();
        for account in [&stored, &client.account(text)] {
            let error = mcp.step_up(account, LACKS, |url| world.yes(url)).await.unwrap_err();
            assert_eq!((error.kind(), error.scopes()), (ErrorKind::InsufficientScope, &["files:write".to_owned()][..]));
        }
        assert_eq!(world.at.paths().len(), before, "nothing was asked");
        // Something else is asked for all the same, with what was before.
        let other = r#"Bearer error="insufficient_scope", scope="files:delete""#;
        let next = mcp.step_up_client(&stored, other).await.unwrap();
        assert_eq!(next.spec().scopes.default, ["files:read", "files:write", "files:delete"]);
        if !renewed {
            // A refresh forgets nothing.
            let asked = world.at.asked(TOKEN);
            world.at.clock.advance(std::time::Duration::from_secs(3_600));
            stored.token().await.unwrap();
            assert_eq!(world.at.asked(TOKEN), asked + 1);
        }
    }
    // What is granted in the end is withheld no longer.
    world.tokens(Some("files:read files:write"));
    let client = mcp.connect(world.challenge().as_str()).await.unwrap();
    let url_client = client.scopes(["files:read", "files:write"]);
    let started = oauth_tests::login::start(&url_client).await;
    let answer = format!("code=c&state={}&iss={}", started.state, world.at.origin());
    let granted = url_client.callback(answer, started.pending, started.browser).await.unwrap();
    assert!(!granted.tokens().expose_json().expose_secret().contains("withheld"));
}
