use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::TokenManager;
use crate::account::Shared;
use crate::clock::within;
use crate::error::{Error, ErrorKind, Result, Step};

/// How long a shutdown waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(60);

impl TokenManager {
    /// Waits for the refreshes that are under way, at most a minute, and writes what could not be written before. After it
    /// nothing is refreshed any more. An error says that new tokens are in this process only, and are lost with it.
    pub async fn shutdown(&self) -> Result<()> {
        self.shutdown_within(PATIENCE).await
    }

    /// The same, with a time of your own.
    pub async fn shutdown_within(&self, patience: Duration) -> Result<()> {
        let core = &self.core;
        core.tasks.close();
        let idle = within(&*core.vault.clock, patience, core.tasks.idle()).await.is_some();
        let unsaved: Vec<Arc<Shared>> = {
            let unsaved = core.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
            unsaved.values().cloned().collect()
        };
        let failed = |what: String| Error::new(ErrorKind::Internal, Step::Store, what).general();
        let mut failures = Vec::new();
        let saving = async {
            for shared in &unsaved {
                failures.extend(shared.save_unsaved().await.err());
            }
        };
        if within(&*core.vault.clock, patience, saving).await.is_none() {
            failures.push(failed("the store did not answer, so new tokens could not be written".to_owned()));
        }
        if !failures.is_empty() {
            tracing::error!(accounts = failures.len(), "new tokens could not be written before the end");
        }
        match failures.into_iter().next() {
            Some(error) => Err(error),
            None if !idle => {
                let what = format!("refreshes were still under way after {} s", patience.as_secs());
                Err(failed(what))
            }
            None => Ok(()),
        }
    }
}
