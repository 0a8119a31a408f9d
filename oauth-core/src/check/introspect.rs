use crate::fault::{Finding, Path, at};
use crate::schema;
use crate::spec::{BodyFormat, Endpoints, Introspect, Method, ProviderSpec, RefreshAuth};

use super::cx::{Cx, top};
use super::templates::Reach;
use super::token::default_format;
use super::wire;

/// RFC 7662 section 2: a provider that names the endpoint takes what the standard has, unless the file says otherwise.
pub(super) fn lower(
    cx: &mut Cx<'_>,
    introspect: Option<schema::Introspect>,
    endpoints: &Endpoints,
) -> Option<Introspect> {
    let Some(introspect) = introspect else { return endpoints.introspection.as_ref().map(|_| Introspect::standard()) };
    let path = top("introspect");
    let standard = Introspect::standard();
    let method = introspect.method.unwrap_or(standard.method);
    Some(Introspect {
        method,
        format: introspect.format.unwrap_or(default_format(method)),
        param: introspect.param.unwrap_or(standard.param),
        hint: introspect.hint.unwrap_or(standard.hint),
        client_auth: introspect.client_auth.map_or(standard.client_auth, |auth| auth.0),
        params: cx.params(&path.then("params"), introspect.params.0),
        headers: cx.params(&path.then("headers"), introspect.headers.0),
        expiry: introspect.expiry,
        signed: introspect.signed,
    })
}

/// RFC 7662 section 2.1; what is said of the token request goes for this one.
pub(super) fn request_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(introspect) = &spec.introspect else { return };
    let path = top("introspect");
    let endpoint = at!["endpoints", "introspection"];
    if spec.endpoints.introspection.is_none() && !spec.endpoints.discovery && !cx.is_touched(&endpoint) {
        let message = "`introspect` needs `endpoints.introspection`";
        let finding = Finding::new("missing-endpoint", path.clone(), message).on_key();
        cx.report(finding.help("add the introspection endpoint, or remove the section"));
    }
    method(cx, &path, introspect);
    expiry(cx, &path, spec, introspect);
    wire::param_name(cx, &path.then("param"), &introspect.param);
    let client = |name: &str| match introspect.client_auth {
        RefreshAuth::Full | RefreshAuth::Basic => false,
        RefreshAuth::Id => name == "client_secret",
        RefreshAuth::None => matches!(name, "client_id" | "client_secret"),
    };
    let taken = |name: &str| {
        let own = name == introspect.param || (introspect.hint && name == "token_type_hint");
        own || (wire::is_standard(name) && !client(name))
    };
    wire::params(cx, spec, &path.then("params"), &introspect.params, Reach::REVOKE, taken);
    wire::headers(cx, spec, &path.then("headers"), &introspect.headers, Reach::REVOKE);
}

/// RFC 7662 section 2.1: "an HTTP POST request", and where a provider deviates a GET, which has no body (RFC 9110 section
/// 9.3.1).
fn method(cx: &mut Cx<'_>, path: &Path, introspect: &Introspect) {
    if !matches!(introspect.method, Method::Get | Method::Post) {
        let message = format!("nobody is asked about a token by a {}", introspect.method.as_str());
        let finding = Finding::new("method", path.then("method"), message);
        cx.report(finding.help("use POST (RFC 7662 section 2.1), or GET where the provider knows no other"));
    }
    if introspect.method == Method::Get && introspect.format != BodyFormat::Query {
        let finding = Finding::new("method", path.then("format"), "a GET has no body (RFC 9110 section 9.3.1)");
        cx.report(finding.help("write `format: query`, or remove `format`"));
    }
}

/// A lifetime that is known already is never asked for.
fn expiry(cx: &mut Cx<'_>, path: &Path, spec: &ProviderSpec, introspect: &Introspect) {
    if introspect.expiry && spec.token.response.expiry.default.is_some() {
        let message = "the lifetime is asked for where the answer has none, and `token.response.expiry` has a default";
        let finding = Finding::new("expiry", path.then("expiry"), message).on_key();
        cx.report(finding.help("remove one of the two"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{BodyFormat, Introspect, Method, ProviderSpec, RefreshAuth};

    fn file(introspect: &str) -> String {
        let endpoint = "{introspection: https://acme.example/introspect, authorization";
        let quirk = "quirks: [{field: introspect, because: it is, source: https://acme.example/docs}]\n";
        let quirk = if introspect.contains("GET, param") { quirk } else { "" };
        acme(&format!("introspect: {introspect}\n{quirk}")).replace("{authorization", endpoint)
    }

    fn introspect(introspect: &str) -> Introspect {
        let spec = ProviderSpec::from_yaml(&file(introspect)).unwrap_or_else(|faults| panic!("{faults}"));
        spec.introspect.unwrap()
    }

    #[test]
    fn without_a_word_it_is_as_rfc_7662_has_it() {
        assert_eq!(ProviderSpec::from_yaml(&acme("")).unwrap().introspect, None);
        let spec = ProviderSpec::from_yaml(&file("{}").replace("introspect: {}\n", "")).unwrap();
        assert_eq!(spec.introspect, Some(Introspect::standard()));
        assert_eq!(spec.capabilities(), ["authorize", "refresh", "introspect"]);
        assert_eq!(introspect("{}"), Introspect::standard());
        let found = "id: acme\nname: Acme\ndocs: https://acme.example\nchecked: 2026-11-21\nendpoints: {issuer: https://acme.example, discovery: true}\n";
        assert_eq!(ProviderSpec::from_yaml(found).unwrap().introspect, None);
        let by_metadata = ProviderSpec::from_yaml(&format!("{found}introspect: {{}}\n")).unwrap();
        assert_eq!(by_metadata.introspect, Some(Introspect::standard()));
    }

    #[test]
    fn what_a_file_may_say() {
        let odd = introspect(
            "{method: GET, param: access_token, hint: false, client_auth: basic, params: {app: \"{client_id}\"}, headers: {X-Version: \"2\"}, expiry: true}",
        );
        assert_eq!((odd.method, odd.format, odd.hint), (Method::Get, BodyFormat::Query, false));
        assert_eq!((odd.param.as_str(), odd.client_auth, odd.expiry), ("access_token", RefreshAuth::Basic, true));
        assert_eq!((odd.params.len(), odd.headers.len()), (1, 1));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (yaml, says) in [
            ("{method: DELETE}", "nobody is asked about a token by a DELETE"),
            ("{method: GET, format: form}", "a GET has no body"),
            ("{param: \"a b\"}", "param"),
            ("{params: {token: x}}", "token"),
            ("{params: {token_type_hint: x}}", "token_type_hint"),
            ("{client_auth: mtls}", "`basic`"),
            ("{tokn: x}", "`tokn`"),
        ] {
            let found = faults(&file(yaml));
            assert!(found.len() == 1 && found[0].contains(says), "{yaml}: {found:#?}");
        }
        let found = faults(&acme("introspect: {}\n"));
        assert!(found.len() == 1 && found[0].contains("needs `endpoints.introspection`"), "{found:#?}");
        let found = faults(&format!("{}token: {{response: {{expiry: {{default: 60}}}}}}\n", file("{expiry: true}")));
        assert!(found.len() == 1 && found[0].contains("remove one of the two"), "{found:#?}");
    }
}
