use crate::fault::{Finding, Path, at, shown};
use crate::schema::{self, ShortOr};
use crate::spec::{
    Api, FieldKind, FieldType, Hole, Method, Operation, Parameter, ParameterPlace, ProviderSpec, Returns, ReturnsField,
    Template, pointer_to,
};

use super::address::{Stage, address, address_with, hosts};
use super::cx::{Cx, PLACEHOLDER, top};
use super::names::{field_name, is_field_name, type_name};
use super::templates::{Reach, holes};
use super::text::{field_type, member_pointer, pointer};
use super::{condition, scopes, token, wire};

/// Methods that a generated call has already.
const RESERVED_PARAMETERS: [&str; 3] = ["new", "into_call", "read"];

pub(super) fn lower(cx: &mut Cx<'_>, api: Option<schema::Api>) -> Option<Api> {
    let api = api?;
    let path = top("api");
    let base_url = cx.maybe_template(&path.then("base_url"), api.base_url.as_deref()).unwrap_or_else(|| {
        cx.missing(&path.then("base_url"), "what relative paths are relative to: `base_url: https://api.example.com`");
        cx.template(&path, PLACEHOLDER)
    });
    let headers = cx.params(&path.then("headers"), api.headers.0);
    let fails_when = condition::lower(cx, &path.then("fails_when"), api.fails_when);
    let operations =
        api.operations.0.into_iter().map(|(name, operation)| lower_operation(cx, name, operation)).collect();
    Some(Api { base_url, headers, hosts: api.hosts, fails_when, operations })
}

fn lower_operation(cx: &mut Cx<'_>, name: String, operation: schema::Operation) -> Operation {
    let entry = at!["api", "operations", &name];
    let rust = type_name(cx, &entry, &name, operation.rust);
    let requests = [
        (Method::Get, "get", operation.get),
        (Method::Post, "post", operation.post),
        (Method::Put, "put", operation.put),
        (Method::Patch, "patch", operation.patch),
        (Method::Delete, "delete", operation.delete),
    ];
    let mut given = requests.into_iter().filter_map(|(method, key, path)| Some((method, key, path?)));
    let (method, path) = match (given.next(), given.next()) {
        (Some((method, key, path)), None) => (method, cx.template(&entry.then(key), &path)),
        (first, second) => {
            let touched = ["get", "post", "put", "patch", "delete"].iter().any(|key| cx.is_removed(&entry.then(*key)));
            if second.is_some() || !touched {
                let finding = Finding::new(
                    "operation",
                    entry.clone(),
                    format!("the operation `{}` needs one of `get`, `post`, `put`, `patch`, `delete`", shown(&name)),
                );
                cx.report(finding.on_key().help(if first.is_some() {
                    "keep one of them"
                } else {
                    "add the request: `get: /path`"
                }));
            }
            (Method::Get, cx.template(&entry, "/"))
        }
    };
    let mut parameters = Vec::new();
    for (key, place, list) in [
        ("path", ParameterPlace::Path, operation.path),
        ("query", ParameterPlace::Query, operation.query),
        ("body", ParameterPlace::Body, operation.body),
    ] {
        for (name, parameter) in list.0 {
            parameters.push(lower_parameter(cx, &entry.then(key).then(&name), name, place, parameter));
        }
    }
    let returns = operation.returns.map(|returns| lower_returns(cx, &entry.then("returns"), returns));
    Operation { name, rust, method, path, parameters, scopes: operation.scopes, returns, doc: operation.doc }
}

fn lower_parameter(
    cx: &mut Cx<'_>,
    entry: &Path,
    name: String,
    place: ParameterPlace,
    parameter: ShortOr<schema::ParameterFull>,
) -> Parameter {
    let (kind, at, rust) = match parameter {
        ShortOr::Short(kind) => (Some(kind), entry.clone(), None),
        ShortOr::Full(full) => (full.kind, entry.then("type"), full.rust),
    };
    let kind = if let Some(kind) = kind {
        field_type(cx, &at, &kind)
    } else {
        cx.missing(&at, "say what it is: `type: string`");
        FieldType { kind: FieldKind::String, optional: false, list: false }
    };
    let rust = field_name(cx, entry, &name, rust);
    Parameter { name, rust, place, kind }
}

