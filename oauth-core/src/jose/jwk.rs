use serde_json::value::RawValue;

use super::{Alg, Family, JoseError};
use crate::crypto::{Curve, EcPublicKey, PublicKey, RsaPublicKey, SignatureAlg};
use crate::encode::base64url_strict;
use crate::json::{self, Members};

/// A public key for signatures, read from a JWK (RFC 7517 section 4).
#[derive(Clone, Debug)]
pub struct Jwk {
    kid: Option<String>,
    alg: Option<SignatureAlg>,
    key: PublicKey,
}

/// The members of private and shared keys (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// No `kid` in the world is longer.
const MAX_KID: usize = 1024;

impl Jwk {
    /// Reads one key. What it holds beside a public key for signatures is refused: shared and private keys, keys for
    /// encryption, keys too short or too long, and members that come twice.
    pub fn from_json(json: &str) -> Result<Self, JoseError> {
        let members =
            Members::parse(json).map_err(|_| JoseError::BadKey("it is not a JSON object with each name once"))?;
        if PRIVATE.iter().any(|name| members.get(name).is_some()) {
            return Err(JoseError::BadKey("it is a private or a shared key"));
        }
        check_purpose(&members)?;
        let key = match &*text(&members, "kty")? {
            "RSA" => PublicKey::Rsa(RsaPublicKey::new(&bytes(&members, "n")?, &bytes(&members, "e")?)?),
            "EC" => {
                let curve = match &*text(&members, "crv")? {
                    "P-256" => Curve::P256,
                    "P-384" => Curve::P384,
                    "P-521" => Curve::P521,
                    _ => return Err(JoseError::BadKey("its curve is none that signatures here are made with")),
                };
                PublicKey::Ec(EcPublicKey::new(curve, &bytes(&members, "x")?, &bytes(&members, "y")?)?)
            }
            // RFC 8037 section 2.
            "OKP" if text(&members, "crv")? == "Ed25519" => {
                let x = bytes(&members, "x")?.try_into();
                PublicKey::Ed25519(x.map_err(|_| JoseError::BadKey("a key of Ed25519 has 32 bytes"))?)
            }
            _ => return Err(JoseError::BadKey("its kind is none that signatures here are made with")),
        };
        let alg = match members.get("alg").map(|alg| json::text(alg).and_then(|name| Alg::from_name(&name))) {
            None => None,
            Some(alg) => match alg.map(Alg::family) {
                Some(Family::Signature(alg)) if alg.takes(&key) => Some(alg),
                _ => return Err(JoseError::BadKey("its `alg` is no signature algorithm of its kind")),
            },
        };
        let kid = match members.get("kid").map(json::text) {
            None => None,
            Some(Some(kid)) if kid.len() <= MAX_KID => Some(kid.into_owned()),
            Some(_) => return Err(JoseError::BadKey("its `kid` is no text of a sensible length")),
        };
        Ok(Self { kid, alg, key })
    }

    /// A key of these parts.
    pub fn new(key: PublicKey) -> Self {
        Self { kid: None, alg: None, key }
    }

    /// Its name: a word to compare and nothing more (RFC 7517 section 4.5).
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether the key works with this algorithm, by its kind and by its own `alg` (RFC 7517 section 4.4).
    pub fn supports(&self, alg: SignatureAlg) -> bool {
        self.alg.is_none_or(|own| own == alg) && alg.takes(&self.key)
    }
}

/// RFC 7517 sections 4.2 and 4.3: a key that says what it is for is for that only.
fn check_purpose(members: &Members<'_>) -> Result<(), JoseError> {
    let purpose = match members.get("use") {
        None => true,
        Some(value) => json::text(value).is_some_and(|purpose| purpose == "sig"),
    };
    let operations = match members.get("key_ops") {
        None => true,
        Some(value) => {
            let list: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
            list.iter().any(|operation| json::text(operation).is_some_and(|operation| operation == "verify"))
        }
    };
    if purpose && operations { Ok(()) } else { Err(JoseError::BadKey("it is not for checking signatures")) }
}

fn text<'a>(members: &Members<'a>, name: &str) -> Result<std::borrow::Cow<'a, str>, JoseError> {
    members.get(name).and_then(json::text).ok_or(JoseError::BadKey("a member is missing or is not a string"))
}

fn bytes(members: &Members<'_>, name: &str) -> Result<Vec<u8>, JoseError> {
    base64url_strict(&text(members, name)?).ok_or(JoseError::BadKey("a member is not strict base64url"))
}
