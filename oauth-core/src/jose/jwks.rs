use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::value::RawValue;

use super::{JoseError, Jwk};
use crate::crypto::{Crypto, CryptoError, SignatureAlg, VerifyingKey};
use crate::json::Members;

/// The most that a key set may have.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_KEYS: usize = 100;

/// As many keys are tried where a token does not say, or not clearly, which one signed it.
const MAX_CANDIDATES: usize = 4;

/// A set of public keys (RFC 7517 section 5). Each is made ready once, when it is first needed.
pub struct JwkSet {
    keys: Vec<Key>,
    crypto: Arc<dyn Crypto>,
}

struct Key {
    jwk: Jwk,
    ready: OnceLock<Ready>,
    /// A key of RSA that names no `alg` may be used with a second one; a third is made ready each time.
    second: OnceLock<Ready>,
}

struct Ready {
    alg: SignatureAlg,
    key: Result<Box<dyn VerifyingKey>, CryptoError>,
}

impl JwkSet {
    /// Reads a set. RFC 7517 section 5: keys that are not understood, lack what they need or have values out of range
    /// are left out; they are no reason to refuse the others.
    pub fn from_json(crypto: Arc<dyn Crypto>, json: &[u8]) -> Result<Self, JoseError> {
        if json.len() > MAX_BYTES {
            return Err(JoseError::KeySetTooLarge);
        }
        let text = std::str::from_utf8(json).map_err(|_| JoseError::BadKeySet)?;
        let members = Members::parse(text).map_err(|_| JoseError::BadKeySet)?;
        let list = members.get("keys").ok_or(JoseError::BadKeySet)?;
        let list: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| JoseError::BadKeySet)?;
        if list.len() > MAX_KEYS {
            return Err(JoseError::KeySetTooLarge);
        }
        let keys = list.into_iter().filter_map(|key| Jwk::from_json(key.get()).ok());
        Ok(Self::new(crypto, keys))
    }

    /// A set of these keys.
    pub fn new(crypto: Arc<dyn Crypto>, keys: impl IntoIterator<Item = Jwk>) -> Self {
        let key = |jwk| Key { jwk, ready: OnceLock::new(), second: OnceLock::new() };
        Self { keys: keys.into_iter().map(key).collect(), crypto }
    }

    /// The usable keys.
    pub fn keys(&self) -> impl Iterator<Item = &Jwk> {
        self.keys.iter().map(|key| &key.jwk)
    }

    /// How many usable keys it has.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a key has this name.
    pub fn has_kid(&self, kid: &str) -> bool {
        self.keys().any(|key| key.kid() == Some(kid))
    }

    /// Checks a signature with the key of that name, else with the few that could be meant.
    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        alg: SignatureAlg,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), JoseError> {
        let named = || self.keys.iter().filter(|key| kid.is_none() || key.jwk.kid() == kid);
        let mut failure = None;
        if named().filter(|key| key.jwk.supports(alg)).count() > MAX_CANDIDATES {
            return Err(JoseError::AmbiguousKey);
        }
        for key in named().filter(|key| key.jwk.supports(alg)) {
            match key.verify(&*self.crypto, alg, message, signature) {
                Ok(()) => return Ok(()),
                // A sound key whose signature it is not says more than a key that cannot be used.
                Err(CryptoError::BadSignature) => failure = Some(CryptoError::BadSignature),
                Err(other) => failure = failure.or(Some(other)),
            }
        }
        Err(match failure {
            Some(failure) => failure.into(),
            None if kid.is_some() && named().next().is_some() => JoseError::AlgKeyMismatch,
            None => JoseError::UnknownKey,
        })
    }
}

impl Key {
    fn verify(
        &self,
        crypto: &dyn Crypto,
        alg: SignatureAlg,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        for slot in [&self.ready, &self.second] {
            let ready = slot.get_or_init(|| Ready { alg, key: crypto.verifying_key(alg, self.jwk.key()) });
            if ready.alg == alg {
                return ready.key.as_ref().map_err(Clone::clone)?.verify(message, signature);
            }
        }
        crypto.verifying_key(alg, self.jwk.key())?.verify(message, signature)
    }
}

impl fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}
