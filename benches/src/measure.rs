//! The three measures of one implementation.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::counting;
use crate::steps;
use crate::workload::Case;

/// What counts instructions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// This program runs itself one instruction at a time: the real processor's, the same number each time.
    Steps,
    /// `valgrind --tool=callgrind`: the same number each time, of a processor that has no SHA instructions.
    Valgrind,
    /// Nothing.
    None,
}

/// What one operation costs.
pub struct Cost {
    /// Instructions in user space.
    pub instructions: Option<f64>,
    /// Allocations and reallocations.
    pub allocations: f64,
    /// Nanoseconds, the median over rounds.
    pub nanoseconds: f64,
}

/// Measures one implementation.
pub fn cost(workload: &str, case: &Case, repeat: u64, counter: Counter) -> Result<Cost, String> {
    let mut operation = (case.make)();
    warm_up(&mut operation);
    let allocations = allocations(&mut operation);
    let nanoseconds = nanoseconds(&mut operation);
    let instructions = instructions(workload, case, repeat, counter)?;
    Ok(Cost { instructions, allocations, nanoseconds })
}

/// What is worked out at first use is not what an operation costs.
pub fn warm_up(operation: &mut dyn FnMut()) {
    (0..10).for_each(|_| operation());
}

fn allocations(operation: &mut dyn FnMut()) -> f64 {
    const OPERATIONS: u32 = 100;
    let before = counting::allocations();
    (0..OPERATIONS).for_each(|_| operation());
    (counting::allocations() - before) as f64 / f64::from(OPERATIONS)
}

fn nanoseconds(operation: &mut dyn FnMut()) -> f64 {
    const ROUNDS: usize = 41;
    const ROUND: Duration = Duration::from_millis(4);
    let mut count = 1_u32;
    while timed(operation, count) < ROUND && count < 1 << 20 {
        count *= 2;
    }
    let mut rounds: Vec<f64> =
        (0..ROUNDS).map(|_| timed(operation, count).as_nanos() as f64 / f64::from(count)).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn timed(operation: &mut dyn FnMut(), count: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        black_box(&mut *operation)();
    }
    start.elapsed()
}

fn instructions(workload: &str, case: &Case, repeat: u64, counter: Counter) -> Result<Option<f64>, String> {
    let per_operation = |counted: u64, times: u64| Ok(Some(counted as f64 / times as f64));
    match counter {
        Counter::None => Ok(None),
        Counter::Steps => per_operation(steps::counted(&mut this_program(workload, case.who, repeat)?)?, repeat),
        // The difference of a longer and a shorter run: what sets the operation up is in both.
        Counter::Valgrind => {
            let collected = |times| collected(this_program(workload, case.who, times)?);
            per_operation(collected(51 * repeat)? - collected(repeat)?, 50 * repeat)
        }
    }
}

/// Whether a process may count another one's instructions here.
pub fn can_step() -> bool {
    this_program("W4", "floor", 1).is_ok_and(|mut program| steps::counted(&mut program).is_ok())
}

/// This program, doing that so many times and nothing else.
fn this_program(workload: &str, who: &str, times: u64) -> Result<Command, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.args(["repeat", workload, who, &times.to_string()]);
    Ok(command)
}

/// The instructions of a whole run, as valgrind counts them.
fn collected(program: Command) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program.get_program());
    let output = command.args(program.get_args()).output().map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let number = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    number.filter(|_| output.status.success()).ok_or_else(|| format!("valgrind did not count: {said}"))
}
