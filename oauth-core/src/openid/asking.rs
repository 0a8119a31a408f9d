use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::error::{Error, Result};

/// One question at a time to one server: whoever comes while it is being asked waits and gets the same answer, and the
/// same failure. Else a server that is down would be asked by each of them in turn.
#[derive(Default)]
pub(super) struct Asking {
    last: Mutex<Option<Error>>,
    asked: AtomicU64,
}

/// The right to ask, or to see what was answered meanwhile.
pub(super) struct Turn<'a> {
    asking: &'a Asking,
    last: MutexGuard<'a, Option<Error>>,
    waited: bool,
}

impl Asking {
    /// Waits for whoever is asking.
    pub(super) async fn turn(&self) -> Turn<'_> {
        let before = self.asked.load(Ordering::Acquire);
        let last = self.last.lock().await;
        Turn { asking: self, last, waited: self.asked.load(Ordering::Acquire) != before }
    }
}

impl Turn<'_> {
    /// Whether somebody else has asked since, and with what failure.
    pub(super) fn answered(&self) -> Option<Result<()>> {
        self.waited.then(|| self.last.clone().map_or(Ok(()), Err))
    }

    /// Tells those who wait.
    pub(super) fn tell<T>(&mut self, answer: &Result<T>) {
        *self.last = answer.as_ref().err().cloned();
        self.asking.asked.fetch_add(1, Ordering::AcqRel);
    }
}
