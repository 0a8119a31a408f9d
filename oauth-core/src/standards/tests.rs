use super::{Standard, Unmet, rules};
use crate::spec::ProviderSpec;

/// A file that meets all three.
const SOUND: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints:
  issuer: https://acme.example
  discovery: true
  iss_in_callback: true
client_auth: {method: private_key_jwt, alg: ES256}
pkce: required
dpop: required
authorize: {push: required, resource: [\"https://api.acme.example\"]}
grants: {jwt_bearer: {assertion: {alg: PS256, claims: {iss: \"{client_id}\", aud: \"https://acme.example\"}}}}
revoke: {}
introspect: {}
openid: {jwks: \"https://acme.example/keys\", algs: [ES256, PS256, EdDSA]}
quirks:
  - {field: id, because: a test, source: \"https://acme.example/docs\"}
";

fn with(from: &str, to: &str) -> ProviderSpec {
    let text = SOUND.replacen(from, to, 1);
    assert_ne!(text, SOUND, "{from}");
    ProviderSpec::from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn keys(spec: &ProviderSpec, standard: Standard) -> Vec<&'static str> {
    spec.meets(standard).err().unwrap_or_default().iter().map(Unmet::key).collect()
}

#[test]
fn a_sound_file_meets_them_all() {
    let spec = ProviderSpec::from_yaml(SOUND).unwrap_or_else(|faults| panic!("{faults}"));
    for standard in Standard::ALL {
        assert_eq!(spec.meets(standard), Ok(()), "{standard}");
    }
}

/// What stands in the file, what takes its place, and what is not met then.
type Case = (&'static str, &'static str, &'static [(Standard, &'static str)]);

#[test]
fn what_a_file_says_otherwise_is_named_by_its_key() {
    const FAPI: Standard = Standard::Fapi2;
    const RFC: Standard = Standard::Rfc9700;
    const MCP: Standard = Standard::Mcp;
    let cases: &[Case] = &[
        (
            "  discovery: true\n",
            "  authorization: https://acme.example/a\n  token: https://acme.example/t\n  pushed_authorization: https://acme.example/p\n  revocation: https://acme.example/r\n  introspection: https://acme.example/i\n",
            &[(FAPI, "endpoints.discovery")],
        ),
        ("  iss_in_callback: true\n", "", &[(RFC, "endpoints.iss_in_callback"), (FAPI, "endpoints.iss_in_callback")]),
        ("{method: private_key_jwt, alg: ES256}", "basic", &[(FAPI, "client_auth")]),
        (
            "{method: private_key_jwt, alg: ES256}",
            "client_secret_jwt",
            &[(FAPI, "client_auth"), (FAPI, "client_auth.alg")],
        ),
        ("{method: private_key_jwt, alg: ES256}", "mtls", &[]),
        ("alg: ES256}", "alg: RS256}", &[(FAPI, "client_auth.alg")]),
        ("alg: ES256}", "alg: ES256, audience: token_endpoint}", &[(FAPI, "client_auth.audience")]),
        ("pkce: required", "pkce: supported", &[(FAPI, "pkce"), (MCP, "pkce")]),
        (
            "pkce: required",
            "pkce: {support: required, method: plain}",
            &[(RFC, "pkce.method"), (FAPI, "pkce"), (MCP, "pkce")],
        ),
        ("pkce: required", "pkce: unsupported", &[(RFC, "pkce"), (FAPI, "pkce"), (MCP, "pkce")]),
        ("dpop: required", "dpop: supported", &[(FAPI, "dpop")]),
        ("dpop: required", "token: {bound: mtls}", &[]),
        ("dpop: required", "dpop: {support: required, alg: ES384}", &[(FAPI, "dpop.alg")]),
        ("push: required", "push: asked", &[(FAPI, "authorize.push")]),
        ("push: required", "push: supported", &[(FAPI, "authorize.push")]),
        (
            "push: required",
            "push: required, response_type: code id_token, response_mode: form_post",
            &[(FAPI, "authorize.response_type"), (MCP, "authorize.response_type")],
        ),
        (
            "push: required",
            "push: required, state: {in: redirect_uri}",
            &[(RFC, "authorize.state"), (MCP, "authorize.state")],
        ),
        ("push: required", "push: required, request_object: {alg: RS256}", &[(FAPI, "authorize.request_object")]),
        (", resource: [\"https://api.acme.example\"]", "", &[(MCP, "authorize.resource")]),
        ("alg: PS256", "alg: RS256", &[(FAPI, "grants.jwt_bearer.assertion")]),
        (
            "grants: {",
            "grants: {password: {}, ",
            &[(RFC, "grants.password"), (FAPI, "grants.password"), (MCP, "grants.password")],
        ),
        ("[ES256, PS256, EdDSA]", "[ES256, RS256]", &[(FAPI, "openid.algs")]),
        ("revoke: {}", "revoke: {format: query}", &[(RFC, "revoke.format")]),
        ("introspect: {}", "introspect: {format: query}", &[(RFC, "introspect.format")]),
        ("revoke: {}", "refresh: {rotates: true}", &[(FAPI, "refresh.rotates")]),
        ("revoke: {}", "refresh: {with: access_token, grant_type: renew, format: query}", &[(RFC, "refresh.format")]),
    ];
    for (from, to, unmet) in cases {
        let fields = ["pkce", "grants.password", "revoke", "introspect", "client_auth.audience"];
        let field = fields.into_iter().find(|field| {
            let name = field.rsplit('.').next().unwrap_or(field);
            to.contains(name)
        });
        let text = SOUND.replacen(from, to, 1).replace("field: id", &format!("field: {}", field.unwrap_or("id")));
        let spec = ProviderSpec::from_yaml(&text).unwrap_or_else(|faults| panic!("{faults}"));
        for standard in Standard::ALL {
            let expected: Vec<&str> = unmet.iter().filter(|(of, _)| *of == standard).map(|(_, key)| *key).collect();
            assert_eq!(keys(&spec, standard), expected, "{standard}: {to}");
        }
    }
}

#[test]
fn a_token_is_in_the_header_or_at_least_in_no_address() {
    let bare = with("dpop: required", "token: {placement: {header: X-Token}, bound: mtls}");
    assert_eq!(keys(&bare, Standard::Rfc9700), <[&str; 0]>::default());
    assert_eq!(keys(&bare, Standard::Fapi2), ["token.placement"]);
    assert_eq!(keys(&bare, Standard::Mcp), ["token.placement"]);
    let query = SOUND.replace("dpop: required", "token: {placement: {query: t}, bound: mtls}");
    let query = ProviderSpec::from_yaml(&query.replace("field: id", "field: token.placement")).unwrap();
    assert_eq!(keys(&query, Standard::Rfc9700), ["token.placement"]);
}

#[test]
fn a_nonce_protects_the_codes_of_confidential_clients() {
    let without = SOUND.replace("pkce: required", "pkce: unsupported").replace("field: id", "field: pkce");
    let load = |text: &str| ProviderSpec::from_yaml(text).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(keys(&load(&without), Standard::Rfc9700), ["pkce"], "the scope `openid` is the caller's choice");
    let always = load(&without.replace("openid: {", "openid: {required: true, "));
    assert_eq!(always.meets(Standard::Rfc9700), Ok(()));
    let scoped = load(&format!("{without}scopes: {{required: [openid]}}\n"));
    assert_eq!(scoped.meets(Standard::Rfc9700), Ok(()));
    let public = rules::unmet(&always, Standard::Rfc9700, true);
    assert_eq!(public.iter().map(Unmet::key).collect::<Vec<_>>(), ["pkce"]);
}

#[test]
fn a_public_clients_refresh_tokens_rotate_or_are_bound() {
    let public =
        |text: &str| text.replace("{method: private_key_jwt, alg: ES256}", "none").replace("grants: {jwt_bearer", "#");
    let load = |text: &str| ProviderSpec::from_yaml(text).unwrap_or_else(|faults| panic!("{faults}"));
    let bound = load(&public(SOUND));
    assert_eq!(bound.meets(Standard::Rfc9700), Ok(()));
    assert_eq!(keys(&bound, Standard::Mcp), ["refresh.rotates"]);
    assert_eq!(keys(&bound, Standard::Fapi2), ["client_auth"]);
    let free = load(&public(&SOUND.replace("dpop: required\n", "")));
    assert_eq!(keys(&free, Standard::Rfc9700), ["refresh.rotates"]);
    for refresh in ["refresh: {rotates: true}\n", "refresh: none\n"] {
        let safe = load(&public(&SOUND.replace("dpop: required\n", refresh)));
        assert_eq!(safe.meets(Standard::Rfc9700), Ok(()), "{refresh}");
        assert_eq!(safe.meets(Standard::Mcp), Ok(()), "{refresh}");
    }
}

#[test]
fn a_provider_without_logins_has_nothing_to_protect_in_them() {
    let machine = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\nendpoints: {token: \"https://acme.example/t\"}\ngrants: {client_credentials: {}}\n";
    let spec = ProviderSpec::from_yaml(machine).unwrap();
    assert_eq!(spec.meets(Standard::Rfc9700), Ok(()));
    assert_eq!(keys(&spec, Standard::Fapi2), ["endpoints.discovery", "client_auth", "dpop"]);
}

#[test]
fn an_unmet_requirement_says_what_and_where() {
    let spec = with("push: required", "push: asked");
    let unmet = spec.meets(Standard::Fapi2).unwrap_err();
    let [only] = &unmet[..] else { panic!("{unmet:?}") };
    assert_eq!(only.standard().as_str(), "fapi2");
    assert_eq!((only.key(), only.section()), ("authorize.push", "5.3.3.2"));
    assert_eq!(
        only.to_string(),
        "`authorize.push`: every authorization request is pushed (FAPI 2.0 Security Profile, 5.3.3.2)"
    );
    assert_eq!(only.wanted(), "every authorization request is pushed");
}
