use std::sync::Arc;
use std::time::Duration;

use super::AttemptHarness;
use super::handle::{AFTER_SHORT, Dice, LONG, Outcome, SHORT, Wrong, at_once, dropped_after, ensure};
use crate::http::BoxFuture;
use crate::store::{AttemptStore, TakenAttempt};

/// A check by its name. It fails with a sentence.
type AttemptCheck = (&'static str, for<'a> fn(&'a AttemptCx<'a>) -> BoxFuture<'a, Outcome>);

super::checks! { AttemptCheck:
    an_attempt_comes_back_byte_for_byte,
    an_attempt_is_taken_once,
    of_many_takers_one_gets_the_attempt,
    looking_does_not_take,
    an_attempt_ends_by_itself,
    a_dropped_take_takes_once_at_most,
    the_oldest_attempt_is_forgotten_at_the_limit,
}

/// The check for which a harness must have a limit.
pub(super) const OF_THE_LIMIT: &str = "the_oldest_attempt_is_forgotten_at_the_limit";

/// What the checks work with.
pub(super) struct AttemptCx<'h> {
    harness: &'h dyn AttemptHarness,
    handles: [Attempts; 2],
    dice: Dice,
}

impl<'h> AttemptCx<'h> {
    pub(super) async fn open(harness: &'h dyn AttemptHarness) -> Result<Self, Wrong> {
        let open = async || harness.open().await.map(Attempts).map_err(|error| Wrong::call("open", &error));
        Ok(Self { harness, handles: [open().await?, open().await?], dice: Dice::new()? })
    }

    fn handle(&self, number: usize) -> Attempts {
        self.handles[number % 2].clone()
    }

    /// An id as the manager makes them: a digest in the letters of RFC 4648 section 5.
    fn id(&self) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let letter = || char::from(LETTERS[usize::try_from(self.dice.throw() % 64).unwrap_or_default()]);
        (0..43).map(|_| letter()).collect()
    }
}

/// A store whose failed calls say which call it was.
#[derive(Clone)]
struct Attempts(Arc<dyn AttemptStore>);

impl Attempts {
    async fn put(&self, id: &str, attempt: &[u8], ttl: Duration) -> Outcome {
        self.0.put(id, attempt, ttl).await.map_err(|error| Wrong::call("put", &error))
    }

    async fn take(&self, id: &str) -> Result<TakenAttempt, Wrong> {
        self.0.take(id).await.map_err(|error| Wrong::call("take", &error))
    }

    async fn peek(&self, id: &str) -> Result<TakenAttempt, Wrong> {
        self.0.peek(id).await.map_err(|error| Wrong::call("peek", &error))
    }
}

fn waiting(attempt: &[u8]) -> TakenAttempt {
    TakenAttempt::Waiting(attempt.to_vec())
}

async fn an_attempt_comes_back_byte_for_byte(cx: &AttemptCx<'_>) -> Outcome {
    for attempt in [Vec::new(), vec![0], (0..=255).collect(), vec![0xfe; 16 * 1024]] {
        let (id, other) = (cx.id(), cx.id());
        cx.handle(0).put(&id, &attempt, LONG).await?;
        cx.handle(0).put(&other, b"another", LONG).await?;
        let taken = cx.handle(1).take(&id).await?;
        ensure!(taken == waiting(&attempt), "an attempt of {} bytes comes back as {taken:?}", attempt.len());
        ensure!(cx.handle(1).take(&other).await? == waiting(b"another"), "one attempt has changed another");
    }
    Ok(())
}

async fn an_attempt_is_taken_once(cx: &AttemptCx<'_>) -> Outcome {
    let id = cx.id();
    let never = cx.handle(0).take(&id).await?;
    ensure!(never == TakenAttempt::Unknown, "an attempt that never was is {never:?}");
    cx.handle(0).put(&id, b"attempt", LONG).await?;
    ensure!(cx.handle(1).take(&id).await? == waiting(b"attempt"), "an attempt cannot be taken");
    for handle in 0..3 {
        let again = cx.handle(handle).take(&id).await?;
        ensure!(again == TakenAttempt::Taken, "an attempt that was taken is {again:?}");
        let seen = cx.handle(handle).peek(&id).await?;
        ensure!(seen == TakenAttempt::Taken, "an attempt that was taken is {seen:?} to who looks at it");
    }
    Ok(())
}

