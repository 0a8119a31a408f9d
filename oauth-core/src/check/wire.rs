//! Names and values as they go over the wire: parameters, headers, and which of them are the client's own.

use crate::fault::{Finding, Path, listed, nearest, shown};
use crate::spec::{Hole, PROTOCOL_PARAMS, ProviderSpec, Template};

use super::Cx;
use super::templates::{Reach, holes};

/// Headers that the client writes itself, or that change who is spoken to (RFC 9110).
const OWN_HEADERS: [&str; 14] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "dpop",
    "expect",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether the client writes that parameter itself.
pub(super) fn is_standard(name: &str) -> bool {
    PROTOCOL_PARAMS.contains(&name)
}

/// Extra parameters: sound names, none of the client's own, values whose holes are known.
pub(super) fn params(
    cx: &mut Cx<'_>,
    spec: &ProviderSpec,
    path: &Path,
    params: &[(String, Template)],
    reach: Reach<'_>,
    own: impl Fn(&str) -> bool,
) {
    for (name, value) in params {
        let entry = path.then(name);
        if own(name) {
            cx.report(taken(&entry, name));
        } else {
            param_name(cx, &entry, name);
        }
        holes(cx, spec, &entry, value, reach);
    }
}

/// RFC 6749 section 3.1: no parameter is sent more than once. Whoever could set `state`, the challenge or the response
/// type would switch off what they protect (RFC 9700 sections 2.1.1 and 2.1.2).
pub(super) fn taken(entry: &Path, name: &str) -> Finding {
    let finding =
        Finding::new("reserved-parameter", entry.clone(), format!("`{}` is set by the client itself", shown(name)))
            .on_key();
    finding.help(match name {
        "response_type" => "remove it: only the authorization code is supported (RFC 9700 section 2.1.2)",
        "password" => "remove it: the password grant must not be used (RFC 9700 section 2.4)",
        "scope" => "remove it: see `scopes.default` and `scopes.required`",
        "client_id" | "client_secret" | "redirect_uri" => {
            "remove it, or use `rename` when the provider has another name for it"
        }
        _ => "remove it",
    })
}

/// A parameter's name is visible ASCII without the characters that queries are made of.
pub(super) fn param_name(cx: &mut Cx<'_>, entry: &Path, name: &str) {
    if !is_param_name(name) {
        let finding = Finding::new("parameter", entry.clone(), format!("`{}` cannot name a parameter", shown(name)));
        let finding = if entry.steps().last() == Some(&name.into()) { finding.on_key() } else { finding };
        cx.report(finding.help("use letters, digits and `-`, `_`, `.`, `[`, `]`, `:`, `~`, `$`, `*`, `!`"));
    }
}

fn is_param_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]:~$*!".contains(&byte))
}

/// RFC 9110 section 5: a header's name is a token, and its value visible characters with inner spaces.
pub(super) fn headers(
    cx: &mut Cx<'_>,
    spec: &ProviderSpec,
    path: &Path,
    headers: &[(String, Template)],
    reach: Reach<'_>,
) {
    for (at, (name, value)) in headers.iter().enumerate() {
        let entry = path.then(name);
        let proves = value.holes().any(|hole| matches!(hole, Hole::ClientSecret | Hole::AccessToken));
        header_name(cx, &entry, name, reach.authorization && proves);
        if let Some((first, _)) = headers[..at].iter().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            let finding = Finding::new(
                "duplicate",
                entry.clone(),
                format!("the header `{}` stands here a second time", shown(name)),
            )
            .on_key();
            cx.report(finding.help("keep one: case makes no difference").see("the first one is", path.then(first)));
        }
        let text = value.as_str();
        if text.is_empty() || text != text.trim() || !text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
            let finding =
                Finding::new("header", entry.clone(), format!("`{}` cannot be the value of a header", shown(text)));
            cx.report(finding.help("use visible ASCII characters, spaces only between them"));
        }
        holes(cx, spec, &entry, value, reach);
    }
}

