use crate::fault::{Finding, Path, at, shown};
use crate::schema::{self, OneOrMany};
use crate::spec::{
    BodyFormat, ErrorFields, Expiry, ExpiryKind, ExpiryUnit, ExtraField, FailsWhen, FieldKind, FieldType, Method,
    Placement, ProviderSpec, Token, TokenRequest, TokenResponse, TokenTypeRule, Upgrade, is_host,
};

use super::address::{Stage, address};
use super::cx::Cx;
use super::names::is_field_name;
use super::templates::Reach;
use super::text::{field_type, member_pointer, pointer, pointer_to};
use super::wire;

/// Parameters of the token request (RFC 6749 sections 4.1.3 and 6, RFC 7636 section 4.5).
const RENAMED: [&str; 8] =
    ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope"];
/// Those that a request can do without. The verifier is not one: leaving it out would switch PKCE off.
const OMITTED: [&str; 4] = ["grant_type", "redirect_uri", "client_id", "scope"];
/// Members of the token response (RFC 6749 section 5.1). The lifetime has `expiry.field`.
const MEMBERS: [&str; 5] = ["access_token", "refresh_token", "token_type", "scope", "id_token"];
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

pub(super) fn lower(cx: &mut Cx<'_>, token: schema::Token) -> Token {
    let request = lower_request(cx, token.request);
    let response = lower_response(cx, token.response);
    let upgrade = token.upgrade.map(|upgrade| lower_upgrade(cx, upgrade));
    let placement = token.placement.map_or_else(Placement::default, |placement| lower_placement(cx, placement));
    Token { request, response, upgrade, placement }
}

fn lower_request(cx: &mut Cx<'_>, request: schema::TokenRequest) -> TokenRequest {
    let method = request.method.unwrap_or(Method::Post);
    let path = at!["token", "request"];
    TokenRequest {
        method,
        format: request.format.unwrap_or(default_format(method)),
        headers: cx.params(&path.then("headers"), request.headers.0),
        params: cx.params(&path.then("params"), request.params.0),
        rename: request.rename.0,
        omit: request.omit,
    }
}

/// RFC 6749 section 4.1.3: a form. A GET has no body to put one in.
pub(super) fn default_format(method: Method) -> BodyFormat {
    if method == Method::Get { BodyFormat::Query } else { BodyFormat::Form }
}

/// Where an object is in an answer: the answer itself, one place, or several to try.
pub(super) fn pointers(at: Option<OneOrMany>) -> Vec<String> {
    match at {
        None => vec![String::new()],
        Some(OneOrMany::One(at)) => vec![at],
        Some(OneOrMany::Many(at)) => at,
    }
}

/// The pointers of the key `at` in the section of that path.
pub(super) fn list_of_pointers(cx: &mut Cx<'_>, section: &Path, pointers: &[String]) {
    let path = section.then("at");
    if pointers.is_empty() {
        cx.report(
            Finding::new("pointer", path.clone(), "the list is empty")
                .help("remove it: the answer itself is the default"),
        );
    }
    for (index, at) in pointers.iter().enumerate() {
        let listed = path.then(index);
        pointer(cx, if cx.has(&listed) { &listed } else { &path }, at);
    }
}

fn lower_response(cx: &mut Cx<'_>, response: schema::TokenResponse) -> TokenResponse {
    let at = pointers(response.at);
    let fails_when = response.fails_when.map(|fails| {
        let path = at!["token", "response", "fails_when", "at"];
        let at = fails.at.unwrap_or_else(|| {
            cx.missing(&path, "name the member: `at: /ok`");
            "/error".to_owned()
        });
        FailsWhen { at, equals: fails.equals.map(|json| json.0), differs: fails.differs.map(|json| json.0) }
    });
    let error = response.error.map(|error| ErrorFields {
        code: error.code,
        description: error.description,
        codes: error.codes.0,
    });
    let expiry = Expiry {
        field: response.expiry.field.unwrap_or_else(|| "expires_in".to_owned()),
        kind: response.expiry.kind.unwrap_or(ExpiryKind::In),
        unit: response.expiry.unit.unwrap_or(ExpiryUnit::Seconds),
        default: response.expiry.default,
    };
    let mut extras = Vec::new();
    for (name, extra) in response.extras.0 {
        let path = at!["token", "response", "extras", &name, "type"];
        let kind = if let Some(kind) = extra.kind {
            field_type(cx, &path, &kind)
        } else {
            cx.missing(&path, "say what it is: `type: string`");
            FieldType { kind: FieldKind::Json, optional: false, list: false }
        };
        extras.push(ExtraField {
            at: extra.at.unwrap_or_else(|| pointer_to(&name)),
            name,
            kind,
            hosts: extra.hosts,
            doc: extra.doc,
        });
    }
    TokenResponse {
        at,
        rename: response.rename.0,
        fails_when,
        error,
        expiry,
        token_type: response.token_type.unwrap_or_default(),
        extras,
    }
}

