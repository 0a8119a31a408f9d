use crate::fault::{Finding, at, shown};
use crate::schema::{self, Values};
use crate::spec::{Authorize, AuthorizeOption, ProviderSpec};

use super::Cx;
use super::names::{derived_type_name, is_type_name, type_name};
use super::templates::Reach;
use super::wire;

/// Parameters of the authorization request that a provider may have other names for. `state` comes back under its own.
const RENAMED: [&str; 6] =
    ["client_id", "redirect_uri", "response_type", "nonce", "code_challenge", "code_challenge_method"];

pub(super) fn lower(cx: &mut Cx<'_>, authorize: schema::Authorize) -> Authorize {
    let options = authorize.options.0.into_iter().map(|(name, option)| lower_option(cx, name, option)).collect();
    Authorize {
        params: cx.params(&at!["authorize", "params"], authorize.params.0),
        rename: authorize.rename.0,
        options,
    }
}

fn lower_option(cx: &mut Cx<'_>, name: String, option: schema::AuthorizeOption) -> AuthorizeOption {
    let entry = at!["authorize", "options", &name];
    let rust = type_name(cx, &entry, &name, option.rust);
    let values = match option.values {
        None => Vec::new(),
        Some(Values::Named(values)) => values,
        Some(Values::List(values)) => {
            let variant = |(index, value): (usize, String)| {
                let rust = derived_type_name(
                    cx,
                    &entry.then("values").then(index),
                    &value,
                    "name the variants: `values: {\"1\": First}`",
                );
                (value, rust)
            };
            values.into_iter().enumerate().map(variant).collect()
        }
    };
    AuthorizeOption { name, rust, values, join: option.join, doc: option.doc }
}

/// RFC 6749 section 3.1: parameters are sent once. Those that carry the login's protection are the client's.
pub(super) fn parameters_are_the_providers_own(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let authorize = &spec.authorize;
    let path = at!["authorize", "params"];
    let taken = |name: &str| {
        wire::is_standard(name) || name == spec.scopes.param || authorize.rename.iter().any(|(_, to)| to == name)
    };
    wire::params(cx, spec, &path, &authorize.params, Reach::AUTHORIZE, taken);
    wire::renames(cx, &at!["authorize", "rename"], &authorize.rename, &RENAMED);
    for option in &authorize.options {
        let entry = at!["authorize", "options", &option.name];
        if taken(&option.name) {
            cx.report(wire::taken(&entry, &option.name));
        } else {
            wire::param_name(cx, &entry, &option.name);
        }
        // A parameter that is also an option is that option's default: it is one of the option's values.
        let default = authorize.params.iter().find(|(name, _)| *name == option.name).map(|(_, value)| value.as_str());
        if let Some(default) =
            default.filter(|value| !option.values.is_empty() && option.values.iter().all(|(known, _)| known != value))
        {
            let finding = Finding::new(
                "option",
                path.then(&option.name),
                format!("`{}` is none of the option's values", shown(default)),
            );
            cx.report(finding.help("add it to the values, or correct it").see("the option is", entry));
        }
    }
}

/// An option's values are distinct and have names in Rust; only lists are joined.
pub(super) fn options_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for option in &spec.authorize.options {
        let entry = at!["authorize", "options", &option.name];
        for (index, (value, rust)) in option.values.iter().enumerate() {
            let listed = entry.then("values").then(index);
            let path = if cx.has(&listed) { listed } else { entry.then("values").then(value) };
            if value.is_empty() || value.contains('\n') {
                cx.report(
                    Finding::new("option", path.clone(), format!("a value of `{}` is empty", option.name))
                        .help("remove it"),
                );
            }
            if let Some(first) = option.values[..index].iter().position(|(other, _)| other == value) {
                let finding = Finding::new("duplicate", path, format!("`{}` stands here a second time", shown(value)));
                cx.report(finding.help("keep one").see("the first one is", entry.then("values").then(first)));
            } else if !is_type_name(rust) && cx.has(&entry.then("values").then(value)) {
                let finding =
                    Finding::new("rust-name", path, format!("`{}` cannot name a variant in Rust", shown(rust)));
                cx.report(finding.help("write it like `SelectAccount`"));
            }
        }
        if option.join.as_ref().is_some_and(|join| {
            join.is_empty() || join.len() > 2 || !join.is_ascii() || join.contains(char::is_control)
        }) {
            let finding = Finding::new("option", entry.then("join"), "that cannot join two values");
            cx.report(finding.help("use a space, a comma, or what the provider asks for"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn az_07_the_protocols_parameters_cannot_be_set() {
        for name in [
            "response_type",
            "state",
            "code_challenge_method",
            "redirect_uri",
            "scope",
            "nonce",
            "request_uri",
            "response_mode",
        ] {
            let found = faults(&acme(&format!("authorize: {{params: {{{name}: x}}}}\n")));
            assert!(
                found.len() == 1 && found[0].contains(&format!("`{name}` is set by the client itself")),
                "{found:#?}"
            );
            let found = faults(&acme(&format!("authorize: {{options: {{{name}: {{}}}}}}\n")));
            assert!(found.len() == 1 && found[0].contains("set by the client itself"), "{found:#?}");
        }
        let found = faults(&acme("authorize: {params: {response_type: token}}\n"));
        assert!(found[0].contains("RFC 9700 section 2.1.2"), "{found:#?}");
        let found = faults(&acme("authorize: {rename: {state: st, client_id: client_key}, params: {client_key: x}}\n"));
        assert!(
            found.len() == 2
                && found[0].contains("`state` cannot be renamed")
                && found[1].contains("`client_key` is set by"),
            "{found:#?}"
        );
    }

    #[test]
    fn option_values_have_names() {
        let found = faults(&acme(
            "authorize: {options: {level: {values: [\"1\", low, low]}, prompt: {values: {none: none}}}}\n",
        ));
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].contains("`1` gives no name") && found[0].contains("values: {\"1\": First}"), "{}", found[0]);
        assert!(found[1].contains("`low` stands here a second time"), "{}", found[1]);
        assert!(found[2].contains("`none` cannot name a variant"), "{}", found[2]);
        assert_eq!(
            faults(&acme("authorize: {options: {level: {values: {\"1\": Low}, join: \",\"}, hint: {}}}\n")),
            [""; 0]
        );
    }
}
