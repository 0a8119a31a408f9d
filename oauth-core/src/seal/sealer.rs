use std::fmt;
use std::sync::Arc;

use secrecy::SecretSlice;
use secrecy::zeroize::{Zeroize as _, Zeroizing};

use super::{KeyId, KeyRing, SealingKey, framed};
use crate::crypto::{AEAD_NONCE, AEAD_TAG, Crypto, CryptoError};
use crate::rng::Rng;
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// What a sealed thing begins with; a byte for its format follows.
const MAGIC: [u8; 3] = *b"oas";
const FORMAT: u8 = 1;
const KEY_AT: usize = MAGIC.len() + 1;
const NONCE_AT: usize = KEY_AT + KeyId::SIZE;
const CIPHERTEXT_AT: usize = NONCE_AT + AEAD_NONCE;
/// How much longer a sealed thing is than the plain one.
pub(crate) const OVERHEAD: usize = CIPHERTEXT_AT + AEAD_TAG;

/// Seals and opens: magic and format, key id, nonce, ciphertext, tag.
#[derive(Clone)]
pub(crate) struct Sealer {
    keys: KeyRing,
    crypto: Arc<dyn Crypto>,
    rng: Arc<dyn Rng>,
}

/// The place of a sealed thing: it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealOf<'a> {
    /// What it is: `record`, `attempt`.
    pub(crate) kind: &'static str,
    /// The name that it is stored under.
    pub(crate) key: &'a str,
    pub(crate) version: u64,
}

/// What was sealed.
pub(crate) struct Opened {
    pub(crate) plain: SecretSlice<u8>,
    /// Whether an old key opened it: it should be sealed anew.
    pub(crate) by_old_key: bool,
}

impl Sealer {
    pub(crate) fn new(keys: KeyRing, crypto: Arc<dyn Crypto>, rng: Arc<dyn Rng>) -> Self {
        Self { keys, crypto, rng }
    }

    /// Seals with the current key. `store` is whose name an error has.
    pub(crate) fn seal(&self, store: &'static str, of: SealOf<'_>, plain: &[u8]) -> StoreResult<Vec<u8>> {
        let crypto = &*self.crypto;
        let failed = |error: CryptoError| backend(store, error);
        let master = self.keys.current();
        let id = master.id_by(crypto).map_err(failed)?;
        let key = master.derive(crypto, of.kind, of.key).map_err(failed)?;
        let mut nonce = [0; AEAD_NONCE];
        self.rng.fill(&mut nonce).map_err(|error| {
            let what = "the system gave no random bytes; nothing was sealed";
            StoreError::new(StoreErrorKind::Internal, store, what).because(error)
        })?;

        let mut sealed = Vec::with_capacity(OVERHEAD + plain.len());
        sealed.extend_from_slice(&MAGIC);
        sealed.push(FORMAT);
        sealed.extend_from_slice(id.as_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        match crypto.chacha20_poly1305_seal(&key, nonce, &aad(of), &mut sealed[CIPHERTEXT_AT..]) {
            Ok(tag) => sealed.extend_from_slice(&tag),
            Err(error) => {
                sealed.zeroize();
                return Err(failed(error));
            }
        }
        Ok(sealed)
    }

    /// Opens what was sealed for this very place, with whichever key of the ring sealed it.
    pub(crate) fn open(&self, store: &'static str, of: SealOf<'_>, sealed: &[u8]) -> StoreResult<Opened> {
        let corrupt = |what: &'static str| StoreError::new(StoreErrorKind::Corrupt, store, what);
        let Some((&format, rest)) = sealed.strip_prefix(&MAGIC).and_then(<[u8]>::split_first) else {
            return Err(corrupt("this was not sealed by this library"));
        };
        if format > FORMAT {
            let what = "this was sealed by a newer version of this library";
            return Err(StoreError::new(StoreErrorKind::NewerSchema, store, what).fix("update this program"));
        }
        let Some((id, rest)) = rest.split_first_chunk().filter(|_| format == FORMAT && sealed.len() >= OVERHEAD) else {
            return Err(corrupt("this is not all of what was sealed"));
        };
        let Some((&nonce, ciphertext)) = rest.split_first_chunk() else {
            return Err(corrupt("this is not all of what was sealed"));
        };
        let (master, by_old_key) = self.key(store, KeyId::from_bytes(*id))?;
        let key = master.derive(&*self.crypto, of.kind, of.key).map_err(|error| backend(store, error))?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        match self.crypto.chacha20_poly1305_open(&key, nonce, &aad(of), &mut buffer) {
            Ok(plain) => Ok(Opened { plain: plain.to_vec().into(), by_old_key }),
            Err(CryptoError::NotAuthentic) => {
                Err(corrupt("this was changed since it was sealed, or was sealed for another place"))
            }
            Err(error) => Err(backend(store, error)),
        }
    }

    /// The key of that id, and whether it is an old one.
    fn key(&self, store: &'static str, id: KeyId) -> StoreResult<(&SealingKey, bool)> {
        let mut known = Vec::new();
        for (at, key) in self.keys.all().enumerate() {
            let this = key.id_by(&*self.crypto).map_err(|error| backend(store, error))?;
            if this == id {
                return Ok((key, at > 0));
            }
            known.push(this.to_string());
        }
        let what = format!("this was sealed with the key {id}, which is not here; here is {}", known.join(", "));
        Err(StoreError::new(StoreErrorKind::KeyUnknown, store, what).fix(format!(
            "give the key {id} with `KeyRing::with_old`; if it is lost for good, what it sealed is lost with it: remove \
             it, and log in again"
        )))
    }
}

fn backend(store: &'static str, error: CryptoError) -> StoreError {
    StoreError::new(StoreErrorKind::Internal, store, "sealing or opening failed").because(error)
}

/// What the tag vouches for beside the content.
fn aad(of: SealOf<'_>) -> Vec<u8> {
    framed(&[&MAGIC, &[FORMAT], of.kind.as_bytes(), of.key.as_bytes(), &of.version.to_be_bytes()])
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("by_old_key", &self.by_old_key).finish_non_exhaustive()
    }
}
