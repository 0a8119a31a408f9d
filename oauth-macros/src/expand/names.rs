//! Identifiers of generated code: the only place where text from a file becomes one.

use std::collections::BTreeMap;

use oauth_core::ProviderSpec;
use oauth_core::spec::names::is_identifier;
use proc_macro2::{Ident, Span};

/// The items that a module has, or may come to have when its file grows.
const RESERVED: [&str; 3] = ["Scope", "Extras", "CallbackExtras"];

/// The text as an identifier, or in words why it cannot be one.
pub(super) fn ident(text: &str) -> Result<Ident, String> {
    if is_identifier(text) {
        Ok(Ident::new(text, Span::call_site()))
    } else {
        Err(format!("`{}` cannot be a name in Rust: give another with the key `rust`", text.escape_debug()))
    }
}

/// Names that share one place and so must differ: variants, arguments, fields.
#[derive(Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// A place that has names already.
    pub(super) fn with(taken: &[&str]) -> Self {
        Self(taken.iter().map(|&name| name.to_owned()).collect())
    }

    /// Takes the name, or says in words that it is taken.
    pub(super) fn take(&mut self, text: &str) -> Result<Ident, String> {
        if self.0.iter().any(|taken| taken == text) {
            return Err(format!("two things of one place are called `{text}` in Rust: rename one with the key `rust`"));
        }
        self.0.push(text.to_owned());
        ident(text)
    }

    /// Takes the name, with as many `_` behind it as make it differ.
    pub(super) fn take_free(&mut self, text: &str) -> Result<Ident, String> {
        let mut name = text.to_owned();
        while self.0.contains(&name) {
            name.push('_');
        }
        self.take(&name)
    }
}

/// Each item of the module has its own name. Two operations may share a result, if it has the same fields in both.
pub(super) fn check_items(spec: &ProviderSpec) -> Result<(), String> {
    let mut taken: BTreeMap<&str, String> = BTreeMap::new();
    taken.extend(RESERVED.map(|name| (name, "an item that every provider has".to_owned())));
    let operations = spec.api.iter().flat_map(|api| &api.operations);
    let items = std::iter::once((spec.marker.as_str(), "the provider".to_owned()))
        .chain(spec.settings.iter().map(|setting| (setting.rust.as_str(), format!("the setting `{}`", setting.name))))
        .chain(
            spec.authorize.options.iter().map(|option| (option.rust.as_str(), format!("the option `{}`", option.name))),
        )
        .chain(spec.environments.first().map(|_| ("Environment", "the list of environments".to_owned())))
        .chain(spec.scopes.second.iter().map(|scopes| (scopes.rust.as_str(), "the second set of scopes".to_owned())))
        .chain(
            operations
                .clone()
                .map(|operation| (operation.rust.as_str(), format!("the operation `{}`", operation.name))),
        );
    let results = super::results::distinct(spec)?;
    let results = results.iter().map(|returns| (returns.rust.as_str(), "a result of an operation".to_owned()));
    for (name, what) in items.chain(results) {
        if let Some(other) = taken.get(name) {
            return Err(format!("{what} and {other} are both called `{name}` in Rust: rename one with the key `rust`"));
        }
        taken.insert(name, what);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{rich, with};
    use super::*;

    #[test]
    fn only_what_is_a_name_becomes_one() {
        for text in ["", "_", "self", "Self", "crate", "type", "1st", "a b", "a\u{202e}b", "é", "r#type", "a-b", "a::b"]
        {
            assert!(ident(text).is_err(), "{text}");
        }
        assert_eq!(ident("read_user").unwrap().to_string(), "read_user");
    }

    #[test]
    fn names_of_one_place_differ() {
        let mut names = Names::with(&["id"]);
        assert!(names.take("id").is_err());
        assert_eq!(names.take_free("id").unwrap().to_string(), "id_");
        assert_eq!(names.take_free("id").unwrap().to_string(), "id__");
    }

    #[test]
    fn items_of_a_module_differ() {
        check_items(&rich()).unwrap();
        let fault = check_items(&with(|json| json["marker"] = "Scope".into())).unwrap_err();
        assert_eq!(
            fault,
            "the provider and an item that every provider has are both called `Scope` in Rust: rename one with the key `rust`"
        );
        let fault = check_items(&with(|json| json["settings"][0]["rust"] = "ListRepos".into())).unwrap_err();
        assert!(fault.contains("the operation `list_repos` and the setting `region`"), "{fault}");
    }
}
