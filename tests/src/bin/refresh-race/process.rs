//! One of the processes.

use std::collections::BTreeMap;

use oauth_core::TokenManager;
use oauth_tests::fleet::Result;
use oauth_tests::fleet::child::{Parent, say};
use oauth_tests::fleet::place::Way;
use serde_json::json;
use tokio::task::JoinSet;

/// Opens the store, waits for the start, asks with all tasks at once, and says what they got.
pub(crate) async fn run() -> Result<()> {
    let mut parent = Parent::new();
    let orders = parent.hear().await?;
    let way = Way::told(&orders)?;
    let account = way.account(0);
    let tasks = orders["tasks"].as_u64().unwrap_or_default();
    let (client, manager) = way.open(None).await?;
    say(&json!({"ready": true}));
    parent.hear().await?;
    let mut asking = JoinSet::new();
    for _ in 0..tasks {
        let (client, manager, account) = (client.clone(), TokenManager::clone(&manager), account.clone());
        asking.spawn(async move {
            let token = manager.token(&client, account.as_str()).await;
            token.map(|token| token.expose_secret().to_owned()).map_err(|error| error.explain())
        });
    }
    let (mut tokens, mut errors) = (BTreeMap::<String, usize>::new(), Vec::new());
    while let Some(asked) = asking.join_next().await {
        match asked? {
            Ok(token) => *tokens.entry(token).or_default() += 1,
            Err(error) => errors.push(error),
        }
    }
    say(&json!({"tokens": tokens, "errors": errors}));
    manager.shutdown().await?;
    Ok(())
}
