//! What an account makes of its store, which only these tests can choose.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::*;
use crate::clock::Clock;
use crate::http::{Body, BoxFuture, HttpClient, TransportError};
use crate::token::TokenSet;

const ACME: &str = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\nendpoints: {authorization: \"https://acme.example/a\", token: https://acme.example/token}\nclient_auth: body\n";

/// The tokens of generation `n`, which have an end at `end`.
fn generation(n: usize, end: Duration) -> TokenSet {
    TokenSet::new(format!("access-{n}"))
        .with_refresh_token(format!("refresh-{n}"))
        .with_expires_at(SystemTime::UNIX_EPOCH + end)
}

const HOUR: Duration = Duration::from_secs(3600);

/// A provider that takes each refresh token once, and refuses `refresh-0`.
#[derive(Default)]
struct Acme {
    seen: Mutex<Vec<String>>,
}

impl HttpClient for Acme {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            let form: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
            let (_, token) = form.iter().find(|(name, _)| name == "refresh_token").unwrap().clone();
            let n: usize = token.strip_prefix("refresh-").unwrap().parse().unwrap();
            let mut seen = self.seen.lock().unwrap();
            let refused = n == 0 || seen.contains(&token);
            seen.push(token);
            let (status, body) = if refused {
                (400, r#"{"error":"invalid_grant"}"#.to_owned())
            } else {
                let next = n + 1;
                let body = format!(
                    r#"{{"access_token":"access-{next}","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh-{next}"}}"#
                );
                (200, body)
            };
            Ok(http::Response::builder().status(status).body(Body::from(Bytes::from(body))).unwrap())
        })
    }
}

/// A clock that a test sets, in seconds since 1970.
#[derive(Clone, Default)]
struct At(Arc<Mutex<Duration>>);

impl Clock for At {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + *self.0.lock().unwrap()
    }
}

/// A store that can fail to save.
#[derive(Clone, Default)]
struct Fragile {
    kept: MemoryStore,
    broken: Arc<AtomicBool>,
}

impl Store for Fragile {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Arc<TokenSet>>>> {
        self.kept.load(key)
    }

    fn save<'a>(&'a self, key: &'a str, saved: Arc<TokenSet>) -> BoxFuture<'a, Result<()>> {
        if self.broken.load(Ordering::SeqCst) {
            let spec = ProviderSpec::from_yaml(ACME).unwrap();
            let full = Error::new(ErrorKind::Store, Step::Store, "the disk is full").of(&spec);
            return Box::pin(async move { Err(full) });
        }
        self.kept.save(key, saved)
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        self.kept.delete(key)
    }
}

fn account(tokens: TokenSet) -> (Account, Arc<Acme>, At, Fragile) {
    let (acme, clock, store) = (Arc::new(Acme::default()), At::default(), Fragile::default());
    *clock.0.lock().unwrap() = HOUR;
    let client = ProviderSpec::from_yaml(ACME).unwrap().client("id", "secret");
    let client = client.clock(Arc::new(clock.clone())).http_client(Arc::clone(&acme) as Arc<dyn HttpClient>);
    let mut shared = Shared::at_home(Arc::clone(client.inner()), tokens, None);
    shared.store = Arc::new(store.clone());
    (Account::over(Arc::new(shared)), acme, clock, store)
}

fn sent(acme: &Acme) -> Vec<String> {
    acme.seen.lock().unwrap().clone()
}

#[tokio::test]
async fn a_refusal_is_of_one_set_and_not_of_the_next() {
    let (account, acme, _, store) = account(generation(0, HOUR));
    for _ in 0..3 {
        assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::GrantRejected);
    }
    assert_eq!(sent(&acme), ["refresh-0"]);
    // Somebody logged in again, elsewhere; the token of that login has ended meanwhile, too.
    store.save(KEY, Arc::new(generation(1, HOUR))).await.unwrap();
    assert_eq!(account.token().await.unwrap().expose_secret(), "access-2");
    assert_eq!(sent(&acme), ["refresh-0", "refresh-1"]);
}

#[tokio::test]
async fn a_store_that_fails_loses_no_rotated_token() {
    let (account, acme, clock, store) = account(generation(1, HOUR));
    store.save(KEY, account.tokens()).await.unwrap();
    store.broken.store(true, Ordering::SeqCst);
    assert_eq!(account.token().await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(account.token().await.unwrap().expose_secret(), "access-2", "it is here all the same");
    assert_eq!(sent(&acme), ["refresh-1"]);

    // A minute before its end the renewed one is what is used, whatever the store says of it.
    *clock.0.lock().unwrap() += Duration::from_secs(3570);
    assert_eq!(account.token().await.unwrap().expose_secret(), "access-3");

    // What the store has is older than what is in use, and its refresh token has been used.
    store.broken.store(false, Ordering::SeqCst);
    *clock.0.lock().unwrap() += HOUR;
    assert_eq!(account.token().await.unwrap().expose_secret(), "access-4");
    assert_eq!(sent(&acme), ["refresh-1", "refresh-2", "refresh-3"]);
    assert_eq!(store.load(KEY).await.unwrap().unwrap().access_token_str(), "access-4");
}
