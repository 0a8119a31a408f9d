//! Panics, runtimes that end, and what is left of both.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::http::TransportErrorKind;
use oauth_core::seal::SealingKey;
use oauth_core::store::{FileStore, StoreError, StoreErrorKind};
use oauth_core::{ErrorKind, ExposeSecret as _, OsRng, Status, TokenManager};
use tokio::runtime::{Builder, Runtime};

use crate::faulty::{Fault, Op};
use crate::provider::{Reply, access, refresh};
use crate::rig::{ALICE, World, crowd, secs, settle};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[tokio::test]
async fn rt_01_a_panic_in_a_refresh_is_an_error_for_all_who_wait_and_bricks_nothing() {
    let panics =
        [(Op::Load, 0), (Op::Load, 1), (Op::Lease, 0), (Op::Save, 0), (Op::Save, 1), (Op::Save, 2), (Op::Release, 0)];
    for (op, passed) in panics {
        let world = World::rotating();
        let process = world.process();
        process.connect(world.login(ALICE, -1)).await;
        let account = process.alice().await;
        process.store.at(op, passed, Fault::Panic);
        let results = crowd(&world, 20, |_| {
            let account = account.clone();
            async move { account.token().await }
        })
        .await;
        for result in results {
            match result {
                Ok(token) => assert!(op == Op::Release && token.expose_secret() == access(ALICE, 1)),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Internal, "{op:?} {passed}: {}", error.explain());
                    assert!(op != Op::Release && !error.needs_reauth());
                }
            }
        }
        // The account is where it was, or one refresh further, and nobody has to wait longer than for a lease.
        world.clock.advance(secs(60));
        let token = world.pass(account.token()).await;
        if (op, passed) == (Op::Save, 2) {
            // The answer was here, and died with the task.
            assert_eq!(token.unwrap_err().kind(), ErrorKind::LostRotation);
        } else {
            assert_eq!(
                token.unwrap_or_else(|error| panic!("{op:?} {passed}: {}", error.explain())).expose_secret(),
                access(ALICE, 1)
            );
        }
        assert_eq!(world.keys().await.len(), 1);
        process.manager.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn rt_01_a_panic_of_the_transport_gives_the_lease_back() {
    let world = World::steady();
    let (one, other) = (world.process(), world.process());
    one.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Panic);
    let error = one.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    settle().await;
    let key = world.keys().await[0];
    let answer = world.store.lease(&key, secs(1)).await.unwrap();
    assert!(matches!(answer, oauth_core::store::LeaseAnswer::Granted(_)), "{answer:?}");
    world.clock.advance(secs(60));
    assert_eq!(world.pass(other.token()).await.unwrap(), access(ALICE, 1));
    assert_eq!(world.pass(one.token()).await.unwrap(), access(ALICE, 1));
    let report = one.manager.worker().run_once().await.unwrap();
    assert_eq!(report.failed, 0);
}

#[tokio::test]
async fn rt_01_a_panic_under_a_worker_is_one_account_that_failed() {
    let world = World::rotating();
    let process = world.process();
    for at in 0..10 {
        let name = format!("user{at}");
        process.manager.connect(&process.client, name.as_str(), world.login(&name, 1)).await.unwrap();
    }
    world.clock.advance(secs(2));
    process.store.at(Op::Load, 4, Fault::Panic);
    let report = world.pass(process.manager.worker().run_once()).await.unwrap();
    assert_eq!((report.due, report.refreshed, report.failed), (10, 9, 1));
}

#[tokio::test]
async fn rt_01_a_resolver_that_panics_or_fails_harms_no_other() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, 1)).await;
    let lost = TokenManager::over(Arc::clone(&world.store))
        .keys(world.key.clone())
        .clock(Arc::new(world.clock.clone()))
        .build()
        .unwrap();
    world.clock.advance(secs(2));
    let report = lost.worker().run_once().await.unwrap();
    assert_eq!((report.due, report.failed), (1, 1));
    let error = lost.resolve("acme", ALICE).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.explain().contains(".client("), "{}", error.explain());
    assert_eq!(process.token().await.unwrap(), access(ALICE, 1));
}

