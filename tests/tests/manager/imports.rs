//! Tokens from elsewhere.

use oauth_core::{ErrorKind, Reason, Status, TokenSet};

use crate::provider::{access, refresh};
use crate::rig::{ALICE, Process, World, secs};

#[tokio::test]
async fn an_import_is_idempotent_and_never_puts_older_tokens_over_newer_ones() {
    let world = World::rotating();
    let (mut one, other) = (world.process(), world.process());
    let exported = world.login(ALICE, -1);
    for process in [&one, &other, &one] {
        process.manager.import(&process.client, ALICE, exported.clone()).await.unwrap();
    }
    assert_eq!(one.events(), ["imported"]);
    assert_eq!(other.token().await.unwrap(), access(ALICE, 1));
    // The same export once more, after it has been used.
    for process in [&one, &other, &world.process()] {
        let account = process.manager.import(&process.client, ALICE, exported.clone()).await.unwrap();
        assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 1));
    }
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)]);
    assert!(world.provider.is_alive(ALICE));

    // Many at once.
    let world = World::rotating();
    let exported = world.login(ALICE, -1);
    let processes: Vec<Process> = (0..8).map(|_| world.process()).collect();
    let tokens = crate::rig::crowd(&world, 64, |at| {
        let (manager, client) = (processes[at % 8].manager.clone(), processes[at % 8].client.clone());
        let exported = exported.clone();
        async move {
            let account = manager.import(&client, ALICE, exported).await.unwrap();
            account.token().await.unwrap().expose_secret().to_owned()
        }
    })
    .await;
    assert!(tokens.iter().all(|token| *token == access(ALICE, 1)));
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)]);
}

#[tokio::test]
async fn an_imported_token_that_has_ended_is_never_given_away() {
    for (seconds, with_refresh) in [(-1, true), (0, true), (-1, false), (0, false), (-1_000_000_000, false)] {
        let world = World::rotating();
        let (one, other) = (world.process(), world.process());
        let mut exported = world.login(ALICE, seconds);
        if !with_refresh {
            exported = TokenSet::new(access(ALICE, 0)).with_expires_at(exported.expires_at().unwrap());
        }
        let account = one.manager.import(&one.client, ALICE, exported).await.unwrap();
        let got = [
            account.token().await.map(|token| token.expose_secret().to_owned()),
            account.token_lasting(secs(5)).await.map(|token| token.expose_secret().to_owned()),
            one.token().await,
            other.token().await,
        ];
        for got in got {
            match got {
                Ok(token) => assert!(with_refresh && token == access(ALICE, 1), "{token}"),
                Err(error) => assert!(!with_refresh && error.kind() == ErrorKind::NoRefreshToken, "{error}"),
            }
        }
        account.get("/things").send().await.ok();
        assert!(world.provider.seen().iter().all(|seen| seen.bearer != Some(access(ALICE, 0))));
    }

    // One that ended before 1970 has ended in every process.
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let ended = TokenSet::new("canary-old").with_expires_at(std::time::UNIX_EPOCH - secs(1));
    one.manager.import(&one.client, ALICE, ended).await.unwrap();
    for process in [&one, &other] {
        assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::NoRefreshToken);
    }
}

#[tokio::test]
async fn an_import_replaces_what_needs_a_new_login() {
    let world = World::rotating();
    let process = world.process();
    // Refused for good.
    process.connect(world.login("old", -1)).await;
    world.provider.end("old");
    assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::GrantRejected);
    process.manager.import(&process.client, ALICE, world.login("new", 3600)).await.unwrap();
    assert_eq!(process.token().await.unwrap(), access("new", 0));

    // Ended, and there is nothing to renew it with.
    let world = World::rotating();
    let process = world.process();
    let ended = world.login("old", -1).expires_at().unwrap();
    process.connect(TokenSet::new("canary-old").with_expires_at(ended)).await;
    assert_eq!(process.status().await, Status::NeedsReauth(Reason::NoRefreshToken));
    process.manager.import(&process.client, ALICE, world.login("new", 3600)).await.unwrap();
    assert_eq!(process.token().await.unwrap(), access("new", 0));
}
