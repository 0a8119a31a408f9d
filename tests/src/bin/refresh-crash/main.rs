//! Processes die in the middle of a refresh, at a provider that rotates refresh tokens and ends the family on reuse: the
//! account survives, or is recovered by the one replay, or its loss is reported.
//!
//! `cargo run -q -p oauth-tests --bin refresh-crash -- --store file --rounds 200`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it reports to the person or the script that started it")]

mod plan;
mod process;
mod round;
mod verdict;

use std::process::ExitCode;
use std::sync::Arc;

use oauth_core::{OsRng, Rng as _};
use oauth_tests::fleet::Result;
use oauth_tests::fleet::arguments::Arguments;
use oauth_tests::fleet::child::ROLE;
use oauth_tests::fleet::place::Place;
use oauth_tests::rotating::{Behaviour, Rotating};
use tokio::task::JoinSet;

use self::round::{FIRST_TIMEOUT, Stage};
use self::verdict::Tally;

/// How many rounds go on at the same time: most of them wait for a lease to end.
const PARALLEL: usize = 32;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let done = if arguments.peek().is_some_and(|first| first == ROLE) {
        process::run().await.map(|()| true)
    } else {
        run(arguments).await
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("refresh-crash: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: impl Iterator<Item = String>) -> Result<bool> {
    let arguments = Arguments::parse(arguments, &["store", "url", "rounds", "seed", "parallel"])?;
    let rounds: usize = arguments.number("rounds", 200)?;
    let parallel = arguments.number("parallel", PARALLEL)?.max(1);
    let seed = match arguments.text("seed") {
        Some(_) => arguments.number("seed", 0)?,
        None => random()?,
    };
    eprintln!("refresh-crash: seed {seed}");
    let server = Rotating::start().await;
    // Long enough for a signal to arrive while the provider has the request.
    let pause = std::time::Duration::from_millis(4);
    server.usually(Behaviour::default().before(pause).after(pause));
    let place = Place::new(&arguments, &server, FIRST_TIMEOUT)?;
    let stage = Arc::new(Stage::new(server, place, seed).await?);

    let (mut tally, mut playing) = (Tally::default(), JoinSet::new());
    for number in 0..rounds {
        if playing.len() >= parallel {
            count(&mut tally, playing.join_next().await);
        }
        let stage = Arc::clone(&stage);
        playing.spawn(async move { (number, stage.play(number).await) });
    }
    while let Some(played) = playing.join_next().await {
        count(&mut tally, Some(played));
    }
    stage.clear(rounds).await?;
    println!("{}", tally.json());
    Ok(tally.is_good(rounds))
}

type Played = std::result::Result<(usize, Result<verdict::Verdict>), tokio::task::JoinError>;

/// Counts a round. One that could not be played to its end is counted nowhere, so that the sum is not right.
fn count(tally: &mut Tally, played: Option<Played>) {
    match played {
        Some(Ok((number, Ok(verdict)))) => {
            if let Some(told) = tally.count(verdict) {
                eprintln!("refresh-crash: round {number}: {told}");
            }
        }
        Some(Ok((number, Err(error)))) => eprintln!("refresh-crash: round {number}: {error}"),
        Some(Err(error)) => eprintln!("refresh-crash: {error}"),
        None => {}
    }
}

fn random() -> Result<u64> {
    let mut bytes = [0; 4];
    OsRng.fill(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes).into())
}
