use crate::fault::{Finding, Path, at};
use crate::schema;
use crate::spec::{
    AssertionForm, BackchannelAuthentication, BodyFormat, CIBA_GRANT, CLIENT_CREDENTIALS_GRANT, CibaGrant,
    ClientAuthMethod, DEVICE_GRANT, DeviceAuthorization, DeviceGrant, GrantRequest, Grants, JWT_BEARER_GRANT,
    JwtBearer, Method, MintedAlg, PASSWORD_GRANT, ProviderSpec, RefreshAuth, SAML_BEARER_GRANT, TOKEN_EXCHANGE_GRANT,
    TokenRequest,
};

use super::address::{Stage, address};
use super::cx::{Cx, top};
use super::scopes::list_is_tokens;
use super::templates::{Reach, holes};
use super::token::{default_format, grant_type, method_and_format};
use super::wire;

/// RFC 8628 section 3.2 has no limit; a day is longer than anybody looks for another device.
const LONGEST_CODE: u64 = 24 * 60 * 60;
/// RFC 7523 section 3: a server "may reject" an assertion "with an exp claim value that is unreasonably far in the future".
const LONGEST_ASSERTION: u64 = 60 * 60;
/// RFC 7519 section 4.1: the client sets when an assertion is made, when it ends, and which one it is.
const OWN_CLAIMS: [&str; 4] = ["exp", "iat", "jti", "nbf"];

pub(super) fn lower(cx: &mut Cx<'_>, grants: schema::Grants, token: &TokenRequest) -> Grants {
    let mut request = |name: &str, own: schema::GrantRequest, grant_type: &str| {
        lower_request(cx, &at!["grants", name], own, grant_type, token)
    };
    let client_credentials = grants
        .client_credentials
        .map(|mut grant| request("client_credentials", grant.request(), CLIENT_CREDENTIALS_GRANT));
    let token_exchange =
        grants.token_exchange.map(|mut grant| request("token_exchange", grant.request(), TOKEN_EXCHANGE_GRANT));
    let password = grants.password.map(|mut grant| request("password", grant.request(), PASSWORD_GRANT));
    let saml_bearer = grants.saml_bearer.map(|mut grant| request("saml_bearer", grant.request(), SAML_BEARER_GRANT));
    let ciba = grants.ciba.map(|mut grant| (request("ciba", grant.request(), CIBA_GRANT), grant.authentication));
    let device = grants.device.map(|mut grant| (request("device", grant.request(), DEVICE_GRANT), grant.authorization));
    let jwt_bearer =
        grants.jwt_bearer.map(|mut grant| (request("jwt_bearer", grant.request(), JWT_BEARER_GRANT), grant.assertion));
    Grants {
        client_credentials,
        device: device.map(|(request, authorization)| DeviceGrant {
            request,
            authorization: lower_authorization(cx, authorization, token),
        }),
        token_exchange,
        jwt_bearer: jwt_bearer.map(|(request, assertion)| JwtBearer {
            request,
            assertion: assertion.map(|assertion| AssertionForm {
                alg: assertion.alg.unwrap_or(MintedAlg::Rs256),
                claims: cx.params(&at!["grants", "jwt_bearer", "assertion", "claims"], assertion.claims.0),
                lifetime: assertion.lifetime.unwrap_or(300),
            }),
        }),
        password,
        saml_bearer,
        ciba: ciba.map(|(request, own)| CibaGrant { request, authentication: lower_authentication(cx, own) }),
    }
}

fn lower_request(
    cx: &mut Cx<'_>,
    path: &Path,
    own: schema::GrantRequest,
    grant_type: &str,
    token: &TokenRequest,
) -> GrantRequest {
    let (method, format) = form(own.method, own.format, token);
    GrantRequest {
        url: cx.maybe_template(&path.then("url"), own.url.as_deref()),
        method,
        format,
        grant_type: own.grant_type.unwrap_or_else(|| grant_type.to_owned()),
        client_auth: own.client_auth.map_or(RefreshAuth::Full, |auth| auth.0),
        params: cx.params(&path.then("params"), own.params.0),
        headers: cx.params(&path.then("headers"), own.headers.0),
        rename: own.rename.0,
        scopes: own.scopes,
    }
}

