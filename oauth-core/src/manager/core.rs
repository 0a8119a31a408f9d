//! What a manager and its accounts share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use super::record::Record;
use super::resolver::Known;
use super::vault::Vault;
use super::{AccountId, ClientQuery, ClientResolver, Event, EventKind, Revocation};
use crate::account::{Kept, Shared};
use crate::client::{Client, Inner};
use crate::crypto::Crypto;
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::provider::Dynamic;
use crate::revoke;
use crate::rng::Rng;
use crate::store::RecordKey;
use crate::token::TokenSet;

pub(crate) struct Core {
    pub(crate) vault: Vault,
    pub(crate) max_stale: Duration,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) tasks: Tasks,
    pub(super) crypto: Arc<dyn Crypto>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) known: Known,
    pub(super) resolver: Option<Arc<dyn ClientResolver>>,
    /// The accounts that are in use.
    pub(super) handles: Mutex<HashMap<RecordKey, Weak<Shared>>>,
    /// The accounts whose newest tokens the store has not taken.
    pub(crate) unsaved: Mutex<HashMap<RecordKey, Arc<Shared>>>,
}

impl Core {
    pub(crate) fn tell(&self, account: &Arc<AccountId>, kind: EventKind) {
        tracing::debug!(account = %account, event = ?std::mem::discriminant(&kind), "an account changed");
        // Nobody may be listening.
        drop(self.events.send(Event { account: Arc::clone(account), kind }));
    }

    /// The handle on that account that is in use.
    pub(super) fn in_use(&self, key: &RecordKey) -> Option<Arc<Shared>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).get(key).and_then(Weak::upgrade)
    }

    /// The handle on an account: the one in use, where its client is the same, or a new one over these tokens.
    pub(super) fn handle(
        self: &Arc<Self>,
        client: &Arc<Inner>,
        key: RecordKey,
        id: AccountId,
        tokens: Arc<TokenSet>,
    ) -> Result<Arc<Shared>> {
        let origins = client.prepared()?.origins.listed();
        // Outlives the lock: where it is the last of its kind by then, its end takes the lock itself.
        let in_use;
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        in_use = handles.get(&key).and_then(Weak::upgrade);
        if let Some(shared) = &in_use
            && (Arc::ptr_eq(&shared.client, client) || shared.client.is_as(client))
        {
            return Ok(Arc::clone(shared));
        }
        let kept = Kept::new(Arc::clone(self), key, Arc::new(id), origins);
        let shared = Arc::new(Shared::new(Arc::clone(client), tokens, None, Some(kept)));
        handles.insert(key, Arc::downgrade(&shared));
        Ok(shared)
    }

    /// The handle whose newest tokens the store has not taken: not always the one in use, where clients differ.
    pub(crate) fn unsaved_of(&self, key: &RecordKey) -> Option<Arc<Shared>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// What could not be written is of no use any more.
    pub(super) fn forget_unsaved(&self, key: &RecordKey) -> Option<Record> {
        self.unsaved_of(key)?.forget_unsaved()
    }

    /// An account is not in use any more.
    pub(crate) fn forget(&self, key: &RecordKey) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if handles.get(key).is_some_and(|handle| handle.strong_count() == 0) {
            handles.remove(key);
        }
    }

    pub(crate) fn random_byte(&self) -> u8 {
        let mut byte = [0];
        // Without randomness the waits of many are the same: no reason to fail.
        let _ = self.rng.fill(&mut byte);
        byte[0]
    }

    /// The client for an account: one that is known from the start, else the resolver's.
    pub(super) async fn client(&self, query: &ClientQuery<'_>) -> Result<Client<Dynamic>> {
        if let Some(known) = self.known.find(query) {
            return Ok(known);
        }
        if let Some(resolver) = &self.resolver
            && let Some(client) = resolver.resolve(query).await?
        {
            if client.spec().id == query.provider {
                return Ok(client);
            }
            let what = format!(
                "the resolver was asked for a client of the provider `{}`, and found one of `{}`",
                clean(query.provider),
                client.spec().id
            );
            let error = Error::new(ErrorKind::Config, Step::Configure, what);
            return Err(error.fix("have it compare `ClientQuery::provider` with the provider's id").general());
        }
        let what = format!("there is no client for the provider `{}`", clean(query.provider));
        let error = Error::new(ErrorKind::Config, Step::Configure, what);
        Err(error.fix("give it to the manager with `.client(..)`, or find it in `.resolver(..)`").general())
    }

    /// Ends tokens with the provider, where it has a way.
    pub(super) async fn revoke(&self, client: &Arc<Inner>, tokens: &TokenSet) -> Revocation {
        match revoke::revoke(client, tokens).await {
            Ok(()) => Revocation::Done,
            Err(error) if error.kind() == ErrorKind::Unsupported => Revocation::NotSupported,
            Err(error) => Revocation::Failed(error),
        }
    }

    /// Ends tokens that nobody uses, as far as that can be done; what comes of it changes nothing.
    pub(crate) async fn revoke_quietly(&self, client: &Arc<Inner>, tokens: &TokenSet) {
        if let Revocation::Failed(error) = self.revoke(client, tokens).await {
            tracing::warn!(code = error.code(), "tokens that nobody uses could not be revoked");
        }
    }
}

/// The tasks that a shutdown waits for.
pub(crate) struct Tasks(watch::Sender<Running>);

#[derive(Clone, Copy, Default)]
struct Running {
    tasks: usize,
    closed: bool,
}

impl Tasks {
    pub(super) fn new() -> Self {
        Self(watch::channel(Running::default()).0)
    }

    /// A place among them, unless there has been a shutdown. It is given back when it is dropped.
    pub(crate) fn begin(&self) -> Option<Task> {
        let begun = self.0.send_if_modified(|running| {
            running.tasks += usize::from(!running.closed);
            !running.closed
        });
        begun.then(|| Task(self.0.clone()))
    }

    /// Whether there has been a shutdown.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.borrow().closed
    }

    /// No task begins any more.
    pub(super) fn close(&self) {
        self.0.send_modify(|running| running.closed = true);
    }

    /// Until there has been a shutdown.
    pub(crate) async fn closed(&self) {
        // The sender is here: it cannot be gone.
        let _ = self.0.subscribe().wait_for(|running| running.closed).await;
    }

    /// Until no task runs.
    pub(super) async fn idle(&self) {
        let _ = self.0.subscribe().wait_for(|running| running.tasks == 0).await;
    }
}

/// A task that a shutdown waits for.
pub(crate) struct Task(watch::Sender<Running>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.send_modify(|running| running.tasks -= 1);
    }
}