fn lower_upgrade(cx: &mut Cx<'_>, upgrade: schema::Upgrade) -> Upgrade {
    let path = at!["token", "upgrade"];
    let url = cx.maybe_template(&path.then("url"), upgrade.url.as_deref()).unwrap_or_else(|| {
        cx.missing(&path.then("url"), "say where: `url: https://...`");
        cx.template(&path, super::cx::PLACEHOLDER)
    });
    let method = upgrade.method.unwrap_or(Method::Post);
    Upgrade {
        url,
        method,
        grant_type: cx.required(
            &path.then("grant_type"),
            upgrade.grant_type,
            "the `grant_type` that the provider has for it",
        ),
        format: upgrade.format.unwrap_or(default_format(method)),
        params: cx.params(&path.then("params"), upgrade.params.0),
    }
}

fn lower_placement(cx: &mut Cx<'_>, placement: schema::Placement) -> Placement {
    let path = at!["token", "placement"];
    let given =
        [placement.header.is_some() || placement.scheme.is_some(), placement.query.is_some(), placement.body.is_some()];
    if given.iter().filter(|given| **given).count() > 1 {
        let finding =
            Finding::new("placement", path.clone(), "the token goes to one place: `header`, `query` or `body`")
                .on_key();
        cx.report(finding.help("keep one; `scheme` belongs to `header`"));
    } else if given == [false; 3] && !cx.is_touched(&path) {
        let finding =
            Finding::new("placement", path.clone(), "`token.placement` does not say where the token goes").on_key();
        cx.report(finding.help("add `header`, `query` or `body`, or remove it for `Authorization: Bearer`"));
    }
    if placement.json && placement.body.is_none() {
        cx.report(Finding::new("placement", path.then("json"), "`json` belongs to `body`").on_key().help("remove it"));
    }
    match placement {
        schema::Placement { query: Some(name), .. } => Placement::Query { name },
        schema::Placement { body: Some(name), json, .. } => Placement::Body { name, json },
        schema::Placement { header, scheme, .. } => {
            Placement::Header { name: header.unwrap_or_else(|| "Authorization".to_owned()), scheme }
        }
    }
}

/// RFC 6749 section 3.2: the token request is a POST, and where a provider deviates a GET; nothing else. RFC 9110
/// section 9.3.1: a GET has no body.
pub(super) fn method_and_format(cx: &mut Cx<'_>, path: &Path, method: Method, format: BodyFormat) {
    if !matches!(method, Method::Get | Method::Post) {
        let finding =
            Finding::new("method", path.then("method"), format!("a token request is not a {}", method.as_str()));
        cx.report(finding.help("use POST (RFC 6749 section 3.2), or GET where the provider knows no other"));
    }
    if method == Method::Get && format != BodyFormat::Query {
        let finding = Finding::new("method", path.then("format"), "a GET has no body (RFC 9110 section 9.3.1)");
        cx.report(finding.help("write `format: query`, or remove `format`"));
    }
}

/// RFC 6749 section 4.1.3.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let request = &spec.token.request;
    let path = at!["token", "request"];
    method_and_format(cx, &path, request.method, request.format);
    let renamed = |name: &str| request.rename.iter().any(|(_, to)| to == name);
    wire::headers(cx, spec, &path.then("headers"), &request.headers, Reach::TOKEN_HEADER);
    wire::params(cx, spec, &path.then("params"), &request.params, Reach::EXCHANGE, |name| {
        wire::is_standard(name) || renamed(name)
    });
    wire::renames(cx, &path.then("rename"), &request.rename, &RENAMED);
    for (index, name) in request.omit.iter().enumerate() {
        let entry = path.then("omit").then(index);
        if !OMITTED.contains(&name.as_str()) {
            let finding = Finding::new("omit", entry, format!("`{}` cannot be left out", shown(name)));
            cx.report(match name.as_str() {
                "client_secret" => finding.help("write `client_auth: none` for clients without a secret"),
                "code_verifier" => finding.help("write `pkce: unsupported` with an entry in `quirks`"),
                name => finding.suggest(name, OMITTED),
            });
        } else if request.omit[..index].contains(name) {
            cx.report(Finding::new("duplicate", entry, format!("`{name}` stands here a second time")).help("keep one"));
        }
    }
}

