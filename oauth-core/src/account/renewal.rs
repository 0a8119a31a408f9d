//! The refresh of an account that other processes know of: lock, read again, decide, note, refresh, write, release.
//!
//! What is noted on the way is what lets the next process tell a refresh that never began from one whose answer was lost.

mod notes;
mod outcome;

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use self::notes::{Held, Notes};
pub(super) use self::outcome::differs;
use self::outcome::is_overtaken;
use super::kept::Kept;
use super::state::Shared;
use crate::clock::within;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::manager::EventKind;
use crate::manager::record::{Intent, Mark, Record};
use crate::refresh::{self, Failed};
use crate::spec::RefreshReplay;
use crate::store::Lease;
use crate::token::TokenSet;

/// What a lease has beyond the time of the request.
const SPARE: Duration = Duration::from_secs(5);
/// The longest time for requests: a client without a limit of its own is cut then, and no lease lasts for ever.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How long a process waits between two looks at a lease that another one has.
const FIRST_LOOK: Duration = Duration::from_millis(15);
const LAST_LOOK: Duration = Duration::from_millis(300);
/// How often others may write before one who has the lease: without a fault of the store that is a login now and then.
const MOST_OVERTAKEN: usize = 8;

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
    /// Somebody else wrote before anything was sent.
    Overtaken(Error),
}

pub(super) async fn refresh(
    shared: &Arc<Shared>,
    kept: &Kept,
    of: Option<&str>,
    asked: &Arc<TokenSet>,
) -> Result<Arc<TokenSet>> {
    Renewal { shared, kept, of, asked }.run().await
}

