use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::broadcast;

use super::{AccountId, Reason};
use crate::error::Error;

/// How many events wait for a reader before the oldest is dropped.
pub(crate) const CAPACITY: usize = 1024;

/// Something that a manager did or noticed, and with which account.
#[derive(Clone, Debug)]
pub struct Event {
    /// The account.
    pub account: Arc<AccountId>,
    /// What happened.
    pub kind: EventKind,
}

/// What a manager did or noticed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// Somebody logged in, and the tokens are kept.
    Connected,
    /// Tokens from elsewhere are kept.
    Imported,
    /// The token was renewed.
    Refreshed {
        /// When the new one ends, where the provider says so.
        expires_at: Option<SystemTime>,
        /// Whether the provider gave a new refresh token.
        rotated: bool,
    },
    /// Another process renewed the token, and it is used here from now on.
    Adopted,
    /// A refresh token is used a second time, because the answer to the first never arrived.
    Replaying,
    /// A refresh failed, and the next is not tried before this time.
    Backoff {
        /// Not before then.
        until: SystemTime,
        /// Why.
        error: Error,
    },
    /// Only a new login helps.
    NeedsReauth {
        /// Why.
        reason: Reason,
        /// What the provider or this library says of it.
        error: Error,
    },
    /// The provider granted fewer scopes than before.
    ScopeReduced {
        /// Those that are gone.
        lost: Vec<String>,
    },
    /// New tokens could not be written. They are in use, and the write is tried again.
    SaveFailed {
        /// Why.
        error: Error,
    },
    /// Tokens that could not be written before are written now.
    Saved,
    /// The answer to a refresh came after the account had been disconnected or connected anew, and was dropped.
    Discarded,
    /// The account was disconnected.
    Disconnected,
    /// Its store has no record of it any more.
    Gone,
    /// A worker could not look after the account.
    WorkerFailed {
        /// Why.
        error: Error,
    },
}

/// The events of a manager, from the moment it was asked for them.
#[derive(Debug)]
pub struct Events(pub(crate) broadcast::Receiver<Event>);

impl Events {
    /// The next event; `None` once the manager is gone. A reader that is more than a thousand events late misses the
    /// oldest.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "a reader of events is too slow");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// The next event if it is there already.
    pub fn try_next(&mut self) -> Option<Event> {
        loop {
            match self.0.try_recv() {
                Ok(event) => return Some(event),
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => return None,
            }
        }
    }
}
