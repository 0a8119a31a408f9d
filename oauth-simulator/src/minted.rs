//! A client secret that is a JWT (RFC 7519), checked.

use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::Clock as _;
use oauth_core::spec::{MintedAlg, MintedSecret, SigningAlg};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::RegisteredClient;
use crate::facts::Whose;
use crate::openid::signing::{name, verify_own};
use crate::server::Shared;

/// How far ahead of ours the client's clock may be, in seconds.
pub(crate) const SKEW: u64 = 60;

/// What is wrong with the secret, if anything is. Of the signature nothing is known where the client was registered
/// without its private key.
pub(crate) fn check(
    shared: &Shared,
    rules: &MintedSecret,
    client: &RegisteredClient,
    token: &str,
) -> Result<(), String> {
    let alg = signing_alg(rules.alg)?;
    let (message, signature) = token.rsplit_once('.').ok_or("it is no JWT")?;
    let (header, payload) = message.split_once('.').ok_or("it is no JWT")?;
    let (header, claims) = (object(header)?, object(payload)?);
    let render = |template| shared.facts.render(template, Whose::client(client));
    if header.get("alg") != Some(&Value::from(name(alg))) {
        return Err(format!("its `alg` is not {}", name(alg)));
    }
    let kid = rules.kid.as_ref().map(render).transpose()?;
    if header.get("kid").and_then(Value::as_str) != kid.as_deref() {
        return Err("its `kid` is not the one that this provider asks for".to_owned());
    }
    for (claim, template) in &rules.claims {
        if claims.get(claim) != Some(&Value::from(render(template)?)) {
            return Err(format!("its `{claim}` is not the one that this provider asks for"));
        }
    }
    let time = |name: &str| claims.get(name).and_then(Value::as_u64).ok_or_else(|| format!("its `{name}` is no time"));
    let (issued, expires) = (time("iat")?, time("exp")?);
    let now = shared.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if issued > now + SKEW || expires <= now {
        return Err("it is not valid now".to_owned());
    }
    if expires.saturating_sub(issued) > rules.lifetime {
        return Err(format!("it lives longer than {} seconds", rules.lifetime));
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "its signature is not base64url".to_owned())?;
    let key = client.secret().map(SecretString::expose_secret).unwrap_or_default();
    match verify_own(alg, key, message.as_bytes(), &signature) {
        Some(false) => Err("its signature is not that of the registered key".to_owned()),
        _ => Ok(()),
    }
}

/// The algorithm by its name among all others.
pub(crate) fn signing_alg(alg: MintedAlg) -> Result<SigningAlg, String> {
    match alg {
        MintedAlg::Es256 => Ok(SigningAlg::ES256),
        MintedAlg::Es384 => Ok(SigningAlg::ES384),
        MintedAlg::Rs256 => Ok(SigningAlg::RS256),
        MintedAlg::Ps256 => Ok(SigningAlg::PS256),
        MintedAlg::EdDsa => Ok(SigningAlg::EdDSA),
        _ => Err("the simulator does not know this algorithm".to_owned()),
    }
}

pub(crate) fn object(part: &str) -> Result<Map<String, Value>, String> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| "it is no JWT".to_owned())
}
