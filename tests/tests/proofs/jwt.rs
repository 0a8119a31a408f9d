//! Reads and checks JWTs as a server does: with ring, and no code of the client's.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::Value;

/// The parts of a JWT.
#[derive(Debug)]
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) message: String,
    pub(crate) signature: Vec<u8>,
}

impl Jwt {
    pub(crate) fn read(text: &str) -> Self {
        let (message, signature) = text.rsplit_once('.').expect("a JWT has three parts");
        let (header, claims) = message.split_once('.').expect("a JWT has three parts");
        Self {
            header: json(header),
            claims: json(claims),
            message: message.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).expect("base64url"),
        }
    }

    /// Whether the owner of that P-256 key has signed it.
    pub(crate) fn is_by(&self, point: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(self.message.as_bytes(), &self.signature).is_ok()
    }
}

fn json(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// A new P-256 key: as PEM, and the point that its owner's signatures are checked with.
pub(crate) fn key() -> (String, Vec<u8>) {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("random bytes");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).expect("a key");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    (pem, pair.public_key().as_ref().to_vec())
}
