//! Accounts that outlive a process: always a fresh token, one refresh however many tasks and processes ask, and nothing
//! lost in a crash.

mod accounts;
mod builder;
mod connect;
mod core;
mod disconnect;
pub(crate) mod due;
mod event;
mod explain;
mod id;
pub(crate) mod record;
mod resolver;
mod shutdown;
mod status;
pub(crate) mod trouble;
mod vault;
mod worker;

use std::fmt;
use std::sync::Arc;

pub use self::accounts::Accounts;
pub use self::builder::TokenManagerBuilder;
pub(crate) use self::core::{Core, Task};
pub use self::disconnect::{Disconnected, Revocation};
pub use self::event::{Event, EventKind, Events};
pub use self::id::{AccountId, AccountName};
pub use self::resolver::{ClientQuery, ClientResolver};
pub use self::status::{AccountInfo, Reason, Status};
pub use self::worker::{Worker, WorkerReport};

/// Keeps the tokens of many accounts in a store, and keeps them fresh.
///
/// It is cheap to clone, and clones share. [`connect`](Self::connect) takes a login over, [`account`](Self::account) is a
/// handle on one that is kept, and any number of processes may do so over one store: a token that has ended is renewed by
/// one of them, and the others use what it got.
///
/// ```
/// use oauth_core::{Account, Client, Result, TokenManager};
///
/// async fn keep(github: &Client, logged_in: &Account) -> Result<()> {
///     let manager = TokenManager::in_memory()?; // or `TokenManager::builder(store).keys(key).build()?`
///     manager.connect(github, "user-42", logged_in).await?;
///
///     let account = manager.account(github, "user-42").await?;
///     let token = account.token().await?; // fresh, in every process
/// #   drop(token);
///     manager.shutdown().await
/// }
/// ```
#[derive(Clone)]
pub struct TokenManager {
    pub(crate) core: Arc<Core>,
}

impl TokenManager {
    /// What happens from now on.
    pub fn events(&self) -> Events {
        Events(self.core.events.subscribe())
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager").field("store", &self.core.vault.store.name()).finish_non_exhaustive()
    }
}
