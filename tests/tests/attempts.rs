//! Logins under way that the browser carries sealed, or that a store keeps.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth_core::http::BoxFuture;
use oauth_core::seal::{KeyRing, SealingKey};
use oauth_core::store::{AttemptStore, MemoryStore, StoreError, StoreErrorKind, StoreResult, TakenAttempt};
use oauth_core::{
    Account, Browser, Client, Error, ErrorKind, OsRng, PendingAttempt, SealedAttempt, SealedAttempts, StoredAttempts,
};
use oauth_tests::canned::{Canned, json, json_status};
use oauth_tests::login::{ACME, ManualClock, Started, TOKENS, client, start};

fn key() -> SealingKey {
    SealingKey::generate(&OsRng).unwrap()
}

/// What a test of either form is made of.
struct Rig {
    server: Canned,
    client: Client,
    clock: ManualClock,
    kept: Kept,
}

enum Kept {
    Cookie(SealedAttempts, Mutex<Option<SealedAttempt>>),
    Store(StoredAttempts),
}

/// A login, remembered.
struct Login {
    query: String,
    browser: Browser,
}

impl Rig {
    /// One for each form, with a server that has tokens for several.
    async fn each() -> [Self; 2] {
        let clock = ManualClock::new();
        let store = MemoryStore::new().clock(Arc::new(clock.clone()));
        let store = Kept::Store(StoredAttempts::new(store, key()));
        let cookie = Kept::Cookie(SealedAttempts::new(key()), Mutex::default());
        [Self::of(cookie, clock.clone()).await, Self::of(store, clock).await]
    }

    async fn of(kept: Kept, clock: ManualClock) -> Self {
        let server = Canned::start([json(TOKENS), json(TOKENS), json(TOKENS)]).await;
        let client = client(ACME).clock(Arc::new(clock.clone())).dangerous_at(server.origin());
        Self { server, client, clock, kept }
    }

    async fn log_in(&self) -> Login {
        let Started { pending, browser, state, .. } = start(&self.client).await;
        match &self.kept {
            Kept::Cookie(logins, cookie) => *cookie.lock().unwrap() = Some(logins.seal(pending).unwrap()),
            Kept::Store(logins) => logins.insert(pending).await.unwrap(),
        }
        Login { query: format!("code=canary-code&state={state}"), browser }
    }

    async fn callback(&self, query: &str, browser: &Browser) -> Result<Account, Error> {
        match &self.kept {
            Kept::Cookie(logins, cookie) => {
                let cookie = cookie.lock().unwrap().clone();
                let cookie = logins.cookie(cookie.as_ref().map(SealedAttempt::expose));
                self.client.callback(query, cookie, browser.clone()).await
            }
            Kept::Store(logins) => self.client.callback(query, logins, browser.clone()).await,
        }
    }

    async fn refused(&self, query: &str, browser: &Browser) -> ErrorKind {
        let error = self.callback(query, browser).await.unwrap_err();
        let text = format!("{error} {error:?} {}", error.explain());
        assert!(!text.contains("canary"), "{text}");
        error.kind()
    }

    fn requests(&self) -> usize {
        self.server.received().len()
    }
}

#[tokio::test]
async fn a_login_ends_well_in_either_form() {
    for rig in Rig::each().await {
        let login = rig.log_in().await;
        rig.callback(&login.query, &login.browser).await.unwrap();
        let [request] = &rig.server.received()[..] else { panic!("one request") };
        assert!(request.body.contains("code=canary-code") && request.body.contains("code_verifier="), "{request:?}");
    }
}

#[tokio::test]
async fn cb_02_a_callback_from_another_browser_uses_nothing_up() {
    for rig in Rig::each().await {
        let login = rig.log_in().await;
        let victim = start(&rig.client).await.browser;
        assert_eq!(rig.refused(&login.query, &victim).await, ErrorKind::BrowserMismatch);
        assert_eq!(rig.refused(&login.query, &Browser::unknown()).await, ErrorKind::BrowserMissing);
        assert_eq!(rig.requests(), 0);
        rig.callback(&login.query, &login.browser).await.unwrap();
    }
}

