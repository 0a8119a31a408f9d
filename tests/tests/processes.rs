//! Many processes over one store: all of them at once, and one after another has died.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::process::{Command, Output};

use serde_json::{Value, json};

/// Runs a program to its end; the one JSON object that it prints.
fn run(program: &str, arguments: &[&str]) -> (Output, Value) {
    let output = Command::new(program).args(arguments).output().expect("the program starts");
    let printed = serde_json::from_slice(&output.stdout);
    let printed = printed.unwrap_or_else(|_| panic!("not one JSON object: {}", told(&output)));
    (output, printed)
}

fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy;
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn race(store: &str) {
    let (output, printed) =
        run(env!("CARGO_BIN_EXE_refresh-race"), &["--store", store, "--processes", "8", "--tasks", "50"]);
    assert!(output.status.success(), "{}", told(&output));
    let counted = ["requests", "tokens", "errors"].map(|name| printed[name].clone());
    assert_eq!(counted, [json!(1), json!(400), json!(0)], "{}", told(&output));
}

/// REF-01: two processes refresh the same rotating token at once.
#[test]
fn ref_01_eight_processes_over_files_make_one_request() {
    race("file");
}

#[test]
fn ref_01_eight_processes_over_sqlite_make_one_request() {
    race("sqlite");
}

/// REF-04, REF-05: the answer is lost, or the process that has it.
#[test]
fn ref_05_a_process_that_dies_loses_nothing_in_silence() {
    let (output, printed) = run(env!("CARGO_BIN_EXE_refresh-crash"), &["--store", "file", "--rounds", "12"]);
    assert!(output.status.success(), "{}", told(&output));
    let bad = ["silent_loss", "loops", "double_families"].map(|name| printed[name].clone());
    assert_eq!(bad, [0, 0, 0].map(Value::from), "{}", told(&output));
    let good = ["survived", "replayed", "lost_rotation_reported"].map(|name| printed[name].as_u64().unwrap());
    assert_eq!(good.iter().sum::<u64>(), 12, "{}", told(&output));
}

#[test]
fn a_command_line_that_makes_no_sense_is_an_error() {
    for program in [env!("CARGO_BIN_EXE_refresh-race"), env!("CARGO_BIN_EXE_refresh-crash")] {
        for arguments in [&[][..], &["--store", "paper"], &["--store", "file", "--processes"], &["--color", "red"]] {
            let output = Command::new(program).args(arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{}", told(&output));
        }
    }
}
