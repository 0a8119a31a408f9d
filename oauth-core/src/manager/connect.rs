//! Taking a login over, and finding it again.

use std::sync::Arc;
use std::time::SystemTime;

use super::record::Record;
use super::{AccountId, AccountName, ClientQuery, EventKind, Status, TokenManager};
use crate::account::{AccessToken, Account, Shared};
use crate::client::{Client, Inner};
use crate::encode::hex;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::provider::{Dynamic, Provider};
use crate::store::{RecordKey, StoreErrorKind};
use crate::token::TokenSet;

/// How often a write is tried again that somebody else came before.
pub(super) const TRIES: usize = 8;

/// What is put in the place of which record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Put {
    /// A login: in the place of whatever was there.
    Login,
    /// Tokens from elsewhere: only where there are none, or none that are of use.
    Import,
}

impl TokenManager {
    /// Keeps the tokens of a login, in the place of those that the account had: `&account` as a callback gave it, or a
    /// [`TokenSet`].
    ///
    /// A record that cannot be opened is not replaced: [`reset`](Self::reset) gives it up.
    pub async fn connect<P: Provider>(
        &self,
        client: &Client<P>,
        name: impl Into<AccountName>,
        tokens: impl Into<Arc<TokenSet>>,
    ) -> Result<Account<P>> {
        self.put(client.inner(), &name.into(), tokens.into(), Put::Login).await.map(Account::over)
    }

    /// Takes over tokens from elsewhere: from a database of your own, or another library. An access token that has ended
    /// is never given away, and a refresh token is used when it is first needed.
    ///
    /// It may be run again: an account that is kept already, and needs no new login, stays as it is, because its tokens
    /// are newer than those that are imported.
    pub async fn import<P: Provider>(
        &self,
        client: &Client<P>,
        name: impl Into<AccountName>,
        tokens: impl Into<Arc<TokenSet>>,
    ) -> Result<Account<P>> {
        self.put(client.inner(), &name.into(), tokens.into(), Put::Import).await.map(Account::over)
    }

    /// A handle on an account that is kept. All handles of one process share what they know, and one refresh.
    pub async fn account<P: Provider>(&self, client: &Client<P>, name: impl Into<AccountName>) -> Result<Account<P>> {
        self.find(client.inner(), &name.into()).await.map(Account::over)
    }

    /// A handle on an account of a provider that is known by its id only; its client is found by the manager.
    pub async fn resolve(&self, provider: &str, name: impl Into<AccountName>) -> Result<Account<Dynamic>> {
        let name = name.into();
        let query = ClientQuery { tenant: name.tenant_name(), provider, id: None };
        let client = self.core.client(&query).await?;
        self.account(&client, name).await
    }

    /// A fresh access token of an account that is kept. Whoever asks often keeps the [`account`](Self::account).
    pub async fn token<P: Provider>(&self, client: &Client<P>, name: impl Into<AccountName>) -> Result<AccessToken> {
        self.account(client, name).await?.token().await
    }

    /// Forgets a record that cannot be opened, so that the account can be connected anew: its key is lost, or it is
    /// damaged. The tokens in it are gone for good, and are not revoked.
    pub async fn reset<P: Provider>(&self, client: &Client<P>, name: impl Into<AccountName>) -> Result<bool> {
        let (_, key) = self.place(client.inner(), &name.into())?;
        let deleted = self.core.vault.delete(&key, None).await?;
        drop(self.core.forget_unsaved(&key));
        if let Some(shared) = self.core.in_use(&key) {
            shared.publish_gone(0);
        }
        Ok(deleted)
    }

    pub(super) fn place(&self, inner: &Inner, name: &AccountName) -> Result<(AccountId, RecordKey)> {
        if name.account().is_empty() {
            let what = "an account needs a name: the id of your user, for example";
            return Err(inner.error(ErrorKind::Parameter, Step::Store, what));
        }
        let id = AccountId::new(inner, name)?;
        let key = id.key(&*self.core.crypto);
        Ok((id, key))
    }

    pub(super) async fn find(&self, inner: &Arc<Inner>, name: &AccountName) -> Result<Arc<Shared>> {
        let inner = &inner.ready().await?;
        let (id, key) = self.place(inner, name)?;
        if let Some(shared) = self.core.in_use(&key).filter(|shared| shared.client.is_as(inner) && shared.is_known()) {
            return Ok(shared);
        }
        let Some(record) = self.core.vault.load_of(&key, &id).await.map_err(|error| about(error, &id))? else {
            let what = format!("there are no tokens of the account {id}");
            return Err(inner.error(ErrorKind::NotConnected, Step::Store, what));
        };
        self.open(inner, key, id, &record)
    }

    /// A handle over what is stored, for the client that it was stored for and no other.
    pub(super) fn open(
        &self,
        inner: &Arc<Inner>,
        key: RecordKey,
        id: AccountId,
        record: &Record,
    ) -> Result<Arc<Shared>> {
        record.id.check_client(inner)?;
        let shared = self.core.handle(inner, key, id, Arc::clone(&record.tokens))?;
        if let Some(kept) = &shared.kept {
            kept.admit(record)?;
        }
        shared.publish_newer(record);
        Ok(shared)
    }

    async fn put(
        &self,
        inner: &Arc<Inner>,
        name: &AccountName,
        tokens: Arc<TokenSet>,
        put: Put,
    ) -> Result<Arc<Shared>> {
        let inner = &inner.ready().await?;
        let (id, key) = self.place(inner, name)?;
        let vault = &self.core.vault;
        let now = vault.clock.now();
        let origins = inner.prepared()?.origins.listed();
        let mut record = Record::new(id.clone(), self.login_id(inner)?, origins, tokens, now);
        for _ in 0..TRIES {
            let old = vault.load_of(&key, &id).await.map_err(|error| about(error, &id))?;
            if let Some(old) = old.as_ref().filter(|old| put == Put::Import && is_of_use(old, now)) {
                return self.open(inner, key, id, old);
            }
            record.version = old.map_or(0, |old| old.version);
            match vault.save(&key, &mut record, None).await {
                Ok(()) => {
                    let shared = self.core.handle(inner, key, id, Arc::clone(&record.tokens))?;
                    drop(self.core.forget_unsaved(&key));
                    shared.publish_record(&record);
                    let kind = if put == Put::Login { EventKind::Connected } else { EventKind::Imported };
                    self.core.tell(&Arc::new(record.id), kind);
                    return Ok(shared);
                }
                Err(error) if error.kind() == StoreErrorKind::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
        let what = format!("the record of {id} changes all the time, so the tokens could not be kept");
        Err(inner.error(ErrorKind::Store, Step::Store, what))
    }

    /// A name for a login, which no other has.
    fn login_id(&self, inner: &Inner) -> Result<String> {
        let mut bytes = [0; 16];
        let fault = |_| inner.error(ErrorKind::Random, Step::Store, "no random bytes, so nothing was kept");
        self.core.rng.fill(&mut bytes).map_err(fault)?;
        Ok(hex(&bytes))
    }
}

/// Whether a record has tokens that are, or may be, of use.
fn is_of_use(record: &Record, now: SystemTime) -> bool {
    !matches!(record.status(now), Status::NeedsReauth(_) | Status::Revoked)
}

/// A store's error, with the account that it is about.
fn about(error: crate::store::StoreError, id: &AccountId) -> Error {
    tracing::warn!(account = %id, code = error.code(), "the record of an account could not be read");
    error.into()
}
