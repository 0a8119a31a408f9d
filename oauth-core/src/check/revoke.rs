use crate::fault::{Finding, Path, at, shown};
use crate::schema;
use crate::spec::{
    BodyFormat, ClientAuthMethod, Endpoints, Method, Placement, ProviderSpec, RefreshAuth, Revoke, RevokePlace,
    RevokedToken,
};

use super::cx::{Cx, top};
use super::templates::Reach;
use super::token::default_format;
use super::{condition, wire};

/// RFC 7009 section 2: a provider that names the endpoint takes what the standard has, unless the file says otherwise.
pub(super) fn lower(cx: &mut Cx<'_>, revoke: Option<schema::Revoke>, endpoints: &Endpoints) -> Option<Revoke> {
    let Some(revoke) = revoke else { return endpoints.revocation.as_ref().map(|_| Revoke::standard()) };
    let path = top("revoke");
    let standard = Revoke::standard();
    let method = revoke.method.unwrap_or(standard.method);
    let place = revoke.place.unwrap_or(standard.place);
    // What carries the token as an API request does is a request of the account, not of the client.
    let (tokens, client_auth) = match place {
        RevokePlace::Api => (vec![RevokedToken::Access], RefreshAuth::None),
        RevokePlace::Param => (standard.tokens, standard.client_auth),
    };
    Some(Revoke {
        method,
        format: revoke.format.unwrap_or(default_format(method)),
        tokens: revoke.tokens.unwrap_or(tokens),
        place,
        param: revoke.param.unwrap_or(standard.param),
        hint: revoke.hint.unwrap_or(place == RevokePlace::Param),
        client_auth: revoke.client_auth.map_or(client_auth, |auth| auth.0),
        params: cx.params(&path.then("params"), revoke.params.0),
        headers: cx.params(&path.then("headers"), revoke.headers.0),
        fails_when: condition::lower(cx, &path.then("fails_when"), revoke.fails_when),
        gone: revoke.gone,
        ends: revoke.ends,
    })
}

/// RFC 7009 section 2.1; what is said of the token request goes for this one.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(revoke) = &spec.revoke else { return };
    let path = top("revoke");
    let endpoint = at!["endpoints", "revocation"];
    if spec.endpoints.revocation.is_none() && !spec.endpoints.discovery && !cx.is_touched(&endpoint) {
        let finding = Finding::new("missing-endpoint", path.clone(), "`revoke` needs `endpoints.revocation`").on_key();
        cx.report(finding.help("add the revocation endpoint, or remove the section"));
    }
    method(cx, &path, revoke);
    tokens(cx, &path, revoke);
    place(cx, &path, spec, revoke);
    wire::param_name(cx, &path.then("param"), &revoke.param);
    let client = |name: &str| match revoke.client_auth {
        RefreshAuth::Full | RefreshAuth::Basic => false,
        RefreshAuth::Id => name == "client_secret",
        RefreshAuth::None => matches!(name, "client_id" | "client_secret"),
    };
    let taken = |name: &str| {
        let own =
            revoke.place == RevokePlace::Param && (name == revoke.param || (revoke.hint && name == "token_type_hint"));
        // Beside a header the id may be a parameter as well.
        let beside = name == "client_id" && by_header(spec, revoke);
        own || (wire::is_standard(name) && !client(name) && !beside)
    };
    wire::params(cx, spec, &path.then("params"), &revoke.params, Reach::REVOKE, taken);
    let authorization = spec.client_auth.method == ClientAuthMethod::Custom;
    let reach = Reach { authorization, ..Reach::REVOKE };
    wire::headers(cx, spec, &path.then("headers"), &revoke.headers, reach);
    condition::is_sound(cx, &path.then("fails_when"), revoke.fails_when.as_ref());
    gone(cx, &path.then("gone"), &revoke.gone);
}

/// RFC 7009 section 2.1: a POST, and where a provider deviates a GET or a DELETE. RFC 9110 section 9.3.1: a GET has no
/// body.
fn method(cx: &mut Cx<'_>, path: &Path, revoke: &Revoke) {
    if !matches!(revoke.method, Method::Get | Method::Post | Method::Delete) {
        let message = format!("a token is not revoked by a {}", revoke.method.as_str());
        let finding = Finding::new("method", path.then("method"), message);
        cx.report(finding.help("use POST (RFC 7009 section 2.1), or GET or DELETE where the provider knows no other"));
    }
    if revoke.method == Method::Get && revoke.format != BodyFormat::Query {
        let finding = Finding::new("method", path.then("format"), "a GET has no body (RFC 9110 section 9.3.1)");
        cx.report(finding.help("write `format: query`, or remove `format`"));
    }
}

