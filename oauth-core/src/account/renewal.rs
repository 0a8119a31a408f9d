//! The refresh of an account that other processes know of: lock, read again, decide, note, refresh, write, release.
//!
//! What is noted on the way is what lets the next process tell a refresh that never began from one whose answer was lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::kept::Kept;
use super::shared::Shared;
use crate::clock::within;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::BoxFuture;
use crate::manager::EventKind;
use crate::manager::Reason;
use crate::manager::record::{Intent, Mark, Record};
use crate::manager::trouble::{Trouble, Until};
use crate::refresh::{self, Progress};
use crate::spec::{RefreshReplay, RevokeEnds};
use crate::store::{Lease, StoreErrorKind};
use crate::token::TokenSet;

/// What a lease has beyond the time of the request.
const SPARE: Duration = Duration::from_secs(5);
/// How long a process waits between two looks at a lease that another one has.
const FIRST_LOOK: Duration = Duration::from_millis(15);
const LAST_LOOK: Duration = Duration::from_millis(300);

/// The refresh of one token of one login.
struct Renewal<'a> {
    shared: &'a Arc<Shared>,
    kept: &'a Kept,
    /// The further token, by name; `None` for the login's own.
    of: Option<&'a str>,
    /// What whoever asks for a new token has.
    asked: &'a Arc<TokenSet>,
}

/// What is to be done about a record.
enum Decision {
    /// Somebody has renewed the token already.
    Adopt(Box<Record>, Arc<TokenSet>),
    /// It is renewed from this record.
    Go(Box<Record>, Arc<TokenSet>),
}

/// How a turn with the lease ended.
enum Turn {
    Done(Result<Arc<TokenSet>>),
    /// Nothing may be done before this time.
    Wait(SystemTime),
}

pub(super) async fn refresh(
    shared: &Arc<Shared>,
    kept: &Kept,
    of: Option<&str>,
    asked: &Arc<TokenSet>,
) -> Result<Arc<TokenSet>> {
    shared.save_unsaved().await?;
    Renewal { shared, kept, of, asked }.run().await
}