/// A header that may be set: a token (RFC 9110 section 5.1) and not one of the client's own, but for `Authorization`
/// where the file says itself what goes there.
fn header_name(cx: &mut Cx<'_>, entry: &Path, name: &str, authorizes: bool) {
    if !is_header_token(name) {
        let finding = Finding::new("header", entry.clone(), format!("`{}` cannot name a header", shown(name))).on_key();
        cx.report(finding.help("use letters, digits and hyphens: `X-Api-Version`"));
    } else if is_own_header(name) && !(authorizes && name.eq_ignore_ascii_case("authorization")) {
        let finding =
            Finding::new("reserved-header", entry.clone(), format!("the header `{name}` is set by the client itself"))
                .on_key();
        cx.report(finding.help("remove it; for the access token see `token.placement`"));
    }
}

/// Whether the client writes that header itself. `Authorization` is one, and the usual place of the token.
pub(super) fn is_own_header(name: &str) -> bool {
    OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

/// RFC 9110 section 5.6.2.
pub(super) fn is_header_token(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Standard parameters under other names: each exists, and no two get the same name.
pub(super) fn renames(cx: &mut Cx<'_>, path: &Path, renames: &[(String, String)], standard: &[&str]) {
    for (at, (from, to)) in renames.iter().enumerate() {
        let entry = path.then(from);
        if !standard.contains(&from.as_str()) {
            let finding =
                Finding::new("rename", entry.clone(), format!("`{}` cannot be renamed in `{path}`", shown(from)))
                    .on_key();
            cx.report(finding.suggest(from, standard.iter().copied()));
        }
        if !is_param_name(to) {
            param_name(cx, &entry, to);
        } else if to == from {
            cx.report(
                Finding::new("rename", entry, format!("`{to}` is the standard name already")).help("remove the line"),
            );
        } else if standard.contains(&to.as_str()) && !renames.iter().any(|(other, _)| other == to) {
            cx.report(
                Finding::new("rename", entry, format!("`{to}` is the standard name of another parameter"))
                    .help("rename that one too, or remove the line"),
            );
        } else if let Some((first, _)) = renames[..at].iter().find(|(_, other)| other == to) {
            let finding = Finding::new("rename", entry, format!("`{to}` is the name of two parameters"));
            cx.report(finding.help("keep one").see("the first one is", path.then(first)));
        }
    }
}

/// A map from the provider's codes to those of the RFC that the client knows.
pub(super) fn codes(cx: &mut Cx<'_>, path: &Path, codes: &[(String, String)], standard: &[&str]) {
    for (theirs, ours) in codes {
        if !standard.contains(&ours.as_str()) {
            let help = nearest(ours, standard.iter().copied())
                .map_or_else(|| format!("use one of {}", listed(standard)), |near| format!("did you mean `{near}`?"));
            cx.report(
                Finding::new(
                    "error-code",
                    path.then(theirs),
                    format!("`{}` is not an error code of the RFC", shown(ours)),
                )
                .help(help),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    #[test]
    fn parameters_and_headers_have_sound_names() {
        for (yaml, expected) in [
            ("authorize: {params: {\"a&b\": x}}", "`a&b` cannot name a parameter"),
            ("authorize: {params: {\"\": x}}", "`` cannot name a parameter"),
            ("scopes: {param: \"a b\"}", "`a b` cannot name a parameter"),
            ("api: {base_url: \"https://acme.example\", headers: {Cookie: x}}", "`Cookie` is set by the client itself"),
            ("api: {base_url: \"https://acme.example\", headers: {X-A: \"a\\nb\"}}", "cannot be the value of a header"),
        ] {
            let found = faults(&acme(&format!("{yaml}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{yaml}: {found:#?}");
        }
        assert_eq!(
            faults(&acme("api: {base_url: \"https://acme.example\", headers: {X-Client: \"{client_id}\"}}\n")),
            [""; 0]
        );
    }
}
