use crate::fault::{Finding, at, shown};
use crate::schema::{self, Order, Values};
use crate::spec::{Authorize, AuthorizeOption, ProviderSpec, StateAlphabet, StatePlace, StateRules};

use super::Cx;
use super::names::{derived_type_name, is_type_name, type_name};
use super::templates::Reach;
use super::{request_object, wire};

/// Parameters of the authorization request that a provider may have other names for. `state` comes back under its own.
const RENAMED: [&str; 6] =
    ["client_id", "redirect_uri", "response_type", "nonce", "code_challenge", "code_challenge_method"];

pub(super) fn lower(cx: &mut Cx<'_>, authorize: schema::Authorize) -> Authorize {
    let options = authorize.options.0.into_iter().map(|(name, option)| lower_option(cx, name, option)).collect();
    let (order, sorted) = match authorize.order {
        None => (Vec::new(), false),
        Some(Order::Sorted) => (Vec::new(), true),
        Some(Order::First(names)) => (names, false),
    };
    let alphabet = authorize.state.alphabet.unwrap_or_default();
    Authorize {
        params: cx.params(&at!["authorize", "params"], authorize.params.0),
        rename: authorize.rename.0,
        options,
        response_type: authorize.response_type.filter(|word| word != "code"),
        omit: authorize.omit,
        fragment: authorize.fragment,
        order,
        sorted,
        response_mode: authorize.response_mode,
        state: StateRules {
            place: authorize.state.place.unwrap_or_default(),
            length: authorize.state.length.unwrap_or_else(|| shortest_state(alphabet)),
            alphabet,
        },
        push: authorize.push.unwrap_or_default(),
        resource: request_object::lower_resources(cx, &authorize.resource),
        request_object: authorize.request_object.map(|object| request_object::lower(cx, &object)),
    }
}

