//! A JWT for a token, seen from the server (RFC 7523 section 2.1).

use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::Clock as _;
use oauth_core::spec::{JwtBearer, RefreshAuth};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::RegisteredClient;
use crate::device::proved;
use crate::facts::{Whose, own_name};
use crate::issue::{Issued, access_token};
use crate::minted::{object, signing_alg};
use crate::openid::signing::{name, verify_own};
use crate::params::Params;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::state::Grant;
use crate::token_request::{expect_headers, read};

/// Checks the request and gives a token.
pub(crate) fn issue(shared: &Shared, rules: &JwtBearer, request: &Request, own: &Params) -> Result<Issued, Refused> {
    let (facts, form, nothing) = (&shared.facts, &rules.request, Vec::new());
    let taken = read(request, form.method, form.format, own, &nothing)?;
    // Section 3.1: such a grant comes with or without client authentication.
    let auth = if form.client_auth == RefreshAuth::None { RefreshAuth::Id } else { form.client_auth };
    let client = proved(shared, (request, &taken), auth, [&form.params, &nothing, &form.headers])?;
    let owner = facts.clients.get(client).ok_or_else(|| Refused::invalid_grant("the client is not registered"))?;
    let name = own_name(&form.rename, "assertion");
    let assertion = taken.params.get(name);
    let assertion = assertion.ok_or_else(|| Refused::invalid_request(format!("the parameter `{name}` is missing")))?;
    let scope = taken.params.get(own_name(&form.rename, "scope")).unwrap_or_default();
    let whose = Whose { scope: Some(scope), ..Whose::client(owner) };
    facts.expect(&form.params, whose, &taken.params, &[]).map_err(Refused::invalid_request)?;
    expect_headers(facts, &form.headers, whose, request).map_err(Refused::invalid_request)?;
    // Section 3.1: "If the JWT is not valid", the error is `invalid_grant`.
    let claims = check(shared, rules, owner, assertion).map_err(Refused::invalid_grant)?;
    let separator = facts.spec.scopes.separator.as_str();
    let scopes = scope.split(separator).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let subject = claims.get("sub").and_then(Value::as_str);
    let user = facts.users.iter().position(|user| Some(user.subject.as_str()) == subject).unwrap_or(usize::MAX);
    let mut state = shared.state();
    let grant = state.grants.len();
    state.grants.push(Grant {
        client,
        user,
        scopes,
        redirect_uri: String::new(),
        offline: false,
        nonce: None,
        auth_time: None,
        key: None,
        revoked: false,
    });
    // RFC 7521 section 4.1: whoever wants another token brings another assertion.
    Ok(access_token(shared, &mut state, grant, false))
}

/// Section 3: `iss`, `sub`, `aud` and an end, and a signature of the registered key where the file says how a client signs.
fn check(
    shared: &Shared,
    rules: &JwtBearer,
    client: &RegisteredClient,
    token: &str,
) -> Result<Map<String, Value>, String> {
    let (message, signature) = token.rsplit_once('.').ok_or("it is no JWT")?;
    let (header, payload) = message.split_once('.').ok_or("it is no JWT")?;
    let (header, claims) = (object(header)?, object(payload)?);
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    if ["iss", "aud"].iter().any(|claim| claims.get(*claim).is_none_or(Value::is_null)) {
        return Err("it has not both `iss` and `aud`".to_owned());
    }
    let now = shared.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if claims.get("exp").and_then(Value::as_u64).is_none_or(|expires| expires <= now) {
        return Err("it has ended, or has no end".to_owned());
    }
    if let Some(form) = &rules.assertion {
        let alg = signing_alg(form.alg)?;
        if header.get("alg") != Some(&Value::from(name(alg))) {
            return Err(format!("its `alg` is not {}", name(alg)));
        }
        let key = client.secret().map(SecretString::expose_secret).unwrap_or_default();
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "its signature is not base64url".to_owned())?;
        if verify_own(alg, key, message.as_bytes(), &signature) == Some(false) {
            return Err("its signature is not that of the registered key".to_owned());
        }
    }
    // Section 3: "the set of used "jti" values".
    match text("jti") {
        Some(id) if !shared.state().assertions.insert(id.to_owned()) => Err("it was used before".to_owned()),
        _ => Ok(claims),
    }
}