impl Renewal<'_> {
    async fn run(&self) -> Result<Arc<TokenSet>> {
        let vault = &self.kept.core.vault;
        let (mut look, mut overtaken) = (FIRST_LOOK, 0);
        loop {
            // Of whichever handle: the refresh token that the store has is spent.
            if let Some(unsaved) = self.kept.core.unsaved_of(&self.kept.key) {
                unsaved.save_unsaved().await?;
            }
            match self.decide(self.shared.load().await?)? {
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
                Turn::Overtaken(error) if overtaken == MOST_OVERTAKEN => return Err(error),
                Turn::Overtaken(_) => {
                    // Where others are faster again and again, or the store says so, they are given time.
                    overtaken += 1;
                    vault.clock.sleep(look).await;
                    look = (look * 2).min(LAST_LOOK);
                }
                Turn::Wait(until) => {
                    let wait = until.duration_since(vault.clock.now()).unwrap_or_default();
                    let wait = wait.min(self.lease_lasts()) + Duration::from_millis(1);
                    // Where others are faster again and again, or the store says so, they are given time.
                    vault.clock.sleep(wait.max(look)).await;
                    look = (look * 2).min(LAST_LOOK);
                }
            }
        }
    }

    /// A lease outlasts everything that is done under it: the request, those for the issuer's metadata and the keys of an ID
    /// token, and the session login where there is one.
    fn lease_lasts(&self) -> Duration {
        let inner = &self.shared.client;
        let session = inner.prepared().is_ok_and(|prepared| prepared.hooks.session_login.is_some());
        let spec = inner.spec();
        let asks = [spec.endpoints.discovery, spec.openid.is_some(), session];
        let requests = asks.into_iter().map(u32::from).sum::<u32>() + 1;
        inner.config.timeout.saturating_mul(requests).min(LONGEST) + SPARE * 2
    }

    fn decide(&self, record: Option<Record>) -> Result<Decision> {
        let inner = &self.shared.client;
        let Some((tokens, record)) = record.and_then(|record| Some((record.tokens_of(self.of)?, record))) else {
            return Err(self.shared.not_connected());
        };
        // Another refresh token alone, of an answer that was refused, is no new token.
        let only_rotated =
            tokens.access_token_str() == self.asked.access_token_str() && record.trouble(self.of).is_some();
        let is_newer = tokens.is_newer_than(self.asked) && !only_rotated;
        if is_newer && !tokens.is_due(inner.now()) && !record.is_revoked() {
            return Ok(Decision::Adopt(Box::new(record), tokens));
        }
        if let Some(error) = record.trouble(self.of).and_then(|trouble| trouble.stands(inner, &tokens)) {
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
        let (record, tokens) = match self.decide(self.shared.load().await?)? {
            Decision::Adopt(record, tokens) => return Ok(Turn::Done(Ok(self.adopt(&record, tokens)))),
            Decision::Go(record, tokens) => (*record, tokens),
        };
        let now = self.kept.core.vault.clock.now();
        let mut replay = false;
        match record.intent(self.of) {
            Some(Intent { mark: Mark::Answered(answer), .. }) => {
                let answer = (**answer).clone();
                return Ok(self.resume(lease, record, &tokens, answer).await);
            }
            Some(intent @ Intent { mark: Mark::Sent, .. }) => {
                // The request may still be on its way: nobody knows before the lease of whoever sent it has ended.
                if intent.until > now
                    && intent.until.duration_since(now).is_ok_and(|left| left <= self.lease_lasts() * 2)
                {
                    return Ok(Turn::Wait(intent.until));
                }
                if !self.may_replay(&record, &tokens, intent) {
                    let what = "the answer to the last refresh was lost, and its refresh token is not used again";
                    return Ok(self.lost(lease, record, &tokens, what, None).await);
                }
                self.kept.tell(EventKind::Replaying);
                replay = true;
            }
            // A replay that was not sent, or was put off, is still one.
            Some(intent) => replay = intent.replay,
            None => {}
        }
        if tokens.refresh_expires_at().is_some_and(|ended| ended <= self.shared.client.now()) {
            let what = "the refresh token has ended, so it was not sent";
            let error = self.shared.client.error(ErrorKind::RefreshExpired, Step::Refresh, what);
            return Ok(self.refused(lease, record, &tokens, error).await);
        }
        self.send(lease, record, &tokens, replay).await
    }

    /// Whether the refresh token of a refresh whose answer never came may be used once more.
    fn may_replay(&self, record: &Record, tokens: &TokenSet, lost: &Intent) -> bool {
        if tokens.again.is_some() {
            return true;
        }
        let rule = self.shared.client.spec().refresh.as_ref();
        let rotates = record.rotated || rule.is_some_and(|rule| rule.rotates);
        rule.is_some_and(|rule| rule.replay != RefreshReplay::Never) && (!rotates || !lost.replay)
    }

    async fn send(&self, lease: &Lease, mut record: Record, tokens: &Arc<TokenSet>, replay: bool) -> Result<Turn> {
        let vault = &self.kept.core.vault;
        let until = vault.clock.now().checked_add(lease.lasts).unwrap_or(SystemTime::UNIX_EPOCH);
        record.course_mut(self.of).intent = Some(Intent { mark: Mark::Prepared, until, replay });
        // Where this cannot be written the new token could not be either: nothing is sent then.
        match vault.save(&self.kept.key, &mut record, Some(lease)).await {
            Err(error) if is_overtaken(error.kind()) => return Ok(Turn::Overtaken(error.into())),
            saved => saved?,
        }
        let notes = Notes {
            kept: self.kept,
            lease,
            of: self.of,
            record: tokio::sync::Mutex::new(record),
            sent: std::sync::Mutex::new(false),
        };
        // The request is cut when the lease ends, so that nobody else sends one at the same time.
        let cut = lease.lasts.saturating_sub(SPARE);
        let asking = refresh::refresh(&self.shared.client, tokens, Some(&notes));
        let result = within(&*vault.clock, cut, asking).await.unwrap_or_else(|| {
            let what = "the refresh took as long as it may";
            Err(self.shared.client.error(ErrorKind::Timeout, Step::Refresh, what).into())
        });
        let sent = *notes.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let record = notes.record.into_inner();
        Ok(match result {
            Ok(new) => self.keep(lease, record, tokens, new).await,
            Err(Failed { error, .. }) if !sent && error.store().is_some_and(|store| is_overtaken(store.kind())) => {
                Turn::Overtaken(error)
            }
            Err(failed) => self.failed(lease, record, tokens, failed, sent).await,
        })
    }
}
