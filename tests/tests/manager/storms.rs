//! Many steps in an order that nobody chose, with faults between them, the same in each run: what must be true after each
//! of them, and at the end.

use std::collections::HashMap;

use oauth_core::http::TransportErrorKind;
use oauth_core::store::StoreErrorKind;
use oauth_core::{AccessToken, Error, ErrorKind};

use crate::faulty::{Fault, Op};
use crate::provider::Reply;
use crate::rig::{ALICE, Process, World, secs, settle};

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }
}

/// What may happen in a storm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// One process; its store fails at any step, the provider says so when it fails.
    OneProcess,
    /// Several processes; their store fails where nothing is written, the provider says so when it fails.
    Readers,
    /// Everything: answers are lost, processes die, somebody disconnects and logs in again.
    Wild,
}

struct Storm {
    world: World,
    weather: Weather,
    dice: Dice,
    processes: Vec<Process>,
    /// How many logins there were; the newest has that number.
    logins: usize,
    connected: bool,
    log: Vec<String>,
}

const READS: [Op; 5] = [Op::Load, Op::Lease, Op::Release, Op::Claim, Op::List];
const ALL: [Op; 7] = [Op::Load, Op::Lease, Op::Release, Op::Claim, Op::List, Op::Save, Op::Save];
const KINDS: [StoreErrorKind; 3] = [StoreErrorKind::Unavailable, StoreErrorKind::Full, StoreErrorKind::Busy];

impl Storm {
    async fn new(weather: Weather, seed: u64) -> Self {
        let world = World::rotating();
        let count = if weather == Weather::OneProcess { 1 } else { 3 };
        let processes = (0..count).map(|_| world.process()).collect();
        let mut storm =
            Self { world, weather, dice: Dice(seed), processes, logins: 0, connected: false, log: Vec::new() };
        storm.log_in().await;
        storm
    }

    fn family(&self) -> String {
        format!("f{}", self.logins)
    }

