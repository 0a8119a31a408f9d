//! Many tasks, many processes, one token.

use std::sync::Arc;

use oauth_core::{ErrorKind, ExposeSecret as _, Status};

use crate::faulty::Op;
use crate::provider::{Reply, access, refresh, text};
use crate::rig::{ALICE, Process, World, crowd, secs, settle};

#[tokio::test]
async fn ref_01_processes_that_ask_at_once_make_one_request() {
    let world = World::rotating();
    let processes: Vec<Process> = (0..8).map(|_| world.process()).collect();
    processes[0].connect(world.login(ALICE, -1)).await;
    let mut accounts = Vec::new();
    for process in &processes {
        accounts.push(process.alice().await);
    }
    let results = crowd(&world, 400, |at| {
        let account = accounts[at % 8].clone();
        async move { account.token().await.map(|token| token.expose_secret().to_owned()) }
    })
    .await;
    for result in results {
        assert_eq!(result.unwrap_or_else(|error| panic!("{}", error.explain())), access(ALICE, 1));
    }
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)]);
    assert!(world.provider.is_alive(ALICE));
}

#[tokio::test]
async fn ref_01_who_comes_while_another_process_refreshes_waits_for_its_token() {
    let world = World::rotating();
    let (one, mut other) = (world.process(), world.process());
    one.connect(world.login(ALICE, -1)).await;
    world.provider.next(Reply::Held);
    let (first, second) = (one.alice().await, other.alice().await);
    let first = tokio::spawn(async move { first.token().await });
    world.provider.arrived(1).await;
    let second = tokio::spawn(async move { second.token().await });
    for _ in 0..50 {
        settle().await;
        world.clock.advance(std::time::Duration::from_millis(50));
    }
    assert!(!first.is_finished() && !second.is_finished());
    world.provider.pass();
    let tokens = world.pass(async { (first.await.unwrap().unwrap(), second.await.unwrap().unwrap()) }).await;
    assert_eq!(tokens.0.expose_secret(), access(ALICE, 1));
    assert_eq!(tokens.1.expose_secret(), access(ALICE, 1));
    assert_eq!(world.provider.refreshes().len(), 1);
    assert_eq!(other.events(), ["adopted"]);
}

/// A process that is stopped between its mark and its request, while another one renews the token.
fn overtaken(world: &World) -> (Process, Process, tokio::runtime::Runtime, tokio::runtime::Runtime) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (world.process(), world.process(), runtime(), runtime())
}

#[test]
fn ref_02_the_loser_of_a_race_adopts_the_winners_tokens() {
    for forced in [false, true] {
        let world = World::rotating();
        world.provider.lenient();
        // Two runtimes: a process whose runtime does not run is stopped.
        let (mut loser, winner, stopped, running) = overtaken(&world);
        world.provider.next(Reply::Late);
        let task = stopped.block_on(async {
            let account = loser.connect(world.login(ALICE, -1)).await;
            let task = tokio::spawn(async move {
                if forced {
                    account.refresh().await.map(|tokens| text(&tokens).to_owned())
                } else {
                    account.token().await.map(|token| token.expose_secret().to_owned())
                }
            });
            world.provider.arrived(1).await;
            task
        });
        // The lease is over before the request comes to the provider; the other process uses the token once more.
        assert_eq!(running.block_on(world.pass(winner.token())).unwrap(), access(ALICE, 1));
        world.provider.pass();
        let got = stopped.block_on(async { task.await.unwrap() });
        assert_eq!(got.unwrap_or_else(|error| panic!("{}", error.explain())), access(ALICE, 1), "{forced}");
        assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0), refresh(ALICE, 0)]);
        assert!(!loser.events().contains(&"needs-reauth"));
        assert_eq!(running.block_on(winner.status()), Status::Active);
        let kept = running.block_on(winner.alice()).tokens();
        assert_eq!(
            (text(&kept), kept.refresh_token().unwrap().expose_secret()),
            (&*access(ALICE, 1), &*refresh(ALICE, 1))
        );
    }
}

