//! Rules for Rust files.

use crate::tree::{Kind, Source};
use crate::{enforce, seen};

/// One concept a file.
fn length(source: &Source) -> Vec<String> {
    let limit = if source.is_test() || source.is_example() { 600 } else { 400 };
    let lines = source.text.lines().count();
    if source.is("rs") && lines > limit {
        vec![source.at(limit, &format!("{lines} lines, at most {limit}"))]
    } else {
        Vec::new()
    }
}

/// Words that are a provider's id and something else in Rust or in English.
const ORDINARY: [&str; 7] = ["box", "line", "notion", "square", "x", "X", "zoom"];

/// Whether the text has that word, and not as a part of another.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()))
}

/// A quirk is data: no provider of the catalog has a place in code.
fn provider_names(source: &Source) -> Vec<String> {
    if !source.is("rs") || source.is_test() || source.is_example() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, line) in source.code() {
        for entry in oauth_providers::catalog() {
            let spec = entry.spec();
            let names = [entry.id(), spec.name.as_str(), spec.marker.as_str(), spec.module.as_str()];
            if let Some(name) = names.into_iter().find(|name| !ORDINARY.contains(name) && has_word(line, name)) {
                found.push(source.at(number, &format!("names the provider `{name}`")));
            }
        }
    }
    found
}

/// An example that is not compiled is not an example.
fn ignored_doctests(source: &Source) -> Vec<String> {
    if !source.is("rs") {
        return Vec::new();
    }
    let is_ignored = |line: &str| {
        let text = line.trim_start().trim_start_matches(['/', '!', '*']).trim_start();
        text.strip_prefix("```")
            .is_some_and(|info| info.split([',', ' ']).any(|word| word == "ignore" || word.starts_with("ignore-")))
    };
    let lines = source.lines().into_iter().enumerate();
    lines
        .filter(|(_, (kind, line))| *kind == Kind::Doc && is_ignored(line))
        .map(|(number, _)| source.at(number, "an ignored example"))
        .collect()
}

/// No way to panic outside tests.
fn panics(source: &Source) -> Vec<String> {
    if !source.is("rs") || source.is_test() {
        return Vec::new();
    }
    // A method of that name that takes no message is another one.
    let calls = [".unwrap()", ".expect(\"", ".expect(&format!", ".expect(concat!"];
    let has = |line: &str| {
        let line = line.trim();
        !line.starts_with("//") && (calls.iter().any(|call| line.contains(call)) || line.ends_with(".expect("))
    };
    source
        .code()
        .filter(|(_, line)| has(line))
        .map(|(number, _)| source.at(number, "`unwrap` or `expect` outside tests"))
        .collect()
}

/// The type parameters of `struct Name<'a, P: Provider, const N: usize>`, without lifetimes and constants.
fn type_parameters(header: &str) -> usize {
    let Some(list) = header.split_once('<').map(|(_, rest)| rest) else { return 0 };
    let (mut depth, mut count, mut at_start) = (1, 0, true);
    let mut before = ' ';
    for (at, c) in list.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            // The arrow of `Fn(A) -> B`.
            '>' if before == '-' => {}
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 1 => at_start = true,
            c if at_start && depth == 1 && !c.is_whitespace() => {
                at_start = false;
                count += usize::from(c != '\'' && !list[at..].starts_with("const "));
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        before = c;
    }
    count
}

/// A public type has at most one type parameter.
fn parameters(source: &Source) -> Vec<String> {
    let ours = source.path.starts_with("oauth-core/src/") || source.path.starts_with("oauth-simulator/src/");
    if !source.is("rs") || !ours || source.is_test() {
        return Vec::new();
    }
    let code: Vec<(usize, &str)> = source.code().collect();
    let mut found = Vec::new();
    for (at, (number, line)) in code.iter().enumerate() {
        let start = line.trim_start();
        let Some(item) = ["pub struct ", "pub enum ", "pub trait "].iter().find_map(|word| start.strip_prefix(word))
        else {
            continue;
        };
        // The header may go over several lines; it ends where the body begins.
        let header: Vec<&str> =
            std::iter::once(item).chain(code[at + 1..].iter().take(12).map(|(_, line)| *line)).collect();
        let header = header.join(" ");
        let name_ends = header.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(header.len());
        if header[name_ends..].starts_with('<') {
            let count = type_parameters(&header[name_ends..]);
            if count > 1 {
                found.push(source.at(*number, &format!("`{}` has {count} type parameters", &header[..name_ends])));
            }
        }
    }
    found
}

/// A file is named after its concept.
fn file_names(source: &Source) -> Vec<String> {
    let soup =
        ["util", "utils", "helper", "helpers", "common", "misc", "stuff", "types", "models", "shared", "base", "impls"];
    let stem = source.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
    let folder = source.path.rsplit('/').nth(1).unwrap_or_default();
    let bad = source.is("rs") && (soup.contains(&stem) || soup.contains(&folder));
    if bad { vec![source.at(0, "a name that says nothing")] } else { Vec::new() }
}

