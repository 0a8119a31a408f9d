//! ID tokens as the transcript's provider would sign them, and its public key.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::holes::Holes;
use crate::model::IdToken;

const KID: &str = "transcript-1";

/// Made for these tests, good for nothing else.
const KEY: &str = include_str!("signing-key.pem");

fn key() -> RsaKeyPair {
    let base64: String = KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap()
}

/// The signed token (RFC 7515, RS256), issued now, good for an hour.
pub(crate) fn sign(id_token: &IdToken, holes: &Holes, now: SystemTime) -> String {
    let mut claims = id_token.claims.clone();
    for value in claims.values_mut() {
        if let Value::String(text) = value {
            *text = holes.fill(text);
        }
    }
    let since_epoch = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    claims.insert("iat".to_owned(), since_epoch(now).into());
    claims.insert("exp".to_owned(), since_epoch(now + Duration::from_secs(3600)).into());
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": id_token.alg, "typ": "JWT", "kid": KID});
    let signed = format!("{}.{}", part(&header), part(&Value::Object(claims)));
    let key = key();
    let mut signature = vec![0; key.public().modulus_len()];
    #[allow(clippy::disallowed_methods, reason = "ring wants it; PKCS #1 v1.5 draws nothing from it")]
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The public half (RFC 7517).
pub(crate) fn jwks() -> Value {
    let components = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key().public());
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID, "n": number(&components.n), "e": number(&components.e),
    }]})
}
