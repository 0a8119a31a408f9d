//! Answers that were lost and processes that died on the way: what the next one makes of the marks that they left.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::http::TransportErrorKind;
use oauth_core::{ErrorKind, ExposeSecret as _, Reason, Status};
use tokio::runtime::{Builder, Runtime};

use crate::faulty::{Fault, Op};
use crate::provider::{Provider, Reply, access, refresh};
use crate::rig::{ALICE, Process, World, rotating, secs, settle, steady};

/// The saves of a refresh, in order: the mark before it is sent, the mark as it is sent, the new tokens.
const PREPARED: usize = 0;
const SENT: usize = 1;
const RENEWED: usize = 2;

/// How long a lease is: the request's time and ten seconds.
const LEASE: Duration = Duration::from_secs(40);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A process that begins to refresh alice's ended token and dies at that point.
async fn dies(world: &World, seconds: i64, at: Option<(Op, usize, Fault)>, reply: Reply) {
    let process = world.process();
    let account = process.connect(world.login(ALICE, seconds)).await;
    if let Some((op, passed, fault)) = at {
        process.store.at(op, passed, fault);
    }
    world.provider.next(reply);
    let asking = tokio::spawn(async move { drop(account.refresh().await) });
    settle().await;
    assert!(!asking.is_finished(), "it hangs where it was told to");
    process.kill();
}

#[tokio::test]
async fn ref_05_a_process_that_died_before_it_sent_anything_is_followed_by_an_ordinary_refresh() {
    for (op, passed, fault) in [
        (Op::Lease, 0, Fault::DoneAndHang),
        (Op::Save, PREPARED, Fault::Hang),
        (Op::Save, PREPARED, Fault::DoneAndHang),
        (Op::Save, SENT, Fault::Hang),
    ] {
        for yaml in [rotating(""), rotating(", replay: never"), steady()] {
            let world = World::new(&yaml);
            dies(&world, -1, Some((op, passed, fault)), Reply::Grant).await;
            assert!(world.provider.refreshes().is_empty());
            let mut next = world.process();
            let before = oauth_core::Clock::now(&world.clock);
            assert_eq!(world.pass(next.token()).await.unwrap(), access(ALICE, 1), "{op:?} {passed} {fault:?}");
            let waited = oauth_core::Clock::now(&world.clock).duration_since(before).unwrap();
            assert!(waited <= LEASE + secs(1), "{waited:?}");
            assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)]);
            assert!(!next.events().contains(&"replaying"), "nothing was sent");
            assert_eq!(next.status().await, Status::Active);
        }
    }
}

#[tokio::test]
async fn ref_05_a_process_that_died_after_the_mark_and_before_the_request_is_made_good_by_the_replay() {
    let world = World::rotating();
    dies(&world, -1, Some((Op::Save, SENT, Fault::DoneAndHang)), Reply::Grant).await;
    assert!(world.provider.refreshes().is_empty());
    let mut next = world.process();
    let before = oauth_core::Clock::now(&world.clock);
    assert_eq!(world.pass(next.token()).await.unwrap(), access(ALICE, 1));
    let waited = oauth_core::Clock::now(&world.clock).duration_since(before).unwrap();
    assert!(waited >= LEASE - secs(1) && waited <= LEASE + secs(2), "it waits for the lease: {waited:?}");
    assert_eq!(next.events(), ["replaying", "rotated"]);
    assert!(world.provider.is_alive(ALICE));
}

#[tokio::test]
async fn ref_04_an_answer_that_a_dead_process_never_got_is_a_lost_rotation_and_not_a_loop() {
    // The provider rotated and nobody knows; or the answer was here and was not written.
    for (at, reply) in [(None, Reply::Silent), (Some((Op::Save, RENEWED, Fault::Hang)), Reply::Grant)] {
        let world = World::rotating();
        dies(&world, -1, at, reply).await;
        assert_eq!(world.provider.refreshes().len(), 1);
        let mut next = world.process();
        let before = oauth_core::Clock::now(&world.clock);
        let error = world.pass(next.token()).await.unwrap_err();
        let waited = oauth_core::Clock::now(&world.clock).duration_since(before).unwrap();
        assert!(waited >= LEASE - secs(1) && waited <= LEASE + secs(2), "it waits for the lease: {waited:?}");
        assert_eq!(error.kind(), ErrorKind::LostRotation, "{}", error.explain());
        assert!(error.needs_reauth() && !error.is_retryable());
        assert_eq!(error.server().unwrap().code(), Some("invalid_grant"));
        assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 0)], "once more, and no more");
        assert_eq!(next.events(), ["replaying", "needs-reauth"]);
        assert_eq!(next.status().await, Status::NeedsReauth(Reason::LostRotation));
        // No process tries again, however long it waits.
        for process in [next, world.process(), world.process()] {
            for _ in 0..3 {
                world.clock.advance(secs(3600));
                assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::LostRotation);
                assert_eq!(process.alice().await.refresh().await.unwrap_err().kind(), ErrorKind::LostRotation);
                process.manager.worker().run_once().await.unwrap();
            }
        }
        assert_eq!(world.provider.refreshes().len(), 2);
        assert_eq!(world.keys().await.len(), 1, "the record is never deleted by a failure");
    }
}

