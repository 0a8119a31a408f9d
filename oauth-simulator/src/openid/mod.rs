//! OpenID Connect: ID tokens, the keys that they are checked with, and the metadata that says where all is.

mod id_token;
mod issuer;
mod knobs;
mod metadata;
pub(crate) mod signing;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oauth_core::spec::SigningAlg;
use serde_json::{Map, Value};

pub(crate) use self::id_token::{id_token, signed_answer};
pub(crate) use self::issuer::Issuer;
pub(crate) use self::metadata::{keys, metadata, userinfo};
use self::signing::Keys;

type AlterClaims = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;
type AlterText = Arc<dyn Fn(String) -> Option<String> + Send + Sync>;

/// How ID tokens are signed at the moment. A test turns the knobs.
#[derive(Default)]
pub(crate) struct Signer {
    turn: usize,
    /// Made at first use: most simulators sign nothing.
    keys: Option<Keys>,
    alg: Option<SigningAlg>,
    without_kid: bool,
    alter_claims: Option<AlterClaims>,
    alter_text: Option<AlterText>,
}

impl Signer {
    fn keys(&mut self) -> Result<&Keys, String> {
        let keys = match self.keys.take() {
            Some(keys) => keys,
            None => Keys::new(self.turn)?,
        };
        Ok(self.keys.insert(keys))
    }

    fn rotate(&mut self) {
        self.turn += 1;
        self.keys = None;
    }
}

/// The signer behind its lock. Nothing else is locked while it is, and no test's code runs.
#[derive(Default)]
pub(crate) struct Signing(Mutex<Signer>);

impl Signing {
    fn lock(&self) -> MutexGuard<'_, Signer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
