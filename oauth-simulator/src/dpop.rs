//! Proofs of possession, checked (RFC 9449 section 4.3).

use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::Clock as _;
use oauth_core::spec::SigningAlg;
use ring::{digest, signature};
use serde_json::{Map, Value};
use url::Url;

use crate::address::Address;
use crate::minted::{SKEW, object};
use crate::openid::signing::{base64url, name};
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::{Simulator, state::Grant};

/// The scheme of the `Authorization` header of bound tokens.
pub(crate) const SCHEME: &str = "DPoP";

/// Which of the provider's servers looks: each has nonces of its own (RFC 9449 section 8.2).
#[derive(Clone, Copy)]
pub(crate) enum Server {
    Authorization,
    Resource,
}

/// Why a proof is none.
pub(crate) enum Unproved {
    Wrong(String),
    /// It has not this nonce.
    Nonce(String),
}

impl From<Unproved> for Refused {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Wrong(why) => Self::new("invalid_dpop_proof", why),
            Unproved::Nonce(nonce) => Self {
                nonce: Some(nonce),
                ..Self::new("use_dpop_nonce", "the proof does not have the nonce that this server gives")
            },
        }
    }
}

impl Simulator {
    /// Asks for nonces in proofs of possession from now on (RFC 9449 section 8), and for other ones at each further call.
    pub fn renew_dpop_nonces(&self) {
        self.state().nonces += 1;
    }
}

/// The thumbprint of the key that a token request proves; none where it proves none, and need not.
pub(crate) fn at_token(shared: &Shared, request: &Request) -> Result<Option<String>, Refused> {
    let Some(rules) = &shared.facts.spec.dpop else { return Ok(None) };
    if !request.headers.contains_key("dpop") {
        let missing = || Refused::new("invalid_dpop_proof", "tokens are bound here, and there is no proof");
        return if rules.is_required() { Err(missing()) } else { Ok(None) };
    }
    Ok(Some(check(shared, request, Server::Authorization, None)?))
}

/// Binds the grant to the key, or holds it against the one that it is bound to. Section 5: the refresh token of a public client is
/// bound, and here that of every client; section 10: so is a code that was asked for with `dpop_jkt`.
pub(crate) fn bind(grant: &mut Grant, proved: Option<String>) -> Result<bool, Refused> {
    match (&grant.key, proved) {
        (Some(bound), Some(proved)) if *bound == proved => {}
        (Some(_), _) => {
            grant.revoked = true;
            return Err(Refused::invalid_grant("this is bound to another key than the one that is proved"));
        }
        (None, proved) => grant.key = proved,
    }
    Ok(grant.key.is_some())
}

/// The thumbprint of the key behind a request's proof, which is checked.
pub(crate) fn check(
    shared: &Shared,
    request: &Request,
    server: Server,
    token: Option<&str>,
) -> Result<String, Unproved> {
    let wrong = |why: &str| Unproved::Wrong(why.to_owned());
    let proof = request.header("dpop").ok_or_else(|| wrong("there is not exactly one proof"))?;
    let (message, signed) = proof.rsplit_once('.').ok_or_else(|| wrong("the proof is no JWT"))?;
    let (header, claims) = message.split_once('.').ok_or_else(|| wrong("the proof is no JWT"))?;
    let (header, claims) = (object(header).map_err(Unproved::Wrong)?, object(claims).map_err(Unproved::Wrong)?);
    let alg = shared.facts.spec.dpop.map_or(SigningAlg::ES256, |rules| rules.alg);
    if header.get("typ") != Some(&Value::from("dpop+jwt")) || header.get("alg") != Some(&Value::from(name(alg))) {
        return Err(wrong("the header is not that of a proof"));
    }
    let key = header.get("jwk").and_then(Value::as_object).ok_or_else(|| wrong("the header has no key"))?;
    let signed = URL_SAFE_NO_PAD.decode(signed).map_err(|_| wrong("the signature is not base64url"))?;
    if key.contains_key("d") || !is_signed(alg, key, message.as_bytes(), &signed) {
        return Err(wrong("the signature is not that of the key"));
    }
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    if text("htm") != Some(request.method.as_str()) || text("htu").and_then(plain) != target(shared, request) {
        return Err(wrong("the proof is for another request"));
    }
    let now = shared.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if claims.get("iat").and_then(Value::as_u64).is_none_or(|issued| issued.abs_diff(now) > SKEW) {
        return Err(wrong("the proof was not made now"));
    }
    let hash = token.map(|token| base64url(digest::digest(&digest::SHA256, token.as_bytes()).as_ref()));
    if text("ath") != hash.as_deref() {
        return Err(wrong("the proof is not for this token"));
    }
    let mut state = shared.state();
    if let Some(nonce) = nonce(server, state.nonces).filter(|nonce| text("nonce") != Some(nonce)) {
        return Err(Unproved::Nonce(nonce));
    }
    let id = text("jti").filter(|id| !id.is_empty()).ok_or_else(|| wrong("the proof has no `jti`"))?;
    // Section 11.1: each is taken once.
    if !state.proofs.insert(id.to_owned()) {
        return Err(wrong("the proof was used before"));
    }
    Ok(thumbprint(key))
}

fn nonce(server: Server, turn: usize) -> Option<String> {
    let server = match server {
        Server::Authorization => "as",
        Server::Resource => "rs",
    };
    (turn > 0).then(|| format!("sim-{server}-{turn}"))
}

/// The address at the real provider, without query (section 4.3).
fn target(shared: &Shared, request: &Request) -> Option<String> {
    let address = Address::from_path(&request.path)?;
    let scheme = shared.routes.scheme(&address.authority);
    plain(&format!("{scheme}://{}{}", address.authority, address.path))
}

fn plain(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    (url.query().is_none() && url.fragment().is_none()).then(|| url.into())
}

fn is_signed(alg: SigningAlg, key: &Map<String, Value>, message: &[u8], signed: &[u8]) -> bool {
    let part = |member: &str| URL_SAFE_NO_PAD.decode(key.get(member).and_then(Value::as_str)?).ok();
    let is_on = |curve: &str| key.get("crv") == Some(&Value::from(curve));
    let by = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
        signature::UnparsedPublicKey::new(algorithm, key).verify(message, signed).is_ok()
    };
    // SEC 1 section 2.3.3: 4 stands before coordinates that are not compressed.
    let point = || Some([vec![4], part("x")?, part("y")?].concat());
    match alg {
        SigningAlg::ES256 if is_on("P-256") => point().is_some_and(|key| by(&signature::ECDSA_P256_SHA256_FIXED, &key)),
        SigningAlg::ES384 if is_on("P-384") => point().is_some_and(|key| by(&signature::ECDSA_P384_SHA384_FIXED, &key)),
        SigningAlg::EdDSA if is_on("Ed25519") => part("x").is_some_and(|key| by(&signature::ED25519, &key)),
        _ => false,
    }
}

/// RFC 7638 section 3: the members that a key must have, by name.
fn thumbprint(key: &Map<String, Value>) -> String {
    let known: Map<String, Value> = ["crv", "kty", "x", "y"]
        .into_iter()
        .filter_map(|member| Some((member.to_owned(), key.get(member)?.clone())))
        .collect();
    let text = Value::Object(known).to_string();
    base64url(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}
