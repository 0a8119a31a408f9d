//! What all clones of an account share: the newest tokens, and the refresh under way.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;

use super::flight::Flight;
use super::kept::Kept;
use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::manager::trouble::Trouble;
use crate::token::TokenSet;

pub(crate) struct Shared {
    pub(crate) client: Arc<Inner>,
    snapshot: ArcSwap<Snapshot>,
    pub(super) flight: Mutex<Option<Flight>>,
    /// Held while a set is published and written.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// The accounts of further tokens that are in use, by name.
    pub(crate) also: Mutex<Vec<(String, Weak<Shared>)>>,
    /// The account that this one is a further token of, and its name there.
    pub(crate) home: Option<(Arc<Shared>, String)>,
    /// Where a manager keeps it.
    pub(crate) kept: Option<Kept>,
}

/// The tokens at one moment: read without a lock, replaced as a whole.
pub(crate) struct Snapshot {
    pub(crate) tokens: Arc<TokenSet>,
    /// Between these times the tokens are given away without a further thought.
    fresh_from: SystemTime,
    fresh_until: SystemTime,
    /// When the store was last asked.
    pub(super) checked_at: SystemTime,
    /// What keeps them from being renewed.
    pub(super) trouble: Option<Trouble>,
    /// Set once there is no such account any more.
    pub(super) gone: bool,
    /// The version of the record that they are from; 0 where there is none.
    version: u64,
}

/// Later than any clock shows, and far enough from the end of what it can show.
const FAR: Duration = Duration::from_secs(1 << 38);

impl Shared {
    pub(crate) fn new(
        client: Arc<Inner>,
        tokens: Arc<TokenSet>,
        home: Option<(Arc<Self>, String)>,
        kept: Option<Kept>,
    ) -> Self {
        let snapshot = Snapshot::new(&client, kept.as_ref(), tokens, None);
        Self {
            client,
            snapshot: ArcSwap::from_pointee(snapshot),
            flight: Mutex::new(None),
            writing: tokio::sync::Mutex::new(()),
            also: Mutex::new(Vec::new()),
            home,
            kept,
        }
    }

    /// The newest tokens.
    pub(crate) fn latest(&self) -> Arc<TokenSet> {
        Arc::clone(&self.snapshot.load().tokens)
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The tokens, while nothing has to be thought about: no lock, no allocation.
    pub(super) fn hit(&self) -> Option<Arc<TokenSet>> {
        let snapshot = self.snapshot.load();
        let now = self.client.now();
        (snapshot.fresh_from <= now && now < snapshot.fresh_until).then(|| Arc::clone(&snapshot.tokens))
    }

    pub(crate) fn publish(&self, tokens: Arc<TokenSet>, trouble: Option<Trouble>) -> Arc<TokenSet> {
        let snapshot = Snapshot::new(&self.client, self.keeper(), Arc::clone(&tokens), trouble);
        let snapshot = Arc::new(snapshot);
        self.snapshot.rcu(|current| Arc::new(snapshot.of_version(current.version)));
        tokens
    }

    /// The same for what was read at that version: one that was read before, and arrives late, replaces nothing.
    pub(super) fn publish_version(&self, version: u64, tokens: Arc<TokenSet>, trouble: Option<Trouble>) {
        let snapshot = Snapshot::new(&self.client, self.keeper(), tokens, trouble).of_version(version);
        let snapshot = Arc::new(snapshot);
        self.snapshot.rcu(|current| {
            let late = current.version > version || current.gone && current.version == version;
            Arc::clone(if late { current } else { &snapshot })
        });
    }

    /// What is known is believed for as long again.
    pub(super) fn publish_again(&self) {
        self.snapshot.rcu(|current| {
            if current.gone {
                return Arc::clone(current);
            }
            let again =
                Snapshot::new(&self.client, self.keeper(), Arc::clone(&current.tokens), current.trouble.clone());
            Arc::new(again.of_version(current.version))
        });
    }

    /// The version of the newest record that is known.
    pub(super) fn version(&self) -> u64 {
        self.snapshot.load().version
    }

    /// From here on there is no such account: records of that version, and of those before, are over.
    pub(crate) fn publish_gone(&self, version: u64) {
        self.snapshot.rcu(|current| {
            let gone = Snapshot::new(&self.client, self.keeper(), Arc::clone(&current.tokens), None);
            let version = version.max(current.version);
            Arc::new(Snapshot { gone: true, version, fresh_until: SystemTime::UNIX_EPOCH, ..gone })
        });
        for (_, account) in self.further() {
            account.publish_gone(version);
        }
    }

    /// The accounts of further tokens that are in use.
    pub(crate) fn further(&self) -> Vec<(String, Arc<Self>)> {
        let known = self.also.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(|(name, account)| Some((name.clone(), account.upgrade()?))).collect()
    }

    /// Where the account is kept: its own place, or that of the login it belongs to.
    pub(super) fn keeper(&self) -> Option<&Kept> {
        self.kept.as_ref().or_else(|| self.home.as_ref()?.0.kept.as_ref())
    }

    /// Whether there is a way and a token to renew these tokens with.
    pub(crate) fn can_renew(&self, tokens: &TokenSet) -> bool {
        tokens.is_renewable(self.client.spec())
    }

    pub(super) fn cannot_renew(&self) -> Error {
        let spec = self.client.spec();
        let note = spec.refresh.as_ref().and_then(|refresh| refresh.note.clone());
        let what = "the access token has expired and there is nothing to renew it with";
        let error = Error::new(ErrorKind::NoRefreshToken, Step::Refresh, what);
        match note {
            Some(note) => error.fix(note),
            None => error,
        }
        .of(spec)
    }

    pub(super) fn not_connected(&self) -> Error {
        let what = "there are no tokens of this account";
        self.client.error(ErrorKind::NotConnected, Step::Store, what)
    }

    /// What keeps the tokens from being renewed, as far as this process knows and may believe without asking its store.
    pub(super) fn in_trouble(&self, snapshot: &Snapshot) -> Result<()> {
        if !self.is_current(snapshot) {
            return Ok(());
        }
        if snapshot.gone {
            return Err(self.not_connected());
        }
        match snapshot.trouble.as_ref().and_then(|trouble| trouble.stands(&self.client, &snapshot.tokens)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Whether the store was asked recently enough.
    pub(super) fn is_current(&self, snapshot: &Snapshot) -> bool {
        let Some(kept) = self.keeper() else { return true };
        let now = self.client.now();
        now.duration_since(snapshot.checked_at).is_ok_and(|age| age < kept.max_stale())
    }
}

impl Snapshot {
    fn new(client: &Inner, kept: Option<&Kept>, tokens: Arc<TokenSet>, trouble: Option<Trouble>) -> Self {
        let now = client.now();
        let due = tokens.due_at();
        let stale = kept.and_then(|kept| now.checked_add(kept.max_stale()));
        let soon = kept.and_then(|kept| kept.soon(&tokens));
        let until = [due, stale, soon].into_iter().flatten().min();
        Self {
            tokens,
            // A clock that is set back is no reason to leave the store unasked for longer.
            fresh_from: if kept.is_some() { now } else { SystemTime::UNIX_EPOCH },
            fresh_until: until.unwrap_or(SystemTime::UNIX_EPOCH + FAR),
            checked_at: now,
            trouble,
            gone: false,
            version: 0,
        }
    }

    fn of_version(&self, version: u64) -> Self {
        Self { version, tokens: Arc::clone(&self.tokens), trouble: self.trouble.clone(), ..*self }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(kept) = &self.kept {
            kept.forget();
        }
    }
}
