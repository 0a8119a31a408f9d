//! What is kept, and how it is.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{AccountInfo, AccountName, Core, Status, TokenManager};
use crate::client::Client;
use crate::error::{ErrorKind, Result, Step};
use crate::provider::Provider;
use crate::store::RecordKey;

/// How many records are asked for at once.
const PAGE: usize = 256;

impl TokenManager {
    /// How an account is, as its store says. It sends nothing to the provider.
    pub async fn status<P: Provider>(&self, client: &Client<P>, name: impl Into<AccountName>) -> Result<Status> {
        self.info(client, name).await.map(|info| info.status)
    }

    /// What is known of an account, without its tokens.
    pub async fn info<P: Provider>(&self, client: &Client<P>, name: impl Into<AccountName>) -> Result<AccountInfo> {
        let inner = client.inner().ready().await?;
        let (id, key) = self.place(&inner, &name.into())?;
        let record = self.core.vault.load_of(&key, &id).await?;
        let missing = || {
            let what = format!("there are no tokens of the account {id}");
            inner.error(ErrorKind::NotConnected, Step::Store, what)
        };
        record.map(|record| record.info(inner.now())).ok_or_else(missing)
    }

    /// All accounts of the store, one after the other, without their tokens. Those that are connected meanwhile may be
    /// among them or not.
    ///
    /// ```
    /// # async fn list(manager: oauth_core::TokenManager) {
    /// let mut accounts = manager.accounts();
    /// while let Some(account) = accounts.next().await {
    ///     match account {
    ///         Ok(account) => println!("{}: {:?}", account.id, account.status),
    ///         Err(error) => println!("a record that cannot be opened: {error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn accounts(&self) -> Accounts {
        Accounts { core: Arc::clone(&self.core), page: VecDeque::new(), after: None, ended: false }
    }
}

/// The accounts of a store, read page by page.
#[derive(Clone)]
pub struct Accounts {
    core: Arc<Core>,
    page: VecDeque<RecordKey>,
    after: Option<RecordKey>,
    ended: bool,
}

impl Accounts {
    /// The next account; an error for a record that cannot be opened, behind which others follow; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<AccountInfo>> {
        loop {
            while let Some(key) = self.page.pop_front() {
                match self.core.vault.load(&key).await {
                    Ok(Some(record)) => return Some(Ok(record.info(self.core.vault.clock.now()))),
                    // Deleted since the page was read.
                    Ok(None) => {}
                    Err(error) => return Some(Err(error.into())),
                }
            }
            if self.ended {
                return None;
            }
            match self.core.vault.store.list(self.after.as_ref(), PAGE).await {
                Ok(page) => {
                    self.ended = page.len() < PAGE;
                    self.after = page.last().map(|listed| listed.key).or(self.after);
                    self.page.extend(page.into_iter().map(|listed| listed.key));
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
            }
        }
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("after", &self.after).finish_non_exhaustive()
    }
}