fn lower_returns(cx: &mut Cx<'_>, entry: &Path, returns: schema::Returns) -> Returns {
    let rust = match returns.rust {
        Some(rust) if super::names::is_type_name(&rust) => rust,
        Some(rust) => {
            let finding =
                Finding::new("rust-name", entry.then("type"), format!("`{}` cannot name a type in Rust", shown(&rust)));
            cx.report(finding.help("write it like `Repo`"));
            rust
        }
        None => {
            cx.missing(&entry.then("type"), "name the generated type: `type: Repo`");
            String::new()
        }
    };
    let mut fields = Vec::new();
    for (name, field) in returns.fields.0 {
        let path = entry.then("fields").then(&name);
        let (kind, at) = match field {
            ShortOr::Short(kind) => (Some(field_type(cx, &path, &kind)), None),
            ShortOr::Full(full) => (full.kind.map(|kind| field_type(cx, &path.then("type"), &kind)), full.at),
        };
        let kind = kind.unwrap_or_else(|| {
            cx.missing(&path.then("type"), "say what it is: `type: string`");
            FieldType { kind: FieldKind::Json, optional: true, list: false }
        });
        let rust = field_name(cx, &path, &name, None);
        fields.push(ReturnsField { rust, at: at.unwrap_or_else(|| pointer_to(&name)), kind });
    }
    if fields.is_empty() && !cx.is_touched(&entry.then("fields")) {
        cx.missing(&entry.then("fields"), "list the members: `fields: {id: u64, name: string?}`");
    }
    Returns { rust, at: returns.at.unwrap_or_default(), list: returns.list, fields }
}

/// The base address and the hosts decide where the token may go: addresses like an endpoint's, and names that leave no
/// doubt.
pub(super) fn base_and_hosts_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(api) = &spec.api else { return };
    let path = at!["api", "base_url"];
    address(cx, spec, &path, &api.base_url, Stage::Api);
    if api.base_url.as_str().contains('?') {
        cx.report(
            Finding::new("address", path, "a base address has no query")
                .help("paths are added to it: put the query into the operations"),
        );
    }
    wire::headers(cx, spec, &at!["api", "headers"], &api.headers, Reach::API);
    token::hosts(cx, &at!["api", "hosts"], &api.hosts, true);
}

/// A pointer of RFC 6901 to a member, compared with one value or with another.
pub(super) fn failures_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let rule = spec.api.as_ref().and_then(|api| api.fails_when.as_ref());
    condition::is_sound(cx, &at!["api", "fails_when"], rule);
}

/// Each operation's path has exactly the parameters that the file declares, goes to a host of the API, and asks for
/// scopes that exist.
pub(super) fn operations_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(api) = &spec.api else { return };
    for operation in &api.operations {
        let entry = at!["api", "operations", &operation.name];
        if !is_field_name(&operation.name) {
            let finding = Finding::new(
                "operation",
                entry.clone(),
                format!("`{}` cannot name an operation", shown(&operation.name)),
            )
            .on_key();
            cx.report(finding.help("use lower-case letters, digits and `_`: `list_repos`"));
        }
        let path = entry.then(operation.method.as_str().to_ascii_lowercase().as_str());
        if cx.has(&path) {
            request(cx, spec, api, operation, &path);
            path_parameters_match(cx, spec, operation, &entry);
        }
        parameters(cx, spec, operation, &entry);
        for (index, scope) in operation.scopes.iter().enumerate() {
            scopes::known(cx, spec, entry.then("scopes").then(index), scope);
        }
        if let Some(returns) = &operation.returns {
            pointer(cx, &entry.then("returns").then("at"), &returns.at);
            for field in &returns.fields {
                member_pointer(cx, &entry.then("returns").then("fields"), &field.at);
            }
        }
    }
}

