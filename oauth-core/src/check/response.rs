//! `token.response`: the answer of the token endpoint, and what is kept of it.

use crate::fault::{Finding, Path, at, shown};
use crate::schema::{self, Entries};
use crate::spec::{
    AlsoToken, ErrorFields, Expiry, ExpiryKind, ExpiryUnit, ExtraField, FieldKind, FieldType, ProviderSpec,
    TokenResponse, pointer_to,
};

use super::cx::Cx;
use super::names::is_field_name;
use super::text::{field_type, member_pointer};
use super::token::{hosts, list_of_pointers, pointers};
use super::{condition, wire};

/// Members of the token response (RFC 6749 section 5.1). The lifetime has `expiry.field`.
const MEMBERS: [&str; 5] = ["access_token", "refresh_token", "token_type", "scope", "id_token"];
/// Those that are secrets in whole.
const SECRETS: [&str; 3] = ["access_token", "refresh_token", "id_token"];
/// RFC 6749 section 5.2, RFC 8628 section 3.5, and what servers in trouble say.
const CODES: [&str; 12] = [
    "access_denied",
    "authorization_pending",
    "expired_token",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
];
/// Ten years: a longer lifetime is one in other units.
const LONGEST: u64 = 315_360_000;

pub(super) fn lower(cx: &mut Cx<'_>, response: schema::TokenResponse) -> TokenResponse {
    let path = at!["token", "response"];
    let fails_when = condition::lower(cx, &path.then("fails_when"), response.fails_when);
    let error = response.error.map(|error| ErrorFields {
        code: error.code,
        description: error.description,
        codes: error.codes.0,
    });
    TokenResponse {
        at: pointers(response.at),
        rename: response.rename.0,
        fails_when,
        error,
        expiry: lower_expiry(response.expiry, "expires_in"),
        token_type: response.token_type.unwrap_or_default(),
        extras: lower_extras(cx, &path.then("extras"), response.extras),
        also: response.also.0.into_iter().map(|(name, also)| lower_also(cx, &path.then("also"), name, also)).collect(),
    }
}

/// RFC 6749 section 5.1: a span in seconds, in a member of that name.
pub(super) fn lower_expiry(expiry: schema::Expiry, field: &str) -> Expiry {
    Expiry {
        field: expiry.field.unwrap_or_else(|| field.to_owned()),
        kind: expiry.kind.unwrap_or(ExpiryKind::In),
        unit: expiry.unit.unwrap_or(ExpiryUnit::Seconds),
        default: expiry.default,
        zero: expiry.zero.unwrap_or_default(),
    }
}

pub(super) fn lower_extras(cx: &mut Cx<'_>, path: &Path, extras: Entries<schema::ExtraField>) -> Vec<ExtraField> {
    let mut lowered = Vec::with_capacity(extras.0.len());
    for (name, extra) in extras.0 {
        let path = path.then(&name).then("type");
        let kind = if let Some(kind) = extra.kind {
            field_type(cx, &path, &kind)
        } else {
            cx.missing(&path, "say what it is: `type: string`");
            FieldType { kind: FieldKind::Json, optional: false, list: false }
        };
        lowered.push(ExtraField {
            at: extra.at.unwrap_or_else(|| pointer_to(&name)),
            name,
            kind,
            before: extra.before,
            hosts: extra.hosts,
            doc: extra.doc,
        });
    }
    lowered
}

fn lower_also(cx: &mut Cx<'_>, path: &Path, name: String, also: schema::AlsoToken) -> AlsoToken {
    let at = also.at.unwrap_or_else(|| {
        cx.missing(&path.then(&name).then("at"), "say where the object with that token is: `at: /authed_user`");
        pointer_to(&name)
    });
    AlsoToken { name, at, doc: also.doc }
}

