//! A JWT in the place of a secret (RFC 7523 section 3), checked.

use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::Clock as _;
use oauth_core::spec::{Assertion, AssertionAudience, SigningAlg, Template};
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::RegisteredClient;
use crate::facts::Whose;
use crate::minted::{SKEW, object};
use crate::openid::signing::{name, verify_own};
use crate::server::Shared;

/// What is wrong with the assertion, if anything is. Of the signature nothing is known where the client was registered
/// without its private key.
pub(crate) fn check(shared: &Shared, client: &RegisteredClient, token: &str) -> Result<(), String> {
    let rules = shared.facts.spec.client_auth.assertion.as_ref().ok_or("the file does not say what it is like")?;
    let (message, signature) = token.rsplit_once('.').ok_or("it is no JWT")?;
    let (header, payload) = message.split_once('.').ok_or("it is no JWT")?;
    let (header, claims) = (object(header)?, object(payload)?);
    let render = |template: &Template| shared.facts.render(template, Whose::client(client));
    if header.get("alg") != Some(&Value::from(name(rules.alg))) {
        return Err(format!("its `alg` is not {}", name(rules.alg)));
    }
    if let Some(kid) = rules.kid.as_ref().map(render).transpose()?
        && header.get("kid") != Some(&Value::from(kid))
    {
        return Err("its `kid` is not the one that this provider asks for".to_owned());
    }
    for claim in ["iss", "sub"] {
        if claims.get(claim) != Some(&Value::from(client.id())) {
            return Err(format!("its `{claim}` is not the client"));
        }
    }
    if claims.get("aud") != Some(&Value::from(audience(shared, rules, render)?)) {
        return Err("it is for somebody else".to_owned());
    }
    let typ = header.get("typ").and_then(Value::as_str);
    if rules.audience == AssertionAudience::Issuer && typ != Some("client-authentication+jwt") {
        return Err("its `typ` is not that of client authentication".to_owned());
    }
    in_time(shared, rules, &claims)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "its signature is not base64url".to_owned())?;
    let key = client.secret().map(SecretString::expose_secret).unwrap_or_default();
    if verify(rules.alg, key, message.as_bytes(), &signature) == Some(false) {
        return Err("its signature is not that of the registered key".to_owned());
    }
    // RFC 7523 section 3: the server "MAY ensure that JWTs are not replayed by maintaining the set of used "jti" values".
    let jti = claims.get("jti").and_then(Value::as_str).ok_or("it has no `jti`")?;
    if shared.state().assertions.insert(jti.to_owned()) { Ok(()) } else { Err("it was used before".to_owned()) }
}

fn audience(
    shared: &Shared,
    rules: &Assertion,
    render: impl Fn(&Template) -> Result<String, String>,
) -> Result<String, String> {
    let endpoints = &shared.facts.spec.endpoints;
    match &rules.audience {
        AssertionAudience::Issuer => endpoints.issuer.as_ref().map(render),
        AssertionAudience::TokenEndpoint => endpoints.token.as_ref().map(render),
        AssertionAudience::Text(text) => Some(render(text)),
        _ => None,
    }
    .ok_or("nobody knows whom it is for")?
}

fn in_time(shared: &Shared, rules: &Assertion, claims: &serde_json::Map<String, Value>) -> Result<(), String> {
    let time = |name: &str| claims.get(name).and_then(Value::as_u64).ok_or_else(|| format!("its `{name}` is no time"));
    let (issued, expires) = (time("iat")?, time("exp")?);
    let now = shared.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if issued > now + SKEW || expires <= now {
        return Err("it is not valid now".to_owned());
    }
    if expires.saturating_sub(issued) > rules.lifetime {
        return Err(format!("it lives longer than {} seconds", rules.lifetime));
    }
    Ok(())
}

fn verify(alg: SigningAlg, key: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    let algorithm = match alg {
        SigningAlg::HS256 => hmac::HMAC_SHA256,
        SigningAlg::HS384 => hmac::HMAC_SHA384,
        SigningAlg::HS512 => hmac::HMAC_SHA512,
        _ => return verify_own(alg, key, message, signature),
    };
    Some(hmac::verify(&hmac::Key::new(algorithm, key.as_bytes()), message, signature).is_ok())
}
