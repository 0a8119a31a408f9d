//! The refresh of an account that nobody else knows of: it lives in this process only.

use std::sync::Arc;

use super::state::Shared;
use crate::error::Result;
use crate::manager::trouble::Trouble;
use crate::refresh::{self, Failed};
use crate::token::TokenSet;

pub(super) async fn refresh(shared: &Arc<Shared>, tokens: &Arc<TokenSet>) -> Result<Arc<TokenSet>> {
    let before = shared.snapshot();
    match refresh::refresh(&shared.client, tokens, None).await {
        Ok(answer) => {
            let renewed = shared.commit(|latest| answer.clone().keeping_also(tokens, latest)).await;
            shared.spread(tokens, &answer, &renewed).await;
            Ok(renewed)
        }
        Err(Failed { error, kept }) => {
            let trouble = if error.needs_reauth() || error.is_of_another_identity() {
                Trouble::login(&error)
            } else {
                Trouble::wait(&shared.client, &error, before.trouble.as_ref(), 0)
            };
            let mut asked = Arc::clone(tokens);
            if let Some(kept) = kept {
                let kept = *kept;
                asked = shared.commit(|latest| kept.clone().keeping_also(tokens, latest)).await;
                shared.spread(tokens, &kept, &asked).await;
            }
            let _writing = shared.writing.lock().await;
            // Another login's answer may have brought a newer token meanwhile: the trouble is not that one's.
            let latest = shared.latest();
            let trouble = Some(trouble).filter(|_| !latest.is_newer_than(&asked));
            shared.publish(latest, trouble);
            Err(error)
        }
    }
}

impl Shared {
    /// Publishes what `change` makes of the newest set: one at a time, so that no change undoes another.
    pub(crate) async fn commit(&self, change: impl FnOnce(&TokenSet) -> TokenSet + Send) -> Arc<TokenSet> {
        let _writing = self.writing.lock().await;
        self.publish(Arc::new(change(&self.latest())), None)
    }
}
