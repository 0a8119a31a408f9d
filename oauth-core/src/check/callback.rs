use crate::fault::{Finding, at, shown};
use crate::schema;
use crate::spec::{Callback, KeptValue, ProviderSpec};

use super::Cx;
use super::names::field_name;
use super::wire;

/// RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6.
const CODES: [&str; 11] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_scope",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

/// Parameters of the callback that have a meaning of their own.
const OWN: [&str; 8] =
    ["state", "iss", "error", "error_description", "error_uri", "response", "id_token", "access_token"];

pub(super) fn lower(cx: &mut Cx<'_>, callback: schema::Callback) -> Callback {
    let mut keep = Vec::new();
    for (name, kept) in callback.keep.0 {
        let rust = field_name(cx, &at!["callback", "keep", &name], &name, kept.rust);
        keep.push(KeptValue { name, rust, values: kept.values.0, doc: kept.doc });
    }
    Callback { code: callback.code.unwrap_or_else(|| "code".to_owned()), keep, errors: callback.errors.0 }
}

/// RFC 6749 section 4.1.2: the answer has a code and our state, and each parameter one meaning.
pub(super) fn names_and_codes_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let callback = &spec.callback;
    let code = at!["callback", "code"];
    if OWN.contains(&callback.code.as_str()) {
        cx.report(
            Finding::new("parameter", code, format!("`{}` is another parameter's name", callback.code))
                .help("name the parameter that carries the code"),
        );
    } else {
        wire::param_name(cx, &code, &callback.code);
    }
    for kept in &callback.keep {
        let entry = at!["callback", "keep", &kept.name];
        if OWN.contains(&kept.name.as_str()) || kept.name == callback.code {
            let finding = Finding::new(
                "reserved-parameter",
                entry,
                format!("`{}` is read by the client itself", shown(&kept.name)),
            )
            .on_key();
            cx.report(finding.help("remove it"));
            continue;
        }
        if !kept.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            let finding =
                Finding::new("parameter", entry.clone(), format!("`{}` cannot be kept", shown(&kept.name))).on_key();
            cx.report(finding.help("its name stands in templates: letters, digits, `_` and `-` only"));
        }
        let values = kept.values.iter().map(|(value, meaning)| (value.as_str(), meaning.as_str()));
        cx.closed_list(&entry.then("values"), values);
    }
    wire::codes(cx, &at!["callback", "errors"], &callback.errors, &CODES);
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn kept_values_and_codes() {
        let found = faults(&acme(
            "callback: {code: state, keep: {iss: {}, a.b: {}, realmId: {}}, errors: {user_denied: acess_denied}}\n",
        ));
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found[0].contains("`state` is another parameter's name"), "{}", found[0]);
        assert!(found[1].contains("`iss` is read by the client itself"), "{}", found[1]);
        assert!(found[2].contains("`a.b` cannot be kept"), "{}", found[2]);
        assert!(found[3].contains("did you mean `access_denied`?"), "{}", found[3]);
    }
}
