//! `tests/ids.tsv` says of every hostile case of the areas that concern this client, and of every module that a certified
//! relying party passes, which test shows it, or why there is none. Here: that the list is whole, and that the tests exist.
//!
//! It has a `main` of its own, because what a test of the usual harness prints is shown only when it fails: the count is
//! for whoever runs the tests.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "the count is for whoever runs the tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The numbers of the hostile cases, by area. A number that is not here was never given.
const AREAS: [(&str, &[u8]); 6] = [
    ("CB", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]),
    ("CR", &[1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]),
    ("DISC", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16]),
    ("NET", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18]),
    ("SU", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ("TOK", &[1, 3, 5, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27]),
];

/// The modules of a relying party's certification, by profile.
const PROFILES: [(&str, usize); 7] =
    [("basic", 19), ("config", 10), ("dynamic", 2), ("fapi2", 27), ("form-post", 1), ("hybrid", 1), ("logout", 12)];

/// The tests of the sources, by name: functions below an attribute that makes them one.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).expect("sources are text");
            let mut is_test = false;
            for line in text.lines().map(str::trim_start) {
                is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                if let Some((before, rest)) = line.split_once("fn ")
                    && (before.is_empty() || before == "async ")
                {
                    let name = rest.split(['(', '<']).next().unwrap_or_default();
                    found.extend(std::mem::take(&mut is_test).then(|| name.to_owned()));
                }
            }
        }
    }
}

/// The table's cells, each row with the test or the reason that it claims, checked by itself.
fn rows(table: &str) -> BTreeMap<&str, (&str, &str)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut known = BTreeSet::new();
    for folder in ["oauth-core/src", "oauth-stores/tests", "oauth-providers/tests", "tests/src", "tests/tests"] {
        tests(&root.join(folder), &mut known);
    }
    let mut rows = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, kind, by] = cells[..] else { panic!("`{line}` has not three cells") };
        assert!(rows.insert(id, (kind, by)).is_none(), "{id} stands there twice");
        match kind {
            "test" => {
                assert!(!by.is_empty(), "{id} names no test");
                for name in by.split(' ') {
                    assert!(known.contains(name), "{id}: there is no test `{name}`");
                }
            }
            "reason" => assert!(by.len() > 20, "{id} says nothing"),
            other => panic!("{id}: `{other}` is neither `test` nor `reason`"),
        }
    }
    rows
}

fn every_case_has_its_test_or_a_reason() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("ids.tsv");
    let table = std::fs::read_to_string(table).expect("tests/ids.tsv");
    let rows = rows(&table);
    for (area, numbers) in AREAS {
        for number in numbers {
            let id = format!("{area}-{number:02}");
            assert!(rows.contains_key(id.as_str()), "{id} is missing");
        }
        let count = rows.keys().filter(|id| id.strip_prefix(area).is_some_and(|rest| rest.starts_with('-'))).count();
        assert_eq!(count, numbers.len(), "{area}");
    }
    for (profile, count) in PROFILES {
        let rows = rows.keys().filter(|id| id.strip_prefix(profile).is_some_and(|rest| rest.starts_with(':')));
        assert_eq!(rows.count(), count, "{profile}");
    }
    let count = |kind: &str| rows.values().filter(|(known, _)| *known == kind).count();
    println!("{} cases: {} with tests, {} with reasons", rows.len(), count("test"), count("reason"));
}

/// What the usual harness does with its arguments, as far as one test needs it: `--list`, names, `--exact`, `--skip`.
fn main() {
    const NAME: &str = "every_case_has_its_test_or_a_reason";
    let (mut list, mut exact, mut ignored) = (false, false, false);
    let (mut names, mut skipped) = (Vec::new(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--list" => list = true,
            "--exact" => exact = true,
            "--ignored" => ignored = true,
            "--skip" => skipped.extend(arguments.next()),
            "--test-threads" | "--format" | "--color" | "--logfile" | "-Z" => drop(arguments.next()),
            other if other.starts_with('-') => {}
            _ => names.push(argument),
        }
    }
    let among = |names: &[String]| names.iter().any(|name| if exact { name == NAME } else { NAME.contains(&**name) });
    let wanted = !ignored && !among(&skipped) && (names.is_empty() || among(&names));
    if list && wanted {
        println!("{NAME}: test");
    } else if wanted {
        every_case_has_its_test_or_a_reason();
        println!("test {NAME} ... ok");
    }
}
