//! ID tokens (OpenID Connect Core section 2).

use std::time::UNIX_EPOCH;

use oauth_core::Clock as _;
use oauth_core::spec::{ProfileFrom, SigningAlg};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use super::signing::{at_hash, base64url, name};
use crate::facts::CLAIM_GUID;
use crate::issue::Issued;
use crate::pointer::put_if_absent;
use crate::server::Shared;
use crate::shape::Refused;
use crate::state::Grant;
use crate::{RegisteredClient, SimUser, people};

/// How long an ID token is good, in seconds.
const LIFETIME: u64 = 3600;

/// The ID token of an answer, where the provider gives one. A refresh gives one without the nonce (OpenID Connect Core
/// section 12.2).
pub(crate) fn id_token(shared: &Shared, issued: &Issued, refreshed: bool) -> Result<Option<String>, Refused> {
    let Some(openid) = &shared.facts.spec.openid else { return Ok(None) };
    let Some(grant) = shared.state().grants.get(issued.grant).cloned() else { return Ok(None) };
    if !openid.required && !grant.scopes.iter().any(|scope| scope == "openid") {
        return Ok(None);
    }
    let (client, user) = (shared.facts.clients.get(grant.client), shared.facts.users.get(grant.user));
    let (Some(client), Some(user)) = (client, user) else {
        return Err(Refused::invalid_grant("the client or the user is gone"));
    };
    let first = openid.algs.first().copied().unwrap_or(SigningAlg::RS256);
    let alg = shared.signing.lock().alg.unwrap_or(first);
    let mut claims = claims(shared, client, user, &grant);
    claims.insert("at_hash".to_owned(), Value::from(at_hash(alg, &issued.access_token)));
    if let Some(nonce) = grant.nonce.filter(|_| openid.nonce && !refreshed) {
        claims.insert("nonce".to_owned(), Value::from(nonce));
    }
    sign(shared, alg, client, claims).map_err(|problem| Refused::new("server_error", problem))
}

fn claims(shared: &Shared, client: &RegisteredClient, user: &SimUser, grant: &Grant) -> Map<String, Value> {
    let now = shared.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut claims = of_user(user);
    if let Some(profile) = shared.facts.spec.profile.as_ref().filter(|profile| profile.from == ProfileFrom::IdToken) {
        let mut whole = Value::Object(claims);
        let at = profile.at.first().map_or("", String::as_str);
        for (pointer, value) in people::members(&shared.facts, &profile.map, user) {
            put_if_absent(&mut whole, &format!("{at}{pointer}"), value);
        }
        claims = match whole {
            Value::Object(claims) => claims,
            _ => Map::new(),
        };
    }
    claims.extend(shared.issuer.claims.iter().map(|name| (name.clone(), Value::from(CLAIM_GUID))));
    claims.insert("iss".to_owned(), Value::from(shared.issuer.of_id_tokens.as_deref()));
    claims.insert("aud".to_owned(), Value::from(client.id()));
    claims.insert("iat".to_owned(), Value::from(now));
    claims.insert("exp".to_owned(), Value::from(now + LIFETIME));
    if let Some(at) = grant.auth_time {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        claims.insert("auth_time".to_owned(), Value::from(at));
    }
    claims
}

/// An answer as a JWT: a callback, or a profile. JWT Secured Authorization Response Mode section 2.1: `iss`, `aud` and `exp`, of
/// which it recommends ten minutes at most, beside what the answer says; OpenID Connect Core section 5.3.2 has the first two.
pub(crate) fn signed_answer(shared: &Shared, client: usize, mut claims: Map<String, Value>) -> Result<String, String> {
    let openid = shared.facts.spec.openid.as_ref();
    let client = shared.facts.clients.get(client).ok_or("the client is gone")?;
    let alg = openid.and_then(|openid| openid.algs.first()).copied().unwrap_or(SigningAlg::RS256);
    let alg = shared.signing.lock().alg.unwrap_or(alg);
    let now = shared.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    claims.insert("iss".to_owned(), Value::from(shared.issuer.of_id_tokens.as_deref()));
    claims.insert("aud".to_owned(), Value::from(client.id()));
    claims.insert("exp".to_owned(), Value::from(now + 600));
    compact(shared, alg, client, claims)
}

/// Who the person is (OpenID Connect Core section 5.1): in ID tokens and at the userinfo endpoint alike.
pub(super) fn of_user(user: &SimUser) -> Map<String, Value> {
    let pairs = [
        ("sub", Value::from(user.subject.as_str())),
        ("name", Value::from(user.name.as_str())),
        ("preferred_username", Value::from(user.username.as_str())),
        ("email", Value::from(user.email.as_str())),
        ("email_verified", Value::from(user.email_verified)),
        ("picture", Value::from(user.avatar_url.as_str())),
        ("profile", Value::from(user.url.as_str())),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Signs an ID token, after a test had its say.
fn sign(
    shared: &Shared,
    alg: SigningAlg,
    client: &RegisteredClient,
    mut claims: Map<String, Value>,
) -> Result<Option<String>, String> {
    let (alter_claims, alter_text) = {
        let signer = shared.signing.lock();
        (signer.alter_claims.clone(), signer.alter_text.clone())
    };
    if let Some(alter) = alter_claims {
        alter(&mut claims);
    }
    let text = compact(shared, alg, client, claims)?;
    Ok(match alter_text {
        Some(alter) => alter(text),
        None => Some(text),
    })
}

/// The compact form (RFC 7515 section 7.1).
fn compact(
    shared: &Shared,
    alg: SigningAlg,
    client: &RegisteredClient,
    claims: Map<String, Value>,
) -> Result<String, String> {
    let secret = client.secret().map(|secret| secret.expose_secret().as_bytes());
    let mut signer = shared.signing.lock();
    let mut header = json!({"typ": "JWT", "alg": name(alg)});
    let without_kid = signer.without_kid;
    let keys = signer.keys()?;
    // An HMAC's key is the client's own secret, and has no name.
    if !without_kid && keys.jwk(alg).is_some() {
        header["kid"] = Value::from(keys.kid(alg));
    }
    let payload = Value::Object(claims).to_string();
    let message = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(payload.as_bytes()));
    let signature = keys.sign(alg, secret, message.as_bytes())?;
    Ok(format!("{message}.{}", base64url(&signature)))
}
