//! A store and a transport that can hold a refresh at a point of its way, for somebody to kill its process there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};
use oauth_core::store::{Lease, LeaseAnswer, Listed, RecordKey, Store, StoreResult, StoredRecord, Write};

/// Where a refresh can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// It has the lease.
    Lock,
    /// What it is about to do is in the store, and nothing has been sent.
    Intent,
    /// That it sends is in the store, and the request has not left.
    Sent,
    /// The answer is here, and nobody has seen it.
    Answer,
    /// That there is an answer is in the store, and the new tokens are about to be written.
    Write,
    /// The new tokens are written, and the lease is still held.
    Release,
}

impl Point {
    /// In the order of a refresh.
    pub const ALL: [Self; 6] = [Self::Lock, Self::Intent, Self::Sent, Self::Answer, Self::Write, Self::Release];

    /// Its name, for people and other processes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Intent => "intent",
            Self::Sent => "sent",
            Self::Answer => "answer",
            Self::Write => "write",
            Self::Release => "release",
        }
    }

    /// The point of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.name() == name)
    }
}

/// Sees the points of one refresh go by, and stops it where it is told to.
pub struct Watch {
    hold: Option<Point>,
    pass: Box<dyn Fn(Point) + Send + Sync>,
    way: Mutex<Way>,
}

/// How far the refresh under way is.
#[derive(Default)]
struct Way {
    leased: bool,
    answered: bool,
    /// Since the lease, or since the answer.
    saved: usize,
    requests: usize,
}

impl Watch {
    /// Calls `pass` at each point, and stops for ever after the call at `hold`.
    pub fn new(hold: Option<Point>, pass: impl Fn(Point) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { hold, pass: Box::new(pass), way: Mutex::default() })
    }

    /// How many requests were sent.
    pub fn requests(&self) -> usize {
        self.way(|way| way.requests)
    }

    fn way<T>(&self, look: impl FnOnce(&mut Way) -> T) -> T {
        look(&mut self.way.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn at(&self, point: Point) {
        (self.pass)(point);
        if self.hold == Some(point) {
            std::future::pending::<()>().await;
        }
    }
}

/// A store whose refreshes are watched.
pub struct HeldStore {
    inner: Arc<dyn Store>,
    watch: Arc<Watch>,
}

impl HeldStore {
    /// Watches the refreshes over this store.
    pub fn new(inner: Arc<dyn Store>, watch: Arc<Watch>) -> Self {
        Self { inner, watch }
    }

    async fn leased(&self, key: &RecordKey, lasts: Duration) -> StoreResult<LeaseAnswer> {
        let answer = self.inner.lease(key, lasts).await?;
        if matches!(answer, LeaseAnswer::Granted(_)) {
            self.watch.way(|way| *way = Way { leased: true, requests: way.requests, ..Way::default() });
            self.watch.at(Point::Lock).await;
        }
        Ok(answer)
    }

    async fn saved(&self, key: &RecordKey, write: Write<'_>) -> StoreResult<()> {
        if self.watch.way(|way| way.leased && way.answered && way.saved == 1) {
            self.watch.at(Point::Write).await;
        }
        self.inner.save(key, write).await?;
        self.watch.way(|way| way.saved += 1);
        if self.watch.way(|way| way.leased && !way.answered && way.saved == 1) {
            self.watch.at(Point::Intent).await;
        }
        Ok(())
    }

    async fn released(&self, key: &RecordKey, lease: &Lease) -> StoreResult<()> {
        if self.watch.way(|way| std::mem::take(&mut way.leased) && way.answered) {
            self.watch.at(Point::Release).await;
        }
        self.inner.release(key, lease).await
    }
}

impl Store for HeldStore {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn load<'a>(&'a self, key: &'a RecordKey) -> BoxFuture<'a, StoreResult<Option<StoredRecord>>> {
        self.inner.load(key)
    }

    fn save<'a>(&'a self, key: &'a RecordKey, write: Write<'a>) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.saved(key, write))
    }

    fn delete<'a>(&'a self, key: &'a RecordKey, expected: Option<u64>) -> BoxFuture<'a, StoreResult<bool>> {
        self.inner.delete(key, expected)
    }

    fn list<'a>(&'a self, after: Option<&'a RecordKey>, limit: usize) -> BoxFuture<'a, StoreResult<Vec<Listed>>> {
        self.inner.list(after, limit)
    }

    fn claim_due(&self, now: SystemTime, claim: Duration, limit: usize) -> BoxFuture<'_, StoreResult<Vec<RecordKey>>> {
        self.inner.claim_due(now, claim, limit)
    }

    fn lease<'a>(&'a self, key: &'a RecordKey, lasts: Duration) -> BoxFuture<'a, StoreResult<LeaseAnswer>> {
        Box::pin(self.leased(key, lasts))
    }

    fn release<'a>(&'a self, key: &'a RecordKey, lease: &'a Lease) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.released(key, lease))
    }

    fn check(&self) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        self.inner.check()
    }
}

