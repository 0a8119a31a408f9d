//! The provider's keys (RFC 7517): fetched once, kept while they are good, and asked for again when a token names a key
//! that is not among them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::asking::Asking;
use super::documents::fetch;
use crate::client::{Context, Inner, fill};
use crate::crypto::HmacKey;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::{Alg, Family, JoseError, JwkSet, Jws, Verified};
use crate::spec::{OpenId, SigningAlg};

/// A token may name a key that nobody has; whoever sends many such tokens must not make us ask for each. Nor does it help
/// to ask more often for keys that are never kept, that are none, or that cannot be had.
const COOLDOWN: Duration = Duration::from_secs(30);
/// How long keys that cannot be renewed are still used.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// One client has few providers; a provider has one set of keys.
const MAX_SETS: usize = 16;

/// The key sets that a client has seen, by address. Clones of a client share one.
#[derive(Default)]
pub(crate) struct KeyCache {
    sets: Mutex<HashMap<String, Arc<Entry>>>,
}

#[derive(Default)]
struct Entry {
    known: Mutex<Known>,
    asking: Asking,
}

#[derive(Clone, Default)]
struct Known {
    set: Option<Arc<JwkSet>>,
    read_at: Option<SystemTime>,
    fresh_until: Option<SystemTime>,
    usable_until: Option<SystemTime>,
    /// When the provider was last asked because of a key that was not there.
    forced_at: Option<SystemTime>,
    /// Until when it is remembered that the provider published no key.
    empty_until: Option<SystemTime>,
}

/// A token that one of the expected keys signed with one of the expected algorithms.
pub(super) async fn verify(inner: &Inner, openid: &OpenId, token: &str, step: Step) -> Result<Verified> {
    let agreed: Vec<Alg> = openid.algs.iter().filter_map(|alg| Alg::from_name(alg.as_str())).collect();
    let refused = |error: JoseError| unbelieved(inner, error, step);
    let jws = Jws::parse(token, &agreed).map_err(refused)?;
    if matches!(jws.alg().family(), Family::Hmac(_)) {
        // RFC 7518 section 3.2: the key of an HMAC is the client's secret, of as many bytes as the hash at least. A
        // secret that has just been replaced may still be in use.
        // One that is too short signs nothing; the other one counts all the same.
        let (mut secrets, mut weak) = (Vec::new(), None);
        for secret in inner.config.auth.secrets() {
            HmacKey::new(secret.as_bytes())
                .map_or_else(|error| weak = weak.take().or(Some(error)), |key| secrets.push(key));
        }
        if let Some(weak) = weak.filter(|_| secrets.is_empty()) {
            return Err(refused(weak.into()));
        }
        return jws.verify_hmac(&**inner.crypto(step)?, &secrets).map_err(refused);
    }
    let address = address(inner, openid, step)?;
    let entry = inner.config.keys.entry(&address);
    let set = entry.current(inner, &address, step).await?;
    let verified = match jws.verify(&set) {
        // A key that is not there may be new; a signature by a key without a name may be a new key's.
        Err(error) if is_worth_asking(&jws, &error) => match entry.renewed(inner, &address, &set, step).await? {
            Some(newer) => jws.verify(&newer),
            None => Err(error),
        },
        result => result,
    };
    verified.map_err(refused)
}

/// Whether a token says that it is signed by an algorithm of key pairs that is known here and not agreed on: its issuer may have
/// changed to that one. One that nobody signed, or that a shared secret signed, is no such token (RFC 8725 section 3.1).
pub(super) fn is_signed_otherwise(openid: &OpenId, token: &str) -> bool {
    let named = SigningAlg::SIGNATURES.iter().filter(|alg| !openid.algs.contains(alg));
    let others: Vec<Alg> = named.filter_map(|alg| Alg::from_name(alg.as_str())).collect();
    Jws::parse(token, &others).is_ok()
}

fn is_worth_asking(jws: &Jws<'_>, error: &JoseError) -> bool {
    match error {
        JoseError::UnknownKey => true,
        JoseError::BadSignature => jws.kid().is_none(),
        _ => false,
    }
}

fn address(inner: &Inner, openid: &OpenId, step: Step) -> Result<String> {
    match &openid.jwks {
        Some(jwks) => fill(&inner.config, step, jwks, Context::default()),
        None => Err(inner.error(ErrorKind::Config, step, "nothing says where the provider's keys are")),
    }
}

impl KeyCache {
    fn entry(&self, address: &str) -> Arc<Entry> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = sets.get(address) {
            return Arc::clone(entry);
        }
        if sets.len() >= MAX_SETS {
            sets.clear();
        }
        Arc::clone(sets.entry(address.to_owned()).or_default())
    }
}

