//! What the tests share: processes over one store, a clock that the test moves, and short ways to an account.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};
use oauth_core::seal::{KeyRing, SealingKey};
use oauth_core::store::{MemoryStore, RecordKey, Store};
use oauth_core::{
    Account, Client, Clock as _, Error, Event, EventKind, Events, OsRng, TokenManager, TokenManagerBuilder, TokenSet,
};
use oauth_tests::login::{ACME, ManualClock, client};

use crate::faulty::Faulty;
use crate::provider::Provider;

/// The account of most tests.
pub(crate) const ALICE: &str = "alice";

/// A provider that gives a new refresh token each time, and says so.
pub(crate) fn rotating(more: &str) -> String {
    acme(&format!("rotates: true{more}"))
}

/// A provider whose refresh tokens go on.
pub(crate) fn steady() -> String {
    acme("rotates: false")
}

/// A provider with this rule for refreshes, whose revocation ends the whole login.
pub(crate) fn acme(refresh: &str) -> String {
    let yaml = ACME.replace("issuer:", "revocation: https://id.acme.example/revoke, issuer:");
    assert_ne!(yaml, ACME);
    format!("{yaml}refresh: {{{refresh}}}\n")
}

/// Seconds.
pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// One store, one provider, one clock; as many processes as the test wants.
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) provider: Arc<Provider>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) key: SealingKey,
    yaml: String,
}

impl World {
    pub(crate) fn new(yaml: &str) -> Self {
        let clock = ManualClock::new();
        let store = Arc::new(MemoryStore::new().clock(Arc::new(clock.clone())));
        Self::over(yaml, clock, store)
    }

    pub(crate) fn over(yaml: &str, clock: ManualClock, store: Arc<dyn Store>) -> Self {
        let provider = Arc::new(Provider::new(yaml.contains("rotates: true")));
        let key = SealingKey::generate(&OsRng).expect("a key");
        Self { clock, provider, store, key, yaml: yaml.to_owned() }
    }

    pub(crate) fn rotating() -> Self {
        Self::new(&rotating(""))
    }

    pub(crate) fn steady() -> Self {
        Self::new(&steady())
    }

    /// A manager of its own, as another process has it.
    pub(crate) fn process(&self) -> Process {
        self.process_with(|builder| builder)
    }

    pub(crate) fn process_with(&self, set: impl FnOnce(TokenManagerBuilder) -> TokenManagerBuilder) -> Process {
        self.process_keys(self.key.clone(), set)
    }

    pub(crate) fn process_keys(
        &self,
        keys: impl Into<KeyRing>,
        set: impl FnOnce(TokenManagerBuilder) -> TokenManagerBuilder,
    ) -> Process {
        let store = Faulty::new(Arc::clone(&self.store));
        let line = Arc::new(Line { provider: Arc::clone(&self.provider), dead: AtomicBool::new(false) });
        let client = self.client_over(&self.yaml, Arc::clone(&line) as Arc<dyn HttpClient>);
        let builder = TokenManager::over(Arc::clone(&store) as Arc<dyn Store>).keys(keys);
        let builder = builder.clock(Arc::new(self.clock.clone())).client(client.clone());
        let manager = set(builder).build().expect("a manager");
        let events = manager.events();
        Process { manager, store, line, client, events }
    }

    /// A client of another file, or with another secret, at the same provider.
    pub(crate) fn client(&self, yaml: &str) -> Client {
        self.client_over(yaml, Arc::clone(&self.provider) as Arc<dyn HttpClient>)
    }

    fn client_over(&self, yaml: &str, http: Arc<dyn HttpClient>) -> Client {
        client(yaml).clock(Arc::new(self.clock.clone())).http_client(http)
    }

    /// The first tokens of a login, whose access token ends after so many seconds; negative: ended before.
    pub(crate) fn login(&self, family: &str, seconds: i64) -> TokenSet {
        let by = secs(seconds.unsigned_abs());
        let ends = if seconds < 0 { self.clock.now() - by } else { self.clock.now() + by };
        self.provider.open(family, ends)
    }