/// RFC 6749 sections 5.1 and 5.2; pointers are RFC 6901's.
pub(super) fn response_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let response = &spec.token.response;
    let path = at!["token", "response"];
    list_of_pointers(cx, &path, &response.at);
    wire::renames(cx, &path.then("rename"), &response.rename, &MEMBERS);
    if let Some(fails) = &response.fails_when {
        let path = path.then("fails_when");
        member_pointer(cx, &path.then("at"), &fails.at);
        if fails.equals.is_some() && fails.differs.is_some() {
            cx.report(
                Finding::new("fails_when", path, "`equals` and `differs` exclude each other").on_key().help("keep one"),
            );
        }
    }
    if let Some(error) = &response.error {
        let path = path.then("error");
        for (key, at) in [("code", &error.code), ("description", &error.description)] {
            if let Some(at) = at {
                member_pointer(cx, &path.then(key), at);
            }
        }
        wire::codes(cx, &path.then("codes"), &error.codes, &CODES);
    }
    let expiry = path.then("expiry");
    wire::param_name(cx, &expiry.then("field"), &response.expiry.field);
    // Ten years: a longer lifetime is one in other units.
    if response.expiry.default.is_some_and(|seconds| seconds == 0 || seconds > 315_360_000) {
        cx.report(
            Finding::new(
                "expiry",
                expiry.then("default"),
                "the default lifetime is not between a second and ten years",
            )
            .help("write it in seconds"),
        );
    }
}

/// An extra is a hole in templates and a field in Rust. Only a URL has hosts: names of at least two labels, so that no
/// list takes in a whole top-level domain.
pub(super) fn extras_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for extra in &spec.token.response.extras {
        let entry = at!["token", "response", "extras", &extra.name];
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
    }
}

/// Host names, of at least two labels; `*.` before one where the list allows it.
pub(super) fn hosts(cx: &mut Cx<'_>, path: &Path, hosts: &[String], wildcards: bool) {
    for (index, host) in hosts.iter().enumerate() {
        let name = if wildcards { host.strip_prefix("*.").unwrap_or(host) } else { host };
        if !is_host(name) || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let finding = Finding::new(
                "hosts",
                path.then(index),
                format!("`{}` is not a host name of at least two labels", shown(host)),
            );
            cx.report(finding.help(if wildcards {
                "write `api.example.com` or `*.example.com`"
            } else {
                "write `example.com`; names below it are included"
            }));
        }
    }
}

/// RFC 6750 section 2, and RFC 9110 sections 5.1 and 11.1 for the names.
pub(super) fn placement_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let path = at!["token", "placement"];
    match &spec.token.placement {
        Placement::Header { name, scheme } => {
            let usual = name.eq_ignore_ascii_case("authorization");
            if !wire::is_header_token(name) || (wire::is_own_header(name) && !usual) {
                let finding =
                    Finding::new("header", path.then("header"), format!("`{}` cannot carry the token", shown(name)));
                cx.report(finding.help(
                    "use `Authorization` (RFC 6750 section 2.1), or the provider's own header: `X-Access-Token`",
                ));
            }
            if let Some(scheme) = scheme.as_ref().filter(|scheme| !wire::is_header_token(scheme)) {
                let finding =
                    Finding::new("header", path.then("scheme"), format!("`{}` is not a scheme", shown(scheme)));
                cx.report(finding.help("write one word (RFC 9110 section 11.1): `Bearer`"));
            }
        }
        Placement::Query { name } => wire::param_name(cx, &path.then("query"), name),
        Placement::Body { name, .. } => wire::param_name(cx, &path.then("body"), name),
    }
}

/// The second exchange carries a token and maybe the secret: the same care as for the token endpoint. RFC 9700 section
/// 2.4 forbids the password grant.
pub(super) fn upgrade_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(upgrade) = &spec.token.upgrade else { return };
    let path = at!["token", "upgrade"];
    address(cx, spec, &path.then("url"), &upgrade.url, Stage::Exchange);
    method_and_format(cx, &path, upgrade.method, upgrade.format);
    grant_type(cx, &path.then("grant_type"), &upgrade.grant_type);
    wire::params(cx, spec, &path.then("params"), &upgrade.params, Reach::RENEW, |name| {
        name == "grant_type" || name == "password"
    });
}

/// RFC 9700 section 2.4: "The resource owner password credentials grant MUST NOT be used."
pub(super) fn grant_type(cx: &mut Cx<'_>, path: &Path, grant_type: &str) {
    if grant_type.eq_ignore_ascii_case("password") {
        cx.report(
            Finding::new("grant-type", path.clone(), "the password grant must not be used (RFC 9700 section 2.4)")
                .help("use what the provider has for this step"),
        );
    } else if grant_type.contains(|c: char| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
        cx.report(
            Finding::new("grant-type", path.clone(), format!("`{}` is not a grant type", shown(grant_type)))
                .help("write a word or a URI, without spaces"),
        );
    }
}

/// Whether API requests carry the token in a query parameter of that name.
pub(super) fn travels_as(spec: &ProviderSpec, parameter: &str) -> bool {
    matches!(&spec.token.placement, Placement::Query { name } if name == parameter)
}

/// Whether the token type rule is the RFC's.
pub(super) fn requires_token_type(spec: &ProviderSpec) -> bool {
    spec.token.response.token_type == TokenTypeRule::Required
}

#[cfg(test)]
mod tests;