impl Entry {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys, asked for when there are none or they are no longer fresh.
    async fn current(&self, inner: &Inner, address: &str, step: Step) -> Result<Arc<JwkSet>> {
        if let Some(set) = self.known().fresh(inner.now()) {
            return Ok(set);
        }
        let mut turn = self.asking.turn().await;
        let known = self.known();
        if let Some(set) = known.fresh(inner.now()) {
            return Ok(set);
        }
        if known.empty_until.is_some_and(|until| inner.now() < until && until <= inner.now() + COOLDOWN) {
            return Err(no_keys(inner, step));
        }
        let error = if let Some(Err(error)) = turn.answered() {
            error
        } else {
            let answer = self.ask(inner, address, step).await;
            turn.tell(&answer);
            match answer {
                Ok(set) => return Ok(set),
                Err(error) => error,
            }
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(set) = known.usable(inner.now()) else { return Err(error) };
        tracing::warn!(code = error.code(), "the provider's keys could not be renewed; the last are used");
        known.fresh_until = known.usable_until.map(|end| end.min(inner.now() + COOLDOWN));
        Ok(set)
    }

    /// The keys that the provider has now, where that is more than what `old` had, and where it was not asked just now.
    async fn renewed(
        &self,
        inner: &Inner,
        address: &str,
        old: &Arc<JwkSet>,
        step: Step,
    ) -> Result<Option<Arc<JwkSet>>> {
        let mut turn = self.asking.turn().await;
        let now = inner.now();
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(set) = known.set.as_ref().filter(|set| !Arc::ptr_eq(set, old)) {
                return Ok(Some(Arc::clone(set)));
            }
            if known.forced_at.is_some_and(|at| now.duration_since(at).is_ok_and(|age| age < COOLDOWN)) {
                return Ok(None);
            }
            // Claimed before the request: one that fails counts as well.
            known.forced_at = Some(now);
        }
        let answer = self.ask(inner, address, step).await;
        turn.tell(&answer);
        match answer {
            Ok(set) => Ok(Some(set)),
            Err(error) => {
                tracing::warn!(code = error.code(), "the provider's keys could not be asked for again");
                Ok(None)
            }
        }
    }

    async fn ask(&self, inner: &Inner, address: &str, step: Step) -> Result<Arc<JwkSet>> {
        let document = fetch(inner, step, address, "its keys").await?.ok_or_else(|| {
            inner.error(ErrorKind::MetadataStatus, step, "asked for its keys, the provider answered with status 404")
        })?;
        let set = JwkSet::from_json(Arc::clone(inner.crypto(step)?), &document.body).map_err(|error| {
            Error::new(ErrorKind::MetadataFormat, step, "the provider's key set cannot be read")
                .source(error)
                .of(inner.spec())
        })?;
        let soon = inner.now() + COOLDOWN;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if set.is_empty() {
            known.empty_until = Some(soon);
            return Err(no_keys(inner, step));
        }
        tracing::debug!(keys = set.len(), "keys read");
        let set = Arc::new(set);
        known.set = Some(Arc::clone(&set));
        known.read_at = Some(inner.now());
        known.fresh_until = Some(document.fresh_until.max(soon));
        known.usable_until = Some(inner.now() + STALE);
        known.empty_until = None;
        Ok(set)
    }
}

impl Known {
    fn fresh(&self, now: SystemTime) -> Option<Arc<JwkSet>> {
        self.set.clone().filter(|_| self.is_of_the_past(now) && self.fresh_until.is_some_and(|until| now < until))
    }

    /// A stamp from the future is none: the clock has been set back, and nobody knows how old the keys are.
    fn is_of_the_past(&self, now: SystemTime) -> bool {
        self.read_at.is_some_and(|at| at <= now + COOLDOWN)
    }

    fn usable(&self, now: SystemTime) -> Option<Arc<JwkSet>> {
        self.set.clone().filter(|_| self.usable_until.is_some_and(|until| now < until))
    }
}

fn no_keys(inner: &Inner, step: Step) -> Error {
    inner.error(ErrorKind::NoKeys, step, "the provider publishes no key that could be used")
}

/// The error of a token that is not believed. What it says never holds a byte of the token.
fn unbelieved(inner: &Inner, error: JoseError, step: Step) -> Error {
    let kind = match error {
        JoseError::BadSignature => ErrorKind::IdTokenSignature,
        JoseError::AlgNotAllowed | JoseError::AlgKeyMismatch => ErrorKind::IdTokenAlgorithm,
        JoseError::UnknownKey | JoseError::AmbiguousKey | JoseError::WeakKey { .. } | JoseError::BadKey(_) => {
            ErrorKind::IdTokenKey
        }
        JoseError::Encrypted => ErrorKind::IdTokenEncrypted,
        JoseError::Crypto(_) => ErrorKind::Config,
        _ => ErrorKind::IdTokenMalformed,
    };
    let what = match step {
        Step::Logout => "the logout token is not believed",
        Step::Callback => "the signed callback is not believed",
        Step::Profile => "the signed profile is not believed",
        Step::Introspect => "the signed answer is not believed",
        _ => "the ID token is not believed",
    };
    Error::new(kind, step, what).source(error).of(inner.spec())
}