/// RFC 6749 section 10.10: 128 bits, in six bits a character or in four.
fn shortest_state(alphabet: StateAlphabet) -> u64 {
    match alphabet {
        StateAlphabet::UrlSafe => StateRules::LENGTH,
        StateAlphabet::Hex => 32,
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

/// Standard parameters that a request can do without. The others protect the login, or say whose it is.
const OMITTED: [&str; 2] = ["response_type", "redirect_uri"];

/// RFC 6749 section 3.1: parameters are sent once. Those that carry the login's protection are the client's.
pub(super) fn parameters_are_the_providers_own(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let authorize = &spec.authorize;
    let path = at!["authorize", "params"];
    let drawn = |name: &str| {
        // A nonce that nothing here reads: some providers ask for one all the same.
        name == "nonce" && authorize.params.iter().any(|(known, value)| known == name && value.as_str() == "{random}")
    };
    let taken = |name: &str| {
        (wire::is_standard(name) && !drawn(name))
            || name == spec.scopes.param
            || authorize.rename.iter().any(|(_, to)| to == name)
    };
    wire::params(cx, spec, &path, &authorize.params, Reach::AUTHORIZE, taken);
    wire::renames(cx, &at!["authorize", "rename"], &authorize.rename, &RENAMED);
    for option in &authorize.options {
        let entry = at!["authorize", "options", &option.name];
        if taken(&option.name) || wire::is_standard(&option.name) {
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

/// RFC 9700 section 2.1.2: only the code flow, whatever its word. What is left out or put in order is there.
pub(super) fn form_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let authorize = &spec.authorize;
    let path = at!["authorize"];
    if let Some(word) = &authorize.response_type {
        let is_word =
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let is_word = is_word || authorize.is_hybrid();
        if !is_word || ["token", "id_token", "none"].contains(&word.to_ascii_lowercase().as_str()) {
            let message = format!("`{}` is no word for the code flow", shown(word));
            let finding = Finding::new("response-type", path.then("response_type"), message);
            cx.report(
                finding.help("only the authorization code is supported (RFC 9700 section 2.1.2): remove the line"),
            );
        }
    }
    for (index, name) in authorize.omit.iter().enumerate() {
        let entry = path.then("omit").then(index);
        if !OMITTED.contains(&name.as_str()) {
            let finding = Finding::new("omit", entry, format!("`{}` cannot be left out", shown(name)));
            cx.report(finding.suggest(name, OMITTED));
        } else if authorize.omit[..index].contains(name) {
            cx.report(Finding::new("duplicate", entry, format!("`{name}` stands here a second time")).help("keep one"));
        } else if name == "redirect_uri" && authorize.state.place == StatePlace::RedirectUri {
            let finding = Finding::new("omit", entry, "`state` travels in the redirect URI, which is left out");
            cx.report(finding.help("keep one of the two"));
        }
    }
    for (index, name) in authorize.order.iter().enumerate() {
        let entry = path.then("order").then(index);
        if authorize.order[..index].contains(name) {
            let message = format!("`{}` stands here a second time", shown(name));
            cx.report(Finding::new("duplicate", entry, message).help("keep one"));
        } else {
            wire::param_name(cx, &entry, name);
        }
    }
    if authorize.fragment.as_ref().is_some_and(|text| {
        text.is_empty()
            || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@/?".contains(&byte))
    }) {
        let finding = Finding::new("fragment", path.then("fragment"), "that cannot stand behind `#`");
        cx.report(finding.help("write it without `#`, in letters, digits and `-_.~` (RFC 3986 section 3.5)"));
    }
}

/// RFC 6749 section 10.10: guessing `state` must be hopeless, so it has 128 bits at least.
pub(super) fn state_is_unguessable(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let state = &spec.authorize.state;
    let shortest = shortest_state(state.alphabet);
    if !(shortest..=128).contains(&state.length) {
        let message = format!("a `state` of {} characters is not what a login can have", state.length);
        let finding = Finding::new("state", at!["authorize", "state", "length"], message);
        cx.report(finding.help(format!("write a number from {shortest} (128 bits) to 128")));
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

    #[test]
    fn the_form_of_the_request() {
        for (authorize, expected) in [
            ("{response_type: token}", "`token` is no word for the code flow"),
            ("{response_type: \"code token\"}", "is no word for the code flow"),
            ("{omit: [state]}", "`state` cannot be left out"),
            ("{omit: [response_typ]}", "did you mean `response_type`?"),
            ("{omit: [redirect_uri], state: {in: redirect_uri}}", "which is left out"),
            ("{order: sort}", "is not a value of `authorize.order`"),
            ("{order: [state, state]}", "`state` stands here a second time"),
            ("{fragment: \"a b\"}", "that cannot stand behind `#`"),
            ("{response_mode: fragment}", "`fragment` is not a value of `authorize.response_mode`"),
            ("{state: {length: 21}}", "from 22 (128 bits)"),
            ("{state: {length: 31, alphabet: hex}}", "from 32 (128 bits)"),
            ("{state: {length: 129}}", "a `state` of 129 characters"),
            ("{params: {nonce: x}}", "`nonce` is set by the client itself"),
            ("{options: {nonce: {}}}", "`nonce` is set by the client itself"),
        ] {
            let found = faults(&acme(&format!("authorize: {authorize}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{authorize}: {found:#?}");
        }
        for sound in [
            "{response_type: web_server, omit: [response_type], fragment: wechat_redirect, order: [appid, scope]}",
            "{order: sorted, response_mode: form_post, state: {alphabet: hex}, params: {nonce: \"{random}\"}}",
            "{state: {in: redirect_uri, length: 128}}",
        ] {
            assert_eq!(faults(&acme(&format!("authorize: {sound}\n"))), [""; 0]);
        }
        let spec = crate::ProviderSpec::from_yaml(&acme("authorize: {state: {alphabet: hex}}\n")).unwrap();
        assert_eq!(spec.authorize.state.length, 32);
    }
}
