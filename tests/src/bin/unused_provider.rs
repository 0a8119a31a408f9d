//! Looks for what a program holds of the catalog's providers: started by `tests/unused-provider`, which builds the
//! programs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it reports to the person or the script that started it")]

use std::collections::{HashMap, HashSet};
use std::process::ExitCode;

use oauth_providers::{CatalogEntry, catalog};
use serde_json::Value;

/// Shorter texts are words that anything may hold.
const SHORTEST: usize = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["path", used] => entry(used).map(|used| format!("{}::{}", used.spec().module, used.spec().marker)),
        ["search", used, one, none] => entry(used).and_then(|used| search(used, one, none)),
        _ => Err("usage: unused-provider path ID | unused-provider search ID PROGRAM WITHOUT".to_owned()),
    };
    match result {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn entry(id: &str) -> Result<&'static CatalogEntry, String> {
    catalog().iter().find(|entry| entry.id() == id).ok_or_else(|| format!("the catalog has no provider `{id}`"))
}

/// What the program holds of other providers than the used one, and what a program without any does not hold.
fn search(used: &CatalogEntry, one: &str, none: &str) -> Result<String, String> {
    let read = |path: &str| std::fs::read(path).map_err(|fault| format!("{path}: {fault}"));
    let (one, none) = (read(one)?, read(none)?);
    let own = texts(used);
    if found(&one, &own).len() < own.len() / 2 {
        return Err("the program does not hold even the provider that it uses: this search finds nothing".to_owned());
    }
    let json = used.spec().to_json();
    let mut others: HashSet<String> =
        catalog().iter().filter(|entry| entry.id() != used.id()).flat_map(texts).collect();
    others.retain(|text| !json.contains(text.as_str()));
    let everywhere: HashSet<String> = found(&none, &others).into_iter().collect();
    let mut left: Vec<String> = found(&one, &others).into_iter().filter(|text| !everywhere.contains(text)).collect();
    left.sort();
    if !left.is_empty() {
        return Err(format!("a program that uses `{}` holds of others:\n  {}", used.id(), left.join("\n  ")));
    }
    Ok(format!(
        "{} texts of {} other providers: none is in a program that uses `{}` ({} bytes; {} without any provider)",
        others.len(),
        catalog().len() - 1,
        used.id(),
        one.len(),
        none.len(),
    ))
}

/// Every text of a provider's file: names, addresses, scopes, words of its documentation; of an address also its host.
/// Its Rust module is among them as the linker's symbols write it.
fn texts(entry: &CatalogEntry) -> HashSet<String> {
    let spec = entry.spec();
    let mut texts = HashSet::new();
    if let Ok(json) = serde_json::from_str::<Value>(&spec.to_json()) {
        collect(&json, &mut texts);
    }
    texts.insert(format!("15oauth_providers{}{}", spec.module.len(), spec.module));
    texts.retain(|text| text.len() >= SHORTEST);
    texts
}

fn collect(value: &Value, texts: &mut HashSet<String>) {
    match value {
        Value::String(text) => {
            texts.insert(text.clone());
            if let Some((_, rest)) = text.split_once("://") {
                texts.insert(rest.split(['/', '?', ':']).next().unwrap_or_default().to_owned());
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            texts.insert(name.clone());
            collect(value, texts);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Those of the texts that the bytes hold. One walk, whatever the number of texts.
fn found(bytes: &[u8], texts: &HashSet<String>) -> HashSet<String> {
    let mut by_start: HashMap<&[u8], Vec<&String>> = HashMap::new();
    for text in texts {
        by_start.entry(&text.as_bytes()[..SHORTEST]).or_default().push(text);
    }
    let starts = bytes.windows(SHORTEST).enumerate();
    let candidates =
        starts.flat_map(|(at, window)| by_start.get(window).into_iter().flatten().map(move |text| (at, text)));
    candidates.filter(|(at, text)| bytes[*at..].starts_with(text.as_bytes())).map(|(_, text)| (*text).clone()).collect()
}
