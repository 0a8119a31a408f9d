use std::sync::Arc;
use std::time::Duration;

use super::StoreResult;
use crate::http::BoxFuture;

/// Keeps logins under way, each to be taken once: what a store that several machines share offers beside [`Store`].
///
/// The bytes are sealed and the id is a digest of the login's state, so that the store sees no secret.
///
/// [`Store`]: super::Store
pub trait AttemptStore: Send + Sync + 'static {
    /// Keeps an attempt for at most `ttl`. With more than the store's limit of attempts the oldest is forgotten.
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>>;

    /// Takes the attempt of that id: of any number of callers one gets it. Until its end the others learn that it was
    /// taken; after it, or when it never was, that it is unknown.
    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>>;

    /// Looks at the attempt of that id without taking it.
    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>>;
}

impl<S: AttemptStore + ?Sized> AttemptStore for Arc<S> {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        (**self).put(id, attempt, ttl)
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        (**self).take(id)
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        (**self).peek(id)
    }
}

/// What became of an attempt.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TakenAttempt {
    /// Here it is.
    Waiting(Vec<u8>),
    /// Somebody has taken it before.
    Taken,
    /// There is none, or its time is over.
    Unknown,
}

impl std::fmt::Debug for TakenAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "Waiting(..)",
            Self::Taken => "Taken",
            Self::Unknown => "Unknown",
        })
    }
}