#[tokio::test]
async fn ref_04_a_process_that_died_after_it_wrote_has_lost_nothing() {
    let world = World::rotating();
    dies(&world, -1, Some((Op::Save, RENEWED, Fault::DoneAndHang)), Reply::Grant).await;
    let mut next = world.process();
    let before = oauth_core::Clock::now(&world.clock);
    assert_eq!(world.pass(next.token()).await.unwrap(), access(ALICE, 1));
    assert_eq!(oauth_core::Clock::now(&world.clock), before, "nobody waits for a lease that nobody needs");
    assert_eq!(world.provider.refreshes().len(), 1);
    assert!(!next.events().contains(&"replaying"));
}

#[tokio::test]
async fn ref_04_the_replay_is_enough_where_the_provider_grants_it() {
    // Nothing is decided about a request that did not arrive: the second is the first.
    for kind in [TransportErrorKind::Broken, TransportErrorKind::Timeout] {
        let world = World::rotating();
        let mut process = world.process();
        let _in_use = process.connect(world.login(ALICE, -1)).await;
        world.provider.next(Reply::Cut(kind));
        let error = process.token().await.unwrap_err();
        assert!(error.is_retryable() && !error.needs_reauth(), "{}", error.explain());
        // Nobody tries before the lease has ended.
        let Status::Backoff { until } = process.status().await else { panic!("{:?}", process.status().await) };
        let wait = until.duration_since(oauth_core::Clock::now(&world.clock)).unwrap();
        assert!(wait >= LEASE - secs(1) && wait <= LEASE + secs(1), "{wait:?}");
        world.clock.advance(LEASE - secs(2));
        let other = world.process();
        for process in [&process, &other] {
            process.token().await.unwrap_err();
        }
        assert_eq!(world.provider.refreshes().len(), 1);
        world.clock.advance(secs(3));
        assert_eq!(world.pass(other.token()).await.unwrap(), access(ALICE, 1));
        assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 1));
        assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 0)]);
        assert_eq!(process.events(), ["connected", "backoff", "adopted"]);
    }
}

#[tokio::test]
async fn ref_04_two_answers_lost_in_a_row_are_the_end_where_tokens_rotate() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    world.provider.always(Reply::Cut(TransportErrorKind::Broken));
    process.token().await.unwrap_err();
    world.clock.advance(LEASE + secs(1));
    let error = world.pass(process.token()).await.unwrap_err();
    assert!(error.is_retryable(), "{}", error.explain());
    world.provider.always(Reply::Grant);
    world.clock.advance(secs(3600));
    let error = world.pass(process.token()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LostRotation, "{}", error.explain());
    assert_eq!(world.provider.refreshes().len(), 2, "a refresh token is used twice at most");
}

#[tokio::test]
async fn ref_04_a_replay_that_is_put_off_stays_a_replay() {
    let world = World::rotating();
    dies(&world, -1, None, Reply::Silent).await;
    let mut next = world.process();
    world.provider.next(Reply::Refuse(503, "{}", None));
    let error = world.pass(next.token()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    // What the provider then says of the token is still about the answer that was lost.
    world.clock.advance(secs(3600));
    let error = world.pass(next.token()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LostRotation, "{}", error.explain());
    assert_eq!(next.status().await, Status::NeedsReauth(Reason::LostRotation));
    assert_eq!(next.events().last(), Some(&"needs-reauth"));
}

#[tokio::test]
async fn ref_04_never_means_never() {
    for (at, reply) in [(None, Reply::Silent), (Some((Op::Save, SENT, Fault::DoneAndHang)), Reply::Grant)] {
        let world = World::new(&rotating(", replay: never"));
        dies(&world, -1, at, reply).await;
        let sent = world.provider.refreshes().len();
        let mut next = world.process();
        let error = world.pass(next.token()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LostRotation);
        assert!(error.needs_reauth());
        assert_eq!(world.provider.refreshes().len(), sent);
        assert_eq!(next.events(), ["needs-reauth"]);
        assert_eq!(next.status().await, Status::NeedsReauth(Reason::LostRotation));
    }
    // In one process as well.
    let world = World::new(&rotating(", replay: never"));
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Lost(TransportErrorKind::Broken));
    process.token().await.unwrap_err();
    world.clock.advance(secs(300));
    assert_eq!(world.pass(process.token()).await.unwrap_err().kind(), ErrorKind::LostRotation);
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn ref_04_a_refresh_token_that_goes_on_is_used_as_often_as_it_takes() {
    let world = World::steady();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    for round in 1..=4 {
        world.provider.next(Reply::Lost(TransportErrorKind::Timeout));
        assert!(world.pass(process.token()).await.unwrap_err().is_retryable());
        assert_eq!(world.provider.refreshes().len(), round);
        world.clock.advance(secs(400));
    }
    assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 5));
    assert!(world.provider.refreshes().iter().all(|token| *token == refresh(ALICE, 0)));
}

