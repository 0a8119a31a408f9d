//! Giving an account up: its tokens are ended with the provider where that is possible, and forgotten here.

use std::sync::Arc;

use super::connect::TRIES;
use super::record::{Course, Record};
use super::trouble::Trouble;
use super::{AccountName, EventKind, TokenManager};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::provider::Provider;
use crate::store::StoreErrorKind;
use crate::token::TokenSet;

/// What came of disconnecting an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Disconnected {
    /// Whether there was such an account.
    pub existed: bool,
    /// Whether its tokens are ended with the provider.
    pub revocation: Revocation,
}

/// Whether tokens are ended with the provider.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Revocation {
    /// They are.
    Done,
    /// The provider has no way to end them: they end by themselves.
    NotSupported,
    /// They could not be: they end by themselves, or by the user's hand in the provider's settings.
    Failed(Error),
    /// There were none.
    Nothing,
}

impl TokenManager {
    /// Ends an account's tokens with the provider where that is possible (RFC 7009), and forgets them here, whether it was
    /// or not. From its first step on no process refreshes them any more, and a refresh that is under way writes nothing
    /// back.
    pub async fn disconnect<P: Provider>(
        &self,
        client: &Client<P>,
        name: impl Into<AccountName>,
    ) -> Result<Disconnected> {
        let inner = &client.inner().ready().await?;
        let (id, key) = self.place(inner, &name.into())?;
        let vault = &self.core.vault;
        let mut tries = 0;
        let marked: Option<(Record, Arc<TokenSet>)> = loop {
            tries += 1;
            let Some(mut record) = vault.load_of(&key, &id).await? else { break None };
            // What the provider takes is in an answer that nobody has come to check.
            let newest = record.newest();
            record.own = Course { intent: None, trouble: Some(Trouble::revoked(inner)) };
            record.further.clear();
            match vault.save(&key, &mut record, None).await {
                Ok(()) => break Some((record, newest)),
                Err(error) if error.kind() == StoreErrorKind::Conflict && tries < TRIES => {}
                Err(error) => return Err(error.into()),
            }
        };
        let newest = self.core.forget_unsaved(&key);
        if let Some(shared) = self.core.in_use(&key) {
            shared.publish_gone(marked.as_ref().map_or(0, |(record, _)| record.version));
        }
        let Some((record, answered)) = marked else {
            return Ok(Disconnected { existed: false, revocation: Revocation::Nothing });
        };
        // What could not be written is newer still.
        let newest = newest.filter(|newest| newest.login == record.login);
        let revocation = self.core.revoke(inner, newest.as_ref().map_or(&answered, |newest| &newest.tokens)).await;
        match vault.delete(&key, Some(record.version)).await {
            Ok(_) => {}
            Err(error) if error.kind() == StoreErrorKind::Conflict => {
                let what = format!("the account {id} was connected anew while it was being disconnected, and stays");
                return Err(inner.error(ErrorKind::Store, Step::Store, what));
            }
            Err(error) => return Err(error.into()),
        }
        self.core.tell(&Arc::new(id), EventKind::Disconnected);
        Ok(Disconnected { existed: true, revocation })
    }
}