    async fn log_in(&mut self) {
        self.logins += 1;
        let lasts = self.dice.pick(&[-1, 30, 3600]);
        let tokens = self.world.login(&self.family(), lasts);
        let process = &self.processes[self.dice.roll(self.processes.len())];
        let connecting = process.manager.connect(&process.client, ALICE, tokens);
        match self.world.pass(connecting).await {
            Ok(_) => self.connected = true,
            // Whether it was written is unknown: the next one decides.
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Store, "{}", error.explain());
                self.settle_login().await;
            }
        }
    }

    /// A login that has surely been written.
    async fn settle_login(&mut self) {
        for process in &self.processes {
            process.store.heal();
        }
        let tokens = self.world.login(&self.family(), 3600);
        let process = &self.processes[0];
        self.world.pass(process.manager.connect(&process.client, ALICE, tokens)).await.unwrap();
        self.connected = true;
    }

    fn fault(&mut self) {
        let process = &self.processes[self.dice.roll(self.processes.len())];
        let op = if self.weather == Weather::Readers { self.dice.pick(&READS) } else { self.dice.pick(&ALL) };
        let kind = self.dice.pick(&KINDS);
        let mut faults = vec![Fault::Fail(kind), Fault::Fail(kind), Fault::DoneAndFail(kind)];
        if op == Op::Save {
            faults.push(Fault::Fail(StoreErrorKind::Conflict));
        }
        let (passed, fault) = (self.dice.roll(4), self.dice.pick(&faults));
        self.log.push(format!("fault {op:?} {passed} {fault:?}"));
        process.store.at(op, passed, fault);
    }

    fn reply(&mut self) {
        let mut replies = vec![
            Reply::Refuse(503, "{}", None),
            Reply::Refuse(429, "{}", Some("20")),
            Reply::Refuse(401, r#"{"error":"invalid_client"}"#, None),
            Reply::Cut(TransportErrorKind::Connect),
            Reply::GrantWith(r#","scope":"a""#),
        ];
        if self.weather == Weather::Wild {
            replies.extend([
                Reply::Lost(TransportErrorKind::Broken),
                Reply::Lost(TransportErrorKind::Timeout),
                Reply::Cut(TransportErrorKind::Broken),
                Reply::Silent,
            ]);
        }
        let reply = self.dice.pick(&replies);
        self.log.push(format!("{reply:?}"));
        self.world.provider.next(reply);
    }

    /// Some ask at once, in some of the processes.
    async fn ask(&mut self) {
        let forced = self.dice.roll(4) == 0;
        let count = 1 + self.dice.roll(6);
        self.log.push(format!("{count} ask, forced: {forced}"));
        let tasks: Vec<_> = (0..count)
            .map(|_| {
                let process = &self.processes[self.dice.roll(self.processes.len())];
                let (manager, client) = (process.manager.clone(), process.client.clone());
                tokio::spawn(async move {
                    let account = manager.account(&client, ALICE).await?;
                    if forced {
                        account.refresh().await?;
                    }
                    account.token().await
                })
            })
            .collect();
        for task in tasks {
            let got = self.world.pass(task).await.unwrap();
            self.judge(got);
        }
    }

    fn judge(&self, got: Result<AccessToken, Error>) {
        let now = oauth_core::Clock::now(&self.world.clock);
        match got {
            Ok(token) => {
                assert!(
                    token.expires_at().is_none_or(|ends| ends > now),
                    "an ended token was given away: {:#?}",
                    self.log
                );
                assert!(self.connected, "a token of an account that is disconnected: {:#?}", self.log);
                let newest = token.expose_secret().starts_with(&format!("canary-{}-", self.family()));
                assert!(newest, "a token of an older login: {} {:#?}", token.expose_secret(), self.log);
            }
            Err(error) => {
                assert!(!error.explain().contains("canary"), "{}", error.explain());
                let about_the_login = matches!(
                    error.kind(),
                    ErrorKind::LostRotation | ErrorKind::GrantRejected | ErrorKind::RefreshExpired
                );
                assert!(!about_the_login || self.weather == Weather::Wild, "{} {:#?}", error.explain(), self.log);
                if error.kind() == ErrorKind::NotConnected {
                    assert!(!self.connected, "{} {:#?}", error.explain(), self.log);
                }
            }
        }
    }

    async fn disconnect(&mut self) {
        self.log.push("disconnect".to_owned());
        for process in &self.processes {
            process.store.heal();
        }
        let process = &self.processes[self.dice.roll(self.processes.len())];
        self.world.pass(process.manager.disconnect(&process.client, ALICE)).await.unwrap();
        self.connected = false;
        // The others see it when they next ask their store.
        self.world.clock.advance(secs(31));
        for process in &self.processes {
            let _ = self.world.pass(process.token()).await;
        }
        self.world.pass(settle()).await;
    }

    /// A process dies while it asks, and another one takes its place.
    async fn kill(&mut self) {
        let at = self.dice.roll(self.processes.len());
        let steps = self.dice.roll(60);
        self.log.push(format!("a process is killed after {steps} steps"));
        let process = &self.processes[at];
        let (manager, client) = (process.manager.clone(), process.client.clone());
        let asking = tokio::spawn(async move { manager.account(&client, ALICE).await?.refresh().await.map(drop) });
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        self.processes[at].kill();
        asking.abort();
        self.processes[at] = self.world.process();
    }

    async fn step(&mut self) {
        let wild = self.weather == Weather::Wild;
        match self.dice.roll(12) {
            0..=3 => self.ask().await,
            4 | 5 => self.fault(),
            6 | 7 => self.reply(),
            8 => {
                let by = self.dice.pick(&[1, 10, 45, 600, 3600]);
                self.log.push(format!("{by} s later"));
                self.world.clock.advance(secs(by));
                self.world.pass(settle()).await;
            }
            9 => {
                let worker = self.processes[self.dice.roll(self.processes.len())].manager.worker();
                self.log.push("a worker".to_owned());
                let _ = self.world.pass(worker.run_once()).await;
            }
            10 if wild => self.kill().await,
            11 if wild && self.connected && self.dice.roll(3) == 0 => self.disconnect().await,
            11 if wild && self.dice.roll(3) == 0 => {
                self.log.push("a login".to_owned());
                self.log_in().await;
                // Elsewhere the older login's token is believed for a while.
                self.world.clock.advance(secs(31));
                for process in &self.processes {
                    let _ = self.world.pass(process.token()).await;
                }
                self.world.pass(settle()).await;
            }
            _ => {}
        }
        let mut often: HashMap<String, usize> = HashMap::new();
        for token in self.world.provider.reused() {
            *often.entry(token).or_default() += 1;
        }
        assert!(often.values().all(|count| *count == 1), "more than one replay: {often:?} {:#?}", self.log);
        assert!(self.weather == Weather::Wild || often.is_empty(), "{often:?} {:#?}", self.log);
    }

    /// All is well again, and time passes: the account is sound, or says what is wrong.
    async fn end(mut self) -> &'static str {
        for process in &self.processes {
            process.store.heal();
        }
        self.world.provider.forget_replies();
        let mut last = None;
        for _ in 0..4 {
            self.world.clock.advance(secs(4_000));
            self.world.pass(settle()).await;
            let process = &self.processes[self.dice.roll(self.processes.len())];
            last = Some(self.world.pass(process.token()).await);
        }
        let outcome = match last.unwrap() {
            Ok(token) => {
                assert!(token.starts_with(&format!("canary-{}-", self.family())) && self.connected, "{:#?}", self.log);
                assert!(self.world.provider.is_alive(&self.family()), "{:#?}", self.log);
                "survived"
            }
            Err(error) => match error.kind() {
                ErrorKind::NotConnected if !self.connected => "disconnected",
                ErrorKind::LostRotation if self.weather == Weather::Wild => "lost",
                // The family had ended by a replay of an earlier loss.
                ErrorKind::GrantRejected if self.weather == Weather::Wild => "refused",
                _ => panic!("{} {:#?}", error.explain(), self.log),
            },
        };
        for process in &self.processes {
            self.world
                .pass(process.manager.shutdown())
                .await
                .unwrap_or_else(|error| panic!("{} {:#?}", error.explain(), self.log));
        }
        outcome
    }
}

async fn storms(weather: Weather, count: u64, steps: usize) -> HashMap<&'static str, usize> {
    let mut outcomes = HashMap::new();
    for seed in 0..count {
        let mut storm = Storm::new(weather, seed * 7_919 + 1).await;
        for _ in 0..steps {
            storm.step().await;
        }
        *outcomes.entry(storm.end().await).or_default() += 1;
    }
    outcomes
}

#[tokio::test]
async fn ref_06_one_process_survives_whatever_its_store_does() {
    let outcomes = storms(Weather::OneProcess, 60, 60).await;
    assert_eq!(outcomes, HashMap::from([("survived", 60)]));
}

#[tokio::test]
async fn ref_01_processes_survive_a_store_that_cannot_be_read_now_and_then() {
    let outcomes = storms(Weather::Readers, 60, 60).await;
    assert_eq!(outcomes, HashMap::from([("survived", 60)]));
}

#[tokio::test]
async fn ref_04_nothing_is_lost_in_silence_and_nothing_goes_round_in_circles() {
    let outcomes = storms(Weather::Wild, 120, 80).await;
    println!("{outcomes:?}");
    for outcome in ["survived", "disconnected"] {
        assert!(outcomes.get(outcome).is_some_and(|count| *count > 5), "{outcomes:?}");
    }
}
