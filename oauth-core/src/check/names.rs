//! Names that generated Rust has. Words of a file become names in one way only (`spec::names`); where that gives none,
//! the author is asked for one.

use crate::fault::{Finding, Path, Spot, shown};
use crate::spec::names;

use super::Cx;

/// Module names that the generated code, the language or the crates around it use.
const RESERVED_MODULES: [&str; 13] = [
    "alloc",
    "catalog",
    "core",
    "macro_rules",
    "oauth_core",
    "oauth_macros",
    "oauth_providers",
    "prelude",
    "proc_macro",
    "providers",
    "std",
    "test",
    "tests",
];

/// The name of a type or variant: the author's, or the word's in Pascal case.
pub(super) fn type_name(cx: &mut Cx<'_>, entry: &Path, word: &str, given: Option<String>) -> String {
    if let Some(name) = given {
        if !is_type_name(&name) {
            let finding =
                Finding::new("rust-name", entry.then("rust"), format!("`{}` cannot name a type in Rust", shown(&name)));
            cx.report(finding.help(format!("write it like `{}`", example(&name, "ReadUser"))));
        }
        return name;
    }
    derived_type_name(cx, entry, word, "add a name with `rust:`")
}

/// The name of a variant that the author cannot override: the word has to give one.
pub(super) fn derived_type_name(cx: &mut Cx<'_>, entry: &Path, word: &str, help: &str) -> String {
    let name = names::pascal(word);
    if !is_type_name(&name) {
        let finding =
            Finding::new("rust-name", entry.clone(), format!("`{}` gives no name for a type in Rust", shown(word)));
        cx.report(finding.at_spot(spot_of(cx, entry)).help(help));
    }
    name
}

/// The name of a field, an argument or a method: the author's, or the word's in snake case.
pub(super) fn field_name(cx: &mut Cx<'_>, entry: &Path, word: &str, given: Option<String>) -> String {
    if let Some(name) = given {
        if !is_field_name(&name) {
            let finding = Finding::new(
                "rust-name",
                entry.then("rust"),
                format!("`{}` cannot name a field in Rust", shown(&name)),
            );
            cx.report(finding.help(format!("write it like `{}`", names::field(&example(&name, "per_page")))));
        }
        return name;
    }
    let name = names::field(word);
    if !is_field_name(&name) {
        let finding =
            Finding::new("rust-name", entry.clone(), format!("`{}` gives no name for a field in Rust", shown(word)));
        cx.report(finding.on_key().help("add a name with `rust:`"));
    }
    name
}

/// A list has no keys to point at.
fn spot_of(cx: &Cx<'_>, entry: &Path) -> Spot {
    if cx.has(entry) { Spot::Key } else { Spot::Value }
}

fn example(name: &str, otherwise: &str) -> String {
    let pascal = names::pascal(name);
    if is_type_name(&pascal) { pascal } else { otherwise.to_owned() }
}

/// Upper camel case, as the compiler's lints want it; never `Self`.
pub(super) fn is_type_name(name: &str) -> bool {
    names::is_identifier(name) && name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains('_')
}

/// Snake case. A keyword is none.
pub(super) fn is_field_name(name: &str) -> bool {
    names::is_identifier(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether generated code can have a module of that name.
pub(super) fn is_module_name(name: &str) -> bool {
    is_field_name(name) && !RESERVED_MODULES.contains(&name)
}
