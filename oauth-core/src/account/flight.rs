//! One refresh for all who ask at the same time.

use std::sync::{Arc, PoisonError};

use tokio::sync::watch;

use super::state::Shared;
use super::{private, renewal};
use crate::error::{ErrorKind, Result, Step};
use crate::token::TokenSet;

/// The refresh under way: what all who wait for it will get.
pub(super) type Flight = watch::Receiver<Option<Result<Arc<TokenSet>>>>;

enum Joined {
    Newer(Arc<TokenSet>),
    Flight(Flight),
}

impl Shared {
    /// Replaces `old`, which has ended or was refused, by one request for all who ask at the same time.
    pub(crate) async fn renew(self: &Arc<Self>, old: &Arc<TokenSet>) -> Result<Arc<TokenSet>> {
        let mut flight = match self.join(old)? {
            Joined::Newer(tokens) => return self.usable(tokens),
            Joined::Flight(flight) => flight,
        };
        let landed = flight.wait_for(Option::is_some).await;
        match landed.ok().and_then(|result| result.clone()) {
            Some(result) => self.usable(result?),
            None => Err(self.client.error(
                ErrorKind::Internal,
                Step::Refresh,
                "the refresh ended before it had a result, by a fault or with the runtime it ran in",
            )),
        }
    }

    /// Starts a refresh that nobody waits for, unless one is under way or something stands in its way. What comes of it is
    /// published, and told by events.
    pub(super) fn renew_in_background(self: &Arc<Self>, old: &Arc<TokenSet>) {
        drop(self.join(old));
    }

    /// The renewed tokens, which are kept already, unless the session that belongs to them could not be opened.
    fn usable(&self, tokens: Arc<TokenSet>) -> Result<Arc<TokenSet>> {
        match &tokens.session_due {
            Some(due) => Err(due.error(&self.client)),
            None => Ok(tokens),
        }
    }

    /// Joins the refresh under way, or starts one in a task of its own: a caller that is cancelled must not cancel a
    /// refresh that the server may have carried out.
    fn join(self: &Arc<Self>, old: &Arc<TokenSet>) -> Result<Joined> {
        let mut flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = &*flight {
            return Ok(Joined::Flight(under_way.clone()));
        }
        let snapshot = self.snapshot();
        let current = Arc::clone(&snapshot.tokens);
        // Another refresh token alone, of an answer that was refused, is no new token.
        let only_rotated = current.access_token_str() == old.access_token_str() && snapshot.trouble.is_some();
        if !Arc::ptr_eq(&current, old) && current.is_newer_than(old) && !only_rotated && !snapshot.gone {
            return Ok(Joined::Newer(current));
        }
        self.in_trouble(&snapshot)?;
        let guard = match self.keeper() {
            Some(kept) => Some(kept.task()?),
            None => None,
        };
        let (landing, receiver) = watch::channel(None);
        *flight = Some(receiver.clone());
        // A runtime that shuts down drops the task at once, and with it the flight's end, which takes the lock.
        drop(flight);
        let end = FlightEnd { shared: Arc::clone(self), landing, result: None };
        tokio::spawn(async move {
            let _guard = guard;
            // All that a refresh may have to do is large, and lives in one place.
            let result = Box::pin(end.shared.refresh(&current)).await;
            end.land(result);
        });
        Ok(Joined::Flight(receiver))
    }

    async fn refresh(self: &Arc<Self>, current: &Arc<TokenSet>) -> Result<Arc<TokenSet>> {
        let (login, of) = match &self.home {
            Some((home, name)) => (home, Some(name.as_str())),
            None => (self, None),
        };
        match &login.kept {
            Some(kept) => renewal::refresh(login, kept, of, current).await,
            None => private::refresh(self, current).await,
        }
    }
}

/// Ends the flight when it is dropped: after its result, and also when the task panics or its runtime is shut down, even
/// before the task first ran, so that the next caller starts a new one.
struct FlightEnd {
    shared: Arc<Shared>,
    landing: watch::Sender<Option<Result<Arc<TokenSet>>>>,
    result: Option<Result<Arc<TokenSet>>>,
}

impl FlightEnd {
    fn land(mut self, result: Result<Arc<TokenSet>>) {
        self.result = Some(result);
    }
}

impl Drop for FlightEnd {
    fn drop(&mut self) {
        // The flight first: who hears of its end and asks again is not to join it once more.
        *self.shared.flight.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(result) = self.result.take() {
            self.landing.send_replace(Some(result));
        }
    }
}
