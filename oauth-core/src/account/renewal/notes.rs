//! How far a refresh has come, in the record; and the lease that it has.

use std::sync::{Arc, Mutex, PoisonError};

use crate::account::kept::Kept;
use crate::error::Result;
use crate::http::BoxFuture;
use crate::manager::record::{Mark, Record};
use crate::refresh::Progress;
use crate::store::Lease;
use crate::token::TokenSet;

/// Notes in the record how far a refresh has come.
pub(super) struct Notes<'a> {
    pub(super) kept: &'a Kept,
    pub(super) lease: &'a Lease,
    pub(super) of: Option<&'a str>,
    pub(super) record: tokio::sync::Mutex<Record>,
    pub(super) sent: Mutex<bool>,
}

impl Notes<'_> {
    async fn mark(&self, mark: Mark) -> Result<()> {
        let mut record = self.record.lock().await;
        if let Some(intent) = &mut record.course_mut(self.of).intent {
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
pub(super) struct Held<'a> {
    kept: &'a Kept,
    pub(super) lease: Lease,
    released: bool,
}

impl<'a> Held<'a> {
    pub(super) fn new(kept: &'a Kept, lease: Lease) -> Self {
        Self { kept, lease, released: false }
    }

    pub(super) async fn release(mut self) {
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