fn lower_authorization(cx: &mut Cx<'_>, own: schema::DeviceAuthorization, token: &TokenRequest) -> DeviceAuthorization {
    let path = at!["grants", "device", "authorization"];
    let (method, format) = form(own.method, own.format, token);
    DeviceAuthorization {
        method,
        format,
        client_auth: own.client_auth.map_or(RefreshAuth::Full, |auth| auth.0),
        params: cx.params(&path.then("params"), own.params.0),
        headers: cx.params(&path.then("headers"), own.headers.0),
        rename: own.rename.0,
        lifetime: own.lifetime,
    }
}

fn lower_authentication(cx: &mut Cx<'_>, own: schema::BackchannelAuthentication) -> BackchannelAuthentication {
    let path = at!["grants", "ciba", "authentication"];
    BackchannelAuthentication {
        client_auth: own.client_auth.map_or(RefreshAuth::Full, |auth| auth.0),
        params: cx.params(&path.then("params"), own.params.0),
        headers: cx.params(&path.then("headers"), own.headers.0),
    }
}

/// As the token request is, unless the file says otherwise.
fn form(method: Option<Method>, format: Option<BodyFormat>, token: &TokenRequest) -> (Method, BodyFormat) {
    let own = method.unwrap_or(token.method);
    (own, format.unwrap_or(if own == token.method { token.format } else { default_format(own) }))
}

/// RFC 8628 section 3.1: a login on another device begins at the device authorization endpoint. OpenID Connect
/// Client-Initiated Backchannel Authentication 1.0 section 7: one that the client initiates, at the backchannel
/// authentication endpoint.
pub(super) fn each_has_its_endpoint(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let endpoints = &spec.endpoints;
    for (name, declared, endpoint, address) in [
        ("device", spec.grants.device.is_some(), "device_authorization", &endpoints.device_authorization),
        ("ciba", spec.grants.ciba.is_some(), "backchannel_authentication", &endpoints.backchannel_authentication),
    ] {
        let known = address.is_some() || endpoints.discovery;
        if declared && !known && !cx.is_touched(&at!["endpoints", endpoint]) {
            let message = format!("`grants.{name}` needs `endpoints.{endpoint}`");
            let finding = Finding::new("missing-endpoint", at!["grants", name], message).on_key();
            cx.report(finding.help(format!("add the {} endpoint, or remove the section", endpoint.replace('_', " "))));
        }
    }
}

/// RFC 6749 section 3.2, and the section of each grant; what is said of the token request goes for these.
pub(super) fn requests_are_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    for (name, request) in spec.grants.requests() {
        let path = at!["grants", name];
        if let Some(url) = &request.url {
            address(cx, spec, &path.then("url"), url, Stage::Begin);
        }
        if cx.has(&path.then("method")) || cx.has(&path.then("format")) {
            method_and_format(cx, &path, request.method, request.format);
        }
        // RFC 9700 section 2.4 forbids the password grant; the section of that name needs a quirk.
        if name != "password" {
            grant_type(cx, &path.then("grant_type"), &request.grant_type);
        }
        wire::renames(cx, &path.then("rename"), &request.rename, standard(name));
        let renamed = |param: &str| request.rename.iter().chain(&spec.token.request.rename).any(|(_, to)| to == param);
        let own = |param: &str| standard(name).contains(&param) || renamed(param);
        params_and_headers(cx, spec, &path, (&request.params, &request.headers), request.client_auth, own);
        list_is_tokens(cx, &path.then("scopes"), &request.scopes, &spec.scopes.separator);
        if let (true, false) = (spec.scopes.none, request.scopes.is_empty()) {
            let finding = Finding::new("scope", path.then("scopes"), "this provider takes no scopes").on_key();
            cx.report(finding.help("remove it, or `scopes: none`"));
        }
    }
}

/// RFC 6749 section 4.4: "The client credentials grant type MUST only be used by confidential clients."
pub(super) fn a_client_proves_itself_for_tokens_of_its_own(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(request) = &spec.grants.client_credentials else { return };
    let path = at!["grants", "client_credentials"];
    if spec.client_auth.method == ClientAuthMethod::None && !request.shows_secret() && !cx.is_touched(&path) {
        let message = "`grants.client_credentials` is for clients that prove who they are, and `client_auth` is `none`";
        let finding = Finding::new("client-auth", path, message).on_key();
        cx.report(finding.help("say how they do: `client_auth: basic`; or remove the section"));
    }
}