#[tokio::test]
async fn cb_08_a_second_callback_makes_no_second_request() {
    for rig in Rig::each().await {
        let login = rig.log_in().await;
        rig.callback(&login.query, &login.browser).await.unwrap();
        for _ in 0..3 {
            assert_eq!(rig.refused(&login.query, &login.browser).await, ErrorKind::AlreadyUsed);
        }
        assert_eq!(rig.requests(), 1);
        // The next login of the same browser is another one.
        let next = rig.log_in().await;
        rig.callback(&next.query, &next.browser).await.unwrap();
        assert_eq!(rig.requests(), 2);
    }
}

#[tokio::test]
async fn cb_08_of_many_callbacks_at_once_one_makes_a_request() {
    for rig in Rig::each().await {
        let login = rig.log_in().await;
        let rig = Arc::new(rig);
        let login = Arc::new(login);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (rig, login) = (Arc::clone(&rig), Arc::clone(&login));
                tokio::spawn(async move { rig.callback(&login.query, &login.browser).await })
            })
            .collect();
        let mut well = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => well += 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyUsed),
            }
        }
        assert_eq!((well, rig.requests()), (1, 1));
    }
}

/// Instances that share a store also share what was used; those that share a key alone do not, and then the provider
/// refuses the second use of the code.
#[tokio::test]
async fn cb_08_across_instances() {
    let (clock, keys) = (ManualClock::new(), key());
    let store = MemoryStore::new().clock(Arc::new(clock.clone()));
    let one = Rig::of(Kept::Store(StoredAttempts::new(store.clone(), keys.clone())), clock.clone()).await;
    let other = Kept::Store(StoredAttempts::new(Arc::new(store) as Arc<dyn AttemptStore>, keys.clone()));
    let other = Rig { server: Canned::start([]).await, kept: other, client: one.client.clone(), clock: clock.clone() };
    let login = one.log_in().await;
    other.callback(&login.query, &login.browser).await.unwrap();
    assert_eq!(one.refused(&login.query, &login.browser).await, ErrorKind::AlreadyUsed);
    assert_eq!(one.requests(), 1);

    let server =
        Canned::start([json(TOKENS), json_status(400, r#"{"error":"invalid_grant","error_description":"used"}"#)])
            .await;
    let client = client(ACME).dangerous_at(server.origin());
    let instances = [SealedAttempts::new(keys.clone()), SealedAttempts::new(keys)];
    let Started { pending, browser, state, .. } = start(&client).await;
    let cookie = instances[0].seal(pending).unwrap();
    let query = format!("code=canary-code&state={state}");
    client.callback(&query, instances[0].cookie(cookie.expose()), browser.clone()).await.unwrap();
    let error = client.callback(&query, instances[1].cookie(cookie.expose()), browser.clone()).await.unwrap_err();
    assert_eq!((error.kind(), server.received().len()), (ErrorKind::GrantRejected, 2));
    // Clones are one instance.
    let clone = instances[1].clone();
    let error = client.callback(&query, clone.cookie(cookie.expose()), browser).await.unwrap_err();
    assert_eq!((error.kind(), server.received().len()), (ErrorKind::AlreadyUsed, 2));
}

#[tokio::test]
async fn cb_08_the_memory_of_used_states_is_bounded() {
    let server = Canned::start([json(TOKENS), json(TOKENS), json(TOKENS), json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let logins = SealedAttempts::new(key()).capacity(2);
    let mut started = Vec::new();
    for _ in 0..3 {
        let Started { pending, browser, state, .. } = start(&client).await;
        started.push((format!("code=c&state={state}"), logins.seal(pending).unwrap(), browser));
    }
    let callback = async |at: usize| {
        let (query, cookie, browser) = &started[at];
        client.callback(query, logins.cookie(cookie.expose()), browser.clone()).await.map(|_| ())
    };
    for at in 0..3 {
        callback(at).await.unwrap();
    }
    for at in [1, 2] {
        assert_eq!(callback(at).await.unwrap_err().kind(), ErrorKind::AlreadyUsed);
    }
    assert_eq!(server.received().len(), 3);
    callback(0).await.unwrap();
}

#[tokio::test]
async fn cb_09_who_comes_late_is_told_so() {
    for rig in Rig::each().await {
        let login = rig.log_in().await;
        rig.clock.advance(Duration::from_secs(10 * 60));
        assert_eq!(rig.refused(&login.query, &login.browser).await, ErrorKind::AttemptExpired);
        assert_eq!(rig.requests(), 0);
        rig.clock.advance(Duration::from_secs(5 * 60));
        let expected = match rig.kept {
            Kept::Cookie(..) => ErrorKind::AttemptExpired,
            Kept::Store(_) => ErrorKind::NoPendingAttempt,
        };
        assert_eq!(rig.refused(&login.query, &login.browser).await, expected);
    }
    // One second before its end it is good.
    for rig in Rig::each().await {
        let login = rig.log_in().await;
        rig.clock.advance(Duration::from_secs(10 * 60 - 1));
        rig.callback(&login.query, &login.browser).await.unwrap();
    }
}

#[tokio::test]
async fn cb_11_and_12_a_denial_ends_a_login_if_it_is_the_providers() {
    for rig in Rig::each().await {
        let login = rig.log_in().await;
        let denial = login.query.replace("code=canary-code", "error=access_denied");
        let forged = "error=access_denied&state=canary-state";
        let expected = match rig.kept {
            Kept::Cookie(..) => ErrorKind::StateMismatch,
            Kept::Store(_) => ErrorKind::NoPendingAttempt,
        };
        assert_eq!(rig.refused(forged, &login.browser).await, expected);
        assert_eq!(rig.refused(&denial, &Browser::unknown()).await, ErrorKind::BrowserMissing);
        assert_eq!(rig.refused(&denial, &login.browser).await, ErrorKind::AccessDenied);
        assert_eq!(rig.refused(&login.query, &login.browser).await, ErrorKind::AlreadyUsed);
        assert_eq!(rig.requests(), 0);
    }
}

#[tokio::test]
async fn en_03_a_login_outlives_the_change_of_the_key() {
    let (old, new) = (key(), key());
    let ring = || KeyRing::from(new.clone()).with_old(old.clone());
    let server = Canned::start([json(TOKENS), json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());

    let Started { pending, browser, state, .. } = start(&client).await;
    let query = format!("code=c&state={state}");
    let cookie = SealedAttempts::new(old.clone()).seal(pending).unwrap();
    // An instance that has only the new key: nothing is sent, and the key that is missing is named.
    let behind = SealedAttempts::new(new.clone());
    let error = client.callback(&query, behind.cookie(cookie.expose()), browser.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoPendingAttempt);
    let cause = error.source().unwrap().downcast_ref::<StoreError>().unwrap();
    assert!(cause.kind() == StoreErrorKind::KeyUnknown && cause.to_string().contains(&old.id().to_string()), "{cause}");
    let both = SealedAttempts::new(ring());
    client.callback(&query, both.cookie(cookie.expose()), browser).await.unwrap();

    let store = MemoryStore::new();
    let Started { pending, browser, state, .. } = start(&client).await;
    let query = format!("code=c&state={state}");
    StoredAttempts::new(store.clone(), old.clone()).insert(pending).await.unwrap();
    let behind = StoredAttempts::new(store.clone(), new.clone());
    let error = client.callback(&query, &behind, browser.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    let cause = error.source().unwrap().downcast_ref::<StoreError>().unwrap();
    assert_eq!(cause.kind(), StoreErrorKind::KeyUnknown);
    assert_eq!(server.received().len(), 1);
    client.callback(&query, &StoredAttempts::new(store, ring()), browser).await.unwrap();
}

#[tokio::test]
async fn en_02_a_cookie_that_was_touched_is_none() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let logins = SealedAttempts::new(key());
    let Started { pending, browser, state, .. } = start(&client).await;
    let cookie = logins.seal(pending).unwrap();
    let value = cookie.expose();
    let query = format!("code=c&state={state}");
    let refused = async |value: &str| {
        let error = client.callback(&query, logins.cookie(value), browser.clone()).await.unwrap_err();
        assert!(!format!("{error:?}").contains(&state), "{error:?}");
        error.kind()
    };
    for at in 0..value.len() {
        let letter = if value.as_bytes()[at] == b'A' { "B" } else { "A" };
        let touched = [&value[..at], letter, &value[at + 1..]].concat();
        // The first 16 bytes say whose login it is; letter 21 has bits of the last of them and of the next.
        let expected: &[ErrorKind] = match at {
            0..21 => &[ErrorKind::StateMismatch],
            21 => &[ErrorKind::StateMismatch, ErrorKind::NoPendingAttempt],
            _ => &[ErrorKind::NoPendingAttempt],
        };
        assert!(expected.contains(&refused(&touched).await), "letter {at} of {}", value.len());
    }
    for touched in ["", "x", "%00", &value[1..], &value[..value.len() - 4], &format!("{value}A"), &"A".repeat(100_000)]
    {
        assert!(matches!(refused(touched).await, ErrorKind::NoPendingAttempt | ErrorKind::StateMismatch));
    }
    // The cookie of another login, and none.
    let other = logins.seal(start(&client).await.pending).unwrap();
    assert_eq!(refused(other.expose()).await, ErrorKind::StateMismatch);
    let error = client.callback(&query, logins.cookie(None), browser.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoPendingAttempt);
    assert!(server.received().is_empty());
    client.callback(&query, logins.cookie(value), browser.clone()).await.unwrap();
}

#[tokio::test]
async fn a_cookie_is_small_enough_for_a_browser_and_shows_nothing() {
    let logins = SealedAttempts::new(key());
    let scopes = |count: usize| -> Vec<String> {
        (0..count).map(|at| format!("https://acme.example/auth/scope.number.{at:04}")).collect()
    };
    let attempt = async |count| client(ACME).authorize().scopes(scopes(count)).begin().await.unwrap().into_parts();

    let (url, pending, browser) = attempt(40).await;
    let json = pending.expose_json();
    let verifier = oauth_core::ExposeSecret::expose_secret(&json).split("\"verifier\":\"").nth(1).unwrap();
    let (verifier, state) = (&verifier[..43], oauth_tests::login::parameter(url.as_str(), "state").unwrap());
    let sealed = logins.seal(pending).unwrap();
    let header = sealed.set_cookie("__Host-login", "/", &browser);
    assert!(header.len() < 4096, "{}", header.len());
    let attributes = "; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=600";
    assert_eq!(header, format!("__Host-login={}{attributes}", sealed.expose()));
    assert!(sealed.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert!(!header.contains(verifier) && !header.contains(&state));
    assert_eq!(SealedAttempts::clear_cookie("__Host-login", "/").matches("; Secure;").count(), 1);

    let (_, pending, _) = attempt(100).await;
    let error = logins.seal(pending).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooLarge);
    assert!(error.remedy().unwrap().contains("StoredAttempts"));

    let shown = format!("{logins:?} {sealed:?} {:?}", logins.cookie(sealed.expose()));
    assert!(!shown.contains(&sealed.expose()[..10]), "{shown}");
}

/// Whoever only wants the checks has them at once, without a store to wait for.
#[tokio::test]
async fn a_cookie_needs_no_waiting() {
    let client = client(ACME);
    let logins = SealedAttempts::new(key());
    let Started { pending, browser, state, .. } = start(&client).await;
    let cookie = logins.seal(pending).unwrap();
    let query = format!("code=c&state={state}");
    client.verify_callback(&query, logins.cookie(cookie.expose()), browser.clone()).unwrap();
    let error = client.verify_callback(&query, logins.cookie(cookie.expose()), browser).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyUsed);
}

type Put = (String, Vec<u8>, Duration);

/// A store that shows what it was given, changes it, or fails.
#[derive(Clone, Default)]
struct Watched {
    memory: MemoryStore,
    put: Arc<Mutex<Vec<Put>>>,
    failing: Arc<Mutex<Option<&'static str>>>,
}

impl Watched {
    fn fails(&self, at: &'static str) -> StoreResult<()> {
        if *self.failing.lock().unwrap() == Some(at) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "watched", "the store is down"));
        }
        Ok(())
    }
}

impl AttemptStore for Watched {
    fn put<'a>(&'a self, id: &'a str, attempt: &'a [u8], ttl: Duration) -> BoxFuture<'a, StoreResult<()>> {
        self.put.lock().unwrap().push((id.to_owned(), attempt.to_vec(), ttl));
        Box::pin(async move {
            self.fails("put")?;
            self.memory.put(id, attempt, ttl).await
        })
    }

    fn take<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move {
            self.fails("take")?;
            self.memory.take(id).await
        })
    }

    fn peek<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<TakenAttempt>> {
        Box::pin(async move {
            self.fails("peek")?;
            self.memory.peek(id).await
        })
    }
}

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test]
async fn a_store_sees_a_digest_and_sealed_bytes() {
    let store = Watched::default();
    let logins = StoredAttempts::new(store.clone(), key());
    let Started { pending, state, .. } = start(&client(ACME)).await;
    logins.insert(pending).await.unwrap();
    let put = store.put.lock().unwrap();
    let [(id, bytes, ttl)] = &put[..] else { panic!("one attempt") };
    assert!(id.len() == 67 && id.starts_with("at1") && !id.contains(&state), "{id}");
    for secret in [&state[..], "verifier", "acme", "app.example"] {
        assert!(!contains(bytes, secret), "{secret}");
    }
    assert_eq!(*ttl, Duration::from_secs(15 * 60));
    assert!(!format!("{logins:?}").contains(&state));
}

