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
    let spec = ProviderSpec::from_yaml(&file("client_credentials: {}, device: {}, token_exchange: {}, jwt_bearer: {}"));
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
        ("token_exchange: {issued_token_type: assume_requested}", "nobody says what was issued"),
        ("device: {issued_token_type: required}", "`issued_token_type` is not a key"),
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
    let quirk = "quirks: [{field: grants.password, because: no other way, source: \"https://acme.example/docs\"}]\n";
    assert_eq!(faults(&acme(&format!("grants: {{password: {{}}}}\n{quirk}"))), [""; 0]);
}