#[tokio::test]
async fn ref_04_a_provider_that_has_rotated_once_counts_as_one_that_rotates() {
    // Its file says nothing, and it did.
    let mut world = World::steady();
    world.provider = Arc::new(Provider::new(true));
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    assert_eq!(process.token().await.unwrap(), access(ALICE, 1));
    world.clock.advance(secs(3600));
    world.provider.always(Reply::Cut(TransportErrorKind::Broken));
    for _ in 0..4 {
        world.pass(process.token()).await.unwrap_err();
        world.clock.advance(secs(400));
    }
    assert_eq!(world.provider.refreshes().len(), 3, "the first refresh, one that was lost, and one replay");
    assert_eq!(process.status().await, Status::NeedsReauth(Reason::LostRotation));
}

#[tokio::test]
async fn ref_04_an_access_token_that_has_not_ended_outlives_the_lost_rotation() {
    let world = World::rotating();
    dies(&world, 600, None, Reply::Silent).await;
    world.clock.advance(secs(545));
    let next = world.process();
    // It ends in 55 seconds: the replay is refused, and it is used to its end.
    let token = world.pass(next.token()).await.unwrap();
    assert_eq!(token, access(ALICE, 0));
    assert_eq!(next.status().await, Status::NeedsReauth(Reason::LostRotation));
    let account = next.alice().await;
    assert_eq!(account.token().await.unwrap().expose_secret(), access(ALICE, 0));
    assert_eq!(account.token_lasting(secs(300)).await.unwrap_err().kind(), ErrorKind::LostRotation);
    world.clock.advance(secs(55));
    assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::LostRotation);
    assert_eq!(world.provider.refreshes().len(), 2);
}

#[tokio::test]
async fn ref_04_a_login_ends_the_lost_rotation() {
    let world = World::rotating();
    dies(&world, -1, None, Reply::Silent).await;
    let (next, other) = (world.process(), world.process());
    world.pass(next.token()).await.unwrap_err();
    other.connect(world.login("again", 3600)).await;
    world.clock.advance(secs(31));
    for process in [&next, &other] {
        assert_eq!(world.pass(process.token()).await.unwrap(), access("again", 0));
        assert_eq!(process.status().await, Status::Active);
    }
}

/// A process that is stopped, as by SIGSTOP, while its request is with the provider.
struct Stopped {
    process: Process,
    runtime: Runtime,
    asking: tokio::task::JoinHandle<oauth_core::Result<oauth_core::AccessToken>>,
}

fn stopped(world: &World, reply: Reply) -> Stopped {
    let (process, runtime) = (world.process(), runtime());
    world.provider.next(reply);
    let asking = runtime.block_on(async {
        let account = process.connect(world.login(ALICE, -1)).await;
        let asking = tokio::spawn(async move { account.token().await });
        world.provider.arrived(1).await;
        asking
    });
    Stopped { process, runtime, asking }
}

#[test]
fn ref_20_what_a_stopped_holder_writes_after_its_lease_is_refused() {
    for yaml in [rotating(""), steady()] {
        let world = World::new(&yaml);
        world.provider.lenient();
        let mut holder = stopped(&world, Reply::Late);
        let (next, running) = (world.process(), runtime());
        let before = oauth_core::Clock::now(&world.clock);
        assert_eq!(running.block_on(world.pass(next.token())).unwrap(), access(ALICE, 1));
        let waited = oauth_core::Clock::now(&world.clock).duration_since(before).unwrap();
        assert!(waited >= LEASE - secs(1) && waited <= LEASE + secs(2), "not before the lease has ended: {waited:?}");

        // The holder goes on: its request arrives now, and its answer is out of date.
        world.provider.pass();
        let got = holder.runtime.block_on(async { holder.asking.await.unwrap() });
        assert_eq!(got.unwrap_or_else(|error| panic!("{}", error.explain())).expose_secret(), access(ALICE, 1));
        for process in [&next, &world.process()] {
            assert_eq!(running.block_on(process.token()).unwrap(), access(ALICE, 1));
        }
        let kept = running.block_on(world.process().alice()).tokens();
        assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, usize::from(yaml.contains("true"))));
        assert!(!holder.process.events().contains(&"needs-reauth"));
        assert!(world.provider.is_alive(ALICE));
    }
}

#[tokio::test]
async fn ref_20_a_request_is_cut_when_its_lease_ends() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Silent);
    let before = oauth_core::Clock::now(&world.clock);
    let error = world.pass(process.token()).await.unwrap_err();
    let after = oauth_core::Clock::now(&world.clock).duration_since(before).unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{}", error.explain());
    assert!(
        after >= secs(30) && after <= LEASE - secs(4),
        "longer than the request may take, and within the lease: {after:?}"
    );
}

#[tokio::test]
async fn ref_20_a_lease_that_nobody_gives_back_ends_by_itself() {
    let world = World::rotating();
    let holder = world.process();
    holder.connect(world.login(ALICE, -1)).await;
    let key = world.keys().await[0];
    world.store.lease(&key, LEASE).await.unwrap();
    let next = world.process();
    let asking = next.token();
    assert_eq!(world.pass(asking).await.unwrap(), access(ALICE, 1));
    assert_eq!(world.provider.refreshes().len(), 1);
}