/// The file store, the operating system's clock, one thread: no step may wait for another on the thread that it needs.
#[test]
fn rt_02_one_thread_is_enough_for_blocking_stores() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    let world = World::rotating();
    let key = SealingKey::generate(&OsRng).unwrap();
    let manager = || {
        let store = FileStore::open(&path).unwrap();
        TokenManager::builder(store).keys(key.clone()).clock(Arc::new(world.clock.clone())).build().unwrap()
    };
    let client = world.client(&crate::rig::rotating(""));
    let done = runtime().block_on(async {
        let work = async {
            let (one, other) = (manager(), manager());
            one.connect(&client, ALICE, world.login(ALICE, -1)).await.unwrap();
            let accounts = [one.account(&client, ALICE).await.unwrap(), other.account(&client, ALICE).await.unwrap()];
            let tasks: Vec<_> = (0..40)
                .map(|at| {
                    let account = accounts[at % 2].clone();
                    tokio::spawn(async move { account.token().await.unwrap().expose_secret().to_owned() })
                })
                .collect();
            // Two managers in one process have one lease between them; the clock that they wait by has to go on.
            let ticking = tokio::spawn({
                let clock = world.clock.clone();
                async move {
                    loop {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        clock.advance(Duration::from_millis(20));
                    }
                }
            });
            for task in tasks {
                assert_eq!(task.await.unwrap(), access(ALICE, 1));
            }
            ticking.abort();
            one.shutdown().await.unwrap();
            other.shutdown().await.unwrap();
        };
        tokio::time::timeout(secs(60), work).await.is_ok()
    });
    assert!(done, "a deadlock");
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[test]
fn rt_03_a_runtime_that_ends_during_a_refresh_leaves_the_mark_for_the_next() {
    let world = World::steady();
    let process = world.process();
    let first = runtime();
    world.provider.next(Reply::Silent);
    let account = first.block_on(async {
        let account = process.connect(world.login(ALICE, -1)).await;
        let asking = account.clone();
        tokio::spawn(async move { asking.token().await });
        world.provider.arrived(1).await;
        account
    });
    drop(first);
    // The same manager, in a runtime of its own.
    let second = runtime();
    let token = second.block_on(world.pass(account.token()));
    assert_eq!(token.unwrap_or_else(|error| panic!("{}", error.explain())).expose_secret(), access(ALICE, 2));
    second.block_on(process.manager.shutdown()).unwrap();
}

#[test]
fn rt_04_a_manager_needs_no_thread_of_its_own_and_goes_from_one_runtime_to_another() {
    let world = World::rotating();
    // Made outside of any runtime, used in several, one after the other and at once.
    let process = world.process();
    runtime().block_on(process.connect(world.login(ALICE, -1)));
    for round in 1..=3 {
        assert_eq!(runtime().block_on(process.token()).unwrap(), access(ALICE, round));
        world.clock.advance(secs(3600));
    }
    let account = runtime().block_on(process.alice());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let account = account.clone();
            std::thread::spawn(move || {
                // Each runtime lives until all have what they want: one of them has the refresh.
                let runtime = runtime();
                let token = runtime.block_on(account.token()).map(|token| token.expose_secret().to_owned());
                (runtime, token)
            })
        })
        .collect();
    let got: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    for (_, token) in &got {
        assert_eq!(*token.as_ref().unwrap(), access(ALICE, 4));
    }
    assert_eq!(world.provider.refreshes().len(), 4);
    assert!(TokenManager::in_memory().is_ok(), "no runtime is needed to make one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rt_05_handles_that_come_and_go_with_changing_clients_stand_in_nobodys_way() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, 3600)).await;
    let other = oauth_tests::login::spec(&crate::rig::rotating(""))
        .client("my-client", "another-secret")
        .clock(Arc::new(world.clock.clone()));
    let tasks: Vec<_> = (0..4)
        .map(|at| {
            let (manager, client) =
                (process.manager.clone(), if at % 2 == 0 { process.client.clone() } else { other.clone() });
            tokio::spawn(async move {
                for _ in 0..3_000 {
                    let account = manager.account(&client, ALICE).await.unwrap();
                    drop(account.tokens());
                }
            })
        })
        .collect();
    let all = async {
        for task in tasks {
            task.await.unwrap();
        }
    };
    tokio::time::timeout(secs(120), all).await.expect("a deadlock of handles");
}

