//! The forms in which a callback may be given its attempt.

use super::{Found, PendingAttempt, PendingAttempts};
use crate::error::{Error, Result};
use crate::http::BoxFuture;
use crate::store::StoreError;

/// Where the attempt of a callback is: the attempt itself, perhaps none, or what is asked for it:
/// [`&PendingAttempts`](PendingAttempts), [`SealedCookie`](super::SealedCookie) or
/// [`&StoredAttempts`](super::StoredAttempts).
pub trait IntoPending: private::Sealed + Send {
    #[doc(hidden)]
    fn take<'a>(self, state: &'a str, admit: Admit<'a>) -> BoxFuture<'a, TakeResult>
    where
        Self: 'a;
}

/// Those of them that have their answer at once.
pub trait HeldPending: IntoPending {
    #[doc(hidden)]
    fn take_now(self, state: &str, admit: Admit<'_>) -> TakeResult;
}

/// Whether an attempt is the callback's: asked before the attempt is used up.
pub(crate) type Admit<'a> = &'a (dyn Fn(&PendingAttempt) -> Result<()> + Sync);

pub(crate) type TakeResult = Result<Option<PendingAttempt>, TakeError>;

/// Why there is no attempt.
#[doc(hidden)]
#[derive(Debug)]
pub enum TakeError {
    AlreadyUsed,
    /// There is one, of another state.
    OtherState,
    Refused(Error),
    /// What the browser brought is none.
    Unreadable(StoreError),
    Store(StoreError),
}

impl<T: HeldPending> IntoPending for T {
    fn take<'a>(self, state: &'a str, admit: Admit<'a>) -> BoxFuture<'a, TakeResult>
    where
        Self: 'a,
    {
        Box::pin(async move { self.take_now(state, admit) })
    }
}

impl HeldPending for PendingAttempt {
    fn take_now(self, _: &str, admit: Admit<'_>) -> TakeResult {
        admit(&self).map_err(TakeError::Refused)?;
        Ok(Some(self))
    }
}

impl HeldPending for Option<PendingAttempt> {
    fn take_now(self, state: &str, admit: Admit<'_>) -> TakeResult {
        self.map_or(Ok(None), |attempt| attempt.take_now(state, admit))
    }
}

impl HeldPending for &PendingAttempts {
    fn take_now(self, state: &str, admit: Admit<'_>) -> TakeResult {
        match PendingAttempts::take(self, state, admit).map_err(TakeError::Refused)? {
            Found::Unknown => Ok(None),
            Found::Taken => Err(TakeError::AlreadyUsed),
            Found::Waiting(attempt) => Ok(Some(*attempt)),
        }
    }
}

pub(super) mod private {
    pub trait Sealed {}
    impl Sealed for super::PendingAttempt {}
    impl Sealed for Option<super::PendingAttempt> {}
    impl Sealed for &super::PendingAttempts {}
}