fn request(cx: &mut Cx<'_>, spec: &ProviderSpec, api: &Api, operation: &Operation, path: &Path) {
    let names: Vec<&str> = path_parameters(operation).collect();
    let text = operation.path.as_str();
    if !text.starts_with('/') {
        address_with(cx, spec, path, &operation.path, Stage::Api, &names);
        let base = hosts(spec, &api.base_url);
        let strange = hosts(spec, &operation.path)
            .into_iter()
            .find(|host| !base.contains(host) && !api.hosts.iter().any(|allowed| covers(allowed, host)));
        if let Some(host) = strange.filter(|_| !cx.is_touched(&at!["api", "hosts"])) {
            let finding = Finding::new(
                "hosts",
                path.clone(),
                format!("`{host}` is not a host of the API, so the token would not go there"),
            );
            cx.report(finding.help(format!("add it: `hosts: [{host}]`")));
        }
        return;
    }
    let reach = Reach { callback: true, parameters: &names, ..Reach::default() };
    if holes(cx, spec, path, &operation.path, reach) {
        relative(cx, spec, operation, path);
    }
}

/// RFC 3986 section 4.2: a path alone. `//` at its start would be a host, and dot segments lead out of the base.
fn relative(cx: &mut Cx<'_>, spec: &ProviderSpec, operation: &Operation, path: &Path) {
    let text = operation.path.as_str();
    let fault = if text.starts_with("//") {
        Some(("a path that begins with `//` is a host", "write one `/`"))
    } else if text.contains(['?', '#', '\\']) || text.contains(char::is_whitespace) {
        Some(("a path has no query, fragment, backslash or space", "declare query parameters under `query`"))
    } else if text.split('/').any(|segment| matches!(segment, "." | "..")) {
        Some(("the path has a dot segment", "write it without `.` and `..`"))
    } else {
        None
    };
    if let Some((message, help)) = fault {
        cx.report(Finding::new("path", path.clone(), message).help(help));
    }
    for hole in operation.path.holes() {
        let wide = matches!(hole, Hole::Name(name) if spec.setting(name).is_some_and(|setting| {
            matches!(setting.kind, crate::spec::SettingKind::Url | crate::spec::SettingKind::Text)
        }));
        if wide {
            let finding = Finding::new("path", path.clone(), format!("`{hole}` is more than a part of a path"));
            cx.report(finding.help("give the setting `type: slug`"));
        }
    }
}

/// Whether an entry of `api.hosts` takes in the host.
fn covers(allowed: &str, host: &str) -> bool {
    match allowed.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|label| label.len() > 1 && label.ends_with('.')),
        None => allowed == host,
    }
}

fn path_parameters(operation: &Operation) -> impl Iterator<Item = &str> {
    operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place == ParameterPlace::Path)
        .map(|parameter| parameter.name.as_str())
}

/// A parameter that the path does not have would be lost.
fn path_parameters_match(cx: &mut Cx<'_>, spec: &ProviderSpec, operation: &Operation, entry: &Path) {
    let has =
        |template: &Template, name: &str| template.holes().any(|hole| matches!(hole, Hole::Name(hole) if hole == name));
    for parameter in &operation.parameters {
        let in_path = parameter.place == ParameterPlace::Path;
        let path = entry.then(place_key(parameter.place)).then(&parameter.name);
        if in_path && !has(&operation.path, &parameter.name) {
            let finding =
                Finding::new("parameter", path, format!("the path has no `{{{}}}`", shown(&parameter.name))).on_key();
            cx.report(
                finding.help(format!("write it into the path, or remove it: `{}`", shown(operation.path.as_str()))),
            );
        } else if in_path && spec.setting(&parameter.name).is_some() {
            let finding =
                Finding::new("parameter", path, format!("`{}` is a setting already", shown(&parameter.name))).on_key();
            cx.report(
                finding
                    .help("give one of the two another name")
                    .see("the setting is", at!["settings", &parameter.name]),
            );
        } else if in_path && (parameter.kind.optional || parameter.kind.list || parameter.kind.kind == FieldKind::Json)
        {
            let finding = Finding::new(
                "parameter",
                path,
                format!("a part of a path is one value that is always there, not `{}`", parameter.kind),
            );
            cx.report(finding.help("use `string`, `u64` or another single type"));
        }
    }
}

fn place_key(place: ParameterPlace) -> &'static str {
    match place {
        ParameterPlace::Path => "path",
        ParameterPlace::Query => "query",
        ParameterPlace::Body => "body",
    }
}

