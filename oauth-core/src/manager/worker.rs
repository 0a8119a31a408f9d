//! Looking after accounts that nobody asks for: tokens ahead of their end, and refresh tokens that end when they lie idle.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::record::Record;
use super::trouble::Trouble;
use super::{ClientQuery, EventKind, TokenManager};
use crate::account::Account;
use crate::clock::within;
use crate::error::{Error, ErrorKind, Result};
use crate::store::RecordKey;

/// Refreshes the accounts of a store when they are due, whether or not anybody asks for their tokens. Any number of them
/// may run over one store: each account is taken by one.
///
/// ```no_run
/// # async fn run(manager: oauth_core::TokenManager) {
/// let worker = manager.worker().at_once(16);
/// tokio::spawn(async move { worker.run().await }); // until `manager.shutdown()`
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is looked after before `run`"]
pub struct Worker {
    manager: TokenManager,
    every: Duration,
    batch: usize,
    at_once: usize,
}

/// What one round of a worker did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerReport {
    /// How many accounts were due.
    pub due: usize,
    /// How many have a new token.
    pub refreshed: usize,
    /// How many could not be refreshed; events say why.
    pub failed: usize,
}

/// What came of an account that was due.
enum Looked {
    Refreshed,
    Failed,
    /// It is not any more, or is gone.
    NotDue,
}

/// How long an account that a worker has taken is left alone by others.
const CLAIM: Duration = Duration::from_secs(5 * 60);

impl TokenManager {
    /// A worker for the accounts of this manager's store. It needs their clients: [`client`] or [`resolver`].
    ///
    /// [`client`]: super::TokenManagerBuilder::client
    /// [`resolver`]: super::TokenManagerBuilder::resolver
    pub fn worker(&self) -> Worker {
        Worker { manager: self.clone(), every: Duration::from_secs(15), batch: 256, at_once: 8 }
    }
}

impl Worker {
    /// How long it waits when nothing is due: 15 seconds unless set.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// How many accounts it takes from the store in one go: 256 unless set.
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch.max(1);
        self
    }

    /// How many of them it refreshes at once: 8 unless set.
    pub fn at_once(mut self, at_once: usize) -> Self {
        self.at_once = at_once.max(1);
        self
    }

    /// Works until the manager is shut down. A store that is away is asked again later.
    pub async fn run(&self) {
        let core = &self.manager.core;
        while !core.tasks.is_closed() {
            let full = match self.run_once().await {
                // There may be more. Where nothing came of so many, more of them would be no better at once.
                Ok(report) => report.due == self.batch && report.refreshed > 0,
                Err(error) => {
                    tracing::warn!(code = error.code(), "a worker could not ask its store");
                    false
                }
            };
            if !full {
                within(&*core.vault.clock, self.every, core.tasks.closed()).await;
            }
        }
    }

    /// Takes what is due, once, and refreshes it.
    pub async fn run_once(&self) -> Result<WorkerReport> {
        let vault = &self.manager.core.vault;
        let keys = vault.store.claim_due(vault.clock.now(), CLAIM, self.batch).await?;
        let mut report = WorkerReport { due: keys.len(), ..WorkerReport::default() };
        let mut count = |done: Option<Result<Looked, tokio::task::JoinError>>| match done {
            Some(Ok(Looked::Refreshed)) => report.refreshed += 1,
            Some(Ok(Looked::Failed) | Err(_)) => report.failed += 1,
            Some(Ok(Looked::NotDue)) | None => {}
        };
        let mut tasks = JoinSet::new();
        for key in keys {
            if tasks.len() >= self.at_once {
                count(tasks.join_next().await);
            }
            let manager = self.manager.clone();
            tasks.spawn(async move { manager.look_after(&key).await });
        }
        while let Some(done) = tasks.join_next().await {
            count(Some(done));
        }
        Ok(report)
    }
}

impl TokenManager {
    async fn look_after(&self, key: &RecordKey) -> Looked {
        let record = match self.core.vault.load(key).await {
            Ok(Some(record)) => record,
            Ok(None) => return Looked::NotDue,
            Err(error) => {
                tracing::warn!(record = %key, code = error.code(), "a worker could not open a record");
                return Looked::Failed;
            }
        };
        let vault = &self.core.vault;
        // Somebody who needed its token may have been here since the store was asked what is due.
        if vault.ahead.due(key, &record).is_none_or(|due| due > vault.clock.now()) {
            return Looked::NotDue;
        }
        match self.refresh_due(key, &record).await {
            Ok(()) => Looked::Refreshed,
            Err(error) => {
                if error.kind() == ErrorKind::NoRefreshToken
                    && record.tokens.expires_within(Duration::ZERO, vault.clock.now())
                {
                    self.give_up(key, record.clone(), &error).await;
                }
                self.core.tell(&Arc::new(record.id), EventKind::WorkerFailed { error });
                Looked::Failed
            }
        }
    }

    /// There is nothing to renew it with, and no sense in coming back until somebody logs in again.
    async fn give_up(&self, key: &RecordKey, mut record: Record, error: &Error) {
        record.own.trouble = Some(Trouble::login(error));
        if let Err(error) = self.core.vault.save(key, &mut record, None).await {
            tracing::debug!(code = error.code(), "a worker will look again at an account that it can do nothing for");
        }
    }

    async fn refresh_due(&self, key: &RecordKey, record: &Record) -> Result<(), Error> {
        let query = ClientQuery { tenant: record.id.tenant(), provider: record.id.provider(), id: Some(&record.id) };
        let client = self.core.client(&query).await?;
        let inner = client.inner().ready().await?;
        let shared = self.open(&inner, *key, record.id.clone(), record)?;
        let account: Account = Account::over(shared);
        let tokens = account.tokens();
        account.renew(&tokens).await.map(drop)
    }
}
