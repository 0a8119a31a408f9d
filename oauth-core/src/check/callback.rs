use crate::fault::{Finding, Path, at, shown};
use crate::schema;
use crate::spec::{
    Callback, CallbackProfile, CallbackSignature, ClientAuthMethod, KeptValue, ProviderSpec, SignatureAlgorithm,
    SignatureEncoding, SignedPart, callback as defaults,
};

use super::Cx;
use super::names::field_name;
use super::{profile, wire};

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
    let verify = callback.verify.map(|verify| CallbackSignature {
        param: cx.required(
            &at!["callback", "verify", "param"],
            verify.param,
            "the parameter with the signature: `param: hmac`",
        ),
        algorithm: verify.algorithm.unwrap_or(SignatureAlgorithm::HmacSha256),
        over: verify.over.unwrap_or(SignedPart::SortedQuery),
        encoding: verify.encoding.unwrap_or(SignatureEncoding::Hex),
    });
    let profile = callback.profile.map(|facts| {
        let path = at!["callback", "profile"];
        if !cx.has(&path.then("map")) {
            cx.missing(&path.then("map"), "say which members mean what: `map: {email: /email}`");
        }
        CallbackProfile {
            param: cx.required(&path.then("param"), facts.param, "the parameter with the JSON: `param: user`"),
            map: profile::lower_map(facts.map),
        }
    });
    Callback {
        code: callback.code.unwrap_or_else(|| "code".to_owned()),
        keep,
        errors: callback.errors.0,
        error: callback.error.unwrap_or_else(defaults::error),
        error_description: callback.error_description.unwrap_or_else(defaults::description),
        verify,
        profile,
    }
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
        if is_read(callback, &kept.name) || kept.name == callback.code {
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
    error_names(cx, callback, "error", &callback.error);
    error_names(cx, callback, "error_description", &callback.error_description);
}

/// Whether the client reads that parameter for something of its own, beside the code.
fn is_read(callback: &Callback, name: &str) -> bool {
    let errors = callback.error.iter().chain(&callback.error_description);
    let others = callback.verify.iter().map(|verify| &verify.param);
    OWN.contains(&name) || errors.chain(others).any(|read| read == name)
}

/// RFC 6749 section 4.1.2.1: an error is told in parameters that mean nothing else, each named once.
fn error_names(cx: &mut Cx<'_>, callback: &Callback, key: &str, names: &[String]) {
    let path = at!["callback", key];
    if names.is_empty() {
        let finding = Finding::new("parameter", path.clone(), "the list is empty").on_key();
        cx.report(finding.help(format!("remove it: `[{key}]` is the default")));
    }
    for (index, name) in names.iter().enumerate() {
        let entry = path.then(index);
        let other = if key == "error" { &callback.error_description } else { &callback.error };
        let standard = ["error", "error_description"];
        if *name == callback.code
            || (OWN.contains(&name.as_str()) && !standard.contains(&name.as_str()))
            || names[..index].contains(name)
            || (key == "error_description" && other.contains(name))
        {
            let finding = Finding::new("parameter", entry, format!("`{}` is read for something else", shown(name)));
            cx.report(finding.help("name each parameter once"));
        } else {
            wire::param_name(cx, &entry, name);
        }
    }
}

/// The signature and the profile's facts are in parameters of their own. The key of the signature is the client's
/// secret, which a public client does not have.
pub(super) fn signature_and_profile_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let callback = &spec.callback;
    let taken = |name: &str| {
        OWN.contains(&name)
            || name == callback.code
            || callback.error.iter().chain(&callback.error_description).any(|read| read == name)
    };
    if let Some(verify) = &callback.verify {
        let path = at!["callback", "verify", "param"];
        own_param(cx, &path, &verify.param, taken(&verify.param));
        if spec.client_auth.method == ClientAuthMethod::None {
            let path = at!["callback", "verify"];
            let finding = Finding::new("signature", path, "the callback is signed with a secret that no client has");
            cx.report(
                finding
                    .on_key()
                    .help("remove it, or correct `client_auth`")
                    .see("the client has none by", at!["client_auth"]),
            );
        }
    }
    if let Some(facts) = &callback.profile {
        let path = at!["callback", "profile"];
        let is_kept = callback.keep.iter().any(|kept| kept.name == facts.param)
            || callback.verify.as_ref().is_some_and(|verify| verify.param == facts.param);
        own_param(cx, &path.then("param"), &facts.param, is_kept || taken(&facts.param));
        profile::map_is_sound(cx, &path.then("map"), &facts.map);
    }
}

fn own_param(cx: &mut Cx<'_>, path: &Path, name: &str, taken: bool) {
    if name.is_empty() {
        return;
    }
    if taken {
        let finding = Finding::new("parameter", path.clone(), format!("`{}` is another parameter's name", shown(name)));
        cx.report(finding.help("name a parameter that means nothing else"));
    } else {
        wire::param_name(cx, path, name);
    }
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

    #[test]
    fn errors_signature_and_profile() {
        for (callback, expected) in [
            ("{error: []}", "the list is empty"),
            ("{error: [error, state]}", "`state` is read for something else"),
            ("{error: [error, error]}", "`error` is read for something else"),
            ("{error_description: [error]}", "`error` is read for something else"),
            ("{error: [\"a b\"]}", "`a b` cannot name a parameter"),
            ("{verify: {}}", "`callback.verify.param` is missing"),
            ("{verify: {param: code}}", "`code` is another parameter's name"),
            ("{verify: {param: hmac, algorithm: md5}}", "`md5` is not a value"),
            ("{verify: {param: hmac}, keep: {hmac: {}}}", "`hmac` is read by the client itself"),
            ("{profile: {param: user}}", "`callback.profile.map` is missing"),
            ("{profile: {param: user, map: {email: email}}}", "write `/email`"),
            ("{profile: {param: user, map: {email: /email}}, keep: {user: {}}}", "`user` is another parameter's name"),
        ] {
            let found = faults(&acme(&format!("callback: {callback}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{callback}: {found:#?}");
        }
        let found = faults(&acme("client_auth: none\ncallback: {verify: {param: hmac}}\n"));
        assert!(found.len() == 1 && found[0].contains("a secret that no client has"), "{found:#?}");
        let sound = "{error: [error, error_reason], error_description: [error_message], verify: {param: hmac}, profile: {param: user, map: {email: /email}}}";
        assert_eq!(faults(&acme(&format!("callback: {sound}\n"))), [""; 0]);
    }
}
