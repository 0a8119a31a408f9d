use crate::fault::{Finding, Path, at, shown};
use crate::schema;
use crate::spec::{Endpoints, ProviderSpec, Refresh, RefreshAuth, RefreshNeeds, RefreshWith, TokenRequest};

use super::address::{Stage, address};
use super::cx::{Cx, top};
use super::response::{expiry_is_sound, lifetime, lower_expiry};
use super::templates::Reach;
use super::token::{default_format, grant_type, method_and_format};
use super::wire;

/// RFC 6749 section 6: "If the authorization server issued a refresh token to the client, the client makes a refresh
/// request to the token endpoint": so it is unless the file says otherwise.
pub(super) fn lower(
    cx: &mut Cx<'_>,
    refresh: Option<schema::Refresh>,
    endpoints: &Endpoints,
    token: &TokenRequest,
) -> Option<Refresh> {
    let full = match refresh {
        Some(schema::Refresh::With(full)) => *full,
        None if endpoints.has_token() => schema::RefreshFull::default(),
        Some(schema::Refresh::None) | None => return None,
    };
    let path = top("refresh");
    let with = full.with.unwrap_or(RefreshWith::RefreshToken);
    let grant_type = match (full.grant_type, with) {
        (None, RefreshWith::RefreshToken) => "refresh_token".to_owned(),
        (given, _) => {
            cx.required(&path.then("grant_type"), given, "the `grant_type` with which an access token renews itself")
        }
    };
    let own_param = if with == RefreshWith::AccessToken { "access_token" } else { "refresh_token" };
    let method = full.method.unwrap_or(token.method);
    let format = full.format.unwrap_or(if method == token.method { token.format } else { default_format(method) });
    Some(Refresh {
        with,
        url: cx.maybe_template(&path.then("url"), full.url.as_deref()),
        method,
        format,
        grant_type,
        param: full.param.unwrap_or_else(|| own_param.to_owned()),
        client_auth: full.client_auth.map_or(RefreshAuth::Full, |auth| auth.0),
        params: cx.params(&path.then("params"), full.params.0),
        rotates: full.rotates,
        keep_old: full.keep_old,
        reuse: full.reuse,
        replay: full.replay.unwrap_or_default(),
        expiry: full.expiry.map(|expiry| lower_expiry(expiry, "refresh_token_expires_in")),
        idle_lifetime: full.idle_lifetime,
        needs: full.needs.and_then(|needs| lower_needs(cx, needs)),
        note: full.note,
    })
}

fn lower_needs(cx: &mut Cx<'_>, needs: schema::RefreshNeeds) -> Option<RefreshNeeds> {
    match (needs.param, needs.value, needs.scope) {
        (Some(param), Some(value), None) => Some(RefreshNeeds::Param(param, value)),
        (None, None, Some(scope)) => Some(RefreshNeeds::Scope(scope)),
        _ => {
            let path = at!["refresh", "needs"];
            if !cx.is_touched(&path) {
                let finding =
                    Finding::new("refresh", path, "`refresh.needs` is a parameter with its value, or a scope").on_key();
                cx.report(
                    finding.help(
                        "write `needs: {param: access_type, value: offline}` or `needs: {scope: offline_access}`",
                    ),
                );
            }
            None
        }
    }
}

/// RFC 6749 section 6; what is said of the token request goes for this one.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(refresh) = &spec.refresh else { return };
    let path = top("refresh");
    if !spec.endpoints.has_token() && refresh.url.is_none() {
        // Without `endpoints.token` there is a fault already.
        return;
    }
    if let Some(url) = &refresh.url {
        address(cx, spec, &path.then("url"), url, Stage::Exchange);
    }
    if cx.has(&path.then("method")) || cx.has(&path.then("format")) {
        method_and_format(cx, &path, refresh.method, refresh.format);
    }
    grant_type(cx, &path.then("grant_type"), &refresh.grant_type);
    wire::param_name(cx, &path.then("param"), &refresh.param);
    let client = |name: &str| match refresh.client_auth {
        RefreshAuth::Full | RefreshAuth::Basic => false,
        RefreshAuth::Id => name == "client_secret",
        RefreshAuth::None => matches!(name, "client_id" | "client_secret"),
    };
    wire::params(cx, spec, &path.then("params"), &refresh.params, Reach::RENEW, |name| {
        // RFC 6749 section 6 has neither of the two; some providers want one.
        let asked_again = matches!(name, "redirect_uri" | "scope");
        (wire::is_standard(name) && !client(name) && !asked_again) || name == refresh.param
    });
    if refresh.rotates && refresh.keep_old {
        let finding =
            Finding::new("refresh", path.then("keep_old"), "`rotates` and `keep_old` exclude each other").on_key();
        cx.report(
            finding
                .help("keep `rotates` when each answer has a new refresh token, `keep_old` when none has")
                .see("`rotates` is", path.then("rotates")),
        );
    }
    refresh_token_ends(cx, &path, refresh);
    match &refresh.needs {
        Some(RefreshNeeds::Param(name, _)) => wire::param_name(cx, &path.then("needs").then("param"), name),
        Some(RefreshNeeds::Scope(scope)) if scope.is_empty() || scope.contains(char::is_whitespace) => {
            let finding =
                Finding::new("scope", path.then("needs").then("scope"), format!("`{}` is not a scope", shown(scope)));
            cx.report(finding.help("write one scope (RFC 6749 section 3.3)"));
        }
        _ => {}
    }
}

