use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::RegisteredClient;
use crate::http::BoxFuture;
use crate::store::StoreResult;

/// Where registrations are kept, so that a program registers once with an issuer. They hold secrets: a store that outlives the
/// process encrypts [`RegisteredClient::expose_json`].
///
/// There is one for each issuer, and none is ever found by its client id alone: two issuers may give the same id.
pub trait ClientStore: Send + Sync + 'static {
    /// The registration with that issuer.
    fn load<'a>(&'a self, issuer: &'a str) -> BoxFuture<'a, StoreResult<Option<RegisteredClient>>>;

    /// Keeps a new registration in the place of `replaced`, in one step, and gives the one that is kept. Where there is another
    /// one with [its issuer](RegisteredClient::issuer) by now, under another client id than both, that one stays: of two
    /// processes that register at once, the second uses what the first has got.
    fn add<'a>(
        &'a self,
        client: &'a RegisteredClient,
        replaced: Option<&'a RegisteredClient>,
    ) -> BoxFuture<'a, StoreResult<RegisteredClient>>;

    /// Keeps a registration, in the place of whichever was before with [its issuer](RegisteredClient::issuer).
    fn save<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>>;

    /// Forgets a registration that has ended. Where there is another one with [its issuer](RegisteredClient::issuer) by now,
    /// under another client id, that one stays.
    fn remove<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>>;
}

/// Whether a registration gives way to a new one.
pub(super) fn gives_way(
    kept: &RegisteredClient,
    client: &RegisteredClient,
    replaced: Option<&RegisteredClient>,
) -> bool {
    std::iter::once(client).chain(replaced).any(|own| own.client_id() == kept.client_id())
}

/// Registrations in the memory of this process.
#[derive(Default)]
pub struct MemoryClients {
    by_issuer: Mutex<BTreeMap<String, RegisteredClient>>,
}

impl MemoryClients {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl ClientStore for MemoryClients {
    fn load<'a>(&'a self, issuer: &'a str) -> BoxFuture<'a, StoreResult<Option<RegisteredClient>>> {
        let found = self.by_issuer.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn add<'a>(
        &'a self,
        client: &'a RegisteredClient,
        replaced: Option<&'a RegisteredClient>,
    ) -> BoxFuture<'a, StoreResult<RegisteredClient>> {
        let mut by_issuer = self.by_issuer.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = by_issuer.entry(client.issuer().to_owned()).or_insert_with(|| client.clone());
        if gives_way(kept, client, replaced) {
            kept.clone_from(client);
        }
        let kept = kept.clone();
        Box::pin(async move { Ok(kept) })
    }

    fn save<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>> {
        let mut by_issuer = self.by_issuer.lock().unwrap_or_else(PoisonError::into_inner);
        by_issuer.insert(client.issuer().to_owned(), client.clone());
        Box::pin(async { Ok(()) })
    }

    fn remove<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>> {
        let mut by_issuer = self.by_issuer.lock().unwrap_or_else(PoisonError::into_inner);
        if by_issuer.get(client.issuer()).is_some_and(|kept| kept.client_id() == client.client_id()) {
            by_issuer.remove(client.issuer());
        }
        Box::pin(async { Ok(()) })
    }
}

impl fmt::Debug for MemoryClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_issuer = self.by_issuer.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(by_issuer.keys()).finish()
    }
}