impl Renewal<'_> {
    async fn run(&self) -> Result<Arc<TokenSet>> {
        let vault = &self.kept.core.vault;
        let mut look = FIRST_LOOK;
        loop {
            match self.decide(self.kept.load().await?)? {
                Decision::Adopt(record, tokens) => return Ok(self.adopt(&record, tokens)),
                Decision::Go(..) => {}
            }
            let lease = match vault.try_lease(&self.kept.key, self.lease_lasts()).await? {
                Ok(lease) => Held::new(self.kept, lease),
                Err(remaining) => {
                    vault.clock.sleep(look.min(remaining).max(Duration::from_millis(1))).await;
                    look = (look * 2).min(LAST_LOOK);
                    continue;
                }
            };
            let turn = self.turn(&lease.lease).await;
            lease.release().await;
            match turn? {
                Turn::Done(result) => return result,
                Turn::Wait(until) => {
                    let wait = until.duration_since(vault.clock.now()).unwrap_or_default();
                    vault.clock.sleep(wait.min(self.lease_lasts()) + Duration::from_millis(1)).await;
                }
            }
        }
    }

    /// A lease outlasts everything that is done under it: the request, and the session login where there is one.
    fn lease_lasts(&self) -> Duration {
        let inner = &self.shared.client;
        let requests =
            if inner.prepared().is_ok_and(|prepared| prepared.hooks.session_login.is_some()) { 2 } else { 1 };
        inner.config.timeout * requests + SPARE * 2
    }

    fn decide(&self, record: Option<Record>) -> Result<Decision> {
        let inner = &self.shared.client;
        let Some((tokens, record)) = record.and_then(|record| Some((record.tokens_of(self.of)?, record))) else {
            self.shared.publish_gone();
            return Err(self.shared.not_connected());
        };
        let revoked = record.trouble.as_ref().is_some_and(|trouble| trouble.until == Until::Revoked);
        if tokens.is_newer_than(self.asked) && !tokens.is_due(inner.now()) && !revoked {
            return Ok(Decision::Adopt(Box::new(record), tokens));
        }
        if let Some(error) = record.trouble.as_ref().and_then(|trouble| trouble.stands(inner)) {
            self.shared.publish_record(&record);
            return Err(error);
        }
        if !self.shared.can_renew(&tokens) {
            self.shared.publish_record(&record);
            return Err(self.shared.cannot_renew());
        }
        Ok(Decision::Go(Box::new(record), tokens))
    }

    fn adopt(&self, record: &Record, tokens: Arc<TokenSet>) -> Arc<TokenSet> {
        self.shared.publish_record(record);
        self.kept.tell(EventKind::Adopted);
        tokens
    }

    /// One turn with the lease.
    async fn turn(&self, lease: &Lease) -> Result<Turn> {
        let (record, tokens) = match self.decide(self.kept.load().await?)? {
            Decision::Adopt(record, tokens) => return Ok(Turn::Done(Ok(self.adopt(&record, tokens)))),
            Decision::Go(record, tokens) => (*record, tokens),
        };
        let now = self.kept.core.vault.clock.now();
        let mut replay = false;
        match &record.intent {
            Some(Intent { mark: Mark::Answered(answer), of, .. }) if of.as_deref() == self.of => {
                let answer = (**answer).clone();
                return Ok(Turn::Done(self.resume(lease, record, &tokens, answer).await));
            }
            Some(intent @ Intent { mark: Mark::Sent, of, .. }) if of.as_deref() == self.of => {
                // The request may still be on its way: nobody knows before the lease of whoever sent it has ended.
                if intent.until > now
                    && intent.until.duration_since(now).is_ok_and(|left| left <= self.lease_lasts() * 2)
                {
                    return Ok(Turn::Wait(intent.until));
                }
                if !self.may_replay(&record, intent) {
                    let what = "the answer to the last refresh was lost, and its refresh token is not used again";
                    return Ok(Turn::Done(Err(self.lost(lease, record, &tokens, what, None).await)));
                }
                self.kept.tell(EventKind::Replaying);
                replay = true;
            }
            _ => {}
        }
        if let Some(ended) = tokens.refresh_expires_at().filter(|ended| *ended <= self.shared.client.now()) {
            let _ = ended;
            let what = "the refresh token has ended, so it was not sent";
            let error = self.shared.client.error(ErrorKind::RefreshExpired, Step::Refresh, what);
            return Ok(Turn::Done(Err(self.refused(lease, record, &tokens, error).await)));
        }
        self.send(lease, record, &tokens, replay).await
    }

    /// Whether the refresh token of a refresh whose answer never came may be used once more.
    fn may_replay(&self, record: &Record, lost: &Intent) -> bool {
        let rule = self.shared.client.spec().refresh.as_ref();
        let rotates = record.rotated || rule.is_some_and(|rule| rule.rotates);
        rule.is_some_and(|rule| rule.replay != RefreshReplay::Never) && (!rotates || !lost.replay)
    }

    async fn send(&self, lease: &Lease, mut record: Record, tokens: &Arc<TokenSet>, replay: bool) -> Result<Turn> {
        let vault = &self.kept.core.vault;
        let until = vault.clock.now().checked_add(lease.lasts).unwrap_or(SystemTime::UNIX_EPOCH);
        let of = self.of.map(ToOwned::to_owned);
        record.intent = Some(Intent { mark: Mark::Prepared, of, until, replay });
        // Where this cannot be written the new token could not be either: nothing is sent then.
        match vault.save(&self.kept.key, &mut record, Some(lease)).await {
            Err(error) if is_overtaken(error.kind()) => return Ok(Turn::Wait(vault.clock.now())),
            saved => saved?,
        }
        let notes = Notes { kept: self.kept, lease, record: tokio::sync::Mutex::new(record), sent: Mutex::new(false) };
        // The request is cut when the lease ends, so that nobody else sends one at the same time.
        let cut = lease.lasts.saturating_sub(SPARE);
        let asking = refresh::refresh(&self.shared.client, tokens, Some(&notes));
        let result = within(&*vault.clock, cut, asking).await.unwrap_or_else(|| {
            let what = "the refresh took as long as it may";
            Err(self.shared.client.error(ErrorKind::Timeout, Step::Refresh, what))
        });
        let sent = *notes.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let record = notes.record.into_inner();
        Ok(match result {
            Ok(new) => Turn::Done(self.keep(lease, record, tokens, new).await),
            Err(error) if !sent && error.store().is_some_and(|store| is_overtaken(store.kind())) => {
                Turn::Wait(vault.clock.now())
            }
            Err(error) => Turn::Done(Err(self.failed(lease, record, tokens, error, sent).await)),
        })
    }

    /// Goes on with an answer that another process had received when it ended.
    async fn resume(
        &self,
        lease: &Lease,
        record: Record,
        tokens: &Arc<TokenSet>,
        answer: TokenSet,
    ) -> Result<Arc<TokenSet>> {
        match refresh::finish(&self.shared.client, tokens, answer).await {
            Ok(new) => self.keep(lease, record, tokens, new).await,
            Err(error) if error.is_retryable() => {
                // The answer is as good later.
                let trouble = self.backoff(&record, &error);
                Err(self.note(lease, record, tokens, error, |record| record.trouble = Some(trouble.clone())).await)
            }
            Err(error) => Err(self.refused(lease, record, tokens, error).await),
        }
    }

    /// Writes the new tokens, in whatever way is left, and gives them.
    async fn keep(
        &self,
        lease: &Lease,
        mut record: Record,
        asked: &Arc<TokenSet>,
        new: TokenSet,
    ) -> Result<Arc<TokenSet>> {
        let vault = &self.kept.core.vault;
        let (rotated, lost) = (differs(asked, &new), lost_scopes(asked, &new));
        record.renew(self.of, asked, new.clone(), vault.clock.now());
        let mut saved = vault.save(&self.kept.key, &mut record, Some(lease)).await;
        while let Err(error) = &saved {
            if !is_overtaken(error.kind()) {
                break;
            }
            // Somebody has written or may write: the answer counts if the account still has the token that it is for.
            let Ok(current) = vault.load_of(&self.kept.key, &self.kept.id).await else { break };
            let Some(mut current) = current.filter(|current| self.is_for(current, &record, asked)) else {
                return self.discard(&record, &new).await;
            };
            current.renew(self.of, asked, new.clone(), vault.clock.now());
            record = current;
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
        record.tokens_of(self.of).ok_or_else(|| self.shared.not_connected())
    }

    /// Whether what is stored is the login, and the refresh token, that an answer is for.
    fn is_for(&self, current: &Record, ours: &Record, asked: &TokenSet) -> bool {
        current.login == ours.login
            && !matches!(current.trouble.as_ref().map(|trouble| trouble.until), Some(Until::Revoked))
            && current.tokens_of(self.of).is_some_and(|tokens| !differs(asked, &tokens))
    }

    /// The account was disconnected or connected anew while the answer was on its way: it is nobody's.
    async fn discard(&self, ours: &Record, new: &TokenSet) -> Result<Arc<TokenSet>> {
        self.kept.tell(EventKind::Discarded);
        let current = self.kept.load().await?;
        let replaced = current.as_ref().is_some_and(|current| current.login != ours.login);
        let whole_grant =
            self.shared.client.spec().revoke.as_ref().is_some_and(|rule| rule.ends != Some(RevokeEnds::Token));
        // Where one token's end is that of all, it would be that of the new login's as well.
        if current.is_none() || replaced && !whole_grant {
            self.kept.core.revoke_quietly(&self.shared.client, new).await;
        }
        match self.decide(current)? {
            Decision::Adopt(record, tokens) => Ok(self.adopt(&record, tokens)),
            Decision::Go(record, tokens) => {
                self.shared.publish_record(&record);
                Ok(tokens)
            }
        }
    }

    async fn failed(&self, lease: &Lease, record: Record, asked: &Arc<TokenSet>, error: Error, sent: bool) -> Error {
        let replayed = record.intent.as_ref().is_some_and(|intent| intent.replay);
        if error.kind() == ErrorKind::Store {
            // Our own note could not be written, so nothing was sent: the store's trouble is not the account's.
            return self.note(lease, record, asked, error, |record| record.intent = None).await;
        }
        if error.kind() == ErrorKind::GrantRejected && replayed {
            let what = "the refresh token had been used by a refresh whose answer was lost";
            return self.lost(lease, record, asked, what, Some(&error)).await;
        }
        if error.needs_reauth() || error.kind() == ErrorKind::IdentityChanged {
            return self.refused(lease, record, asked, error).await;
        }
        let unanswered = sent && is_unanswered(&error);
        let trouble = self.backoff(&record, &error);
        let until = record.intent.as_ref().map(|intent| intent.until);
        let trouble = match until.filter(|_| unanswered) {
            Some(until) => trouble.not_before(until),
            None => trouble,
        };
        self.note(lease, record, asked, error, |record| {
            record.trouble = Some(trouble.clone());
            if !unanswered {
                record.intent = None;
            }
        })
        .await
    }

    fn backoff(&self, record: &Record, error: &Error) -> Trouble {
        let jitter = self.kept.core.random_byte();
        Trouble::wait(&self.shared.client, error, record.trouble.as_ref(), jitter)
    }

    /// The provider refused the refresh token for good.
    async fn refused(&self, lease: &Lease, record: Record, asked: &Arc<TokenSet>, error: Error) -> Error {
        let trouble = Trouble::login(&error);
        self.note(lease, record, asked, error, |record| {
            record.intent = None;
            record.trouble = Some(trouble.clone());
        })
        .await
    }

    async fn lost(
        &self,
        lease: &Lease,
        record: Record,
        asked: &Arc<TokenSet>,
        what: &str,
        cause: Option<&Error>,
    ) -> Error {
        let builder = Error::new(ErrorKind::LostRotation, Step::Refresh, what);
        let builder = match cause.and_then(Error::server) {
            Some(server) => builder.server(server.clone()),
            None => builder,
        };
        self.refused(lease, record, asked, builder.of(self.shared.client.spec())).await
    }

    /// Writes what follows from a failure, so that every process knows it. Where the account has another token meanwhile
    /// the failure is of no account, and where it cannot be written this process knows it all the same.
    async fn note(
        &self,
        lease: &Lease,
        mut record: Record,
        asked: &Arc<TokenSet>,
        error: Error,
        change: impl Fn(&mut Record),
    ) -> Error {
        let vault = &self.kept.core.vault;
        let mine = record.clone();
        change(&mut record);
        let mut saved = vault.save(&self.kept.key, &mut record, Some(lease)).await;
        for _ in 0..5 {
            if !matches!(&saved, Err(error) if error.kind() == StoreErrorKind::Conflict) {
                break;
            }
            match vault.load_of(&self.kept.key, &self.kept.id).await {
                Ok(Some(current)) if self.is_for(&current, &mine, asked) => {
                    record = current;
                    change(&mut record);
                    saved = vault.save(&self.kept.key, &mut record, Some(lease)).await;
                }
                Ok(Some(current)) => {
                    self.shared.publish_record(&current);
                    return error;
                }
                Ok(None) => {
                    self.shared.publish_gone();
                    return self.shared.not_connected();
                }
                Err(_) => break,
            }
        }
        if let Err(failed) = saved {
            tracing::warn!(code = failed.code(), "a failed refresh could not be noted");
        }
        self.publish_failure(&record, &error);
        error
    }

    fn publish_failure(&self, record: &Record, error: &Error) {
        match self.of {
            None => self.shared.publish_record(record),
            Some(name) => {
                for (_, account) in self.shared.further().into_iter().filter(|(known, _)| known == name) {
                    account.publish(account.latest(), record.trouble.clone());
                }
            }
        }
        match record.trouble.as_ref().map(|trouble| (trouble.until, trouble.kind())) {
            Some((Until::Time(until), _)) => self.kept.tell(EventKind::Backoff { until, error: error.clone() }),
            Some((Until::Login, kind)) => {
                self.kept.tell(EventKind::NeedsReauth { reason: Reason::of(kind), error: error.clone() });
            }
            _ => {}
        }
    }
}

