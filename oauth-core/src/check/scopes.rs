use crate::fault::{Finding, Path, at, shown};
use crate::schema::{self, Nothing, ShortOr, WordOr};
use crate::spec::{KnownScope, ProviderSpec, Scopes, SecondScopes};

use super::Cx;
use super::names::type_name;
use super::wire;

pub(super) fn lower(cx: &mut Cx<'_>, scopes: WordOr<Nothing, schema::Scopes>) -> Scopes {
    let (scopes, none) = match scopes {
        WordOr::Word(Nothing::None) => (schema::Scopes::default(), true),
        WordOr::Full(scopes) => (scopes, false),
    };
    let separator = scopes.separator.unwrap_or_else(|| " ".to_owned());
    Scopes {
        response_separator: scopes.response_separator,
        param: scopes.param.unwrap_or_else(|| "scope".to_owned()),
        default: scopes.default,
        required: scopes.required,
        known: lower_known(cx, &at!["scopes", "known"], scopes.known),
        none,
        encode: scopes.encode.unwrap_or(true),
        second: scopes.second.map(|second| lower_second(cx, second, &separator)),
        separator,
    }
}

fn lower_known(cx: &mut Cx<'_>, path: &Path, known: schema::Entries<ShortOr<schema::KnownScope>>) -> Vec<KnownScope> {
    let mut lowered = Vec::new();
    for (value, scope) in known.0 {
        let scope = match scope {
            ShortOr::Short(doc) => schema::KnownScope { doc: Some(doc), rust: None },
            ShortOr::Full(scope) => scope,
        };
        let rust = type_name(cx, &path.then(&value), &value, scope.rust);
        lowered.push(KnownScope { value, rust, doc: scope.doc });
    }
    lowered
}

fn lower_second(cx: &mut Cx<'_>, second: schema::SecondScopes, separator: &str) -> SecondScopes {
    let path = at!["scopes", "second"];
    let name = cx.required(&path.then("name"), second.name, "whose scopes they are: `name: user`");
    let param = cx.required(&path.then("param"), second.param, "the parameter that carries them: `param: user_scope`");
    let rust = if name.is_empty() && second.rust.is_none() {
        String::new()
    } else {
        type_name(cx, &path, &format!("{name} scope"), second.rust)
    };
    SecondScopes {
        rust,
        param,
        separator: second.separator.unwrap_or_else(|| separator.to_owned()),
        default: second.default,
        known: lower_known(cx, &path.then("known"), second.known),
        name,
    }
}

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`. What separates two scopes is in none, and a
/// list has each once.
pub(super) fn values_are_scope_tokens(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let scopes = &spec.scopes;
    let path = at!["scopes"];
    known_are_tokens(cx, &path, &scopes.known, &scopes.separator);
    list_is_tokens(cx, &path.then("default"), &scopes.default, &scopes.separator);
    list_is_tokens(cx, &path.then("required"), &scopes.required, &scopes.separator);
    if let Some(second) = &scopes.second {
        let path = path.then("second");
        known_are_tokens(cx, &path, &second.known, &second.separator);
        list_is_tokens(cx, &path.then("default"), &second.default, &second.separator);
    }
}

fn known_are_tokens(cx: &mut Cx<'_>, section: &Path, known: &[KnownScope], separator: &str) {
    for known in known {
        scope_token(cx, separator, section.then("known").then(&known.value), &known.value, true);
    }
}

pub(super) fn list_is_tokens(cx: &mut Cx<'_>, list: &Path, values: &[String], separator: &str) {
    for (index, value) in values.iter().enumerate() {
        let path = list.then(index);
        scope_token(cx, separator, path.clone(), value, false);
        if let Some(first) = values[..index].iter().position(|other| other == value) {
            let finding =
                Finding::new("duplicate", path, format!("the scope `{}` stands here a second time", shown(value)));
            cx.report(finding.help("keep one").see("the first one is", list.then(first)));
        }
    }
}

fn scope_token(cx: &mut Cx<'_>, separator: &str, path: Path, value: &str, on_key: bool) {
    let allowed = |c: char| matches!(u32::from(c), 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    let finding = if value.is_empty() {
        Finding::new("scope", path, "a scope is empty").help("remove it")
    } else if let Some(c) = value.chars().find(|c| !allowed(*c)) {
        let finding = Finding::new(
            "scope",
            path,
            format!("`{}` has {c:?} in it, which no scope may have (RFC 6749 section 3.3)", shown(value)),
        );
        finding.help("write one scope per entry, of visible ASCII characters without `\"` and `\\`")
    } else if !separator.is_empty() && value.contains(separator) {
        let finding = Finding::new("scope", path, format!("`{}` has the separator {separator:?} in it", shown(value)));
        finding.help("write one scope per entry, or correct `scopes.separator`")
    } else {
        return;
    };
    cx.report(if on_key { finding.on_key() } else { finding });
}