/// RFC 6749 sections 5.1 and 5.2; pointers are RFC 6901's.
pub(super) fn response_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let response = &spec.token.response;
    let path = at!["token", "response"];
    list_of_pointers(cx, &path, &response.at);
    wire::renames(cx, &path.then("rename"), &response.rename, &MEMBERS);
    condition::is_sound(cx, &path.then("fails_when"), response.fails_when.as_ref());
    if let Some(error) = &response.error {
        let path = path.then("error");
        for (key, at) in [("code", &error.code), ("description", &error.description)] {
            if let Some(at) = at {
                member_pointer(cx, &path.then(key), at);
            }
        }
        wire::codes(cx, &path.then("codes"), &error.codes, &CODES);
    }
    expiry_is_sound(cx, &path.then("expiry"), &response.expiry);
    for also in &response.also {
        let entry = path.then("also").then(&also.name);
        if !is_field_name(&also.name) {
            let finding =
                Finding::new("also", entry.clone(), format!("`{}` cannot name a further token", shown(&also.name)));
            cx.report(finding.on_key().help("use lower-case letters, digits and `_`: `user`"));
        }
        member_pointer(cx, &entry.then("at"), &also.at);
    }
}

/// A lifetime is a number of seconds that a person would believe.
pub(super) fn expiry_is_sound(cx: &mut Cx<'_>, path: &Path, expiry: &Expiry) {
    wire::param_name(cx, &path.then("field"), &expiry.field);
    if let Some(default) = expiry.default {
        lifetime(cx, path.then("default"), "default lifetime", default);
    }
}

/// Between a second and ten years.
pub(super) fn lifetime(cx: &mut Cx<'_>, path: Path, what: &str, seconds: u64) {
    if seconds == 0 || seconds > LONGEST {
        let message = format!("the {what} is not between a second and ten years");
        cx.report(Finding::new("expiry", path, message).help("write it in seconds"));
    }
}

/// An extra is a hole in templates and a field in Rust, and none is a whole token.
pub(super) fn extras_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let path = at!["token", "response", "extras"];
    let response = &spec.token.response;
    for extra in &response.extras {
        extra_is_sound(cx, &path, extra);
        let renamed = |name: &&str| {
            let own =
                response.rename.iter().find(|(standard, _)| standard == name).map_or(*name, |(_, own)| own.as_str());
            extra.at == pointer_to(own)
        };
        if extra.before.is_none() && SECRETS.iter().any(renamed) {
            let finding = Finding::new(
                "extra",
                path.then(&extra.name),
                format!("`{}` would be a whole token, which never goes where extras go", shown(&extra.name)),
            );
            cx.report(finding.on_key().help("remove it; `before: \".\"` takes the part before a dot"));
        }
    }
}

/// Only a URL has hosts: names of at least two labels, so that no list takes in a whole top-level domain. Only a text
/// has a part before something.
pub(super) fn extra_is_sound(cx: &mut Cx<'_>, path: &Path, extra: &ExtraField) {
    let entry = path.then(&extra.name);
    if !is_field_name(&extra.name) {
        let finding = Finding::new(
            "rust-name",
            entry.clone(),
            format!("`{}` cannot name an extra: it is a field in Rust", shown(&extra.name)),
        );
        cx.report(
            finding
                .on_key()
                .help("use lower-case letters, digits and `_`, no keyword of Rust; `at` says where the value is"),
        );
    }
    member_pointer(cx, &entry.then("at"), &extra.at);
    if !extra.hosts.is_empty() && extra.kind.kind != FieldKind::Url {
        cx.report(
            Finding::new("hosts", entry.then("hosts"), "only a `url` has hosts")
                .on_key()
                .help("write `type: url`, or remove them"),
        );
    }
    hosts(cx, &entry.then("hosts"), &extra.hosts, false);
    if let Some(before) = &extra.before {
        let path = entry.then("before");
        if extra.kind.kind != FieldKind::String || extra.kind.list {
            let finding = Finding::new("extra", path, "only a `string` has a part before something").on_key();
            cx.report(finding.help("write `type: string`, or remove it"));
        } else if before.is_empty() {
            cx.report(
                Finding::new("empty", path, "nothing is before nothing").help("write what ends the part: `\".\"`"),
            );
        }
    }
}
