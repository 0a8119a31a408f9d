//! Requests that the client makes by itself with a token: for the profile, and to look something up.

use crate::fault::{Finding, Path, is_secret_name, shown};
use crate::schema::Entries;
use crate::spec::{BodyFormat, Fetch, Method, ProviderSpec, Template};

use super::address::{Stage, address};
use super::cx::{Cx, PLACEHOLDER};
use super::templates::Reach;
use super::token::travels_as;
use super::wire;

/// What a section says of its request.
pub(super) struct Parts {
    pub(super) request: Option<String>,
    pub(super) query: Entries<String>,
    pub(super) headers: Entries<String>,
    pub(super) body: Entries<String>,
    pub(super) format: Option<BodyFormat>,
}

/// The request of the section at that path.
pub(super) fn lower(cx: &mut Cx<'_>, section: &Path, parts: Parts) -> Fetch {
    let (method, url) = lower_request(cx, &section.then("request"), parts.request.as_deref());
    Fetch {
        method,
        url,
        query: cx.params(&section.then("query"), parts.query.0),
        headers: cx.params(&section.then("headers"), parts.headers.0),
        body: cx.params(&section.then("body"), parts.body.0),
        format: parts.format.unwrap_or(BodyFormat::Json),
    }
}

/// `GET https://...`, as documentation writes it.
fn lower_request(cx: &mut Cx<'_>, path: &Path, request: Option<&str>) -> (Method, Template) {
    let help = "write method and address: `request: GET https://api.example.com/user`";
    let Some(request) = request else {
        cx.missing(path, help);
        return (Method::Get, cx.template(path, PLACEHOLDER));
    };
    let (method, address) = match request.split_once(' ') {
        Some(("GET", address)) => (Method::Get, address),
        Some(("POST", address)) => (Method::Post, address),
        _ => {
            let message = format!("`{}` does not begin with `GET ` or `POST `", shown(request));
            cx.report(Finding::new("request", path.clone(), message).help(help));
            return (Method::Get, cx.template(path, PLACEHOLDER));
        }
    };
    (method, cx.template(path, address.trim_start()))
}

/// The request carries the token: its address is as safe as an endpoint's, and nothing else in it has the token's place.
pub(super) fn is_sound(
    cx: &mut Cx<'_>,
    spec: &ProviderSpec,
    section: &Path,
    fetch: &Fetch,
    stage: Stage,
    (reach, headers): (Reach<'_>, Reach<'_>),
) {
    address(cx, spec, &section.then("request"), &fetch.url, stage);
    let own = |name: &str| is_secret_name(name) || travels_as(spec, name);
    wire::params(cx, spec, &section.then("query"), &fetch.query, reach, own);
    wire::headers(cx, spec, &section.then("headers"), &fetch.headers, headers);
    wire::params(cx, spec, &section.then("body"), &fetch.body, reach, own);
    body_is_sound(cx, section, fetch);
}

/// RFC 9110 section 9.3.1: a GET has no body.
fn body_is_sound(cx: &mut Cx<'_>, section: &Path, fetch: &Fetch) {
    let body = section.then("body");
    if !fetch.body.is_empty() && fetch.method == Method::Get {
        let finding = Finding::new("method", body.clone(), "a GET has no body (RFC 9110 section 9.3.1)").on_key();
        cx.report(finding.help("write `query`, or `request: POST https://...`"));
    }
    let format = section.then("format");
    if fetch.format == BodyFormat::Query {
        let finding = Finding::new("format", format, "a body is written as `json` or `form`");
        cx.report(finding.help("put the parameters under `query`"));
    } else if fetch.body.is_empty() && cx.has(&format) && !cx.is_touched(&body) {
        let finding = Finding::new("format", format, "`format` is about `body`, which is not there").on_key();
        cx.report(finding.help("remove it, or add `body`"));
    }
}
