//! What the engine costs: instructions, allocations and time of the operations that programs do often, beside the peers
//! and beside a hand-written minimum that does the same work. `benches/run` builds and runs it.

mod accounts;
mod apply;
mod authorize;
mod counting;
mod endpoint;
mod hit;
mod id_token;
mod measure;
mod provider;
mod refresh;
mod steps;
mod storm;
mod table;
mod token;
mod workload;
mod yup;

use std::process::ExitCode;

use workload::Workload;

const USAGE: &str = "\
usage: oauth-benches [--counter steps|valgrind|none] [--strict] [WORKLOAD ..]   the table
       oauth-benches repeat WORKLOAD WHO COUNT                                   one implementation, so many times
       oauth-benches accounts [--accounts N] [--refreshes N] [--at-once N] [--takes MS] [--store NAME] [--url URL]
                                                                                 many accounts: memory, loads, a worker
       oauth-benches can-step                                                      whether this system lets it count";

fn workloads() -> Vec<Workload> {
    [
        authorize::workloads(),
        token::workloads(),
        refresh::workloads(),
        apply::workloads(),
        hit::workloads(),
        id_token::workloads(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["can-step"] => match measure::can_step() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
        ["accounts", options @ ..] => accounts::print(options),
        ["repeat", workload, who, count] => repeat(workload, who, count),
        others => match table::Options::parse(others) {
            Some(options) => all(&options),
            None => usage(),
        },
    }
}

/// The tables of all that was chosen.
fn all(options: &table::Options) -> ExitCode {
    let Some(mut missed) = table::print(&workloads(), options) else { return ExitCode::FAILURE };
    if options.chosen(storm::ID) && !storm::print() {
        missed.push(storm::ID);
    }
    if missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("targets missed: {}", missed.join(", "));
    if options.strict { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What a counter of instructions watches.
fn repeat(workload: &str, who: &str, count: &str) -> ExitCode {
    let workloads = workloads();
    let case = workloads.iter().find(|known| known.id == workload).and_then(|known| {
        let mut cases = known.cases.iter();
        cases.find(|case| case.who == who)
    });
    let (Some(case), Ok(count)) = (case, count.parse::<u64>()) else { return usage() };
    let mut operation = (case.make)();
    measure::warm_up(&mut operation);
    steps::marked(|| (0..count).for_each(|_| operation()));
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