#[tokio::test]
async fn ref_02_a_refusal_of_a_replaced_token_is_no_account_of_the_new_one() {
    // Another program writes the record while the request is under way, whatever it does with leases: here a login.
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let account = one.connect(world.login("first", -1)).await;
    world.provider.next(Reply::Late);
    let asking = tokio::spawn({
        let account = account.clone();
        async move { account.token().await }
    });
    world.provider.arrived(1).await;
    world.provider.end("first");
    other.connect(world.login("second", 3600)).await;
    world.provider.pass();
    let token = world.pass(asking).await.unwrap();
    assert_eq!(token.unwrap_or_else(|error| panic!("{}", error.explain())).expose_secret(), access("second", 0));
    assert_eq!(one.token().await.unwrap(), access("second", 0));
    assert_eq!(one.status().await, Status::Active);
}

#[tokio::test]
async fn ref_08_a_thousand_share_one_failure_and_one_wait() {
    for (reply, kind, wait) in [
        (Reply::Refuse(503, "{}", None), ErrorKind::Unavailable, 1),
        (Reply::Refuse(401, r#"{"error":"invalid_client"}"#, None), ErrorKind::ClientRejected, 10),
        (Reply::Refuse(503, "{}", Some("120")), ErrorKind::Unavailable, 120),
        (Reply::Refuse(429, "{}", Some("7")), ErrorKind::RateLimited, 7),
    ] {
        let world = World::rotating();
        let (one, other) = (world.process(), world.process());
        one.connect(world.login(ALICE, -1)).await;
        world.provider.always(reply.clone());
        let accounts = [one.alice().await, other.alice().await];
        let start = world.clock.clone();
        let before = oauth_core::Clock::now(&start);
        let results = crowd(&world, 1_000, |at| {
            let account = accounts[at % 2].clone();
            async move { account.token().await }
        })
        .await;
        assert_eq!(results.len(), 1_000);
        for result in results {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), kind, "{}", error.explain());
            assert!(!error.needs_reauth());
        }
        assert_eq!(world.provider.refreshes().len(), 1, "{reply:?}");
        let Status::Backoff { until } = other.status().await else { panic!("{:?}", other.status().await) };
        let waits = until.duration_since(before).unwrap();
        assert!(waits <= secs(wait) * 9 / 8 + secs(1) && waits >= secs(wait) * 3 / 4, "{waits:?} for {reply:?}");

        // Whoever asks before its end adds no request, in neither process; whoever asks after it adds one.
        for process in [&one, &other] {
            assert_eq!(process.token().await.unwrap_err().kind(), kind);
        }
        assert_eq!(world.provider.refreshes().len(), 1);
        world.provider.always(Reply::Grant);
        world.clock.advance(secs(wait) * 9 / 8 + secs(1));
        for process in [&other, &one] {
            assert_eq!(world.pass(process.token()).await.unwrap(), access(ALICE, 1));
        }
        assert_eq!(world.provider.refreshes().len(), 2);
    }
}

#[tokio::test]
async fn ref_09_the_refreshes_of_many_are_spread() {
    let world = World::rotating();
    let process = world.process();
    // Issued together: each lives for an hour from now on.
    for at in 0..400 {
        let name = format!("user{at}");
        let tokens = world.login(&name, -1);
        let account = process.manager.connect(&process.client, name.as_str(), tokens).await.unwrap();
        account.token().await.unwrap();
    }
    let now = oauth_core::Clock::now(&world.clock);
    let listed = world.store.list(None, 1_000).await.unwrap();
    let mut due: Vec<u64> =
        listed.iter().map(|listed| listed.due.unwrap().duration_since(now).unwrap().as_secs()).collect();
    due.sort_unstable();
    assert_eq!(due.len(), 400);
    assert!(due[0] >= 3600 * 6 / 10 && due[399] <= 3600 * 19 / 20, "{} {}", due[0], due[399]);
    assert!(due[399] - due[0] >= 240, "spread over {} s", due[399] - due[0]);
    let mut different = due.clone();
    different.dedup();
    assert!(different.len() > 100, "{} different seconds", different.len());

    // A provider that is away: their waits differ, too.
    world.provider.always(Reply::Refuse(503, "{}", None));
    world.clock.advance(secs(3601));
    let mut waits = Vec::new();
    for at in 0..100 {
        let name = format!("user{at}");
        process.manager.token(&process.client, name.as_str()).await.unwrap_err();
        let Status::Backoff { until } = process.manager.status(&process.client, name.as_str()).await.unwrap() else {
            panic!("no backoff")
        };
        waits.push(until);
    }
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 40, "{} different waits", waits.len());
}