    /// The keys of all records.
    pub(crate) async fn keys(&self) -> Vec<RecordKey> {
        let listed = self.store.list(None, 10_000).await.expect("the store itself is sound");
        listed.into_iter().map(|listed| listed.key).collect()
    }

    /// What the future gives, while the clock goes on in small steps whenever nothing else happens.
    pub(crate) async fn pass<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        for _ in 0..24_000 {
            for _ in 0..30 {
                let polled = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
                if let Poll::Ready(done) = polled {
                    return done;
                }
                tokio::task::yield_now().await;
            }
            self.clock.advance(Duration::from_millis(50));
        }
        panic!("nothing came of it in 20 minutes of the clock");
    }
}

/// A manager and what belongs to its process.
pub(crate) struct Process {
    pub(crate) manager: TokenManager,
    pub(crate) store: Arc<Faulty>,
    pub(crate) client: Client,
    line: Arc<Line>,
    events: Events,
}

impl Process {
    /// Keeps alice's tokens.
    pub(crate) async fn connect(&self, tokens: TokenSet) -> Account {
        self.manager.connect(&self.client, ALICE, tokens).await.unwrap_or_else(|error| panic!("{}", error.explain()))
    }

    /// A handle on alice's account.
    pub(crate) async fn alice(&self) -> Account {
        self.manager.account(&self.client, ALICE).await.unwrap_or_else(|error| panic!("{}", error.explain()))
    }

    /// Alice's access token, in clear.
    pub(crate) async fn token(&self) -> Result<String, Error> {
        let account = self.manager.account(&self.client, ALICE).await?;
        Ok(account.token().await?.expose_secret().to_owned())
    }

    pub(crate) async fn status(&self) -> oauth_core::Status {
        self.manager.status(&self.client, ALICE).await.unwrap_or_else(|error| panic!("{}", error.explain()))
    }

    pub(crate) async fn explain(&self) -> String {
        self.manager.explain(&self.client, ALICE).await.unwrap_or_else(|error| panic!("{}", error.explain()))
    }

    /// The process is killed: neither store nor provider hears of it any more.
    pub(crate) fn kill(&self) {
        self.store.kill();
        self.line.dead.store(true, Ordering::SeqCst);
    }

    /// What has happened since this was last asked, in words.
    pub(crate) fn events(&mut self) -> Vec<&'static str> {
        std::iter::from_fn(|| self.events.try_next()).map(|event| word(&event)).collect()
    }

    /// The same, whole.
    pub(crate) fn whole_events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_next()).collect()
    }
}

/// The way from one process to the provider.
struct Line {
    provider: Arc<Provider>,
    dead: AtomicBool,
}

impl HttpClient for Line {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            if self.dead.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            let answer = self.provider.send(request).await;
            if self.dead.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            answer
        })
    }
}

pub(crate) fn word(event: &Event) -> &'static str {
    match &event.kind {
        EventKind::Connected => "connected",
        EventKind::Imported => "imported",
        EventKind::Refreshed { rotated: true, .. } => "rotated",
        EventKind::Refreshed { .. } => "refreshed",
        EventKind::Adopted => "adopted",
        EventKind::Replaying => "replaying",
        EventKind::Backoff { .. } => "backoff",
        EventKind::NeedsReauth { .. } => "needs-reauth",
        EventKind::ScopeReduced { .. } => "scope-reduced",
        EventKind::SaveFailed { .. } => "save-failed",
        EventKind::Saved => "saved",
        EventKind::Discarded => "discarded",
        EventKind::Disconnected => "disconnected",
        EventKind::Gone => "gone",
        EventKind::WorkerFailed { .. } => "worker-failed",
        other => panic!("an event that the tests do not know: {other:?}"),
    }
}

/// Lets every other task of the runtime run until it waits.
pub(crate) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// Lets so many tasks ask at once, and gives what each of them got.
pub(crate) async fn crowd<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    world: &World,
    count: usize,
    mut ask: impl FnMut(usize) -> F,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|at| tokio::spawn(ask(at))).collect();
    let all = async {
        let mut results = Vec::with_capacity(count);
        for task in tasks {
            results.push(task.await.expect("no task panics"));
        }
        results
    };
    world.pass(all).await
}
