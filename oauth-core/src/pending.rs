//! Logins under way: what must be remembered between the redirect and the callback, and by whom.

mod into;
mod seal;
mod sealed;
mod stored;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

pub use self::into::{HeldPending, IntoPending};
pub(crate) use self::into::{TakeError, TakeResult};
pub use self::sealed::{SealedAttempt, SealedAttempts, SealedCookie};
pub use self::stored::StoredAttempts;
use crate::clock::{Clock, SystemClock};
use crate::dpop::ProofKey;

/// RFC 6749 section 4.1.2 recommends that a code lives at most 10 minutes; so does the attempt.
pub(crate) const ATTEMPT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// One login under way. It is secret: who has it and the code can finish the login.
///
/// It remembers everything that the callback is compared with: state, PKCE verifier, provider, server, client,
/// redirect URI, the browser it was started in, and its end. It is used up by the callback.
pub struct PendingAttempt {
    pub(crate) state: SecretString,
    pub(crate) verifier: Option<SecretString>,
    pub(crate) nonce: Option<SecretString>,
    pub(crate) max_age: Option<u64>,
    pub(crate) acr: Vec<String>,
    /// The key that the tokens will be bound to (RFC 9449).
    pub(crate) proof_key: Option<ProofKey>,
    pub(crate) browser: SecretString,
    pub(crate) provider: String,
    pub(crate) server: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) expires_at: SystemTime,
}

impl PendingAttempt {
    pub(crate) fn state_str(&self) -> &str {
        self.state.expose_secret()
    }

    /// When the attempt ends.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// The provider's id.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Writes the attempt, secrets in clear, for a server-side session of your own.
    pub fn expose_json(&self) -> SecretString {
        let stored = Stored {
            kind: KIND.to_owned(),
            state: self.state.expose_secret().to_owned(),
            verifier: self.verifier.as_ref().map(|verifier| verifier.expose_secret().to_owned()),
            nonce: self.nonce.as_ref().map(|nonce| nonce.expose_secret().to_owned()),
            max_age: self.max_age,
            acr: self.acr.clone(),
            dpop_key: self.proof_key.as_ref().map(ProofKey::expose),
            browser: self.browser.expose_secret().to_owned(),
            provider: self.provider.clone(),
            server: self.server.clone(),
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            scopes: self.scopes.clone(),
            resources: self.resources.clone(),
            expires_at: self.expires_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
        };
        // Strings, a number and a list of strings: serde_json can write each of them.
        serde_json::to_string(&stored).unwrap_or_default().into()
    }

    /// Reads what [`expose_json`](Self::expose_json) wrote, and nothing else.
    pub fn from_exposed_json(json: &SecretString) -> Result<Self, serde_json::Error> {
        Self::from_json(json.expose_secret())
    }

    fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let stored: Stored = serde_json::from_str(json)?;
        if stored.kind != KIND {
            return Err(serde::de::Error::custom("this is not a pending login attempt"));
        }
        let damaged = || serde::de::Error::custom("the proof key is damaged");
        Ok(Self {
            state: stored.state.into(),
            verifier: stored.verifier.map(Into::into),
            nonce: stored.nonce.map(Into::into),
            max_age: stored.max_age,
            acr: stored.acr,
            proof_key: stored.dpop_key.map(|key| ProofKey::restore(&key).ok_or_else(damaged)).transpose()?,
            browser: stored.browser.into(),
            provider: stored.provider,
            server: stored.server,
            client_id: stored.client_id,
            redirect_uri: stored.redirect_uri,
            scopes: stored.scopes,
            resources: stored.resources,
            expires_at: SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_secs(stored.expires_at))
                .unwrap_or(SystemTime::UNIX_EPOCH),
        })
    }
}

const KIND: &str = "oauth-pending-attempt/1";

#[derive(Serialize, Deserialize)]
struct Stored {
    kind: String,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acr: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dpop_key: Option<String>,
    browser: String,
    provider: String,
    server: String,
    client_id: String,
    redirect_uri: String,
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
    expires_at: u64,
}

impl fmt::Debug for PendingAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAttempt")
            .field("provider", &self.provider)
            .field("redirect_uri", &self.redirect_uri)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The logins under way of one process, each to be taken once: for web back ends on one machine.
///
/// It is bounded: with more than its capacity (10,000 unless set) of logins under way the oldest is forgotten, so that
/// nobody fills the memory by starting logins. It is cheap to clone, and clones share.
#[derive(Clone)]
pub struct PendingAttempts {
    shared: Arc<Mutex<Shared>>,
    hashers: [RandomState; 2],
    capacity: usize,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Shared {
    attempts: HashMap<Key, Entry>,
    order: VecDeque<Key>,
}

enum Entry {
    Waiting(Box<PendingAttempt>),
    /// Taken; kept until its end, so that a second callback is told so.
    Taken(SystemTime),
}

/// Attempts are found by a hash of their state, under keys that only this store knows: how long a comparison takes says
/// nothing about a real state. The state itself is compared when the attempt is found.
type Key = [u64; 2];

/// What a store knows of a state.
pub(crate) enum Found {
    Unknown,
    Taken,
    Waiting(Box<PendingAttempt>),
}

impl PendingAttempts {
    /// An empty store.
    pub fn new() -> Self {
        let hashers = [RandomState::new(), RandomState::new()];
        Self { shared: Arc::default(), hashers, capacity: 10_000, clock: Arc::new(SystemClock) }
    }

    /// With another limit of logins under way at once.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity.max(1);
        self
    }

    /// With another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Remembers a login until its callback or its end.
    pub fn insert(&self, attempt: PendingAttempt) {
        let now = self.clock.now();
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &mut *shared;
        while let Some(oldest) = shared.order.front() {
            let over = shared.attempts.get(oldest).is_none_or(|entry| entry.ends() <= now);
            if !over && shared.order.len() < self.capacity {
                break;
            }
            if let Some(oldest) = shared.order.pop_front() {
                shared.attempts.remove(&oldest);
            }
        }
        let key = self.key(attempt.state.expose_secret());
        if shared.attempts.insert(key, Entry::Waiting(Box::new(attempt))).is_none() {
            shared.order.push_back(key);
        }
    }

    /// How many logins are remembered, finished ones included until their end.
    pub fn len(&self) -> usize {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).attempts.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn key(&self, state: &str) -> Key {
        [self.hashers[0].hash_one(state), self.hashers[1].hash_one(state)]
    }

    /// Takes the attempt of that state if `admit` agrees; else it stays for the one that it belongs to.
    pub(crate) fn take<E>(
        &self,
        state: &str,
        admit: impl FnOnce(&PendingAttempt) -> Result<(), E>,
    ) -> Result<Found, E> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match shared.attempts.get_mut(&self.key(state)) {
            None => Ok(Found::Unknown),
            Some(Entry::Taken(_)) => Ok(Found::Taken),
            Some(entry) => {
                if let Entry::Waiting(attempt) = entry {
                    admit(attempt)?;
                }
                let ends = entry.ends();
                Ok(match std::mem::replace(entry, Entry::Taken(ends)) {
                    Entry::Waiting(attempt) => Found::Waiting(attempt),
                    Entry::Taken(_) => Found::Taken,
                })
            }
        }
    }
}

impl Default for PendingAttempts {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PendingAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAttempts").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Entry {
    fn ends(&self) -> SystemTime {
        match self {
            Self::Waiting(attempt) => attempt.expires_at,
            Self::Taken(ends) => *ends,
        }
    }
}
