//! A token manager over the memory of one process, which is what tests and small programs need; a simulator plays GitLab,
//! whose tokens live for two hours and whose refresh tokens work once.
//!
//! ```text
//! cargo run --example store_memory
//! ```

#![allow(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use oauth_providers::gitlab::{GitLab, Scope};
use oauth_providers::{Browser, Compiled as _, TokenManager};
use oauth_simulator::Simulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::builder(Arc::clone(GitLab::spec())).sample_settings().start().await?;
    let gitlab = simulator.client::<GitLab>().redirect_uri("http://127.0.0.1:8080/callback");

    let manager = TokenManager::in_memory_builder().clock(simulator.clock()).build()?;
    let mut events = manager.events();

    // A login as any other; the manager keeps what came of it.
    let (url, pending, browser) = gitlab.authorize().scopes([Scope::ReadUser]).begin().await?.into_parts();
    let callback = simulator.scripted_user().approve(url.as_str()).await?;
    let logged_in = gitlab.callback(callback, pending, Browser::from(browser)).await?;
    manager.connect(&gitlab, "user-42", &logged_in).await?;

    // Anywhere else in the program.
    let account = manager.account(&gitlab, "user-42").await?;
    println!("status:  {:?}", manager.status(&gitlab, "user-42").await?);
    println!("profile: {}", account.profile().await?.subject);

    simulator.advance(Duration::from_secs(3 * 60 * 60));
    let tokens = ask_at_once(&account, 100).await;
    println!("three hours later 100 tasks ask at once: {tokens} tokens");
    while let Some(event) = events.try_next() {
        println!("event:   {} {:?}", event.account, event.kind);
    }

    println!("{}", manager.explain(&gitlab, "user-42").await?);
    println!("disconnected: {:?}", manager.disconnect(&gitlab, "user-42").await?.revocation);
    manager.shutdown().await?;
    Ok(())
}

/// How many of so many tasks get a token.
async fn ask_at_once(account: &oauth_providers::Account<GitLab>, tasks: usize) -> usize {
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.token().await })
        })
        .collect();
    let mut tokens = 0;
    for task in tasks {
        tokens += usize::from(matches!(task.await, Ok(Ok(_))));
    }
    tokens
}