async fn of_many_takers_one_gets_the_attempt(cx: &AttemptCx<'_>) -> Outcome {
    const TAKERS: usize = 50;
    for _ in 0..4 {
        let id = cx.id();
        cx.handle(0).put(&id, b"attempt", LONG).await?;
        let takers = (0..TAKERS).map(|taker| {
            let (store, id) = (cx.handle(taker), id.clone());
            async move { store.take(&id).await }
        });
        let answers = at_once(takers.collect()).await?.into_iter().collect::<Result<Vec<_>, Wrong>>()?;
        let got = answers.iter().filter(|answer| **answer == waiting(b"attempt")).count();
        let told = answers.iter().filter(|answer| **answer == TakenAttempt::Taken).count();
        ensure!(
            (got, told) == (1, TAKERS - 1),
            "of {TAKERS} takers at once {got} got the attempt and {told} learned that it was taken"
        );
    }
    Ok(())
}

async fn looking_does_not_take(cx: &AttemptCx<'_>) -> Outcome {
    let id = cx.id();
    let never = cx.handle(0).peek(&id).await?;
    ensure!(never == TakenAttempt::Unknown, "an attempt that never was is {never:?} to who looks at it");
    cx.handle(0).put(&id, b"attempt", LONG).await?;
    for handle in 0..3 {
        let seen = cx.handle(handle).peek(&id).await?;
        ensure!(seen == waiting(b"attempt"), "an attempt that nobody has taken is {seen:?} to who looks at it");
    }
    ensure!(cx.handle(1).take(&id).await? == waiting(b"attempt"), "an attempt was taken by looking at it");
    Ok(())
}

async fn an_attempt_ends_by_itself(cx: &AttemptCx<'_>) -> Outcome {
    let (left, taken, lasting) = (cx.id(), cx.id(), cx.id());
    let store = cx.handle(0);
    store.put(&lasting, b"lasting", LONG).await?;
    store.put(&left, b"left", SHORT).await?;
    store.put(&taken, b"taken", SHORT).await?;
    ensure!(store.take(&taken).await? == waiting(b"taken"), "an attempt cannot be taken");
    cx.harness.advance(AFTER_SHORT).await;
    for (id, what) in [(&left, "an attempt"), (&taken, "an attempt that was taken")] {
        let seen = cx.handle(1).peek(id).await?;
        ensure!(seen == TakenAttempt::Unknown, "{what} is {seen:?} after its time, to who looks at it");
        let late = cx.handle(0).take(id).await?;
        ensure!(late == TakenAttempt::Unknown, "{what} is {late:?} after its time");
    }
    ensure!(store.take(&lasting).await? == waiting(b"lasting"), "an attempt has ended before its time");
    Ok(())
}

async fn a_dropped_take_takes_once_at_most(cx: &AttemptCx<'_>) -> Outcome {
    let store = cx.handle(0);
    for round in 0..20_u8 {
        let (id, other) = (cx.id(), cx.id());
        store.put(&id, &[round], LONG).await?;
        store.put(&other, &[round, round], LONG).await?;
        // Each place to be dropped at has its turns.
        let dropped = dropped_after(u64::from(round) % 5, store.take(&id)).await.transpose()?;
        let answer = store.take(&other).await?;
        ensure!(answer == waiting(&[round, round]), "the answer to a call that was dropped came for another");
        let then = store.take(&id).await?;
        let sound = match dropped {
            Some(_) => then == TakenAttempt::Taken,
            None => then == TakenAttempt::Taken || then == waiting(&[round]),
        };
        ensure!(sound, "an attempt is {then:?} after a take that was dropped");
        ensure!(store.take(&id).await? == TakenAttempt::Taken, "an attempt was taken twice");
    }
    Ok(())
}

async fn the_oldest_attempt_is_forgotten_at_the_limit(cx: &AttemptCx<'_>) -> Outcome {
    const OVER: usize = 3;
    let Some(limit) = cx.harness.limit() else { return Ok(()) };
    ensure!((4..=1000).contains(&limit), "the harness has a limit of {limit}; the suite wants 4 to 1,000");
    let ids: Vec<String> = (0..limit + OVER).map(|_| cx.id()).collect();
    for (at, id) in ids.iter().enumerate() {
        cx.handle(at).put(id, b"attempt", LONG).await?;
        // So that there is an oldest one, also for clocks that count milliseconds.
        cx.harness.advance(Duration::from_millis(5)).await;
    }
    for (at, id) in ids.iter().enumerate() {
        let seen = cx.handle(at).peek(id).await?;
        let right = if at < OVER { TakenAttempt::Unknown } else { waiting(b"attempt") };
        ensure!(seen == right, "with {} attempts and a limit of {limit}, number {at} is {seen:?}", ids.len());
    }
    Ok(())
}