/// A separator is a character or two that no scope is made of. RFC 6749 section 3.3 has the space.
pub(super) fn separators_separate(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let scopes = &spec.scopes;
    let path = at!["scopes"];
    let second = scopes.second.as_ref().map(|second| &second.separator);
    // The second set has the first one's where it has none of its own.
    let second = second.filter(|_| cx.has(&path.then("second").then("separator")));
    for (path, separator) in [
        (path.then("separator"), Some(&scopes.separator)),
        (path.then("response_separator"), scopes.response_separator.as_ref()),
        (path.then("second").then("separator"), second),
    ] {
        let Some(separator) = separator else { continue };
        let sound = !separator.is_empty()
            && separator.len() <= 2
            && separator
                .bytes()
                .all(|byte| byte == b' ' || (byte.is_ascii_punctuation() && !b"\"\\&=#%:_-/.".contains(&byte)));
        if !sound {
            let finding = Finding::new("separator", path, format!("`{}` cannot separate scopes", shown(separator)));
            cx.report(
                finding.help(
                    "use \" \" (RFC 6749 section 3.3), or what the provider asks for: \",\", \"+\", \";\", \"|\"",
                ),
            );
        }
    }
    let path = at!["scopes", "param"];
    if scopes.param != "scope" && wire::is_standard(&scopes.param) {
        cx.report(
            Finding::new("parameter", path, format!("`{}` is another parameter's name", scopes.param))
                .help("name the parameter that carries the scopes"),
        );
    } else {
        wire::param_name(cx, &path, &scopes.param);
    }
}

/// A default that the list of scopes does not have is misspelt, or the list is not complete.
pub(super) fn defaults_are_known(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let (scopes, path) = (&spec.scopes, at!["scopes"]);
    let mut lists = vec![
        (path.clone(), "default", &scopes.default, &scopes.known),
        (path.clone(), "required", &scopes.required, &scopes.known),
    ];
    if let Some(second) = &scopes.second {
        lists.push((path.then("second"), "default", &second.default, &second.known));
    }
    for (section, key, list, known) in lists {
        for (index, value) in list.iter().enumerate().filter(|_| !known.is_empty()) {
            is_known(cx, &section, known, section.then(key).then(index), value);
        }
    }
}

/// The scope is one of those that the file describes.
pub(super) fn known(cx: &mut Cx<'_>, spec: &ProviderSpec, path: Path, value: &str) {
    is_known(cx, &at!["scopes"], &spec.scopes.known, path, value);
}

fn is_known(cx: &mut Cx<'_>, section: &Path, known: &[KnownScope], path: Path, value: &str) {
    let list = section.then("known");
    if known.iter().any(|known| known.value == value) || cx.is_touched(&list.then(value)) {
        return;
    }
    let finding = Finding::new("unknown-scope", path, format!("the scope `{}` is not under `{list}`", shown(value)));
    cx.report(
        finding
            .help(format!("add it: `known: {{\"{}\": what it grants}}`", shown(value)))
            .suggest_near(value, known.iter().map(|known| known.value.as_str())),
    );
}

