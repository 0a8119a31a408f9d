//! Where the provider's endpoints and keys are, for clients that ask (RFC 8414, OpenID Connect Discovery).

use http::{Method, StatusCode, header};
use oauth_core::ProviderSpec;
use oauth_core::spec::{ClientAuthMethod, Pkce, Push, SigningAlg};
use serde_json::{Value, json};

use super::id_token::of_user;
use super::signing::name;
use crate::placement::{bad_request, holder};
use crate::recorded::Endpoint;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;

/// How long a client may keep what it read.
const MAX_AGE: &str = "public, max-age=600";

/// The metadata. Its addresses are the real provider's: it is the client's business to go elsewhere.
pub(crate) fn metadata(shared: &Shared, request: &Request) -> Reply {
    if request.method != Method::GET {
        return Reply::method_not_allowed("GET");
    }
    if let Some(answer) = { shared.state().metadata_answers.pop_front() } {
        return Reply::scripted(answer);
    }
    let spec = &shared.facts.spec;
    let mut document = json!({
        "issuer": shared.issuer.of_metadata,
        "response_types_supported": ["code"],
        "grant_types_supported": grant_types(spec),
        "token_endpoint_auth_methods_supported": auth_methods(spec.client_auth.method),
        "authorization_response_iss_parameter_supported": spec.endpoints.iss_in_callback,
    });
    let mut addresses = vec![
        ("authorization_endpoint", Endpoint::Authorization),
        ("token_endpoint", Endpoint::Token),
        ("pushed_authorization_request_endpoint", Endpoint::PushedAuthorization),
        ("revocation_endpoint", Endpoint::Revocation),
        ("device_authorization_endpoint", Endpoint::Device),
        ("introspection_endpoint", Endpoint::Introspection),
        ("end_session_endpoint", Endpoint::EndSession),
    ];
    if spec.openid.is_some() {
        addresses.extend([("userinfo_endpoint", Endpoint::Userinfo), ("jwks_uri", Endpoint::Keys)]);
    }
    for (member, endpoint) in addresses {
        if let Some(url) = shared.routes.url(endpoint) {
            document[member] = Value::from(url);
        }
    }
    if spec.authorize.push == Push::Required {
        document["require_pushed_authorization_requests"] = true.into();
    }
    if let Some(dpop) = &spec.dpop {
        document["dpop_signing_alg_values_supported"] = json!([name(dpop.alg)]);
    }
    if spec.pkce != Pkce::Unsupported {
        document["code_challenge_methods_supported"] = json!([spec.challenge.method_name()]);
    }
    if !spec.scopes.known.is_empty() {
        document["scopes_supported"] = spec.scopes.known.iter().map(|scope| scope.value.as_str()).collect();
    }
    if let Some(openid) = &spec.openid {
        document["subject_types_supported"] = json!(["public"]);
        document["id_token_signing_alg_values_supported"] = openid.algs.iter().map(|alg| name(*alg)).collect();
    }
    Reply::json(StatusCode::OK, &document).in_place_of(header::CACHE_CONTROL, MAX_AGE)
}

/// RFC 8414 section 2: the values of `grant_type`.
fn grant_types(spec: &ProviderSpec) -> Vec<&str> {
    let own = spec.grants.requests().map(|(name, rules)| (name, rules.grant_type.as_str()));
    let names: Vec<(&str, &str)> = own.collect();
    let grant_type = |grant: &'static str| names.iter().find(|(name, _)| *name == grant).map_or(grant, |(_, own)| *own);
    spec.grants().into_iter().map(grant_type).collect()
}

fn auth_methods(method: ClientAuthMethod) -> Vec<&'static str> {
    match method {
        ClientAuthMethod::Body => vec!["client_secret_post"],
        ClientAuthMethod::None => vec!["none"],
        ClientAuthMethod::PrivateKeyJwt => vec!["private_key_jwt"],
        ClientAuthMethod::ClientSecretJwt => vec!["client_secret_jwt"],
        _ => vec!["client_secret_basic"],
    }
}

/// The public keys (RFC 7517 section 5).
pub(crate) fn keys(shared: &Shared, request: &Request) -> Reply {
    if request.method != Method::GET {
        return Reply::method_not_allowed("GET");
    }
    if let Some(answer) = { shared.state().keys_answers.pop_front() } {
        return Reply::scripted(answer);
    }
    let mut signer = shared.signing.lock();
    let declared = shared.facts.spec.openid.iter().flat_map(|openid| &openid.algs).copied();
    let mut algs: Vec<SigningAlg> = declared.collect();
    algs.extend(signer.alg.filter(|alg| !algs.contains(alg)));
    let without_kid = signer.without_kid;
    let keys = match signer.keys() {
        Ok(keys) => keys,
        Err(problem) => return Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &problem),
    };
    let mut keys: Vec<Value> = algs.into_iter().filter_map(|alg| keys.jwk(alg)).collect();
    if without_kid {
        keys.iter_mut().filter_map(Value::as_object_mut).for_each(|key| {
            key.remove("kid");
        });
    }
    Reply::json(StatusCode::OK, &json!({"keys": keys})).in_place_of(header::CACHE_CONTROL, MAX_AGE)
}

/// The claims of the token's user (OpenID Connect Core section 5.3).
pub(crate) fn userinfo(shared: &Shared, request: &Request) -> Reply {
    if !matches!(request.method, Method::GET | Method::POST) {
        return Reply::method_not_allowed("GET, POST");
    }
    match holder(shared, request).map(|holder| shared.facts.users.get(holder.user)) {
        Ok(Some(user)) => Reply::json(StatusCode::OK, &Value::Object(of_user(user))),
        Ok(None) => bad_request("the user is gone"),
        Err(reply) => reply,
    }
}
