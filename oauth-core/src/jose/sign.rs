use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Alg, Family, JoseError, Jwk};
use crate::crypto::{Crypto, Hash, HmacKey, PrivateKey, SigningKey};
use crate::encode::push_base64url;

/// Writes tokens in the compact serialisation (RFC 7515 section 7.1): client assertions, minted secrets, proofs.
pub struct JwsSigner {
    key: Key,
    header: Map<String, Value>,
}

enum Key {
    Pair(Box<dyn SigningKey>),
    Shared(Arc<dyn Crypto>, Hash, HmacKey),
}

impl JwsSigner {
    /// A signer with a private key.
    pub fn new(crypto: &dyn Crypto, alg: Alg, key: &PrivateKey) -> Result<Self, JoseError> {
        match alg.family() {
            Family::Signature(family) => Ok(Self::with(alg, Key::Pair(crypto.signing_key(family, key)?))),
            Family::Hmac(_) => Err(JoseError::AlgKeyMismatch),
        }
    }

    /// A signer with a shared key, at least as long as the hash (RFC 7518 section 3.2).
    pub fn hmac(crypto: Arc<dyn Crypto>, alg: Alg, key: HmacKey) -> Result<Self, JoseError> {
        let Family::Hmac(hash) = alg.family() else { return Err(JoseError::AlgKeyMismatch) };
        key.fits(hash)?;
        Ok(Self::with(alg, Key::Shared(crypto, hash, key)))
    }

    fn with(alg: Alg, key: Key) -> Self {
        Self { key, header: Map::from_iter([("alg".to_owned(), Value::from(alg.name()))]) }
    }

    /// Names the key in the header.
    pub fn kid(self, kid: impl Into<String>) -> Self {
        self.member("kid", kid.into().into())
    }

    /// Says in the header what kind of token it is (RFC 8725 section 3.11).
    pub fn typ(self, typ: impl Into<String>) -> Self {
        self.member("typ", typ.into().into())
    }

    /// Puts the public key into the header (RFC 7515 section 4.1.3), as proofs of possession have it. A shared key has
    /// none.
    pub fn embed_key(self) -> Self {
        let jwk = self.public_key().and_then(|jwk| serde_json::from_str(&jwk.to_json()).ok());
        match jwk {
            Some(jwk) => self.member("jwk", jwk),
            None => self,
        }
    }

    fn member(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.to_owned(), value);
        self
    }

    /// The public half of the key; none of a shared one.
    pub fn public_key(&self) -> Option<Jwk> {
        match &self.key {
            Key::Pair(key) => Some(Jwk::new(key.public_key().clone())),
            Key::Shared(..) => None,
        }
    }

    /// Signs claims.
    pub fn sign(&self, claims: &impl Serialize) -> Result<SecretString, JoseError> {
        let failed = |_| JoseError::BadClaims;
        let mut token = String::with_capacity(1024);
        push_base64url(&mut token, &serde_json::to_vec(&self.header).map_err(failed)?);
        token.push('.');
        push_base64url(&mut token, &serde_json::to_vec(claims).map_err(failed)?);
        match &self.key {
            Key::Pair(key) => {
                let signature = key.sign(token.as_bytes())?;
                token.push('.');
                push_base64url(&mut token, &signature);
            }
            Key::Shared(crypto, hash, key) => {
                let code = crypto.hmac(*hash, key, token.as_bytes());
                token.push('.');
                push_base64url(&mut token, code.as_ref());
            }
        }
        Ok(token.into())
    }
}

impl fmt::Debug for JwsSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwsSigner").field("header", &self.header).finish_non_exhaustive()
    }
}