/// RFC 6749 section 3.1: no parameter is sent more than once, so the second set has one of its own.
pub(super) fn second_set_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(second) = &spec.scopes.second else { return };
    let path = at!["scopes", "second", "param"];
    let authorize = &spec.authorize;
    let is_taken = wire::is_standard(&second.param)
        || second.param == spec.scopes.param
        || authorize.rename.iter().any(|(_, to)| *to == second.param)
        || authorize.params.iter().any(|(name, _)| *name == second.param)
        || authorize.options.iter().any(|option| option.name == second.param);
    if is_taken {
        let finding =
            Finding::new("parameter", path, format!("`{}` is another parameter's name", shown(&second.param)));
        cx.report(finding.help("name the parameter that carries these scopes, and nothing else does"));
    } else if !second.param.is_empty() {
        wire::param_name(cx, &path, &second.param);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn az_06_only_scope_tokens_pass() {
        for scope in ["a b", "a\\\"b", "a\\\\b", "", "é", "a\\tb"] {
            let found = faults(&acme(&format!("scopes: {{default: [\"{scope}\"]}}\n")));
            assert_eq!(found.len(), 1, "{scope}: {found:#?}");
        }
        assert_eq!(faults(&acme("scopes: {default: [\"a!#[]~\", \"https://acme.example/auth/x\"]}\n")), [""; 0]);
    }

    #[test]
    fn separators_duplicates_and_unknown_defaults() {
        let found = faults(&acme("scopes:\n  separator: \",\"\n  default: [\"a,b\", c, c]\n"));
        assert!(
            found.len() == 2
                && found[0].contains("has the separator \",\" in it")
                && found[1].contains("8:23")
                && found[1].contains("the first one is at acme.yaml:8:20"),
            "{found:#?}"
        );
        let found = faults(&acme("scopes: {separator: x, default: [raed], known: {read: Read, write: Write}}\n"));
        assert!(
            found.len() == 2 && found[0].contains("`x` cannot separate") && found[1].contains("did you mean `read`?"),
            "{found:#?}"
        );
    }

    #[test]
    fn scopes_may_be_none_at_all() {
        let spec = crate::ProviderSpec::from_yaml(&acme("scopes: none\n")).unwrap();
        assert!(spec.scopes.none);
        let found = faults(&acme("scopes: nothing\n"));
        assert!(found.len() == 1 && found[0].contains("is not a value of `scopes`"), "{found:#?}");
    }

    #[test]
    fn a_second_set_is_checked_like_the_first() {
        for (second, expected) in [
            ("{param: user_scope}", "`scopes.second.name` is missing"),
            ("{name: user}", "`scopes.second.param` is missing"),
            ("{name: user, param: scope}", "`scope` is another parameter's name"),
            ("{name: user, param: user_scope, separator: x}", "`x` cannot separate"),
            ("{name: user, param: user_scope, separator: \",\", default: [\"a,b\"]}", "has the separator"),
            ("{name: user, param: user_scope, default: [raed], known: {read: Read}}", "did you mean `read`?"),
            ("{name: user, param: user_scope, known: {a.b: A, a_b: B}}", "would name two scopes"),
            ("{name: \"1\", param: user_scope}", "gives no name for a type"),
        ] {
            let found = faults(&acme(&format!("scopes: {{second: {second}}}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{second}: {found:#?}");
        }
        let found = faults(&acme(
            "authorize: {options: {user_scope: {}}}\nscopes: {second: {name: user, param: user_scope}}\n",
        ));
        assert!(found.iter().any(|fault| fault.contains("`user_scope` is another parameter's name")), "{found:#?}");
        let sound = "{separator: \",\", second: {name: user, param: user_scope, default: [a], known: {a: A}}}";
        let spec = crate::ProviderSpec::from_yaml(&acme(&format!("scopes: {sound}\n"))).unwrap();
        let second = spec.scopes.second.unwrap();
        assert_eq!((second.rust.as_str(), second.separator.as_str()), ("UserScope", ","));
    }
}
