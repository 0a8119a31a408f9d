//! Stores of logins under way that keep all promises but one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::yield_now;

use super::super::{AttemptHarness, attempts, check_attempts};
use super::{LIMIT, ManualClock};
use crate::http::BoxFuture;
use crate::store::{AttemptStore, MemoryStore, StoreResult, TakenAttempt};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Cuts,
    TakesTwice,
    ForgetsThatItWasTaken,
    LooksThenTakes,
    TakesByLooking,
    NeverEnds,
    AnswersInTurn,
    HasNoLimit,
    ForgetsTheNewest,
}

/// Each fault and the check that is there to find it.
const FAULTS: [(Fault, &str); 9] = [
    (Fault::Cuts, "an_attempt_comes_back_byte_for_byte"),
    (Fault::TakesTwice, "an_attempt_is_taken_once"),
    (Fault::ForgetsThatItWasTaken, "an_attempt_is_taken_once"),
    (Fault::LooksThenTakes, "of_many_takers_one_gets_the_attempt"),
    (Fault::TakesByLooking, "looking_does_not_take"),
    (Fault::NeverEnds, "an_attempt_ends_by_itself"),
    (Fault::AnswersInTurn, "a_dropped_take_takes_once_at_most"),
    (Fault::HasNoLimit, "the_oldest_attempt_is_forgotten_at_the_limit"),
    (Fault::ForgetsTheNewest, "the_oldest_attempt_is_forgotten_at_the_limit"),
];

struct Broken {
    inner: MemoryStore,
    fault: Fault,
    answers: Mutex<VecDeque<TakenAttempt>>,
    count: Arc<Mutex<usize>>,
}

impl AttemptStore for Broken {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            let attempt = if self.fault == Fault::Cuts { &attempt[..attempt.len().min(255)] } else { attempt };
            let ttl = if self.fault == Fault::NeverEnds { ttl * 1000 } else { ttl };
            let full = {
                let mut count = self.count.lock().unwrap();
                *count += 1;
                *count > 100
            };
            if self.fault == Fault::ForgetsTheNewest && full {
                return Ok(());
            }
            self.inner.put(id, attempt, ttl).await
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move {
            match self.fault {
                Fault::TakesTwice => self.inner.peek(id).await,
                Fault::ForgetsThatItWasTaken => {
                    let taken = self.inner.take(id).await?;
                    Ok(if taken == TakenAttempt::Taken { TakenAttempt::Unknown } else { taken })
                }
                Fault::LooksThenTakes => {
                    let seen = self.inner.peek(id).await?;
                    yield_now().await;
                    self.inner.take(id).await?;
                    Ok(seen)
                }
                Fault::AnswersInTurn => {
                    let answer = self.inner.take(id).await?;
                    self.answers.lock().unwrap().push_back(answer);
                    yield_now().await;
                    Ok(self.answers.lock().unwrap().pop_front().unwrap())
                }
                _ => self.inner.take(id).await,
            }
        })
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        if self.fault == Fault::TakesByLooking { self.inner.take(id) } else { self.inner.peek(id) }
    }
}

struct Factory(Fault, ManualClock, MemoryStore, Arc<Mutex<usize>>);

impl AttemptHarness for Factory {
    fn open(&self) -> BoxFuture<'_, StoreResult<Arc<dyn AttemptStore>>> {
        let (inner, count) = (self.2.clone(), Arc::clone(&self.3));
        let broken = Broken { inner, fault: self.0, answers: Mutex::default(), count };
        Box::pin(async { Ok(Arc::new(broken) as Arc<dyn AttemptStore>) })
    }

    fn advance(&self, by: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.1.advance(by) })
    }

    fn limit(&self) -> Option<usize> {
        Some(if self.0 == Fault::ForgetsTheNewest { 60 } else { LIMIT })
    }
}

#[tokio::test]
async fn every_broken_store_of_attempts_is_found_by_the_check_for_it() {
    for (fault, wanted) in FAULTS {
        let clock = ManualClock::new();
        let limit = if fault == Fault::HasNoLimit { 10_000 } else { LIMIT };
        let memory = MemoryStore::new().clock(Arc::new(clock.clone())).max_attempts(limit);
        let failures = check_attempts(&Factory(fault, clock, memory, Arc::default())).await.expect_err(wanted);
        let found = failures.failures().iter().any(|failure| failure.check() == wanted);
        assert!(found, "{fault:?} is not found by {wanted}: {failures}");
    }
}

#[test]
fn every_check_of_attempts_has_found_something() {
    for (check, _) in attempts::CHECKS {
        assert!(FAULTS.iter().any(|(_, wanted)| wanted == check), "no broken store shows that {check} can fail");
    }
}
