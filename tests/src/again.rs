//! One test of a program once more, in a process with an environment of its own: what a process reads from there, it reads
//! once.

use std::path::Path;
use std::process::Command;

/// The variable that tells a process which test it is for.
const CHILD: &str = "OAUTH_TEST_CHILD";
/// What a child says at its end.
const DONE: &str = "the child is done";

/// Whether this process was started for that test.
pub fn is_child(test: &str) -> bool {
    std::env::var_os(CHILD).is_some_and(|name| name == test)
}

/// Starts this program for that test alone, `module::name`, with these variables in its environment, and waits for it. It
/// passes, and comes to where it says that it is [`done`].
pub fn run(test: &str, environment: &[(&str, &Path)]) {
    let output = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", test, "--nocapture"])
        .env_remove("SSL_CERT_DIR")
        .env(CHILD, test)
        .envs(environment.iter().copied())
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed") && said.contains(DONE), "{said}");
}

/// Says that the child has come to its end.
#[allow(clippy::print_stdout, reason = "the process that started it listens")]
pub fn done() {
    println!("{DONE}");
}
