//! New tokens that the store has not taken: in use, and written as soon as that is possible.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::kept::Kept;
use super::state::Shared;
use crate::error::{Error, Result};
use crate::manager::EventKind;
use crate::manager::record::Record;
use crate::store::{StoreError, StoreErrorKind};
use crate::token::TokenSet;

/// What the store has not taken.
pub(crate) struct Unsaved {
    pub(super) record: Record,
    /// The tokens that it has in their place.
    asked: Arc<TokenSet>,
    of: Option<String>,
}

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);

impl Shared {
    /// Keeps what could not be written, and goes on trying: the store has a refresh token that has been used.
    pub(super) fn keep_unsaved(
        self: &Arc<Self>,
        record: Record,
        asked: &Arc<TokenSet>,
        of: Option<&str>,
        error: Error,
    ) {
        let Some(kept) = &self.kept else { return };
        let unsaved = Unsaved { record, asked: Arc::clone(asked), of: of.map(ToOwned::to_owned) };
        *kept.unsaved.lock().unwrap_or_else(PoisonError::into_inner) = Some(unsaved);
        kept.core.unsaved.lock().unwrap_or_else(PoisonError::into_inner).insert(kept.key, Arc::clone(self));
        tracing::error!(account = %kept.id, code = error.code(), "new tokens could not be written, and are tried again");
        kept.tell(EventKind::SaveFailed { error });
        let retrying = Retrying(Arc::clone(self));
        tokio::spawn(async move {
            let (shared, mut wait) = (&retrying.0, FIRST);
            let Some(kept) = &shared.kept else { return };
            while kept.is_unsaved() && !kept.core.tasks.is_closed() {
                kept.core.vault.clock.sleep(wait).await;
                wait = (wait * 2).min(LONGEST);
                // It stays where it is when it fails, and is tried again.
                drop(shared.save_unsaved().await);
            }
        });
    }

    /// Writes what the store has not taken, if there is anything: no refresh begins before that.
    pub(crate) async fn save_unsaved(&self) -> Result<()> {
        let Some(kept) = self.kept.as_ref().filter(|kept| kept.is_unsaved()) else { return Ok(()) };
        let _writing = self.writing.lock().await;
        let Some((mut record, asked, of)) = kept.take_copy() else { return Ok(()) };
        let ours = Arc::clone(&record.tokens);
        let vault = &kept.core.vault;
        let saved = match vault.save(&kept.key, &mut record, None).await {
            Err(error) if error.kind() == StoreErrorKind::Conflict => kept.merge(record, &asked, of.as_deref()).await,
            Ok(()) => Ok(Some(record)),
            Err(error) => Err(error),
        };
        let saved = saved?;
        // What has come since this was begun has not been written.
        if kept.has_unsaved(&ours) {
            self.forget_unsaved();
        }
        if let Some(record) = saved {
            self.publish_record(&record);
            kept.tell(EventKind::Saved);
        } else {
            kept.tell(EventKind::Discarded);
        }
        Ok(())
    }

    /// Somebody has logged in again, or disconnected: what could not be written is of no use any more.
    pub(crate) fn forget_unsaved(&self) -> Option<Record> {
        let kept = self.kept.as_ref()?;
        let unsaved = kept.unsaved.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.core.unsaved.lock().unwrap_or_else(PoisonError::into_inner).remove(&kept.key);
        unsaved.map(|unsaved| unsaved.record)
    }
}

/// The task that tries again, which its runtime may end.
struct Retrying(Arc<Shared>);

impl Drop for Retrying {
    fn drop(&mut self) {
        if let Some(kept) = self.0.kept.as_ref().filter(|kept| kept.is_unsaved() && !kept.core.tasks.is_closed()) {
            tracing::error!(account = %kept.id, "the runtime has ended, and new tokens have not been written");
        }
    }
}

impl Kept {
    fn is_unsaved(&self) -> bool {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn has_unsaved(&self, tokens: &Arc<TokenSet>) -> bool {
        let unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        unsaved.as_ref().is_some_and(|unsaved| Arc::ptr_eq(&unsaved.record.tokens, tokens))
    }

    fn take_copy(&self) -> Option<(Record, Arc<TokenSet>, Option<String>)> {
        let unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        unsaved.as_ref().map(|unsaved| (unsaved.record.clone(), Arc::clone(&unsaved.asked), unsaved.of.clone()))
    }

    /// Writes over what somebody else has written meanwhile, if that still has the token that ours is a renewal of.
    async fn merge(&self, ours: Record, asked: &TokenSet, of: Option<&str>) -> Result<Option<Record>, StoreError> {
        let vault = &self.core.vault;
        let Some(mut current) = vault.load_of(&self.key, &self.id).await? else { return Ok(None) };
        let has = |tokens: &TokenSet| {
            current.login == ours.login
                && current.tokens_of(of).is_some_and(|kept| !super::renewal::differs(tokens, &kept))
        };
        let Some(new) = ours.tokens_of(of) else { return Ok(None) };
        if has(&new) {
            // The write that failed took place.
            return Ok(Some(current));
        }
        if !has(asked) || current.is_revoked() {
            return Ok(None);
        }
        current.renew(of, asked, (*new).clone(), vault.clock.now());
        vault.save(&self.key, &mut current, None).await?;
        Ok(Some(current))
    }
}
