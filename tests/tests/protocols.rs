//! `docs/protocols.md` names files, tests and the rows that real servers have confirmed. Here: that all of them exist,
//! and that the shortest programs are as short as promised.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "the count is for whoever runs the tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const HEAD: &str =
    "| standard | what this client does | files | tests | oidc-provider | django-oauth-toolkit | authlib | idpyoidc |";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The sources below a folder.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(text(&path));
        }
    }
}

fn all(folders: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders {
        sources(&root().join(folder), &mut found);
    }
    found
}

/// The functions without parameters that stand below `#[test]` or `#[tokio::test]`, perhaps with arguments.
fn tests(sources: &[String]) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for source in sources {
        let mut is_test = false;
        for line in source.lines().map(str::trim) {
            if line.starts_with("#[") {
                is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            } else if let Some(name) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
                if is_test {
                    found.insert(name.split('(').next().unwrap_or_default());
                }
                is_test = false;
            }
        }
    }
    found
}

/// What stands in backticks, one or two.
fn quoted(cell: &str) -> Vec<&str> {
    if let Some(inner) = cell.strip_prefix("`` ").and_then(|rest| rest.strip_suffix(" ``")) {
        return vec![inner];
    }
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn what_the_list_of_protocols_names_is_there() {
    let document = text(&root().join("docs/protocols.md"));
    let sources = all(&["oauth-core/src", "tests/tests"]);
    let tests = tests(&sources);
    let suite = "tests/src/bin/interop";
    let drivers = [
        all(&[&format!("{suite}/oidc_provider")]).concat(),
        all(&[&format!("{suite}/django")]).concat() + &text(&root().join(suite).join("django.rs")),
        all(&[&format!("{suite}/authlib")]).concat(),
        all(&[&format!("{suite}/idpyoidc")]).concat(),
    ];
    let (mut rows, mut named) = (0, BTreeSet::new());
    for line in document.lines().filter(|line| line.starts_with("| ") && *line != HEAD) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, _, files, shown, confirmed @ ..] = &cells[..] else { continue };
        assert_eq!(confirmed.len(), drivers.len(), "{line}");
        rows += 1;
        assert!(!quoted(files).is_empty() && !quoted(shown).is_empty(), "no file or no test: {line}");
        for file in quoted(files) {
            assert!(root().join(file).is_file(), "there is no file `{file}`");
        }
        for test in quoted(shown) {
            assert!(tests.contains(test), "there is no test `{test}`");
            named.insert(test);
        }
        for (cell, driver) in confirmed.iter().zip(&drivers) {
            assert!(*cell == "–" || quoted(cell).len() == 1, "neither a row nor none: {cell}");
            for row in quoted(cell) {
                assert!(driver.contains(&format!("\"{row}\"")), "no driver has the row `{row}`");
            }
        }
    }
    // What is not done names tests as well.
    for name in quoted(document.split("## What we do not do").nth(1).unwrap_or_default()) {
        assert!(!name.contains('_') || tests.contains(name) || name.contains(' '), "there is no test `{name}`");
    }
    assert!(rows > 30, "only {rows} rows were read");
    println!("docs/protocols.md: {rows} rows, {} tests", named.len());
}

#[test]
fn the_shortest_programs_are_as_short_as_promised() {
    for (example, most) in [("client_credentials", 10), ("oidc_login", 10), ("mcp_login", 15)] {
        let source = text(&root().join(format!("oauth-providers/examples/{example}.rs")));
        let lines = source.lines().filter(|line| line.starts_with("    ")).count();
        assert!((1..=most).contains(&lines), "{example} has {lines} lines of code, and not {most} at most");
    }
}
