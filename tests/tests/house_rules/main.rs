//! The house rules of CONTRIBUTING.md, and what the documents promise, read off the sources. Each rule is a function
//! from a file to what it violates, and each has a test that shows it a violation.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod code;
mod documents;
mod tree;

use tree::{Source, sources};

/// Applies a rule to all files of the workspace.
fn enforce(rule: fn(&Source) -> Vec<String>) {
    let sources = sources();
    assert!(sources.len() > 100, "only {} files were found", sources.len());
    let violations: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

/// How many violations a rule sees in a text.
fn seen(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
    rule(&Source::new(path, text)).len()
}