fn tokens(cx: &mut Cx<'_>, path: &Path, revoke: &Revoke) {
    let path = path.then("tokens");
    if revoke.tokens.is_empty() && !cx.is_touched(&path) {
        cx.report(Finding::new("value", path.clone(), "no token is sent").help("write `tokens: [refresh, access]`"));
    }
    for (index, token) in revoke.tokens.iter().enumerate() {
        if revoke.tokens[..index].contains(token) {
            let finding = Finding::new("duplicate", path.then(index), "the token stands here a second time");
            cx.report(finding.help("keep one"));
        }
    }
}

/// RFC 6750 section 2 and RFC 6749 section 2.3: one place for the token, one way in which the client proves itself.
fn place(cx: &mut Cx<'_>, path: &Path, spec: &ProviderSpec, revoke: &Revoke) {
    if revoke.place == RevokePlace::Param {
        return;
    }
    for key in ["param", "hint"] {
        if cx.has(&path.then(key)) {
            let message = format!("`{key}` is about a parameter, and the token stands where API requests have it");
            cx.report(Finding::new("revoke", path.then(key), message).on_key().help("remove it, or write `in: param`"));
        }
    }
    if revoke.tokens.contains(&RevokedToken::Refresh) {
        let finding = Finding::new("revoke", path.then("tokens"), "an API request carries the access token only");
        cx.report(finding.help("remove `tokens`, or write `in: param`"));
    }
    let in_header =
        matches!(&spec.token.placement, Placement::Header { name, .. } if name.eq_ignore_ascii_case("authorization"));
    if in_header && by_header(spec, revoke) {
        let message = "the token and the client's secret would both be the header `Authorization`";
        let finding = Finding::new("revoke", path.then("client_auth"), message);
        cx.report(finding.help("write `client_auth: false`, or `in: param`"));
    }
}

/// Whether the client proves itself in the header `Authorization`.
fn by_header(spec: &ProviderSpec, revoke: &Revoke) -> bool {
    match revoke.client_auth {
        RefreshAuth::Basic => true,
        RefreshAuth::Full => spec.client_auth.method == ClientAuthMethod::Basic,
        RefreshAuth::Id | RefreshAuth::None => false,
    }
}