/// A transport whose requests are watched.
pub struct HeldHttp {
    inner: Arc<dyn HttpClient>,
    watch: Arc<Watch>,
}

impl HeldHttp {
    /// Watches the requests over this transport.
    pub fn new(inner: Arc<dyn HttpClient>, watch: Arc<Watch>) -> Self {
        Self { inner, watch }
    }

    async fn sent(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, TransportError> {
        self.watch.at(Point::Sent).await;
        self.watch.way(|way| way.requests += 1);
        let answer = self.inner.send(request).await;
        self.watch.way(|way| (way.answered, way.saved) = (answer.is_ok(), 0));
        self.watch.at(Point::Answer).await;
        answer
    }
}

impl HttpClient for HeldHttp {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(self.sent(request))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use oauth_core::store::MemoryStore;

    use super::*;

    struct Answers;

    impl HttpClient for Answers {
        fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
            Box::pin(async { Ok(http::Response::new(Body::from(Bytes::new()))) })
        }
    }

    /// A refresh as the manager does it, as far as store and transport see it.
    async fn refresh(store: &dyn Store, http: &dyn HttpClient) {
        let key = RecordKey::from_digest([1; 32]);
        let LeaseAnswer::Granted(lease) = store.lease(&key, Duration::from_secs(9)).await.unwrap() else { panic!() };
        let mut expected = store.load(&key).await.unwrap().map(|record| record.version);
        for step in 0..4 {
            if step == 2 {
                http.send(http::Request::new(Bytes::new())).await.unwrap();
            }
            let version = expected.map_or(1, |version| version + 1);
            let record = StoredRecord { version, due: None, payload: vec![step] };
            store.save(&key, Write { expected, record: &record, lease: Some(&lease) }).await.unwrap();
            expected = Some(version);
        }
        store.release(&key, &lease).await.unwrap();
    }

    async fn passed(hold: Option<Point>) -> (Vec<Point>, Option<u8>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let pass = Arc::clone(&seen);
        let watch = Watch::new(hold, move |point| pass.lock().unwrap().push(point));
        let memory = MemoryStore::new();
        let store = HeldStore::new(Arc::new(memory.clone()), Arc::clone(&watch));
        let http = HeldHttp::new(Arc::new(Answers), Arc::clone(&watch));
        let ended = at_once(refresh(&store, &http)).is_some();
        assert_eq!(ended, hold.is_none());
        let record = memory.load(&RecordKey::from_digest([1; 32])).await.unwrap();
        let seen = seen.lock().unwrap().clone();
        (seen, record.map(|record| record.payload[0]))
    }

    /// The result of what needs no waiting; `None` where it waits for ever.
    fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn a_refresh_passes_all_points_in_their_order() {
        assert_eq!(passed(None).await, (Point::ALL.to_vec(), Some(3)));
    }

    #[tokio::test]
    async fn a_refresh_is_held_where_it_is_told_to() {
        let stored = [None, Some(0), Some(1), Some(1), Some(2), Some(3)];
        for (at, (point, stored)) in Point::ALL.into_iter().zip(stored).enumerate() {
            assert_eq!(passed(Some(point)).await, (Point::ALL[..=at].to_vec(), stored), "{point:?}");
            assert_eq!(Point::named(point.name()), Some(point));
        }
    }
}
