use crate::fault::{Finding, Path, at, shown};
use crate::schema::{self, ShortOr};
use crate::spec::{KnownScope, ProviderSpec, Scopes};

use super::Cx;
use super::names::type_name;
use super::wire;

pub(super) fn lower(cx: &mut Cx<'_>, scopes: schema::Scopes) -> Scopes {
    let mut known = Vec::new();
    for (value, scope) in scopes.known.0 {
        let scope = match scope {
            ShortOr::Short(doc) => schema::KnownScope { doc: Some(doc), rust: None },
            ShortOr::Full(scope) => scope,
        };
        let rust = type_name(cx, &at!["scopes", "known", &value], &value, scope.rust);
        known.push(KnownScope { value, rust, doc: scope.doc });
    }
    Scopes {
        separator: scopes.separator.unwrap_or_else(|| " ".to_owned()),
        response_separator: scopes.response_separator,
        param: scopes.param.unwrap_or_else(|| "scope".to_owned()),
        default: scopes.default,
        required: scopes.required,
        known,
    }
}

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`. What separates two scopes is in none, and a
/// list has each once.
pub(super) fn values_are_scope_tokens(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let scopes = &spec.scopes;
    for known in &scopes.known {
        let path = at!["scopes", "known", &known.value];
        scope_token(cx, spec, path, &known.value, true);
    }
    for (key, list) in [("default", &scopes.default), ("required", &scopes.required)] {
        for (index, value) in list.iter().enumerate() {
            let path = at!["scopes", key, index];
            scope_token(cx, spec, path.clone(), value, false);
            if let Some(first) = list[..index].iter().position(|other| other == value) {
                let finding =
                    Finding::new("duplicate", path, format!("the scope `{}` stands here a second time", shown(value)));
                cx.report(finding.help("keep one").see("the first one is", at!["scopes", key, first]));
            }
        }
    }
}

fn scope_token(cx: &mut Cx<'_>, spec: &ProviderSpec, path: Path, value: &str, on_key: bool) {
    let allowed = |c: char| matches!(u32::from(c), 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    let separator = &spec.scopes.separator;
    let finding = if value.is_empty() {
        Finding::new("scope", path, "a scope is empty").help("remove it")
    } else if let Some(c) = value.chars().find(|c| !allowed(*c)) {
        let finding = Finding::new(
            "scope",
            path,
            format!("`{}` has {c:?} in it, which no scope may have (RFC 6749 section 3.3)", shown(value)),
        );
        finding.help("write one scope per entry, of visible ASCII characters without `\"` and `\\`")
    } else if !separator.is_empty() && value.contains(separator.as_str()) {
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
    for (key, separator) in
        [("separator", Some(&scopes.separator)), ("response_separator", scopes.response_separator.as_ref())]
    {
        let Some(separator) = separator else { continue };
        let sound = !separator.is_empty()
            && separator.len() <= 2
            && separator
                .bytes()
                .all(|byte| byte == b' ' || (byte.is_ascii_punctuation() && !b"\"\\&=#%:_-/.".contains(&byte)));
        if !sound {
            let finding =
                Finding::new("separator", at!["scopes", key], format!("`{}` cannot separate scopes", shown(separator)));
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
    if spec.scopes.known.is_empty() {
        return;
    }
    for (key, list) in [("default", &spec.scopes.default), ("required", &spec.scopes.required)] {
        for (index, value) in list.iter().enumerate() {
            known(cx, spec, at!["scopes", key, index], value);
        }
    }
}

/// The scope is one of those that the file describes.
pub(super) fn known(cx: &mut Cx<'_>, spec: &ProviderSpec, path: Path, value: &str) {
    if spec.scopes.known.iter().any(|known| known.value == value) || cx.is_touched(&at!["scopes", "known", value]) {
        return;
    }
    let finding =
        Finding::new("unknown-scope", path, format!("the scope `{}` is not under `scopes.known`", shown(value)));
    cx.report(
        finding
            .help(format!("add it: `known: {{\"{}\": what it grants}}`", shown(value)))
            .suggest_near(value, spec.scopes.known.iter().map(|known| known.value.as_str())),
    );
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
}
