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
        if within(&*core.vault.clock, patience, core.tasks.idle()).await.is_none() {
            let what = format!("refreshes were still under way after {} s", patience.as_secs());
            return Err(Error::new(ErrorKind::Internal, Step::Store, what).general());
        }
        let unsaved: Vec<Arc<Shared>> = {
            let unsaved = core.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
            unsaved.values().cloned().collect()
        };
        for shared in &unsaved {
            if let Err(error) = shared.save_unsaved().await {
                tracing::error!(accounts = unsaved.len(), "new tokens could not be written before the end");
                return Err(error);
            }
        }
        Ok(())
    }
}
