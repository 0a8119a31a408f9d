//! Rules for documents, links and provider files.

use crate::tree::{Source, root, sources};
use crate::{enforce, seen};

/// The numbers behind each `before` in the text, with their places: of `rfc` in `rfc6749` the 6749.
fn numbers(text: &str, before: &str) -> Vec<(usize, String)> {
    let found = text.match_indices(before).map(|(at, _)| (at, &text[at + before.len()..]));
    let digits = |rest: &str| {
        rest.trim_start_matches([' ', '\u{a0}']).chars().take_while(char::is_ascii_digit).collect::<String>()
    };
    found.map(|(at, rest)| (at, digits(rest))).filter(|(_, digits)| !digits.is_empty()).collect()
}

/// Where a link to an RFC stands and which it is.
fn links(line: &str) -> Vec<(usize, String)> {
    let hosts = [
        "rfc-editor.org/rfc/rfc",
        "rfc-editor.org/info/rfc",
        "datatracker.ietf.org/doc/html/rfc",
        "datatracker.ietf.org/doc/rfc",
        "tools.ietf.org/html/rfc",
    ];
    hosts.iter().flat_map(|host| numbers(line, host)).collect()
}

/// A link goes to the RFC that its words name.
fn rfc_links(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        for (at, linked) in links(line) {
            // The words of the link itself where it has some (`[RFC 6749](https://..`), else the nearest label.
            let before = &line[..at];
            let label = match before.rfind("](").filter(|end| !before[*end..].contains(char::is_whitespace)) {
                Some(end) => numbers(&before[before[..end].rfind('[').unwrap_or(0)..end], "RFC").pop(),
                None => numbers(before, "RFC").pop().or_else(|| numbers(&line[at..], "RFC").into_iter().next()),
            };
            if let Some((_, label)) = label.filter(|(_, label)| *label != linked) {
                found.push(source.at(number, &format!("`RFC {label}` beside a link to RFC {linked}")));
            }
        }
    }
    found
}

/// The vendor's page and the day on which it was read.
fn provenance(source: &Source) -> Vec<String> {
    if !source.path.starts_with("providers/") || !source.is("yaml") {
        return Vec::new();
    }
    let value = |key: &str| {
        source.text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).unwrap_or_default().trim()
    };
    let checked: Vec<&str> = value("checked").split('-').collect();
    let is_day = checked.iter().map(|part| part.len()).eq([4, 2, 2])
        && checked.concat().bytes().all(|byte| byte.is_ascii_digit());
    let mut found = Vec::new();
    if !value("docs").starts_with("https://") {
        found.push(source.at(0, "no `docs` with the vendor's page"));
    }
    if !is_day {
        found.push(source.at(0, "no `checked` with the day on which it was read"));
    }
    let quirks = source.text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("- field:"));
    for (number, _) in quirks {
        let entry: Vec<&str> =
            source.text.lines().skip(number + 1).take_while(|line| line.starts_with("    ")).collect();
        if !entry.iter().any(|line| line.trim_start().starts_with("source: https://")) {
            found.push(source.at(number, "a quirk without its source"));
        }
    }
    found
}

/// The language and the length of the first code block.
fn first_block(text: &str) -> (String, usize) {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("```"));
    let language = lines.next().unwrap_or_default().trim_start_matches('`').to_owned();
    (language, lines.take_while(|line| !line.starts_with("```")).count())
}

#[test]
fn a_link_to_an_rfc_goes_where_its_words_say() {
    enforce(rfc_links);
    let right = "see [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-4.1), and [RFC 7636](https://datatracker.ietf.org/doc/html/rfc7636)";
    assert_eq!(seen(rfc_links, "a.md", right), 0);
    assert_eq!(seen(rfc_links, "a.md", &right.replace("[RFC 7636]", "[RFC 7637]")), 1);
    // This file is read by the rule, too: its wrong links are put together here.
    let link = ["https://www.rfc-editor.org/rfc/", "rfc6750"].concat();
    assert_eq!(seen(rfc_links, "a.rs", &format!("// RFC 6749: {link}")), 1);
    assert_eq!(seen(rfc_links, "a.rs", &format!("// {link} is RFC\u{a0}6749")), 1);
    assert_eq!(seen(rfc_links, "a.md", &format!("RFC 6749, and [RFC 6750]({link}#section-2)")), 0);
}

#[test]
fn every_provider_file_says_where_it_is_from() {
    enforce(provenance);
    let files = sources().iter().filter(|source| source.path.starts_with("providers/") && source.is("yaml")).count();
    assert_eq!(files, oauth_providers::catalog().len());
    let right =
        "docs: https://a.example\nchecked: 2026-11-21\nquirks:\n  - field: pkce\n    source: https://a.example\n";
    assert_eq!(seen(provenance, "providers/a.yaml", right), 0);
    for wrong in [
        right.replace("docs", "doc"),
        right.replace("2026-11-21", "yesterday"),
        right.replace("    source", "    sauce"),
    ] {
        assert_eq!(seen(provenance, "providers/a.yaml", &wrong), 1, "{wrong}");
    }
}

#[test]
fn the_readme_begins_with_code_that_fits_a_screen() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (language, lines) = first_block(&readme);
    assert_eq!(language, "rust", "compiled as it stands");
    assert!((1..=15).contains(&lines), "{lines} lines");
    assert!(readme.lines().take_while(|line| !line.starts_with("```")).count() <= 8, "it comes first");
    assert_eq!(first_block("a\n```text\nb\nc\n```\n"), ("text".to_owned(), 2));
}