/// RFC 8628 section 3.1 and 3.2.
pub(super) fn device_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    const ANSWER: [&str; 6] =
        ["device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"];
    let Some(DeviceGrant { authorization, .. }) = &spec.grants.device else { return };
    let path = at!["grants", "device", "authorization"];
    if cx.has(&path.then("method")) || cx.has(&path.then("format")) {
        method_and_format(cx, &path, authorization.method, authorization.format);
    }
    wire::renames(cx, &path.then("rename"), &authorization.rename, &ANSWER);
    let both = (&authorization.params, &authorization.headers);
    params_and_headers(cx, spec, &path, both, authorization.client_auth, |param| param == spec.scopes.param);
    if authorization.lifetime.is_some_and(|seconds| seconds == 0 || seconds > LONGEST_CODE) {
        let message = "the codes last for between a second and a day";
        cx.report(Finding::new("value", path.then("lifetime"), message).help("write it in seconds: `lifetime: 900`"));
    }
}

/// OpenID Connect Client-Initiated Backchannel Authentication 1.0 section 7.1: `scope` has "openid", so that an ID token says
/// who it was.
pub(super) fn ciba_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    const REQUEST: [&str; 10] = [
        "login_hint",
        "login_hint_token",
        "id_token_hint",
        "binding_message",
        "user_code",
        "requested_expiry",
        "acr_values",
        "client_notification_token",
        "request",
        "auth_req_id",
    ];
    let Some(CibaGrant { authentication, .. }) = &spec.grants.ciba else { return };
    if spec.openid.is_none() && !cx.is_touched(&top("openid")) {
        let message = "`grants.ciba` needs `openid`: its answer is an ID token";
        let finding = Finding::new("missing-endpoint", at!["grants", "ciba"], message).on_key();
        cx.report(finding.help("add `openid: {issuer: https://..., jwks: https://...}`, or remove the section"));
    }
    let path = at!["grants", "ciba", "authentication"];
    let both = (&authentication.params, &authentication.headers);
    let own = |param: &str| param == spec.scopes.param || REQUEST.contains(&param);
    params_and_headers(cx, spec, &path, both, authentication.client_auth, own);
}

/// RFC 7523 section 3: an assertion says who made it (`iss`), whom it is about (`sub`) and for whom it is (`aud`).
pub(super) fn assertion_is_sound(cx: &mut Cx<'_>, spec: &ProviderSpec) {
    let Some(form) = spec.grants.jwt_bearer.as_ref().and_then(|bearer| bearer.assertion.as_ref()) else { return };
    let path = at!["grants", "jwt_bearer", "assertion"];
    for required in ["iss", "aud"] {
        let entry = path.then("claims").then(required);
        if !form.claims.iter().any(|(name, _)| name == required) && !cx.is_touched(&entry) {
            cx.missing(
                &entry,
                "an assertion needs it (RFC 7523 section 3): `claims: {iss: \"{client_id}\", aud: https://...}`",
            );
        }
    }
    for (name, value) in &form.claims {
        let entry = path.then("claims").then(name);
        if OWN_CLAIMS.contains(&name.as_str()) {
            let message = format!("the claim `{name}` is set by the client");
            cx.report(Finding::new("assertion", entry.clone(), message).on_key().help("remove it; see `lifetime`"));
        } else {
            wire::param_name(cx, &entry, name);
        }
        holes(cx, spec, &entry, value, Reach { scope: true, random: false, ..Reach::AUTHORIZE });
    }
    if form.lifetime == 0 || form.lifetime > LONGEST_ASSERTION {
        let message = format!("an assertion lasts for 1 to {LONGEST_ASSERTION} seconds, not for {}", form.lifetime);
        cx.report(
            Finding::new("assertion", path.then("lifetime"), message).help("write `lifetime: 300`, or remove it"),
        );
    }
}

/// The parameters of each grant's token request beside those of the protocol.
fn standard(name: &str) -> &'static [&'static str] {
    match name {
        "client_credentials" => &["scope"],
        "device" => &["device_code"],
        "token_exchange" => &[
            "subject_token",
            "subject_token_type",
            "actor_token",
            "actor_token_type",
            "requested_token_type",
            "audience",
            "resource",
            "scope",
        ],
        "jwt_bearer" | "saml_bearer" => &["assertion", "scope"],
        "ciba" => &["auth_req_id"],
        _ => &["username", "password", "scope"],
    }
}

