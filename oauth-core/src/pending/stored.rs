//! Logins under way in a store that several machines share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::into::{Admit, IntoPending, TakeError, TakeResult, private};
use super::seal::Seal;
use super::{ATTEMPT_LIFETIME, PendingAttempt};
use crate::crypto::Crypto;
use crate::encode::hex;
use crate::http::BoxFuture;
use crate::rng::Rng;
use crate::seal::KeyRing;
use crate::store::{AttemptStore, StoreResult, TakenAttempt};

/// How long an attempt is kept beyond its end, so that who comes late is told so.
const LATE: Duration = Duration::from_secs(5 * 60);

/// Logins under way in an [`AttemptStore`], each to be taken once: for web back ends on any number of machines that share
/// a store.
///
/// What is stored is sealed, under a digest of the login's state. However often a callback comes, and at however many
/// instances, one request for tokens is made; a callback from another browser does not use the login up.
///
/// ```
/// use oauth_core::seal::SealingKey;
/// use oauth_core::store::MemoryStore;
/// use oauth_core::{Client, OsRng, Result, StoredAttempts};
///
/// async fn callback(client: &Client, logins: &StoredAttempts, query: &str, browser: Option<&str>) -> Result<()> {
///     let account = client.callback(query, logins, browser).await?;
///     Ok(())
/// }
///
/// # fn main() -> oauth_core::store::StoreResult<()> {
/// // In earnest a store that the instances share, and a key that all of them have.
/// let logins = StoredAttempts::new(MemoryStore::new(), SealingKey::generate(&OsRng)?);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct StoredAttempts {
    store: Arc<dyn AttemptStore>,
    seal: Seal,
}

impl StoredAttempts {
    /// Kept in that store, sealed with the current key of the ring; those that an old key sealed open as well.
    pub fn new(store: impl AttemptStore, keys: impl Into<KeyRing>) -> Self {
        Self { store: Arc::new(store), seal: Seal::new(keys.into(), "login") }
    }

    /// With another cryptography backend than the compiled one.
    pub fn crypto(mut self, crypto: Arc<dyn Crypto>) -> Self {
        self.seal.crypto = Some(crypto);
        self
    }

    /// With another source of random bytes than the operating system's.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.seal.rng = rng;
        self
    }

    /// Remembers a login until its callback or its end.
    ///
    /// ```
    /// # async fn login(client: &oauth_core::Client, logins: &oauth_core::StoredAttempts) -> Result<(), Box<dyn std::error::Error>> {
    /// let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    /// logins.insert(pending).await?;
    /// # Ok(()) }
    /// ```
    pub async fn insert(&self, attempt: PendingAttempt) -> StoreResult<()> {
        let id = self.id(attempt.state_str())?;
        let sealed = self.seal.seal(&id, &attempt)?;
        self.store.put(&id, &sealed, ATTEMPT_LIFETIME + LATE).await
    }

    /// The name of an attempt in the store; no other thing in a store has one that begins so.
    fn id(&self, state: &str) -> StoreResult<String> {
        Ok(format!("at1{}", hex(self.seal.digest(state)?.as_ref())))
    }

    /// Looks before it takes: who is not admitted uses nothing up.
    async fn take_admitted(&self, state: &str, admit: Admit<'_>) -> TakeResult {
        let id = self.id(state).map_err(TakeError::Store)?;
        let admitted = |sealed: &[u8]| {
            let attempt = self.seal.open(&id, sealed).map_err(TakeError::Store)?;
            admit(&attempt).map_err(TakeError::Refused)?;
            Ok(attempt)
        };
        let peeked = match self.store.peek(&id).await.map_err(TakeError::Store)? {
            TakenAttempt::Waiting(sealed) => sealed,
            TakenAttempt::Taken => return Err(TakeError::AlreadyUsed),
            TakenAttempt::Unknown => return Ok(None),
        };
        let attempt = admitted(&peeked)?;
        match self.store.take(&id).await.map_err(TakeError::Store)? {
            TakenAttempt::Waiting(taken) if taken == peeked => Ok(Some(attempt)),
            TakenAttempt::Waiting(taken) => admitted(&taken).map(Some),
            TakenAttempt::Taken => Err(TakeError::AlreadyUsed),
            TakenAttempt::Unknown => Ok(None),
        }
    }
}

impl IntoPending for &StoredAttempts {
    fn take<'a>(self, state: &'a str, admit: Admit<'a>) -> BoxFuture<'a, TakeResult>
    where
        Self: 'a,
    {
        Box::pin(self.take_admitted(state, admit))
    }
}

impl private::Sealed for &StoredAttempts {}

impl fmt::Debug for StoredAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAttempts").field("keys", &self.seal).finish_non_exhaustive()
    }
}
