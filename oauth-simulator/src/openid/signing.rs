//! The one file that signs and verifies: everything else speaks of algorithms by name.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oauth_core::spec::SigningAlg;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use ring::{digest, hmac};
use serde_json::{Value, json};

/// For tests on loopback only, as the file itself says: ring makes no RSA keys.
const RSA_KEYS: &str = include_str!("loopback_test_keys.pem");

/// One key of each kind. A rotation makes another set.
pub(crate) struct Keys {
    turn: usize,
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    random: SystemRandom,
}

impl Keys {
    /// The set of that turn: the RSA keys take turns, the others are new.
    pub(crate) fn new(turn: usize) -> Result<Self, String> {
        let random = random();
        let broken = |_| "the simulator's own keys cannot be used".to_owned();
        let blocks = pem_blocks(RSA_KEYS);
        let rsa = turn.checked_rem(blocks.len()).and_then(|at| blocks.get(at)).ok_or("there is no RSA key")?;
        Ok(Self {
            turn,
            rsa: RsaKeyPair::from_pkcs8(rsa).map_err(|fault| fault.to_string())?,
            p256: new_ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &random)?,
            p384: new_ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &random)?,
            ed25519: Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).map_err(broken)?.as_ref())
                .map_err(|fault| fault.to_string())?,
            random,
        })
    }

    /// The name of the key for that algorithm.
    pub(crate) fn kid(&self, alg: SigningAlg) -> String {
        format!("sim-{}-{}", self.turn, name(alg).to_ascii_lowercase())
    }

    /// Signs as RFC 7518 section 3 and RFC 8037 section 3.1 have it; `secret` is the key of the HMAC algorithms.
    pub(crate) fn sign(&self, alg: SigningAlg, secret: Option<&[u8]>, message: &[u8]) -> Result<Vec<u8>, String> {
        match alg {
            SigningAlg::RS256 => self.sign_rsa(&signature::RSA_PKCS1_SHA256, message),
            SigningAlg::RS384 => self.sign_rsa(&signature::RSA_PKCS1_SHA384, message),
            SigningAlg::RS512 => self.sign_rsa(&signature::RSA_PKCS1_SHA512, message),
            SigningAlg::PS256 => self.sign_rsa(&signature::RSA_PSS_SHA256, message),
            SigningAlg::PS384 => self.sign_rsa(&signature::RSA_PSS_SHA384, message),
            SigningAlg::PS512 => self.sign_rsa(&signature::RSA_PSS_SHA512, message),
            SigningAlg::ES256 => sign_ec(&self.p256, &self.random, message),
            SigningAlg::ES384 => sign_ec(&self.p384, &self.random, message),
            SigningAlg::EdDSA => Ok(self.ed25519.sign(message).as_ref().to_vec()),
            SigningAlg::HS256 => keyed(hmac::HMAC_SHA256, secret, message),
            SigningAlg::HS384 => keyed(hmac::HMAC_SHA384, secret, message),
            SigningAlg::HS512 => keyed(hmac::HMAC_SHA512, secret, message),
            other => Err(format!("the simulator cannot sign with {}", name(other))),
        }
    }

    fn sign_rsa(&self, encoding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut signed = vec![0; self.rsa.public().modulus_len()];
        match self.rsa.sign(encoding, &self.random, message, &mut signed) {
            Ok(()) => Ok(signed),
            Err(_) => Err("the RSA key does not sign".to_owned()),
        }
    }

    /// The public half as a JSON Web Key (RFC 7517 section 4), unless the algorithm has none.
    pub(crate) fn jwk(&self, alg: SigningAlg) -> Option<Value> {
        let mut jwk = match alg {
            SigningAlg::ES256 => ec_jwk("P-256", &self.p256),
            SigningAlg::ES384 => ec_jwk("P-384", &self.p384),
            SigningAlg::EdDSA => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(self.ed25519.public_key().as_ref())})
            }
            SigningAlg::RS256
            | SigningAlg::RS384
            | SigningAlg::RS512
            | SigningAlg::PS256
            | SigningAlg::PS384
            | SigningAlg::PS512 => {
                let public: PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
                json!({"kty": "RSA", "n": base64url(&public.n), "e": base64url(&public.e)})
            }
            _ => return None,
        };
        jwk["use"] = Value::from("sig");
        jwk["alg"] = Value::from(name(alg));
        jwk["kid"] = Value::from(self.kid(alg));
        Some(jwk)
    }
}

/// Whether there is a way to sign with it: ring knows neither the curve of ES512 nor what comes after it.
pub(crate) fn can_sign(alg: SigningAlg) -> bool {
    alg != SigningAlg::ES512
}

/// The algorithm's registered name (RFC 7518 section 3.1).
pub(crate) fn name(alg: SigningAlg) -> String {
    // The registered names are the variants' own.
    format!("{alg:?}")
}