/// What is here is done.
fn marks_of_unfinished_work(source: &Source) -> Vec<String> {
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK"), concat!("WI", "P")];
    let calls = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];
    let found = |line: &str| {
        marks
            .iter()
            .find(|mark| has_word(line, mark))
            .or_else(|| calls.iter().find(|call| line.contains(**call)))
            .copied()
    };
    let lines = source.text.lines().enumerate();
    lines
        .filter_map(|(number, line)| Some(source.at(number, &format!("a mark of unfinished work: {}", found(line)?))))
        .collect()
}

#[test]
fn files_are_short() {
    enforce(length);
    let text = "\n".repeat(401);
    assert_eq!((seen(length, "oauth-core/src/a.rs", &text), seen(length, "tests/tests/a.rs", &text)), (1, 0));
    assert_eq!(seen(length, "oauth-core/examples/a.rs", &"\n".repeat(601)), 1);
    assert_eq!(seen(length, "README.md", &text), 0);
}

#[test]
fn no_provider_is_named_in_code() {
    enforce(provider_names);
    let entry = oauth_providers::catalog().iter().find(|entry| !ORDINARY.contains(&entry.id())).unwrap();
    for code in [
        format!("if id == \"{}\" {{}}", entry.id()),
        format!("// {} wants this", entry.spec().name),
        format!("{}::call()", entry.spec().module),
    ] {
        assert_eq!(seen(provider_names, "oauth-core/src/a.rs", &code), 1, "{code}");
        assert_eq!(seen(provider_names, "oauth-core/src/a.rs", &format!("/// {code}")), 0, "{code}");
        assert_eq!(
            seen(provider_names, "oauth-core/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{code}\n}}")),
            0,
            "{code}"
        );
        assert_eq!(seen(provider_names, "oauth-core/src/a/tests.rs", &code), 0, "{code}");
        assert_eq!(seen(provider_names, "oauth-core/examples/a.rs", &code), 0, "{code}");
    }
    assert_eq!(
        seen(provider_names, "oauth-core/src/a.rs", &format!("let x{} = 1;", entry.id())),
        0,
        "a part of a word"
    );
}

#[test]
fn no_example_is_ignored() {
    enforce(ignored_doctests);
    for info in ["ignore", "rust,ignore", "ignore-windows"] {
        assert_eq!(seen(ignored_doctests, "a/src/a.rs", &format!("/// ```{info}\n/// x\n/// ```")), 1, "{info}");
        assert_eq!(seen(ignored_doctests, "a/src/a.rs", &format!("//! ```{info}\n//! x\n//! ```")), 1, "{info}");
    }
    assert_eq!(seen(ignored_doctests, "a/src/a.rs", "/// ```no_run\n/// ignore\n/// ```"), 0);
}

#[test]
fn nothing_panics_by_unwrapping() {
    enforce(panics);
    assert_eq!(
        seen(
            panics,
            "oauth-core/src/a.rs",
            "let a = b.unwrap();\nlet c = d.expect(\"x\");\n/// e.unwrap()\nf.unwrap_or(1);"
        ),
        2
    );
    assert_eq!(seen(panics, "oauth-core/src/a.rs", "#[cfg(test)]\nmod tests {\n    a.unwrap();\n}\nb.unwrap();"), 1);
}

#[test]
fn public_types_have_one_type_parameter_at_most() {
    enforce(parameters);
    let counts = [
        ("<'a>", 0),
        ("<P>", 1),
        ("<P: Provider = Dynamic>", 1),
        ("<'a, T, const N: usize>", 1),
        ("<A, B>", 2),
        ("<F: Fn(A, B) -> C, D>", 2),
        ("<T: Into<Vec<(A, B)>>>", 1),
    ];
    for (list, count) in counts {
        assert_eq!(type_parameters(list), count, "{list}");
        let text = format!("pub struct Thing{list} {{\n    a: A<B, C>,\n}}");
        assert_eq!(seen(parameters, "oauth-core/src/a.rs", &text), usize::from(count > 1), "{list}");
    }
    assert_eq!(seen(parameters, "oauth-simulator/src/a.rs", "pub trait Call<\n    A,\n    B,\n> {}"), 1);
    assert_eq!(
        seen(parameters, "oauth-core/src/a.rs", "pub(crate) struct A<B, C>;\npub struct D;\nstruct E<F, G>;"),
        0
    );
}

#[test]
fn files_have_names() {
    enforce(file_names);
    assert_eq!(seen(file_names, "oauth-core/src/utils.rs", ""), 1);
    assert_eq!(seen(file_names, "oauth-core/src/common/a.rs", ""), 1);
    assert_eq!(seen(file_names, "oauth-core/src/token.rs", ""), 0);
}

#[test]
fn nothing_is_left_unfinished() {
    enforce(marks_of_unfinished_work);
    let mark = concat!("// TO", "DO: later");
    assert_eq!(seen(marks_of_unfinished_work, "README.md", mark), 1);
    assert_eq!(seen(marks_of_unfinished_work, "a.rs", concat!("todo", "!()")), 1);
    assert_eq!(seen(marks_of_unfinished_work, "a.rs", concat!("let ", "TO", "DOS = 1;")), 0);
}
