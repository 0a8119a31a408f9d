use crate::fault::{Finding, Path, at, shown};
use crate::schema::{self, OneOrMany};
use crate::spec::{
    BodyFormat, CODE_GRANT, ClientAuthMethod, Method, Placement, ProviderSpec, Token, TokenRequest, TokenTypeRule,
    Upgrade, is_host,
};

use super::address::{Stage, address};
use super::cx::Cx;
use super::templates::Reach;
use super::text::pointer;
use super::{lookup, response, wire};

/// Parameters of the token request (RFC 6749 sections 4.1.3 and 6, RFC 7636 section 4.5).
const RENAMED: [&str; 8] =
    ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope"];
/// Those that a request can do without. The verifier is not one: leaving it out would switch PKCE off.
const OMITTED: [&str; 4] = ["grant_type", "redirect_uri", "client_id", "scope"];
pub(super) fn lower(cx: &mut Cx<'_>, token: schema::Token) -> Token {
    let request = lower_request(cx, token.request);
    let response = response::lower(cx, token.response);
    let upgrade = token.upgrade.map(|upgrade| lower_upgrade(cx, upgrade));
    let lookup = token.lookup.map(|lookup| lookup::lower(cx, lookup));
    let placement = token.placement.map_or_else(Placement::default, |placement| lower_placement(cx, placement));
    Token { request, response, upgrade, lookup, placement, bound: token.bound }
}

fn lower_request(cx: &mut Cx<'_>, request: schema::TokenRequest) -> TokenRequest {
    let method = request.method.unwrap_or(Method::Post);
    let path = at!["token", "request"];
    TokenRequest {
        method,
        format: request.format.unwrap_or(default_format(method)),
        query: cx.params(&path.then("query"), request.query.0),
        grant_type: request.grant_type.unwrap_or_else(|| CODE_GRANT.to_owned()),
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
    let own = |name: &str| wire::is_standard(name) || renamed(name);
    grant_type(cx, &path.then("grant_type"), &request.grant_type);
    // A header may be the proof of a client whose file says `custom`, also the one that is there for it.
    let authorization = spec.client_auth.method == ClientAuthMethod::Custom;
    let reach = Reach { authorization, ..Reach::TOKEN_HEADER };
    wire::headers(cx, spec, &path.then("headers"), &request.headers, reach);
    wire::params(cx, spec, &path.then("params"), &request.params, Reach::EXCHANGE, own);
    wire::params(cx, spec, &path.then("query"), &request.query, Reach::EXCHANGE, own);
    for (name, _) in request.query.iter().filter(|(name, _)| request.params.iter().any(|(other, _)| other == name)) {
        let finding = Finding::new("duplicate", path.then("query").then(name), format!("`{name}` is in `params` too"));
        cx.report(finding.on_key().help("keep one").see("the other one is", path.then("params").then(name)));
    }
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
    wire::params(cx, spec, &path.then("params"), &upgrade.params, Reach::UPGRADE, |name| {
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