/// Whether the server may have renewed the token although no answer could be read.
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
            | ErrorKind::Internal
    )
}

/// Whether somebody else wrote, or may write, before.
fn is_overtaken(kind: StoreErrorKind) -> bool {
    matches!(kind, StoreErrorKind::Conflict | StoreErrorKind::Fenced)
}

pub(super) fn differs(old: &TokenSet, new: &TokenSet) -> bool {
    old.access_token_str() != new.access_token_str() || old.is_newer_than(new)
}

fn lost_scopes(old: &TokenSet, new: &TokenSet) -> Vec<String> {
    old.scopes().iter().filter(|scope| !new.scopes().contains(scope)).cloned().collect()
}

/// Notes in the record how far a refresh has come.
struct Notes<'a> {
    kept: &'a Kept,
    lease: &'a Lease,
    record: tokio::sync::Mutex<Record>,
    sent: Mutex<bool>,
}

impl Notes<'_> {
    async fn mark(&self, mark: Mark) -> Result<()> {
        let mut record = self.record.lock().await;
        if let Some(intent) = &mut record.intent {
            intent.mark = mark;
        }
        Ok(self.kept.core.vault.save(&self.kept.key, &mut record, Some(self.lease)).await?)
    }
}

impl Progress for Notes<'_> {
    fn sending(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.mark(Mark::Sent).await?;
            *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = true;
            Ok(())
        })
    }

    fn answered<'a>(&'a self, answer: &'a TokenSet) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.mark(Mark::Answered(Box::new(answer.clone()))).await {
                tracing::warn!(code = error.code(), "an answer could not be noted before it was checked");
            }
        })
    }
}

/// A lease that is released when it is dropped, also by a panic.
struct Held<'a> {
    kept: &'a Kept,
    lease: Lease,
    released: bool,
}

impl<'a> Held<'a> {
    fn new(kept: &'a Kept, lease: Lease) -> Self {
        Self { kept, lease, released: false }
    }

    async fn release(mut self) {
        self.released = true;
        // What is not released ends by itself.
        if let Err(error) = self.kept.core.vault.store.release(&self.kept.key, &self.lease).await {
            tracing::debug!(code = error.code(), "a lease was not released before its end");
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.released {
            return;
        }
        let (core, key, lease) = (Arc::clone(&self.kept.core), self.kept.key, self.lease.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { drop(core.vault.store.release(&key, &lease).await) });
        }
    }
}
