//! What the RFCs print, and what attackers send, with each backend that is compiled in.
#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]

mod claims;
mod confusion;
mod forged;
mod forged_pkcs1;
mod forged_pss;
mod malformed;
mod rfc;
mod sets;
mod signatures;
mod signing;
mod vectors;

use std::sync::Arc;

use super::{Alg, JoseError, Jwk, JwkSet, Jws, Verified};
use crate::crypto::{Crypto, HmacKey};
use crate::encode::{base64url, base64url_strict};

/// Every backend that is compiled in.
fn backends() -> Vec<Arc<dyn Crypto>> {
    vec![
        #[cfg(feature = "ring")]
        Arc::new(crate::crypto::Ring),
        #[cfg(feature = "aws-lc-rs")]
        Arc::new(crate::crypto::AwsLcRs),
    ]
}

/// A set of these keys, each JSON.
fn set(crypto: &Arc<dyn Crypto>, keys: &[&str]) -> JwkSet {
    let json = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    JwkSet::from_json(Arc::clone(crypto), json.as_bytes()).unwrap()
}

fn shared() -> HmacKey {
    HmacKey::new(base64url_strict(rfc::SHARED).unwrap()).unwrap()
}

/// Whether a token is accepted with these keys, when it may be signed with any algorithm there is.
fn verify(token: &str, keys: &JwkSet) -> Result<Verified, JoseError> {
    Jws::parse(token, &ALL)?.verify(keys)
}

const ALL: [Alg; 13] = [
    Alg::Hs256,
    Alg::Hs384,
    Alg::Hs512,
    Alg::Rs256,
    Alg::Rs384,
    Alg::Rs512,
    Alg::Ps256,
    Alg::Ps384,
    Alg::Ps512,
    Alg::Es256,
    Alg::Es384,
    Alg::Es512,
    Alg::EdDsa,
];

/// A token of this header and signature over the payload that the RFCs use.
fn token(header: &str, signature: &[u8]) -> String {
    format!("{}.{}.{}", base64url(header.as_bytes()), rfc::PAYLOAD, base64url(signature))
}

fn jwk(json: &str) -> Jwk {
    Jwk::from_json(json).unwrap()
}