fn parameters(cx: &mut Cx<'_>, spec: &ProviderSpec, operation: &Operation, entry: &Path) {
    for parameter in &operation.parameters {
        let path = entry.then(place_key(parameter.place)).then(&parameter.name);
        if parameter.place == ParameterPlace::Body && operation.method == Method::Get {
            let finding =
                Finding::new("parameter", path.clone(), "a GET has no body (RFC 9110 section 9.3.1)").on_key();
            cx.report(finding.help("move it to `query`"));
        }
        if parameter.place == ParameterPlace::Query && token::travels_as(spec, &parameter.name) {
            cx.report(wire::taken(&path, &parameter.name));
        } else if parameter.place == ParameterPlace::Query {
            wire::param_name(cx, &path, &parameter.name);
        }
        if RESERVED_PARAMETERS.contains(&parameter.rust.as_str()) {
            let finding =
                Finding::new("rust-name", path, format!("`{}` is a method of every call", parameter.rust)).on_key();
            cx.report(finding.help(format!("write `{{type: {}, rust: {}_}}`", parameter.kind, parameter.rust)));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};

    fn operation(text: &str) -> Vec<String> {
        faults(&acme(&format!(
            "scopes: {{known: {{read: Read}}}}\napi:\n  base_url: https://api.acme.example\n  operations:\n    list: {text}\n"
        )))
    }

    #[test]
    fn operations() {
        for (text, expected) in [
            ("{}", "needs one of `get`, `post`"),
            ("{get: /a, post: /a}", "keep one of them"),
            ("{get: a}", "`a` is not an address"),
            ("{get: //evil.example/a}", "a path that begins with `//` is a host"),
            ("{get: \"/a?b=c\"}", "declare query parameters under `query`"),
            ("{get: /a/../b}", "dot segment"),
            ("{get: \"/a/{b}\"}", "`{b}` is neither declared"),
            ("{get: /a, path: {b: string}}", "the path has no `{b}`"),
            ("{get: \"/a/{b}\", path: {b: \"string?\"}}", "one value that is always there"),
            ("{get: /a, body: {b: string}}", "a GET has no body"),
            ("{get: /a, query: {b: strng}}", "did you mean `string`?"),
            ("{get: /a, query: {new: string}}", "`new` is a method of every call"),
            ("{get: /a, query: {a-b: string, a_b: string}}", "would name two parameters"),
            ("{get: /a, scopes: [raed]}", "did you mean `read`?"),
            ("{get: \"https://other.example/a\"}", "`other.example` is not a host of the API"),
            ("{get: /a, returns: {fields: {id: u64}}}", "`api.operations.list.returns.type` is missing"),
            ("{get: /a, returns: {type: repo, fields: {id: u64}}}", "`repo` cannot name a type"),
            ("{get: /a, returns: {type: Repo}}", "`api.operations.list.returns.fields` is missing"),
            ("{get: /a, returns: {type: Repo, at: data, fields: {id: u64}}}", "write `/data`"),
            ("{get: /a, returns: {type: Repo, fields: {id: {type: u64, at: id}}}}", "write `/id`"),
            ("{gett: /a}", "did you mean `get`?"),
        ] {
            let found = operation(text);
            assert!(found.len() == 1 && found[0].contains(expected), "{text}: {found:#?}");
        }
        assert_eq!(
            operation(
                "{get: \"/a/{b}\", path: {b: u64}, query: {type: {type: \"string?\", rust: kind}}, scopes: [read], returns: {type: Repo, list: true, fields: {id: u64, owner: {type: string, at: /owner/login}}}}"
            ),
            [""; 0]
        );
    }

    #[test]
    fn hosts() {
        let api = |api: &str| faults(&acme(&format!("api: {{{api}}}\n")));
        assert!(api("base_url: \"https://acme.example/?a=b\"")[0].contains("a base address has no query"));
        assert!(api("headers: {}")[0].contains("`api.base_url` is missing"));
        assert!(api("base_url: \"https://acme.example\", hosts: [com]")[0].contains("`com` is not a host name"));
        let other = "base_url: \"https://acme.example\", hosts: [\"*.acme.example\"], operations: {a: {get: \"https://x.acme.example/a\"}}";
        assert_eq!(api(other), [""; 0]);
    }
}