/// An error code, or a status that is one of an error.
fn gone(cx: &mut Cx<'_>, path: &Path, gone: &[String]) {
    for (index, entry) in gone.iter().enumerate() {
        let is_success = entry.len() == 3 && entry.starts_with('2') && entry.bytes().all(|byte| byte.is_ascii_digit());
        if entry.trim().is_empty() || is_success {
            let message = format!("`{}` is neither an error code nor the status of an error", shown(entry));
            cx.report(Finding::new("value", path.then(index), message).help("write `invalid_token`, or `\"404\"`"));
        } else if gone[..index].contains(entry) {
            let message = format!("`{}` stands here a second time", shown(entry));
            cx.report(Finding::new("duplicate", path.then(index), message).help("keep one"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{Method, ProviderSpec, RefreshAuth, Revoke, RevokeEnds, RevokePlace, RevokedToken};

    fn file(revoke: &str) -> String {
        let endpoint = "{revocation: https://acme.example/revoke, authorization";
        acme(&format!("revoke: {revoke}\n")).replace("{authorization", endpoint)
    }

    fn revoke(revoke: &str) -> Revoke {
        ProviderSpec::from_yaml(&file(revoke)).unwrap_or_else(|faults| panic!("{faults}")).revoke.unwrap()
    }

    #[test]
    fn without_a_word_it_is_as_rfc_7009_has_it() {
        assert_eq!(ProviderSpec::from_yaml(&acme("")).unwrap().revoke, None);
        let spec = ProviderSpec::from_yaml(&file("{}").replace("revoke: {}\n", "")).unwrap();
        assert_eq!(spec.revoke, Some(Revoke::standard()));
        assert_eq!(spec.capabilities(), ["authorize", "refresh", "revoke"]);
        assert_eq!(revoke("{}"), Revoke::standard());
        let found = "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nendpoints: {issuer: https://acme.example, discovery: true}\n";
        for (more, can) in [("", false), ("revoke: {}\n", true)] {
            let spec = ProviderSpec::from_yaml(&format!("{found}{more}")).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(spec.capabilities().contains(&"revoke"), can);
        }
    }

    #[test]
    fn the_deviations_are_read() {
        let by_account =
            revoke("{method: DELETE, in: api, fails_when: {at: /ok, equals: false}, gone: [\"401\", over]}");
        assert_eq!((by_account.method, by_account.place), (Method::Delete, RevokePlace::Api));
        assert_eq!(
            (by_account.tokens.as_slice(), by_account.client_auth),
            ([RevokedToken::Access].as_slice(), RefreshAuth::None)
        );
        let by_client = revoke(
            "{method: DELETE, format: json, tokens: [access], param: access_token, hint: false, client_auth: basic, ends: grant, params: {app: \"{client_id}\"}, headers: {X-Version: \"2\"}}",
        );
        assert_eq!(faults(&file("{params: {client_id: \"{client_id}\"}}")), [""; 0]);
        assert_eq!((by_client.client_auth, by_client.ends), (RefreshAuth::Basic, Some(RevokeEnds::Grant)));
        assert_eq!(
            faults(&file("{}").replace("/revoke,", "/apps/{client_id}/grant,").replace(
                "https://acme.example/apps/{client_id}/grant",
                "\"https://acme.example/apps/{client_id}/grant\""
            )),
            [""; 0]
        );
    }

    #[test]
    fn faults_of_revoke() {
        for (revoke, expected) in [
            ("{method: PUT}", "a token is not revoked by a PUT"),
            ("{method: GET, format: form}", "a GET has no body"),
            ("{tokens: []}", "no token is sent"),
            ("{tokens: [access, access]}", "a second time"),
            ("{tokens: [id]}", "`id` is not a value of `revoke.tokens"),
            ("{in: api, param: t}", "`param` is about a parameter"),
            ("{in: api, hint: true}", "`hint` is about a parameter"),
            ("{in: api, tokens: [refresh]}", "an API request carries the access token only"),
            ("{in: api, client_auth: basic}", "would both be the header `Authorization`"),
            ("{param: \"a b\"}", "`a b` cannot name a parameter"),
            ("{params: {token: x}}", "`token` is set by the client itself"),
            ("{params: {token_type_hint: x}}", "`token_type_hint` is set by the client itself"),
            ("{client_auth: id, params: {client_id: x}}", "`client_id` is set by the client itself"),
            ("{params: {t: \"{access_token}\"}}", "`{access_token}` may not stand in"),
            ("{headers: {Host: x}}", "`Host` is set by the client itself"),
            ("{gone: [\"200\"]}", "`200` is neither an error code nor the status of an error"),
            ("{gone: [over, over]}", "a second time"),
            ("{client_auth: post}", "`post` is not a value of `revoke.client_auth`"),
            ("{ends: all}", "`all` is not a value of `revoke.ends`"),
            ("{format: query}", "the token that is revoked goes into the query"),
        ] {
            let found = faults(&file(revoke));
            assert!(found.len() == 1 && found[0].contains(expected), "{revoke}: {found:#?}");
        }
        let found = faults(&acme("revoke: {hint: false}\n"));
        assert!(found.len() == 1 && found[0].contains("`revoke` needs `endpoints.revocation`"), "{found:#?}");
        let host = file("{}").replace("https://acme.example/revoke", "\"https://{client_id}.acme.example/revoke\"");
        let found = faults(&host);
        assert!(found.len() == 1 && found[0].contains("cannot be part of a host name"), "{found:#?}");
        let custom = file("{}").replace(
            "revoke: {}\n",
            "client_auth: custom\ntoken: {request: {params: {k: \"{client_secret}\"}}}\nrefresh: none\n",
        );
        let found = faults(&custom);
        assert!(
            found.len() == 1 && found[0].contains("a revocation would go without the client's secret"),
            "{found:#?}"
        );
    }
}