#[tokio::test]
async fn a_store_that_fails_ends_no_login() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let store = Watched::default();
    let logins = StoredAttempts::new(store.clone(), key());
    let Started { pending, browser, state, .. } = start(&client).await;
    let json = pending.expose_json();
    *store.failing.lock().unwrap() = Some("put");
    assert_eq!(logins.insert(pending).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    *store.failing.lock().unwrap() = None;
    logins.insert(PendingAttempt::from_exposed_json(&json).unwrap()).await.unwrap();
    let query = format!("code=c&state={state}");
    for step in ["peek", "take"] {
        *store.failing.lock().unwrap() = Some(step);
        let error = client.callback(&query, &logins, browser.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "not the error of a login that is not there");
        let cause = error.source().unwrap().downcast_ref::<StoreError>().unwrap();
        assert!(cause.is_transient() && !error.to_string().contains(&cause.to_string()), "{error}");
    }
    *store.failing.lock().unwrap() = None;
    assert!(server.received().is_empty());
    client.callback(&query, &logins, browser).await.unwrap();
}

/// What a store gives back under another id than it was given is refused: a record of somebody else's login.
#[tokio::test]
async fn en_01_attempts_that_were_swapped_do_not_open() {
    let server = Canned::start([]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let store = Watched::default();
    let logins = StoredAttempts::new(store.clone(), key());
    let (one, other) = (start(&client).await, start(&client).await);
    logins.insert(one.pending).await.unwrap();
    logins.insert(other.pending).await.unwrap();
    let put = store.put.lock().unwrap().clone();
    store.memory.put(&put[0].0, &put[1].1, put[0].2).await.unwrap();
    let error = client.callback(format!("code=c&state={}", one.state), &logins, one.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    let cause = error.source().unwrap().downcast_ref::<StoreError>().unwrap();
    assert_eq!(cause.kind(), StoreErrorKind::Corrupt);
    assert!(server.received().is_empty());
}
