//! A process that dies with the answer in its hands: the provider has rotated, and what is left to do takes a request of
//! its own. Here a session is opened with the fresh token.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use oauth_core::http::{BoxFuture, HttpClient};
use oauth_core::mechanism::{MechanismError, Mechanisms, Session, SessionLogin, SessionRequest};
use oauth_core::{ErrorKind, ExposeSecret as _, Status};
use oauth_tests::login::{SECRET, spec};

use crate::faulty::{Fault, Op};
use crate::provider::{access, refresh};
use crate::rig::{ALICE, Process, World, rotating, secs, settle};

/// What a session login comes to.
const OPENS: usize = 0;
const HANGS: usize = 1;
const FAILS: usize = 2;

#[derive(Clone, Default)]
struct Login(Arc<AtomicUsize>);

impl SessionLogin for Login {
    fn open<'a>(&'a self, login: SessionRequest<'a>) -> BoxFuture<'a, Result<Session, MechanismError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            match self.0.load(Ordering::SeqCst) {
                HANGS => std::future::pending().await,
                FAILS => Err(MechanismError::new("the session server says no")),
                _ => Ok(Session::new(format!("session-of-{}", login.tokens().access_token().expose_secret()))),
            }
        })
    }
}

fn world() -> World {
    World::new(&format!("{}token: {{session: rest-login}}\n", rotating("")))
}

/// A process whose sessions come to what the login says.
fn process(world: &World, login: &Login) -> Process {
    let mut process = world.process();
    let yaml = format!("{}token: {{session: rest-login}}\n", rotating(""));
    let mechanisms = Mechanisms::new().session_login("rest-login", login.clone());
    process.client = spec(&yaml)
        .client_with("my-client", SECRET, mechanisms)
        .unwrap()
        .clock(Arc::new(world.clock.clone()))
        .http_client(Arc::clone(&world.provider) as Arc<dyn HttpClient>);
    process
}

/// A process that died while it opened the session.
async fn died(world: &World) {
    let login = Login::default();
    let process = process(world, &login);
    let account = process.connect(world.login(ALICE, -1)).await;
    login.0.store(HANGS, Ordering::SeqCst);
    let asking = tokio::spawn(async move { drop(account.token().await) });
    world.provider.arrived(1).await;
    settle().await;
    assert_eq!(process.store.count(Op::Save), 4, "connected, prepared, sent, answered");
    process.kill();
    asking.abort();
}

#[tokio::test]
async fn ref_05_an_answer_that_was_noted_is_gone_on_with_and_not_asked_for_again() {
    let world = world();
    died(&world).await;
    let mut next = process(&world, &Login::default());
    let token = world.pass(next.token()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token, format!("session-of-{}", access(ALICE, 1)));
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)]);
    let words = next.events();
    assert!(!words.contains(&"replaying") && words.contains(&"rotated"), "{words:?}");
    assert_eq!(next.alice().await.tokens().refresh_token().unwrap().expose_secret(), refresh(ALICE, 1));
    assert_eq!(next.status().await, Status::Active);
    world.clock.advance(secs(3600));
    assert_eq!(world.pass(next.token()).await.unwrap(), format!("session-of-{}", access(ALICE, 2)));
    assert!(world.provider.is_alive(ALICE));
}

#[tokio::test]
async fn ref_05_an_answer_is_kept_although_its_session_cannot_be_opened() {
    let world = world();
    died(&world).await;
    let login = Login::default();
    login.0.store(FAILS, Ordering::SeqCst);
    let next = process(&world, &login);
    for _ in 0..3 {
        let error = world.pass(next.token()).await.unwrap_err();
        assert!(!error.needs_reauth(), "{}", error.explain());
        assert_ne!(error.kind(), ErrorKind::LostRotation);
        world.clock.advance(secs(400));
    }
    assert!(world.provider.is_alive(ALICE), "the refresh token that was used is not used again");
    login.0.store(OPENS, Ordering::SeqCst);
    let token = world.pass(next.token()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert!(token.starts_with(&format!("session-of-canary-{ALICE}-access-")), "{token}");
    assert!(!world.provider.refreshes()[1..].contains(&refresh(ALICE, 0)), "{:?}", world.provider.refreshes());
}

#[tokio::test]
async fn ref_05_an_answer_that_could_not_be_noted_is_no_reason_to_drop_it() {
    let world = world();
    let login = Login::default();
    let one = process(&world, &login);
    let account = one.connect(world.login(ALICE, -1)).await;
    one.store.at(Op::Save, 2, Fault::Fail(oauth_core::store::StoreErrorKind::Unavailable));
    let token = world.pass(account.token()).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(token.expose_secret(), format!("session-of-{}", access(ALICE, 1)));
    let kept = process(&world, &login).alice().await.tokens();
    assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 1));
}

#[tokio::test]
async fn ref_18_a_disconnection_ends_an_answer_that_nobody_has_gone_on_with() {
    let world = world();
    died(&world).await;
    let next = process(&world, &Login::default());
    next.manager.disconnect(&next.client, ALICE).await.unwrap();
    assert!(world.provider.revoked().contains(&refresh(ALICE, 1)), "{:?}", world.provider.revoked());
    assert!(!world.provider.is_alive(ALICE));
}