#[tokio::test]
async fn rt_06_what_runs_out_is_an_error_that_passes() {
    // No descriptor for a connection; no room; no thread.
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Cut(TransportErrorKind::Connect));
    let error = account.token().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Connect && error.is_retryable() && !error.needs_reauth());
    world.clock.advance(secs(2));
    for op in [Op::Load, Op::Lease, Op::Save] {
        process.store.at(op, 0, Fault::Fail(StoreErrorKind::Unavailable));
        let error = world.pass(account.token()).await.unwrap_err();
        assert_eq!(error.store().map(StoreError::kind), Some(StoreErrorKind::Unavailable), "{op:?}");
        assert!(error.is_retryable() && !error.needs_reauth());
    }
    assert_eq!(world.pass(account.token()).await.unwrap().expose_secret(), access(ALICE, 1));
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 0)]);
    assert_eq!(process.status().await, Status::Active);
}

#[tokio::test]
async fn rt_07_one_layer_retries_and_says_how_often() {
    let world = World::rotating();
    let process = world.process();
    let account = process.connect(world.login(ALICE, -1)).await;
    world.provider.always(Reply::Refuse(503, "{}", None));
    for attempt in 1..=4 {
        // Callers that retry, and callers that have a retry of their own around an API call.
        for _ in 0..10 {
            account.token().await.unwrap_err();
            account.get("/things").send().await.unwrap_err();
        }
        let error = account.token().await.unwrap_err();
        assert!(error.to_string().contains(&format!("(attempt {attempt};")), "{error}");
        assert!(error.retry_after().is_some());
        assert_eq!(world.provider.refreshes().len(), attempt);
        let Status::Backoff { until } = process.status().await else { panic!("{:?}", process.status().await) };
        let wait = until.duration_since(oauth_core::Clock::now(&world.clock)).unwrap();
        world.clock.advance(wait);
    }
    assert!(world.provider.seen().iter().all(|seen| seen.path == "/token"), "no call is made without a token");
}

#[test]
fn rt_08_what_passes_and_what_does_not_is_told_apart_for_every_kind() {
    use {ErrorKind as K, StoreErrorKind as S};
    let passes = [K::Unavailable, K::RateLimited, K::Connect, K::Timeout, K::Network, K::ResponseTruncated];
    for kind in ErrorKind::ALL {
        assert_eq!(kind.is_retryable(), passes.contains(kind), "{kind:?}");
    }
    let codes: std::collections::BTreeSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), ErrorKind::ALL.len(), "each has a word of its own");

    let passes = [S::Conflict, S::Unavailable, S::Busy, S::Full, S::Locked];
    for kind in StoreErrorKind::ALL {
        assert_eq!(kind.is_transient(), passes.contains(kind), "{kind:?}");
        let error = oauth_core::Error::from(StoreError::new(*kind, "memory", "as the test wants"));
        assert_eq!(error.kind(), ErrorKind::Store);
        assert_eq!((error.is_retryable(), error.needs_reauth()), (kind.is_transient(), false), "{kind:?}");
        assert_eq!(error.store().map(StoreError::kind), Some(*kind));
        assert!(error.to_string().contains(kind.code()));
    }
}

#[tokio::test]
async fn ref_07_a_caller_that_is_cancelled_at_any_point_cancels_no_refresh() {
    for (op, passed) in [(Op::Load, 0), (Op::Lease, 0), (Op::Save, 0), (Op::Save, 1), (Op::Save, 2), (Op::Release, 0)] {
        let world = World::rotating();
        let process = world.process();
        let account = process.connect(world.login(ALICE, -1)).await;
        let (gate, pass) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let (arrived, may_go) = (Arc::clone(&gate), Arc::clone(&pass));
        // Nothing before that step is held up.
        for _ in 0..passed {
            process.store.before(op, async {});
        }
        process.store.before(op, async move {
            arrived.notify_one();
            may_go.notified().await;
        });
        let asking = tokio::spawn({
            let account = account.clone();
            async move { account.token().await }
        });
        gate.notified().await;
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        pass.notify_one();
        settle().await;
        assert_eq!(account.tokens().access_token().expose_secret(), access(ALICE, 1), "{op:?} {passed}");
        let kept = world.process().alice().await.tokens();
        assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 1));
        assert_eq!(world.provider.refreshes().len(), 1);
        assert_eq!(process.store.count(Op::Lease), process.store.count(Op::Release));
    }
}
