use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::broadcast;

use super::core::Tasks;
use super::due::{AHEAD, Ahead};
use super::resolver::Known;
use super::vault::Vault;
use super::{ClientResolver, Core, TokenManager, event};
use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::crypto::{self, Crypto};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::provider::Provider;
use crate::rng::{OsRng, Rng};
use crate::seal::{KeyRing, Sealer, SealingKey};
use crate::store::{MemoryStore, Store};

/// DESIGN: a disconnect elsewhere is seen within this time.
const MAX_STALE: Duration = Duration::from_secs(30);

/// What a [`TokenManager`] is made with.
#[must_use = "nothing is made before `build`"]
pub struct TokenManagerBuilder {
    store: Arc<dyn Store>,
    volatile: bool,
    keys: Option<KeyRing>,
    clients: Known,
    resolver: Option<Arc<dyn ClientResolver>>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    crypto: Option<Arc<dyn Crypto>>,
    max_stale: Duration,
    ahead: Ahead,
}

impl TokenManager {
    /// A manager over that store; its records are sealed, so that it needs [`keys`](TokenManagerBuilder::keys) as well.
    ///
    /// ```
    /// # use oauth_core::seal::SealingKey;
    /// # use oauth_core::store::MemoryStore;
    /// # use oauth_core::{OsRng, Result, TokenManager};
    /// # #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))] fn main() {}
    /// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    /// # fn main() -> Result<()> {
    /// let key = SealingKey::generate(&OsRng)?; // yours comes from a secret store, the keyring or a file
    /// let manager = TokenManager::builder(MemoryStore::new()).keys(key).build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(store: impl Store) -> TokenManagerBuilder {
        Self::over(Arc::new(store))
    }

    /// A manager over a store that other managers, or other parts of the program, have as well.
    pub fn over(store: Arc<dyn Store>) -> TokenManagerBuilder {
        TokenManagerBuilder {
            store,
            volatile: false,
            keys: None,
            clients: Known(Vec::new()),
            resolver: None,
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            crypto: crypto::default_backend(),
            max_stale: MAX_STALE,
            ahead: AHEAD,
        }
    }

    /// A manager whose accounts live in this process only.
    pub fn in_memory() -> Result<Self> {
        Self::in_memory_builder().build()
    }

    /// The builder of a manager whose accounts live in this process only.
    pub fn in_memory_builder() -> TokenManagerBuilder {
        TokenManagerBuilder { volatile: true, ..Self::over(Arc::new(MemoryStore::new())) }
    }
}

impl TokenManagerBuilder {
    /// The key that records are sealed with, and those that it replaced.
    pub fn keys(mut self, keys: impl Into<KeyRing>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// A client whose accounts [`resolve`](TokenManager::resolve) and a worker find by the provider's id.
    pub fn client<P: Provider>(mut self, client: Client<P>) -> Self {
        self.clients.0.push(client.erase());
        self
    }

    /// What finds the clients that are not known from the start.
    pub fn resolver(mut self, resolver: impl ClientResolver) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// The clock; the system's unless set. Give clients the same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The source of random bytes; the operating system's unless set.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// The cryptography backend; the compiled one unless set.
    pub fn crypto(mut self, crypto: Arc<dyn Crypto>) -> Self {
        self.crypto = Some(crypto);
        self
    }

    /// How long a handle believes what it knows before it asks the store again, in the background: 30 seconds unless set.
    /// That is how late a disconnect in another process is seen.
    pub fn max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = max_stale;
        self
    }

    /// How far ahead of its end a token is renewed in the background, at most: ten minutes unless set. A token that lives
    /// for less than five times as long is renewed a fifth of its life ahead.
    pub fn ahead(mut self, most: Duration) -> Self {
        self.ahead = Ahead { most };
        self
    }

    /// The manager.
    pub fn build(self) -> Result<TokenManager> {
        let fail = |what: &str, fix: &str| Err(Error::new(ErrorKind::Config, Step::Configure, what).fix(fix).general());
        let Some(crypto) = self.crypto else {
            return fail(
                "a token manager needs a cryptography backend, and none is compiled in",
                "add the feature `ring` or `aws-lc-rs`, or give one with `.crypto(..)`",
            );
        };
        let keys = match self.keys {
            Some(keys) => keys,
            None if self.volatile => SealingKey::generate(&*self.rng)?.into(),
            None => {
                return fail(
                    "a token manager needs a key to seal its records with",
                    "give one with `.keys(..)`; `seal::SealingKey` says where from",
                );
            }
        };
        let sealer = Sealer::new(keys, Arc::clone(&crypto), Arc::clone(&self.rng));
        let vault = Vault::new(self.store, sealer, self.clock, self.ahead);
        let core = Core {
            vault,
            max_stale: self.max_stale,
            events: broadcast::Sender::new(event::CAPACITY),
            tasks: Tasks::new(),
            crypto,
            rng: self.rng,
            known: self.clients,
            resolver: self.resolver,
            handles: Mutex::default(),
            unsaved: Mutex::default(),
        };
        Ok(TokenManager { core: Arc::new(core) })
    }
}