/// What is said of the refresh token's end needs a refresh token.
fn refresh_token_ends(cx: &mut Cx<'_>, path: &Path, refresh: &Refresh) {
    let expiry = path.then("expiry");
    let idle = path.then("idle_lifetime");
    if let Some(rule) = &refresh.expiry {
        expiry_is_sound(cx, &expiry, rule);
    }
    if let Some(seconds) = refresh.idle_lifetime {
        lifetime(cx, idle.clone(), "lifetime of an unused refresh token", seconds);
    }
    let given = [
        (expiry, refresh.expiry.is_some()),
        (idle, refresh.idle_lifetime.is_some()),
        (path.then("reuse"), refresh.reuse.is_some()),
    ];
    for (path, given) in given {
        if given && refresh.with == RefreshWith::AccessToken {
            let finding = Finding::new("refresh", path, "there is no refresh token: the access token renews itself");
            cx.report(finding.on_key().help("remove it; see `token.response.expiry`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{BodyFormat, Method, ProviderSpec, RefreshAuth, RefreshReplay, RefreshReuse, RefreshWith};

    #[test]
    fn without_a_word_it_is_as_rfc_6749_has_it() {
        let refresh = ProviderSpec::from_yaml(&acme("")).unwrap().refresh.unwrap();
        assert_eq!(
            (refresh.with, refresh.method, refresh.format),
            (RefreshWith::RefreshToken, Method::Post, BodyFormat::Form)
        );
        assert_eq!(
            (refresh.grant_type.as_str(), refresh.param.as_str(), refresh.client_auth),
            ("refresh_token", "refresh_token", RefreshAuth::Full)
        );
        assert_eq!(ProviderSpec::from_yaml(&acme("refresh: none\n")).unwrap().refresh, None);
        let get = ProviderSpec::from_yaml(&acme("token: {request: {method: GET}}\nrefresh: {rotates: true}\n"))
            .unwrap()
            .refresh
            .unwrap();
        assert_eq!((get.method, get.format, get.rotates), (Method::Get, BodyFormat::Query, true));
    }

    #[test]
    fn faults_of_refresh() {
        for (refresh, expected) in [
            ("nothing", "`nothing` is not a value of `refresh`"),
            ("{with: access_token}", "`refresh.grant_type` is missing"),
            ("{grant_type: password}", "RFC 9700 section 2.4"),
            ("{rotates: true, keep_old: true}", "exclude each other"),
            ("{url: \"https://acme.example/#x\"}", "has a fragment"),
            ("{params: {client_id: x}}", "`client_id` is set by the client itself"),
            ("{needs: {param: access_type}}", "a parameter with its value, or a scope"),
            ("{needs: {scope: \"a b\"}}", "`a b` is not a scope"),
            ("{client_auth: maybe}", "`maybe` is not a value of `refresh.client_auth`"),
            ("{client_auth: id, params: {client_id: x}}", "`client_id` is set by the client itself"),
            ("{expiry: {default: 0}}", "between a second and ten years"),
            ("{idle_lifetime: 0}", "between a second and ten years"),
            ("{with: access_token, grant_type: x, idle_lifetime: 60}", "there is no refresh token"),
            ("{params: {s: \"{state}\"}}", "the state goes into parameters of `token.request` only"),
            ("{reuse: ends_all}", "`ends_all` is not a value of `refresh.reuse`"),
            ("{with: access_token, grant_type: x, reuse: refused}", "there is no refresh token"),
            ("{replay: always}", "`always` is not a value of `refresh.replay`"),
            ("{rotates: yes}", "`refresh.rotates` is `yes`: it must be `true` or `false`"),
        ] {
            let found = faults(&acme(&format!("refresh: {refresh}\n")));
            assert!(found.len() == 1 && found[0].contains(expected), "{refresh}: {found:#?}");
        }
        let refresh = ProviderSpec::from_yaml(&acme("refresh: {rotates: true, reuse: ends_family, replay: never}\n"))
            .unwrap()
            .refresh
            .unwrap();
        assert_eq!((refresh.reuse, refresh.replay), (Some(RefreshReuse::EndsFamily), RefreshReplay::Never));
        let sound = "refresh: {client_auth: id, expiry: {kind: at}, idle_lifetime: 60, params: {s: \"{scope}\", r: \"{redirect_uri}\"}}\n";
        let refresh = ProviderSpec::from_yaml(&acme(sound)).unwrap().refresh.unwrap();
        assert_eq!(refresh.client_auth, RefreshAuth::Id);
        assert_eq!(refresh.expiry.unwrap().field, "refresh_token_expires_in");
        assert_eq!(
            faults(&acme(
                "refresh: {client_auth: false, params: {client_id: \"{client_id}\"}, needs: {scope: offline_access}}\n"
            )),
            [""; 0]
        );
    }
}
