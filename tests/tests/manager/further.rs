//! Further tokens of a login, each renewed by itself.

use oauth_core::{ErrorKind, ExposeSecret as _, TokenSet};

use crate::provider::{access, refresh, text};
use crate::rig::{World, acme};

/// A login with a further token, as `token.response.also` has it.
fn with_user(world: &World, seconds: i64) -> TokenSet {
    let (bot, user) = (world.login("bot", seconds), world.login("user", seconds));
    let mut both: serde_json::Value = serde_json::from_str(bot.expose_json().expose_secret()).unwrap();
    let user: serde_json::Value = serde_json::from_str(user.expose_json().expose_secret()).unwrap();
    both["also"] = serde_json::json!([["user", user]]);
    TokenSet::from_exposed_json(&both.to_string().into()).unwrap()
}

fn two_tokens() -> World {
    World::new(&format!("{}token: {{response: {{also: {{user: {{at: /authed_user}}}}}}}}\n", acme("rotates: true")))
}

#[tokio::test]
async fn further_tokens_of_a_login_are_renewed_once_by_all_processes() {
    let world = two_tokens();
    let (one, other) = (world.process(), world.process());
    one.connect(with_user(&world, -1)).await;
    let (mut accounts, mut users) = (Vec::new(), Vec::new());
    for process in [&one, &other] {
        let account = process.alice().await;
        users.push(account.also("user").unwrap());
        accounts.push(account);
    }
    let got =
        crate::rig::crowd(&world, 40, |at| {
            let account = if at % 4 < 2 { accounts[at % 2].clone() } else { users[at % 2].clone() };
            async move {
                account.token().await.unwrap_or_else(|error| panic!("{}", error.explain())).expose_secret().to_owned()
            }
        })
        .await;
    for (at, token) in got.into_iter().enumerate() {
        assert_eq!(token, access(if at % 4 < 2 { "bot" } else { "user" }, 1));
    }
    let mut sent = world.provider.refreshes();
    sent.sort_unstable();
    assert_eq!(sent, [refresh("bot", 0), refresh("user", 0)]);
    let kept = world.process().alice().await;
    assert_eq!(
        (text(&kept.tokens()), text(&kept.also("user").unwrap().tokens())),
        (&*access("bot", 1), &*access("user", 1))
    );
    let kept = kept.tokens();
    let user = kept.also("user").unwrap().refresh_token().unwrap().expose_secret().to_owned();
    assert_eq!((kept.refresh_token().unwrap().expose_secret(), user), (&*refresh("bot", 1), refresh("user", 1)));
}

#[tokio::test]
async fn a_further_token_that_is_refused_leaves_the_login_alone() {
    for (dead, alive) in [("user", "bot"), ("bot", "user")] {
        let world = two_tokens();
        let (one, other) = (world.process(), world.process());
        one.connect(with_user(&world, -1)).await;
        world.provider.end(dead);
        for process in [&one, &other, &one, &world.process()] {
            let account = process.alice().await;
            let user = account.also("user").unwrap();
            let (refused, granted) = if dead == "user" { (user, account) } else { (account, user) };
            let error = refused.token().await.unwrap_err();
            assert!(error.kind() == ErrorKind::GrantRejected && error.needs_reauth(), "{}", error.explain());
            let token = granted.token().await.unwrap_or_else(|error| panic!("{dead}: {}", error.explain()));
            assert_eq!(token.expose_secret(), access(alive, 1));
        }
        let mut sent = world.provider.refreshes();
        sent.sort_unstable();
        assert_eq!(sent, [refresh("bot", 0), refresh("user", 0)], "each is asked for once");
    }
}
