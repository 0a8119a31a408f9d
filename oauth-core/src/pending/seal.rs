//! How attempts are sealed. Their place is a digest of the login's state, so that one opens for its own callback only.

use std::fmt;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::PendingAttempt;
use crate::crypto::{Crypto, CryptoError, Digest, Hash, default_backend};
use crate::rng::{OsRng, Rng};
use crate::seal::{KeyRing, SealOf, Sealer, framed};
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// What an attempt is sealed as.
const KIND: &str = "attempt";

/// What attempts are sealed with.
#[derive(Clone)]
pub(super) struct Seal {
    keys: KeyRing,
    pub(super) crypto: Option<Arc<dyn Crypto>>,
    pub(super) rng: Arc<dyn Rng>,
    /// Whose name an error has.
    store: &'static str,
}

impl Seal {
    pub(super) fn new(keys: KeyRing, store: &'static str) -> Self {
        Self { keys, crypto: default_backend(), rng: Arc::new(OsRng), store }
    }

    /// The digest of a state, for nothing else.
    pub(super) fn digest(&self, state: &str) -> StoreResult<Digest> {
        Ok(self.crypto()?.digest(Hash::Sha256, &framed(&[b"oauth-pending state", state.as_bytes()])))
    }

    pub(super) fn seal(&self, key: &str, attempt: &PendingAttempt) -> StoreResult<Vec<u8>> {
        let plain = attempt.expose_json();
        self.sealer()?.seal(self.store, of(key), plain.expose_secret().as_bytes())
    }

    pub(super) fn open(&self, key: &str, sealed: &[u8]) -> StoreResult<PendingAttempt> {
        let opened = self.sealer()?.open(self.store, of(key), sealed)?;
        let text = std::str::from_utf8(opened.plain.expose_secret()).ok();
        text.and_then(|text| PendingAttempt::from_json(text).ok())
            .ok_or_else(|| self.error(StoreErrorKind::Corrupt, "this opens, and is no login under way"))
    }

    pub(super) fn error(&self, kind: StoreErrorKind, what: &'static str) -> StoreError {
        StoreError::new(kind, self.store, what)
    }

    fn sealer(&self) -> StoreResult<Sealer> {
        Ok(Sealer::new(self.keys.clone(), Arc::clone(self.crypto()?), Arc::clone(&self.rng)))
    }

    fn crypto(&self) -> StoreResult<&Arc<dyn Crypto>> {
        self.crypto.as_ref().ok_or_else(|| {
            self.error(StoreErrorKind::Config, "logins cannot be sealed")
                .because(CryptoError::NoBackend)
                .fix("turn on feature `ring` or `aws-lc-rs`, or give a backend of your own by `.crypto(..)`")
        })
    }
}

fn of(key: &str) -> SealOf<'_> {
    SealOf { kind: KIND, key, version: 1 }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.keys.fmt(f)
    }
}