#[tokio::test]
async fn ref_19_a_worker_and_a_caller_make_one_refresh() {
    let world = World::rotating();
    let (working, asking) = (world.process(), world.process());
    working.connect(world.login(ALICE, 1)).await;
    world.clock.advance(secs(2));
    let account = asking.alice().await;
    // The caller comes between the worker's choice and its look at the record.
    working.store.after(Op::Claim, async move {
        account.token().await.unwrap();
    });
    let report = world.pass(working.manager.worker().run_once()).await.unwrap();
    assert_eq!(world.provider.refreshes(), [refresh(ALICE, 0)]);
    assert_eq!((report.due, report.failed), (1, 0));

    // Both at once, in one process and in two.
    world.clock.advance(secs(3600));
    let (worker, account) = (working.manager.worker(), working.alice().await);
    let both = async { tokio::join!(worker.run_once(), account.token(), asking.token()) };
    let (report, own, others) = world.pass(both).await;
    assert_eq!(report.unwrap().failed, 0);
    assert_eq!((own.unwrap().expose_secret(), &*others.unwrap()), (&*access(ALICE, 2), &*access(ALICE, 2)));
    assert_eq!(world.provider.refreshes().len(), 2);
}

#[tokio::test]
async fn ref_19_workers_share_the_work() {
    let world = World::rotating();
    let processes = [world.process(), world.process(), world.process()];
    for at in 0..60 {
        let name = format!("user{at}");
        processes[0].manager.connect(&processes[0].client, name.as_str(), world.login(&name, 1)).await.unwrap();
    }
    world.clock.advance(secs(2));
    let workers = Vec::from_iter(processes.iter().map(|process| process.manager.worker().batch(7).at_once(3)));
    let work = async {
        let all = workers.iter().map(|worker| async {
            let mut refreshed = 0;
            loop {
                let report = worker.run_once().await.unwrap();
                assert_eq!(report.failed, 0);
                refreshed += report.refreshed;
                if report.due == 0 {
                    return refreshed;
                }
            }
        });
        let mut sum = 0;
        for one in all {
            sum += one.await;
        }
        sum
    };
    assert_eq!(world.pass(work).await, 60);
    let mut sent = world.provider.refreshes();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!((sent.len(), world.provider.refreshes().len()), (60, 60));
}

#[tokio::test]
async fn ref_19_a_shutdown_joins_the_worker_and_what_it_began() {
    let world = World::rotating();
    let process = world.process();
    process.connect(world.login(ALICE, 1)).await;
    world.clock.advance(secs(2));
    world.provider.next(Reply::Held);
    let worker = process.manager.worker().every(secs(15));
    let working = tokio::spawn(async move { worker.run().await });
    world.provider.arrived(1).await;
    let manager = process.manager.clone();
    let ending = tokio::spawn(async move { manager.shutdown().await });
    settle().await;
    assert!(!ending.is_finished() && !working.is_finished());
    world.provider.pass();
    world.pass(ending).await.unwrap().unwrap();
    world.pass(working).await.unwrap();
    assert_eq!(process.store.count(Op::Lease), process.store.count(Op::Release));
    let other = world.process();
    assert_eq!(other.token().await.unwrap(), access(ALICE, 1), "what was renewed is kept");
    assert_eq!(process.token().await.unwrap(), access(ALICE, 1), "a fresh token needs no refresh");
    world.clock.advance(secs(3600));
    assert_eq!(process.token().await.unwrap_err().kind(), ErrorKind::ShutDown);
    assert_eq!(world.provider.refreshes().len(), 1);
}

#[tokio::test]
async fn ref_11_a_late_401_for_an_old_token_never_discards_a_newer_one() {
    let world = World::rotating();
    let (one, other) = (world.process(), world.process());
    let account = one.connect(world.login(ALICE, 3600)).await;
    let old = account.tokens();
    let late = other.alice().await;
    account.refresh().await.unwrap();
    assert_eq!(world.provider.refreshes().len(), 1);

    // Another process that was refused with the old token: the new one is in the store.
    assert_eq!(text(&late.tokens()), text(&old));
    let adopted = late.refresh().await.unwrap();
    assert_eq!(text(&adopted), access(ALICE, 1));
    assert_eq!(world.provider.refreshes().len(), 1, "the newer token is used, and none is asked for");
    let kept = world.process().alice().await.tokens();
    assert_eq!(kept.refresh_token().unwrap().expose_secret(), refresh(ALICE, 1));
    assert!(Arc::ptr_eq(&account.tokens(), &account.token().await.unwrap().tokens().clone()));
}
