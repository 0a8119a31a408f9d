//! What follows from the end of a refresh: its answer is written, or its failure noted.

use std::sync::Arc;

use super::{Decision, Renewal, Turn};
use crate::error::{Error, ErrorKind, Step};
use crate::manager::record::{Course, Record};
use crate::manager::trouble::{Trouble, Until};
use crate::manager::{EventKind, Reason};
use crate::refresh::{self, Failed};
use crate::spec::RevokeEnds;
use crate::store::{Lease, StoreError, StoreErrorKind};
use crate::token::TokenSet;

/// How often a write is tried again that somebody else came before.
const TRIES: usize = 8;

impl Renewal<'_> {
    /// Goes on with an answer that another process had received when it ended.
    pub(super) async fn resume(&self, lease: &Lease, record: Record, tokens: &Arc<TokenSet>, answer: TokenSet) -> Turn {
        match refresh::finish(&self.shared.client, tokens, answer).await {
            Ok(new) => self.keep(lease, record, tokens, new).await,
            Err(Failed { error, kept: Some(kept) }) => self.keep_rotated(lease, record, tokens, error, &kept).await,
            Err(Failed { error, .. }) if error.is_retryable() => {
                // The answer is as good later.
                let trouble = self.backoff(&record, &error);
                self.note(lease, record, tokens, error, |record| {
                    record.course_mut(self.of).trouble = Some(trouble.clone());
                })
                .await
            }
            Err(Failed { error, .. }) => self.refused(lease, record, tokens, error).await,
        }
    }

    /// Writes the new tokens, in whatever way is left, and gives them.
    pub(super) async fn keep(&self, lease: &Lease, mut record: Record, asked: &Arc<TokenSet>, new: TokenSet) -> Turn {
        let vault = &self.kept.core.vault;
        let (rotated, lost) = (differs(asked, &new), lost_scopes(asked, &new));
        record.renew(self.of, asked, new.clone(), vault.clock.now());
        let mut saved = vault.save(&self.kept.key, &mut record, Some(lease)).await;
        for _ in 0..TRIES {
            if !matches!(&saved, Err(error) if is_overtaken(error.kind())) {
                break;
            }
            // Somebody has written or may write: the answer counts if the account still has the token that it is for.
            match self.shared.read().await {
                Ok(Some(mut current)) if self.is_for(&current, &record, asked) => {
                    current.renew(self.of, asked, new.clone(), vault.clock.now());
                    record = current;
                }
                Ok(current) => return self.discard(&record, current, &new).await,
                Err(_) => break,
            }
            // Its version alone decides now: who has the next lease writes before it sends, and meets this then.
            saved = vault.save(&self.kept.key, &mut record, None).await;
        }
        self.shared.publish_record(&record);
        let expires_at = new.expires_at();
        self.kept.tell(EventKind::Refreshed { expires_at, rotated });
        if !lost.is_empty() {
            self.kept.tell(EventKind::ScopeReduced { lost });
        }
        if let Err(error) = saved {
            self.shared.keep_unsaved(record.clone(), asked, self.of, error.into());
        }
        Turn::Done(record.tokens_of(self.of).ok_or_else(|| self.shared.not_connected()))
    }

    /// Whether what is stored is the login, and the refresh token, that an answer is for.
    fn is_for(&self, current: &Record, ours: &Record, asked: &TokenSet) -> bool {
        current.login == ours.login
            && !current.is_revoked()
            && current.tokens_of(self.of).is_some_and(|tokens| !differs(asked, &tokens))
    }

    /// The account was disconnected or connected anew while the answer was on its way: it is nobody's.
    async fn discard(&self, ours: &Record, current: Option<Record>, new: &TokenSet) -> Turn {
        self.kept.tell(EventKind::Discarded);
        let ended = current.as_ref().is_none_or(Record::is_revoked);
        let replaced = current.as_ref().is_some_and(|current| current.login != ours.login);
        let whole_grant =
            self.shared.client.spec().revoke.as_ref().is_some_and(|rule| rule.ends != Some(RevokeEnds::Token));
        // Where one token's end is that of all, it would be that of the new login's as well.
        if ended || replaced && !whole_grant {
            self.kept.core.revoke_quietly(&self.shared.client, new).await;
        }
        self.overtaken(current)
    }

    /// What somebody else has written counts.
    fn overtaken(&self, current: Option<Record>) -> Turn {
        match self.decide(current) {
            Ok(Decision::Adopt(record, tokens)) => Turn::Done(Ok(self.adopt(&record, tokens))),
            // It needs a refresh itself.
            Ok(Decision::Go(..)) => Turn::Wait(self.kept.core.vault.clock.now()),
            Err(error) => Turn::Done(Err(error)),
        }
    }

    pub(super) async fn failed(
        &self,
        lease: &Lease,
        record: Record,
        asked: &Arc<TokenSet>,
        Failed { error, kept }: Failed,
        sent: bool,
    ) -> Turn {
        let replayed = record.intent(self.of).is_some_and(|intent| intent.replay);
        if error.kind() == ErrorKind::Store {
            // Our own note could not be written, so nothing was sent: the store's trouble is not the account's.
            return self.note(lease, record, asked, error, |record| record.course_mut(self.of).put_off()).await;
        }
        if error.kind() == ErrorKind::GrantRejected && replayed && asked.again.is_none() {
            let what = "the refresh token had been used by a refresh whose answer was lost";
            return self.lost(lease, record, asked, what, Some(&error)).await;
        }
        if error.needs_reauth() || error.is_of_another_identity() {
            return self.refused(lease, record, asked, error).await;
        }
        if let Some(kept) = kept {
            return self.keep_rotated(lease, record, asked, error, &kept).await;
        }
        let unanswered = sent && is_unanswered(&error);
        let trouble = self.backoff(&record, &error);
        let until = record.intent(self.of).map(|intent| intent.until);
        let trouble = match until.filter(|_| unanswered) {
            Some(until) => trouble.not_before(until),
            None => trouble,
        };
        self.note(lease, record, asked, error, |record| {
            let course = record.course_mut(self.of);
            course.trouble = Some(trouble.clone());
            if !unanswered {
                course.put_off();
            }
        })
        .await
    }

    /// Of an answer that is not used its refresh token is kept: the one before it has been spent for it.
    async fn keep_rotated(
        &self,
        lease: &Lease,
        record: Record,
        asked: &Arc<TokenSet>,
        error: Error,
        kept: &TokenSet,
    ) -> Turn {
        let trouble = self.backoff(&record, &error);
        self.note(lease, record, asked, error, |record| {
            record.rotate(self.of, asked, kept.clone());
            record.course_mut(self.of).trouble = Some(trouble.clone());
        })
        .await
    }

    fn backoff(&self, record: &Record, error: &Error) -> Trouble {
        let jitter = self.kept.core.random_byte();
        Trouble::wait(&self.shared.client, error, record.trouble(self.of), jitter)
    }

    /// The provider refused the refresh token for good.
    pub(super) async fn refused(&self, lease: &Lease, record: Record, asked: &Arc<TokenSet>, error: Error) -> Turn {
        let trouble = Trouble::login(&error);
        self.note(lease, record, asked, error, |record| {
            *record.course_mut(self.of) = Course { intent: None, trouble: Some(trouble.clone()) };
        })
        .await
    }

    pub(super) async fn lost(
        &self,
        lease: &Lease,
        record: Record,
        asked: &Arc<TokenSet>,
        what: &str,
        cause: Option<&Error>,
    ) -> Turn {
        let builder = Error::new(ErrorKind::LostRotation, Step::Refresh, what);
        let builder = match cause.and_then(Error::server) {
            Some(server) => builder.server(server.clone()),
            None => builder,
        };
        self.refused(lease, record, asked, builder.of(self.shared.client.spec())).await
    }

    /// Writes what follows from a failure, so that every process knows it. Where the account has another token meanwhile
    /// that one counts and not the failure, and where it cannot be written this process knows it all the same.
    async fn note(
        &self,
        lease: &Lease,
        mut record: Record,
        asked: &Arc<TokenSet>,
        error: Error,
        change: impl Fn(&mut Record),
    ) -> Turn {
        let vault = &self.kept.core.vault;
        let mine = record.clone();
        change(&mut record);
        let mut saved = vault.save(&self.kept.key, &mut record, Some(lease)).await;
        for _ in 0..TRIES {
            let Some(kind) = saved.as_ref().err().map(StoreError::kind).filter(|kind| is_overtaken(*kind)) else {
                break;
            };
            match self.shared.read().await {
                // Who has a newer lease is about to learn it from the provider.
                Ok(Some(current)) if self.is_for(&current, &mine, asked) && kind == StoreErrorKind::Fenced => {
                    return Turn::Wait(vault.clock.now());
                }
                Ok(Some(current)) if self.is_for(&current, &mine, asked) => {
                    record = current;
                    change(&mut record);
                    saved = vault.save(&self.kept.key, &mut record, Some(lease)).await;
                }
                Ok(current) => return self.overtaken(current),
                Err(_) => break,
            }
        }
        if let Err(failed) = saved {
            tracing::warn!(code = failed.code(), "a failed refresh could not be noted");
            if record.tokens_of(self.of).is_some_and(|tokens| differs(asked, &tokens)) {
                self.shared.keep_unsaved(record.clone(), asked, self.of, failed.into());
            }
        }
        self.publish_failure(&record, &error);
        Turn::Done(Err(error))
    }

    fn publish_failure(&self, record: &Record, error: &Error) {
        self.shared.publish_record(record);
        match record.trouble(self.of).map(|trouble| (trouble.until, trouble.kind())) {
            Some((Until::Time(until), _)) => self.kept.tell(EventKind::Backoff { until, error: error.clone() }),
            Some((Until::Login, kind)) => {
                self.kept.tell(EventKind::NeedsReauth { reason: Reason::of(kind), error: error.clone() });
            }
            _ => {}
        }
    }
}

/// Whether the server may have renewed the token although no answer could be used.
fn is_unanswered(error: &Error) -> bool {
    if error.server().is_some() {
        return false;
    }
    matches!(
        error.kind(),
        ErrorKind::Timeout
            | ErrorKind::Network
            | ErrorKind::ResponseTruncated
            | ErrorKind::ResponseTooLarge
            | ErrorKind::ResponseEncoded
            | ErrorKind::BadResponse
            | ErrorKind::TokenTypeMissing
            | ErrorKind::TokenTypeUnsupported
            | ErrorKind::TokenDowngraded
            | ErrorKind::Internal
    )
}

/// Whether somebody else wrote, or may write, before.
pub(super) fn is_overtaken(kind: StoreErrorKind) -> bool {
    matches!(kind, StoreErrorKind::Conflict | StoreErrorKind::Fenced)
}

pub(in crate::account) fn differs(old: &TokenSet, new: &TokenSet) -> bool {
    old.access_token_str() != new.access_token_str() || old.is_newer_than(new)
}

fn lost_scopes(old: &TokenSet, new: &TokenSet) -> Vec<String> {
    old.scopes().iter().filter(|scope| !new.scopes().contains(scope)).cloned().collect()
}
