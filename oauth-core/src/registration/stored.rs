use std::fmt;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::store::gives_way;
use super::{ClientStore, RegisteredClient};
use crate::crypto::{Crypto, CryptoError, Hash, default_backend};
use crate::http::BoxFuture;
use crate::rng::{OsRng, Rng};
use crate::seal::{KeyRing, SealOf, Sealer, framed};
use crate::store::{RecordKey, Store, StoreError, StoreErrorKind, StoreResult, StoredRecord, Write};

/// What a registration is sealed as.
const KIND: &str = "client";
/// Whose name an error has.
const STORE: &str = "clients";
/// How often a write is tried that another process came before.
const TRIES: usize = 5;

/// Registrations in a [`Store`], sealed, and written as atomically as tokens are.
///
/// The store is one of its own (another folder, table or prefix), not the one that the accounts of a
/// [`TokenManager`](crate::TokenManager) are in: what is in that one is an account.
///
/// ```
/// use oauth_core::seal::SealingKey;
/// use oauth_core::store::MemoryStore;
/// use oauth_core::{OsRng, StoredClients};
///
/// # fn main() -> oauth_core::store::StoreResult<()> {
/// // In earnest a store that outlives the process, and a key that does.
/// let clients = StoredClients::new(MemoryStore::new(), SealingKey::generate(&OsRng)?);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct StoredClients {
    store: Arc<dyn Store>,
    keys: KeyRing,
    crypto: Option<Arc<dyn Crypto>>,
    rng: Arc<dyn Rng>,
}

impl StoredClients {
    /// Kept in that store, sealed with the current key of the ring; those that an old key sealed open as well.
    pub fn new(store: impl Store, keys: impl Into<KeyRing>) -> Self {
        Self { store: Arc::new(store), keys: keys.into(), crypto: default_backend(), rng: Arc::new(OsRng) }
    }

    /// With another cryptography backend than the compiled one.
    pub fn crypto(mut self, crypto: Arc<dyn Crypto>) -> Self {
        self.crypto = Some(crypto);
        self
    }

    /// With another source of random bytes than the operating system's.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    async fn read(&self, issuer: &str) -> StoreResult<Option<RegisteredClient>> {
        Ok(self.versioned(&self.key(issuer)?, issuer).await?.map(|(_, record)| record))
    }

    async fn versioned(&self, key: &RecordKey, issuer: &str) -> StoreResult<Option<(u64, RegisteredClient)>> {
        let Some(stored) = self.store.load(key).await? else { return Ok(None) };
        let opened = self.sealer()?.open(STORE, of(key, stored.version), &stored.payload)?;
        let text = std::str::from_utf8(opened.plain.expose_secret()).ok();
        // The place is a digest of the issuer, and a record is sealed to its place: this is the issuer's own.
        let record = text.and_then(|text| RegisteredClient::from_json(text).ok());
        let record = record.filter(|record| record.issuer() == issuer);
        record
            .map(|record| Some((stored.version, record)))
            .ok_or_else(|| StoreError::new(StoreErrorKind::Corrupt, STORE, "this opens, and is no registration"))
    }

    async fn insert(
        &self,
        client: &RegisteredClient,
        replaced: Option<&RegisteredClient>,
    ) -> StoreResult<RegisteredClient> {
        let key = self.key(client.issuer())?;
        let mut tries = 0;
        loop {
            let expected = match self.versioned(&key, client.issuer()).await? {
                Some((_, kept)) if !gives_way(&kept, client, replaced) => return Ok(kept),
                before => before.map(|(version, _)| version),
            };
            tries += 1;
            match self.put(&key, client, expected).await {
                Err(error) if error.kind() == StoreErrorKind::Conflict && tries < TRIES => {}
                done => return done.map(|()| client.clone()),
            }
        }
    }

    async fn write(&self, client: &RegisteredClient) -> StoreResult<()> {
        let key = self.key(client.issuer())?;
        let mut tries = 0;
        loop {
            let expected = self.store.load(&key).await?.map(|before| before.version);
            tries += 1;
            match self.put(&key, client, expected).await {
                Err(error) if error.kind() == StoreErrorKind::Conflict && tries < TRIES => {}
                done => return done,
            }
        }
    }

    /// Writes what takes the place of that version, or of nothing, and of nothing else.
    async fn put(&self, key: &RecordKey, client: &RegisteredClient, expected: Option<u64>) -> StoreResult<()> {
        let version = expected.unwrap_or_default() + 1;
        let plain = client.expose_json();
        let payload = self.sealer()?.seal(STORE, of(key, version), plain.expose_secret().as_bytes())?;
        let record = StoredRecord { version, due: None, payload };
        self.store.save(key, Write { expected, record: &record, lease: None }).await
    }

    async fn forget(&self, client: &RegisteredClient) -> StoreResult<()> {
        let key = self.key(client.issuer())?;
        let mut tries = 0;
        loop {
            let Some((version, kept)) = self.versioned(&key, client.issuer()).await? else { return Ok(()) };
            if kept.client_id() != client.client_id() {
                return Ok(());
            }
            tries += 1;
            match self.store.delete(&key, Some(version)).await {
                Err(error) if error.kind() == StoreErrorKind::Conflict && tries < TRIES => {}
                done => return done.map(|_| ()),
            }
        }
    }

    fn key(&self, issuer: &str) -> StoreResult<RecordKey> {
        let digest = self.backend()?.digest(Hash::Sha256, &framed(&[b"oauth-client issuer", issuer.as_bytes()]));
        let digest = digest.as_ref().try_into();
        let digest =
            digest.map_err(|_| StoreError::new(StoreErrorKind::Config, STORE, "a digest is of another size"))?;
        Ok(RecordKey::from_digest(digest))
    }

    fn sealer(&self) -> StoreResult<Sealer> {
        Ok(Sealer::new(self.keys.clone(), Arc::clone(self.backend()?), Arc::clone(&self.rng)))
    }

    fn backend(&self) -> StoreResult<&Arc<dyn Crypto>> {
        self.crypto.as_ref().ok_or_else(|| {
            StoreError::new(StoreErrorKind::Config, STORE, "registrations cannot be sealed")
                .because(CryptoError::NoBackend)
                .fix("turn on feature `ring` or `aws-lc-rs`, or give a backend of your own by `.crypto(..)`")
        })
    }
}

fn of(key: &RecordKey, version: u64) -> SealOf<'_> {
    SealOf { kind: KIND, key: key.as_str(), version }
}

impl ClientStore for StoredClients {
    fn load<'a>(&'a self, issuer: &'a str) -> BoxFuture<'a, StoreResult<Option<RegisteredClient>>> {
        Box::pin(self.read(issuer))
    }

    fn add<'a>(
        &'a self,
        client: &'a RegisteredClient,
        replaced: Option<&'a RegisteredClient>,
    ) -> BoxFuture<'a, StoreResult<RegisteredClient>> {
        Box::pin(self.insert(client, replaced))
    }

    fn save<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.write(client))
    }

    fn remove<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.forget(client))
    }
}

impl fmt::Debug for StoredClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredClients").field("keys", &self.keys).finish_non_exhaustive()
    }
}