/// The left half of the hash of an access token, with the hash of the algorithm (OpenID Connect Core section 3.1.3.6).
pub(crate) fn at_hash(alg: SigningAlg, access_token: &str) -> String {
    let hash = match alg {
        SigningAlg::RS384 | SigningAlg::PS384 | SigningAlg::ES384 | SigningAlg::HS384 => &digest::SHA384,
        // Ed25519 hashes with SHA-512.
        SigningAlg::RS512 | SigningAlg::PS512 | SigningAlg::ES512 | SigningAlg::HS512 | SigningAlg::EdDSA => {
            &digest::SHA512
        }
        _ => &digest::SHA256,
    };
    let hash = digest::digest(hash, access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    base64url(left)
}

/// HMAC (RFC 2104) with SHA-256.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The base64url of RFC 7515 section 2: no padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn keyed(algorithm: hmac::Algorithm, secret: Option<&[u8]>, message: &[u8]) -> Result<Vec<u8>, String> {
    let secret = secret.ok_or("an HMAC needs the client's secret, and this client has none")?;
    Ok(hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec())
}

fn sign_ec(key: &EcdsaKeyPair, random: &SystemRandom, message: &[u8]) -> Result<Vec<u8>, String> {
    match key.sign(random, message) {
        Ok(signed) => Ok(signed.as_ref().to_vec()),
        Err(_) => Err("the elliptic key does not sign".to_owned()),
    }
}

fn new_ec(algorithm: &'static signature::EcdsaSigningAlgorithm, random: &SystemRandom) -> Result<EcdsaKeyPair, String> {
    let made = EcdsaKeyPair::generate_pkcs8(algorithm, random).map_err(|_| "there are no random bytes".to_owned())?;
    EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), random).map_err(|fault| fault.to_string())
}

/// RFC 7518 section 6.2: the coordinates stand behind the byte that says that they are not compressed.
fn ec_jwk(curve: &str, key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)})
}

/// A private key for that algorithm, as a PEM file: what a developer downloads at the provider's console.
pub(crate) fn private_key(alg: SigningAlg) -> Result<String, String> {
    let random = random();
    let broken = |_| "there are no random bytes".to_owned();
    let document = match alg {
        SigningAlg::ES256 => {
            EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(broken)?
        }
        SigningAlg::ES384 => {
            EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &random).map_err(broken)?
        }
        SigningAlg::EdDSA => Ed25519KeyPair::generate_pkcs8(&random).map_err(broken)?,
        _ => {
            return pem_blocks(RSA_KEYS)
                .first()
                .map(|block| pem(block))
                .ok_or_else(|| "there is no RSA key".to_owned());
        }
    };
    Ok(pem(document.as_ref()))
}

/// Whether the owner of that private key has signed the message; `None` where it is no key for the algorithm.
pub(crate) fn verify_own(alg: SigningAlg, key: &str, message: &[u8], signed: &[u8]) -> Option<bool> {
    let blocks = pem_blocks(key);
    let document = blocks.first()?;
    let by = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
        signature::UnparsedPublicKey::new(algorithm, key).verify(message, signed).is_ok()
    };
    let by_ec = |own: &'static signature::EcdsaSigningAlgorithm,
                 theirs: &'static signature::EcdsaVerificationAlgorithm| {
        let key = EcdsaKeyPair::from_pkcs8(own, document, &random()).ok()?;
        Some(by(theirs, key.public_key().as_ref()))
    };
    let by_rsa = |algorithm: &'static signature::RsaParameters| {
        let key = RsaKeyPair::from_pkcs8(document).ok()?;
        let public: PublicKeyComponents<Vec<u8>> = key.public().into();
        Some(public.verify(algorithm, message, signed).is_ok())
    };
    match alg {
        SigningAlg::ES256 => by_ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signature::ECDSA_P256_SHA256_FIXED),
        SigningAlg::ES384 => by_ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &signature::ECDSA_P384_SHA384_FIXED),
        SigningAlg::EdDSA => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(document).ok()?;
            Some(by(&signature::ED25519, key.public_key().as_ref()))
        }
        SigningAlg::RS256 => by_rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        SigningAlg::PS256 => by_rsa(&signature::RSA_PSS_2048_8192_SHA256),
        _ => None,
    }
}

fn pem(document: &[u8]) -> String {
    // RFC 7468 section 2: at most 64 characters a line.
    let encoded: Vec<char> = STANDARD.encode(document).chars().collect();
    let lines: Vec<String> = encoded.chunks(64).map(|line| line.iter().collect()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// The PKCS#8 documents of a PEM file (RFC 7468 section 10).
fn pem_blocks(text: &str) -> Vec<Vec<u8>> {
    let blocks = text.split("-----BEGIN PRIVATE KEY-----").skip(1);
    let blocks = blocks.filter_map(|block| {
        let (encoded, _) = block.split_once("-----END PRIVATE KEY-----")?;
        let encoded: String = encoded.split_ascii_whitespace().collect();
        STANDARD.decode(encoded).ok()
    });
    blocks.collect()
}

#[allow(clippy::disallowed_methods, reason = "ring takes no other generator for what it signs")]
fn random() -> SystemRandom {
    SystemRandom::new()
}
