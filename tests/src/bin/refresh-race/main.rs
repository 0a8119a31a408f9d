//! Many processes with many tasks ask for one token that has ended: it is asked of the provider once.
//!
//! `cargo run -q -p oauth-tests --bin refresh-race -- --store file --processes 8 --tasks 50`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it reports to the person or the script that started it")]

mod process;
mod race;

use std::process::ExitCode;

use oauth_tests::fleet::child::ROLE;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let done = if arguments.peek().is_some_and(|first| first == ROLE) {
        process::run().await.map(|()| true)
    } else {
        race::run(arguments).await
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("refresh-race: {error}");
            ExitCode::from(2)
        }
    }
}
