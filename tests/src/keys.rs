//! Keys of a test's own, and tokens made with them, well-formed or not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::crypto::{Crypto, PrivateKey, SignatureAlg, SigningKey, default_backend};
use oauth_core::jose::Jwk;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use serde_json::{Value, json};

/// A pair of keys with a name. Two of RSA are files beside the tests, because making one takes seconds.
pub struct Key {
    kid: String,
    alg: SignatureAlg,
    pair: Box<dyn SigningKey>,
}

impl Key {
    /// A key of RSA, always the same one.
    pub fn rsa(kid: &str) -> Self {
        Self::from_pem(kid, SignatureAlg::Rs256, include_str!("../keys/rsa.pem"))
    }

    /// Another key of RSA, always the same one.
    pub fn other_rsa(kid: &str) -> Self {
        Self::from_pem(kid, SignatureAlg::Rs256, include_str!("../keys/rsa-other.pem"))
    }

    /// The key of [`rsa`](Self::rsa), signing with another algorithm.
    pub fn rsa_as(kid: &str, alg: SignatureAlg) -> Self {
        Self::from_pem(kid, alg, include_str!("../keys/rsa.pem"))
    }

    /// A new key on P-256.
    pub fn es256(kid: &str) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random()).expect("ring makes keys");
        Self::new(kid, SignatureAlg::Es256, &PrivateKey::from_pkcs8_der(pkcs8))
    }

    /// A new key of Ed25519.
    pub fn ed25519(kid: &str) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random()).expect("ring makes keys");
        Self::new(kid, SignatureAlg::EdDsa, &PrivateKey::from_pkcs8_der(pkcs8))
    }

    fn from_pem(kid: &str, alg: SignatureAlg, pem: &str) -> Self {
        Self::new(kid, alg, &PrivateKey::from_pem(pem).expect("a key in PKCS#8"))
    }

    fn new(kid: &str, alg: SignatureAlg, key: &PrivateKey) -> Self {
        let pair = backend().signing_key(alg, key).expect("the backend takes the key");
        Self { kid: kid.to_owned(), alg, pair }
    }

    /// The public key as its issuer publishes it.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.bare_jwk();
        jwk["kid"] = self.kid.as_str().into();
        jwk["alg"] = self.alg.name().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The public key and nothing else.
    pub fn bare_jwk(&self) -> Value {
        serde_json::from_str(&Jwk::new(self.pair.public_key().clone()).to_json()).expect("a JWK is JSON")
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        json!({"alg": self.alg.name(), "kid": self.kid, "typ": "JWT"})
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// Signs claims under another header.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        self.sign_bytes(&header.to_string(), claims.to_string())
    }

    /// Signs whatever bytes.
    pub fn sign_bytes(&self, header: &str, payload: impl AsRef<[u8]>) -> String {
        let signed = unsigned(header, payload);
        let signature = self.signature(&signed);
        format!("{signed}.{}", base64url(signature))
    }

    /// The signature of a text.
    pub fn signature(&self, text: &str) -> Vec<u8> {
        self.pair.sign(text.as_bytes()).expect("the backend signs")
    }
}

/// A set of these keys, as JSON.
pub fn key_set(keys: &[&Key]) -> String {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string()
}

/// Header and payload, without a signature.
pub fn unsigned(header: &str, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", base64url(header), base64url(payload))
}

/// A token with an authentication code of SHA-256 over a shared key of any length.
pub fn hs256(secret: impl AsRef<[u8]>, claims: &Value) -> String {
    let signed = unsigned(r#"{"alg":"HS256"}"#, claims.to_string());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_ref());
    format!("{signed}.{}", base64url(ring::hmac::sign(&key, signed.as_bytes())))
}

/// Base64url without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn backend() -> std::sync::Arc<dyn Crypto> {
    default_backend().expect("the tests have a backend")
}

#[allow(clippy::disallowed_methods, reason = "ring's trait for random sources is sealed")]
fn random() -> ring::rand::SystemRandom {
    ring::rand::SystemRandom::new()
}