/// RFC 6749 section 3.2: parameters that are sent once, none of them the client's own.
fn params_and_headers(
    cx: &mut Cx<'_>,
    spec: &ProviderSpec,
    path: &Path,
    (params, headers): (&crate::spec::Params, &crate::spec::Params),
    client_auth: RefreshAuth,
    own: impl Fn(&str) -> bool,
) {
    let reach = Reach { callback: false, redirect_uri: false, ..Reach::TOKEN_HEADER };
    let client = |name: &str| match client_auth {
        RefreshAuth::Full | RefreshAuth::Basic => false,
        RefreshAuth::Id => name == "client_secret",
        RefreshAuth::None => matches!(name, "client_id" | "client_secret"),
    };
    // `response_type` is none of a token request's parameters; some device endpoints want it.
    let free = |name: &str| client(name) || name == "response_type";
    wire::params(cx, spec, &path.then("params"), params, reach, |name| {
        own(name) || (wire::is_standard(name) && !free(name))
    });
    let authorization = spec.client_auth.method == ClientAuthMethod::Custom;
    wire::headers(cx, spec, &path.then("headers"), headers, Reach { authorization, ..reach });
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{acme, faults};
    use crate::spec::{BodyFormat, GrantRequest, Grants, Method, ProviderSpec, RefreshAuth};

    fn file(grants: &str) -> String {
        let endpoint = "{device_authorization: https://acme.example/device, backchannel_authentication: https://acme.example/bc, authorization";
        acme(&format!("grants: {{{grants}}}\n")).replacen("{authorization", endpoint, 1)
    }

    fn grants(text: &str) -> Grants {
        ProviderSpec::from_yaml(&file(text)).unwrap_or_else(|faults| panic!("{faults}")).grants
    }

    #[test]
    fn a_grant_is_declared_by_its_key() {
        assert!(ProviderSpec::from_yaml(&acme("")).unwrap().grants.is_empty());
        let spec =
            ProviderSpec::from_yaml(&file("client_credentials: {}, device: {}, token_exchange: {}, jwt_bearer: {}"));
        let spec = spec.unwrap_or_else(|faults| panic!("{faults}"));
        let declared = ["client_credentials", "device", "token_exchange", "jwt_bearer"];
        assert_eq!(spec.capabilities(), [&["authorize", "refresh"][..], &declared].concat());
        assert_eq!(spec.grants(), [&["authorization_code", "refresh_token"][..], &declared].concat());
        assert_eq!(ProviderSpec::from_json(&spec.to_json()).unwrap(), spec);
        let request = spec.grants.client_credentials.unwrap();
        let GrantRequest { url, method, format, grant_type, client_auth, .. } = request;
        assert_eq!((url, method, format), (None, Method::Post, BodyFormat::Form));
        assert_eq!((grant_type.as_str(), client_auth), ("client_credentials", RefreshAuth::Full));
        assert_eq!(spec.grants.device.unwrap().request.grant_type, "urn:ietf:params:oauth:grant-type:device_code");
    }

    #[test]
    fn deviations_of_a_grant() {
        let text = "client_credentials: {url: \"https://acme.example/app\", method: GET, grant_type: account_credentials, client_auth: basic, params: {account_id: \"{client_id}\"}, scopes: [read]}, device: {grant_type: device_code, rename: {device_code: code}, authorization: {params: {response_type: device_code}, rename: {verification_uri: verification_url}, lifetime: 900}}";
        let found = grants(text);
        let app = found.client_credentials.unwrap();
        assert_eq!((app.method, app.format, app.client_auth), (Method::Get, BodyFormat::Query, RefreshAuth::Basic));
        let device = found.device.unwrap();
        assert_eq!((device.request.grant_type.as_str(), device.authorization.lifetime), ("device_code", Some(900)));
        let spec = ProviderSpec::from_yaml(&file(text)).unwrap();
        assert_eq!(ProviderSpec::from_json(&spec.to_json()).unwrap(), spec);
        let json = acme("token: {request: {format: json}}\ngrants: {client_credentials: {}}\n");
        let json = ProviderSpec::from_yaml(&json).unwrap().grants.client_credentials.unwrap();
        assert_eq!(json.format, BodyFormat::Json, "as the token request");
    }

    #[test]
    fn a_login_that_the_client_initiates() {
        let openid = "openid: {issuer: \"https://acme.example\", jwks: \"https://acme.example/k\"}\n";
        let text = |ciba: &str| file(&format!("ciba: {ciba}")) + openid;
        let spec = ProviderSpec::from_yaml(&text("{authentication: {client_auth: basic, params: {audience: x}}}"));
        let spec = spec.unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(ProviderSpec::from_json(&spec.to_json()).unwrap(), spec);
        assert!(spec.capabilities().contains(&"ciba") && spec.grants().contains(&"ciba"));
        let ciba = spec.grants.ciba.unwrap();
        assert_eq!(ciba.request.grant_type, "urn:openid:params:grant-type:ciba");
        assert_eq!((ciba.authentication.client_auth, ciba.authentication.params.len()), (RefreshAuth::Basic, 1));
        for (ciba, expected) in [
            ("{authentication: {params: {login_hint: x}}}", "`login_hint` is set by the client itself"),
            ("{authentication: {params: {client_notification_token: x}}}", "is set by the client itself"),
            ("{authentication: {params: {scope: x}}}", "`scope` is set by the client itself"),
            ("{authentication: {method: GET}}", "`method` is not a key"),
            ("{params: {auth_req_id: x}}", "`auth_req_id` is set by the client itself"),
            ("{rename: {login_hint: x}}", "`login_hint` cannot be renamed"),
        ] {
            let found = faults(&text(ciba));
            assert!(found.len() == 1 && found[0].contains(expected), "{ciba}: {found:#?}");
        }
    }

    #[test]
    fn faults_of_grants() {
        for (grants, expected) in [
            ("implicit: {}", "`implicit` is not a key of `grants`"),
            ("client_credentials: {urll: x}", "did you mean `url`?"),
            ("client_credentials: {url: \"http://acme.example/t\"}", "https"),
            ("client_credentials: {method: PUT}", "a token request is not a PUT"),
            ("client_credentials: {grant_type: password}", "RFC 9700 section 2.4"),
            ("client_credentials: {params: {client_id: x}}", "`client_id` is set by the client itself"),
            ("client_credentials: {params: {scope: x}}", "`scope` is set by the client itself"),
            ("client_credentials: {params: {s: \"{access_token}\"}}", "may not stand in"),
            ("client_credentials: {params: {s: \"{callback.x}\"}}", "may not stand in"),
            ("client_credentials: {scopes: [\"a b\"]}", "which no scope may have"),
            ("device: {rename: {user_code: x}}", "`user_code` cannot be renamed"),
            ("device: {authorization: {rename: {code: x}}}", "`code` cannot be renamed"),
            ("device: {authorization: {lifetime: 0}}", "between a second and a day"),
            ("token_exchange: {params: {audience: x}}", "`audience` is set by the client itself"),
            ("jwt_bearer: {assertion: {claims: {iss: x}}}", "assertion.claims.aud` is missing"),
            ("jwt_bearer: {assertion: {claims: {iss: x, aud: y, jti: z}}}", "`jti` is set by the client"),
            ("jwt_bearer: {assertion: {lifetime: 4000, claims: {iss: x, aud: y}}}", "1 to 3600 seconds"),
            ("saml_bearer: {params: {assertion: x}}", "`assertion` is set by the client itself"),
            ("saml_bearer: {assertion: {}}", "`assertion` is not a key"),
            ("ciba: {}", "`grants.ciba` needs `openid`"),
            ("password: {}", "no entry of `quirks` says why"),
        ] {
            let found = faults(&file(grants));
            assert!(found.len() == 1 && found[0].contains(expected), "{grants}: {found:#?}");
        }
        let found = faults(&acme("client_auth: none\ngrants: {client_credentials: {}}\n"));
        assert!(found.len() == 1 && found[0].contains("`client_auth` is `none`"), "{found:#?}");
        let found = faults(&acme(
            "grants: {ciba: {}}\nopenid: {issuer: \"https://acme.example\", jwks: \"https://acme.example/k\"}\n",
        ));
        assert!(found.len() == 1 && found[0].contains("needs `endpoints.backchannel_authentication`"), "{found:#?}");
        let found = faults(&acme("grants: {device: {}}\n"));
        assert!(found.len() == 1 && found[0].contains("needs `endpoints.device_authorization`"), "{found:#?}");
        let quirk =
            "quirks: [{field: grants.password, because: no other way, source: \"https://acme.example/docs\"}]\n";
        assert_eq!(faults(&acme(&format!("grants: {{password: {{}}}}\n{quirk}"))), [""; 0]);
    }
}
