//! What a manager adds to an account: a place in its store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::state::{Shared, Snapshot};
use super::unsaved::Unsaved;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::manager::record::Record;
use crate::manager::{AccountId, Core, EventKind, Task};
use crate::store::{RecordKey, StoreError, StoreErrorKind, StoreResult};
use crate::token::TokenSet;

/// An account's place in the store of a manager.
pub(crate) struct Kept {
    pub(crate) core: Arc<Core>,
    pub(crate) key: RecordKey,
    pub(crate) id: Arc<AccountId>,
    /// Where this client would let the token go.
    origins: Vec<String>,
    looking: AtomicBool,
    /// The newest record, while the store has not taken it: what the store has is older.
    pub(super) unsaved: Mutex<Option<Unsaved>>,
}

impl Kept {
    pub(crate) fn new(core: Arc<Core>, key: RecordKey, id: Arc<AccountId>, origins: Vec<String>) -> Self {
        Self { core, key, id, origins, looking: AtomicBool::new(false), unsaved: Mutex::new(None) }
    }

    pub(super) fn max_stale(&self) -> Duration {
        self.core.max_stale
    }

    pub(super) fn soon(&self, tokens: &TokenSet) -> Option<SystemTime> {
        self.core.vault.ahead.soon(&self.key, tokens)
    }

    /// A place among the tasks that a shutdown waits for; none once the manager has been shut down.
    pub(super) fn task(&self) -> Result<Task> {
        self.core
            .tasks
            .begin()
            .ok_or_else(|| Error::new(ErrorKind::ShutDown, Step::Refresh, "the manager has been shut down").general())
    }

    pub(super) fn tell(&self, kind: EventKind) {
        self.core.tell(&self.id, kind);
    }

    /// The account is not in use any more.
    pub(super) fn forget(&self) {
        self.core.forget(&self.key);
    }

    /// The newest record: that which the store has not taken, else the store's.
    pub(super) async fn load(&self) -> Result<Option<Record>> {
        if let Some(unsaved) = &*self.unsaved.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Some(unsaved.record.clone()));
        }
        let record = self.core.vault.load_of(&self.key, &self.id).await?;
        if let Some(record) = &record {
            self.admit(record)?;
        }
        Ok(record)
    }

    /// A token was given for certain hosts: a provider's file that names others since does not get it.
    pub(crate) fn admit(&self, record: &Record) -> Result<()> {
        let Some(new) = self.origins.iter().find(|origin| !record.origins.contains(origin)) else { return Ok(()) };
        let what =
            "the provider's file lets the token go to a host that it did not name when the account was connected";
        let error = StoreError::new(StoreErrorKind::OriginsChanged, self.core.vault.store.name(), what);
        Err(error.fix(format!("connect the account again if {} is the provider's", crate::error::clean(new))).into())
    }
}

impl Shared {
    /// Makes what a record says the newest of this process, unless the store has not taken what is newest.
    pub(crate) fn publish_newer(&self, record: &Record) {
        let unsaved = self
            .kept
            .as_ref()
            .is_some_and(|kept| kept.unsaved.lock().unwrap_or_else(PoisonError::into_inner).is_some());
        if unsaved {
            return;
        }
        if let Some(kept) = self.kept.as_ref().filter(|_| record.tokens.is_newer_than(&self.latest())) {
            kept.tell(EventKind::Adopted);
        }
        self.publish_record(record);
    }

    /// Whether what is known is recent, and not that there is nothing.
    pub(crate) fn is_known(&self) -> bool {
        let snapshot = self.snapshot();
        !snapshot.gone && self.is_current(&snapshot)
    }

    /// Makes what a record says the newest of this process.
    pub(crate) fn publish_record(&self, record: &Record) {
        if record.is_revoked() {
            self.publish_gone(record.version);
            return;
        }
        self.publish_version(record.version, Arc::clone(&record.tokens), record.own.trouble.clone());
        for (name, account) in self.further() {
            if let Some(tokens) = record.tokens_of(Some(&name)) {
                account.publish_version(record.version, tokens, record.trouble(Some(&name)).cloned());
            }
        }
    }

    /// What is done in passing when a token is given away: the store is asked for news now and then, and a token that ends
    /// soon is renewed before anybody has to wait for it.
    pub(super) fn look_after(self: &Arc<Self>, snapshot: &Snapshot, now: SystemTime) {
        let Some(kept) = self.keeper() else { return };
        if !self.is_current(snapshot) {
            let login = self.home.as_ref().map_or(self, |(home, _)| home);
            login.look();
        } else if kept.soon(&snapshot.tokens).is_some_and(|soon| soon <= now) && self.can_renew(&snapshot.tokens) {
            self.renew_in_background(&snapshot.tokens);
        }
    }

    /// Asks the store for news, in a task of its own, one at a time.
    fn look(self: &Arc<Self>) {
        let Some(kept) = &self.kept else { return };
        if kept.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let looking = Looking(Arc::clone(self));
        let Ok(task) = kept.task() else { return };
        tokio::spawn(async move {
            let _task = task;
            looking.0.revalidate().await;
        });
    }

    /// The newest record. That there is none is known from then on.
    pub(super) async fn load(&self) -> Result<Option<Record>> {
        let Some(kept) = &self.kept else { return Ok(None) };
        let known = self.version();
        let record = kept.load().await?;
        self.miss(kept, known, record.as_ref());
        Ok(record)
    }

    /// The record as the store has it. That there is none is known from then on.
    pub(super) async fn read(&self) -> StoreResult<Option<Record>> {
        let Some(kept) = &self.kept else { return Ok(None) };
        let known = self.version();
        let record = kept.core.vault.load_of(&kept.key, &kept.id).await?;
        self.miss(kept, known, record.as_ref());
        Ok(record)
    }

    /// There is no record, unless somebody has connected the account since the store was asked.
    fn miss(&self, kept: &Kept, known: u64, record: Option<&Record>) {
        if record.is_none() && self.version() == known && !self.snapshot().gone {
            self.publish_gone(known);
            kept.tell(EventKind::Gone);
        }
    }

    async fn revalidate(&self) {
        let Some(kept) = &self.kept else { return };
        match self.load().await {
            Ok(Some(record)) => {
                if record.tokens.is_newer_than(&self.latest()) {
                    kept.tell(EventKind::Adopted);
                }
                self.publish_record(&record);
            }
            Ok(None) => {}
            // What is known is believed until its end: a store that is away for a while is no reason to stop.
            Err(error) => {
                tracing::warn!(code = error.code(), "an account could not be compared with its store");
                self.publish_again();
            }
        }
    }
}

/// Says that nobody looks any more, also when the task panics.
struct Looking(Arc<Shared>);

impl Drop for Looking {
    fn drop(&mut self) {
        if let Some(kept) = &self.0.kept {
            kept.looking.store(false, Ordering::Release);
        }
    }
}
