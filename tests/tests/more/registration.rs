//! Registrations that are read, changed and ended (RFC 7592).

use std::sync::Arc;

use oauth_core::http::BoxFuture;
use oauth_core::seal::SealingKey;
use oauth_core::store::{MemoryStore, StoreError, StoreErrorKind, StoreResult};
use oauth_core::{
    Client, ClientMetadata, ClientStore, ErrorKind, ExposeSecret as _, MemoryClients, OsRng, RegisteredClient,
    Registration, Step, StoredClients,
};
use oauth_tests::canned::{Answer, json, json_status, status, with};
use oauth_tests::issuer::{Issuer, METADATA, tells_nothing};
use serde_json::{Value, json};

use super::harbor::Harbor;

const AT: &str = "/register/1";
const REDIRECT: &str = "https://app.example/callback";
const OLD: &str = "canary-old-registration-token";
const NEW: &str = "canary-new-registration-token";
const SECRETS: [&str; 4] = [OLD, NEW, "canary-old-secret", "canary-new-secret"];

/// What was registered, with a change.
fn record(issuer: &str, change: impl FnOnce(&mut Value)) -> RegisteredClient {
    let mut stored = json!({
        "kind": "oauth-registered-client/1",
        "issuer": issuer,
        "client_id": "registered-1",
        "secret": SECRETS[2],
        "redirect_uris": [REDIRECT],
        "auth_method": "client_secret_basic",
        "registration_access_token": OLD,
        "registration_client_uri": format!("{issuer}{AT}"),
    });
    change(&mut stored);
    RegisteredClient::from_exposed_json(&stored.to_string().into()).unwrap()
}

/// What the issuer says of it, with a change.
fn told(issuer: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut answer = json!({
        "client_id": "registered-1",
        "client_secret": SECRETS[3],
        "client_secret_expires_at": 0,
        "client_id_issued_at": 1_700_000_000,
        "client_name": "My app",
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "client_secret_basic",
        "tos_uri#fr": "https://app.example/fr",
        "registration_access_token": NEW,
        "registration_client_uri": format!("{issuer}{AT}"),
    });
    change(&mut answer);
    json(&answer.to_string())
}

/// An issuer that says this, and the registration there with its store.
async fn at(answer: impl FnOnce(&str) -> Answer) -> (Issuer, Registration, Arc<MemoryClients>) {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["registration_endpoint"] = format!("{}/register", issuer.origin()).into());
    issuer.answer(AT, answer(issuer.origin()));
    let record = record(issuer.origin(), |_| ());
    let store = Arc::new(MemoryClients::new());
    store.save(&record).await.unwrap();
    let registration = issuer.discovered().registration(record).await.unwrap().kept_in(store.clone());
    (issuer, registration, store)
}

/// The token in the store.
async fn kept(store: &dyn ClientStore, issuer: &str) -> Option<String> {
    let record = store.load(issuer).await.unwrap()?;
    Some(record.registration_access_token()?.expose_secret().to_owned())
}

fn token(record: &RegisteredClient) -> &str {
    record.registration_access_token().unwrap().expose_secret()
}

#[tokio::test]
async fn what_is_registered_is_read_and_the_new_token_takes_the_olds_place() {
    let (issuer, mut registration, store) = at(|issuer| told(issuer, |_| ())).await;
    let app = registration.read().await.unwrap();
    let request = issuer.requests(AT).pop().unwrap();
    assert_eq!((request.method.as_str(), request.body.as_str()), ("GET", ""));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {OLD}").as_str()));
    assert_eq!(token(registration.record()), NEW);
    assert_eq!(registration.record().secret().unwrap().expose_secret(), SECRETS[3]);
    assert_eq!(kept(&*store, issuer.origin()).await.unwrap(), NEW);
    let shown = format!("{registration:?} {app:?}");
    assert!(!shown.contains("canary"), "{shown}");

    registration.update(&app.client_name("Our app")).await.unwrap();
    let request = issuer.requests(AT).pop().unwrap();
    assert_eq!((request.method.as_str(), request.header("content-type")), ("PUT", Some("application/json")));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {NEW}").as_str()));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({
            "client_id": "registered-1",
            "client_name": "Our app",
            "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "client_secret_basic",
            "tos_uri#fr": "https://app.example/fr",
        })
    );

    issuer.answer(AT, status(204, ""));
    registration.delete().await.unwrap();
    assert_eq!(issuer.requests(AT).pop().unwrap().method, "DELETE");
    assert_eq!(kept(&*store, issuer.origin()).await, None);
}

#[tokio::test]
async fn what_an_answer_leaves_out_goes_on() {
    let (issuer, mut registration, store) = at(|_| json(r#"{"client_id":"registered-1"}"#)).await;
    registration.read().await.unwrap();
    let before = record(issuer.origin(), |_| ());
    assert_eq!(registration.record().expose_json().expose_secret(), before.expose_json().expose_secret());
    assert_eq!(kept(&*store, issuer.origin()).await.unwrap(), OLD);
    // An answer does not lead the token elsewhere, and what cannot be used is not kept.
    for elsewhere in ["https://evil.example/register/1", "http://evil.example/", "javascript:x", ""] {
        issuer.answer(AT, told(issuer.origin(), |answer| answer["registration_client_uri"] = elsewhere.into()));
        registration.read().await.unwrap();
        assert_eq!(registration.record().registration_client_uri(), before.registration_client_uri(), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_server_that_registers_something_else_is_told_and_nothing_is_lost() {
    let evil = "https://evil.example/callback";
    let (issuer, mut registration, store) =
        at(|issuer| told(issuer, |answer| answer["redirect_uris"] = json!([evil]))).await;
    let app = ClientMetadata::named("My app").redirect_uri(REDIRECT);
    let error = registration.update(&app).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::RegistrationChanged, Step::Registration));
    tells_nothing(&error, &SECRETS);
    assert_eq!(registration.record().redirect_uris(), [evil], "what the server has");
    assert_eq!((token(registration.record()), kept(&*store, issuer.origin()).await.as_deref()), (NEW, Some(NEW)));
}

#[tokio::test]
async fn an_answer_about_another_client_is_refused() {
    for other in
        [json!("registered-2"), json!("REGISTERED-1"), json!(""), Value::Null, json!(1), json!(["registered-1"])]
    {
        let (issuer, mut registration, store) =
            at(|issuer| told(issuer, |answer| answer["client_id"] = other.clone())).await;
        let app = ClientMetadata::named("My app").redirect_uri(REDIRECT);
        for error in [registration.read().await.unwrap_err(), registration.update(&app).await.unwrap_err()] {
            let expected = if other.as_str().is_some_and(|id| !id.is_empty()) {
                ErrorKind::RegistrationChanged
            } else {
                ErrorKind::BadResponse
            };
            assert_eq!(error.kind(), expected, "{other}");
            tells_nothing(&error, &SECRETS);
        }
        assert_eq!((token(registration.record()), kept(&*store, issuer.origin()).await.as_deref()), (OLD, Some(OLD)));
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_answer_loses_no_token() {
    let (issuer, mut registration, store) = at(|issuer| told(issuer, |_| ())).await;
    for (member, wrong) in [
        ("registration_access_token", json!(7)),
        ("registration_access_token", json!(["x"])),
        ("registration_client_uri", json!({})),
        ("client_secret", json!(true)),
        ("client_secret_expires_at", json!(-1)),
        ("client_secret_expires_at", json!("soon")),
        ("redirect_uris", json!("https://app.example")),
        ("token_endpoint_auth_method", json!([])),
    ] {
        issuer.answer(AT, told(issuer.origin(), |answer| answer[member] = wrong.clone()));
        let error = registration.read().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadResponse, "{member}: {wrong}");
        assert!(error.to_string().contains(member), "{error}");
        let now = if member == "registration_access_token" { OLD } else { NEW };
        let held = (token(registration.record()), kept(&*store, issuer.origin()).await);
        assert_eq!(held, (now, Some(now.to_owned())), "{member}");
        assert_eq!(registration.record().redirect_uris(), [REDIRECT]);
        registration = issuer.discovered().registration(record(issuer.origin(), |_| ())).await.unwrap();
        registration = registration.kept_in(store.clone());
        store.save(registration.record()).await.unwrap();
    }
    let deep = "[".repeat(100_000);
    for body in ["", "[]", "null", "<html>", r#"{"client_id":"registered-1","client_id":"registered-1"}"#, &deep] {
        issuer.answer(AT, json(body));
        assert_eq!(registration.read().await.unwrap_err().kind(), ErrorKind::BadResponse);
    }
    issuer.answer(AT, json(&format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20))));
    assert_eq!(registration.read().await.unwrap_err().kind(), ErrorKind::ResponseTooLarge);
    assert_eq!((token(registration.record()), kept(&*store, issuer.origin()).await.as_deref()), (OLD, Some(OLD)));
}

#[tokio::test]
async fn refusals_say_what_has_become_of_the_registration() {
    let (issuer, mut registration, store) = at(|issuer| told(issuer, |_| ())).await;
    let echo = json!({"error": "invalid_token", "error_description": format!("{OLD} and {}", SECRETS[2])}).to_string();
    let app = ClientMetadata::named("My app").redirect_uri(REDIRECT);
    for (status, kind) in [
        (401, ErrorKind::RegistrationUnknown),
        (404, ErrorKind::RegistrationUnknown),
        (410, ErrorKind::RegistrationUnknown),
        (400, ErrorKind::RegistrationRefused),
        (403, ErrorKind::RegistrationRefused),
        (405, ErrorKind::Unsupported),
        (501, ErrorKind::Unsupported),
        (429, ErrorKind::RateLimited),
        (503, ErrorKind::Unavailable),
    ] {
        issuer.answer(AT, json_status(status, &echo));
        for error in [
            registration.read().await.unwrap_err(),
            registration.update(&app).await.unwrap_err(),
            registration.delete().await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.step()), (kind, Step::Registration), "{status}");
            tells_nothing(&error, &SECRETS);
        }
        assert_eq!((token(registration.record()), kept(&*store, issuer.origin()).await.as_deref()), (OLD, Some(OLD)));
    }
    issuer.answer(AT, json_status(401, "{}"));
    let error = registration.read().await.unwrap_err();
    assert!(error.explain().contains("register anew"), "{}", error.explain());
    let asked = issuer.paths().len();
    issuer.answer(AT, with(307, &[("location", "https://evil.example")], ""));
    assert_eq!(registration.read().await.unwrap_err().kind(), ErrorKind::RedirectRefused);
    assert_eq!(issuer.paths().len(), asked + 1);
}

/// Whoever can change a record must not get the token by it.
#[tokio::test]
async fn the_token_goes_to_the_issuers_origin_alone() {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["registration_endpoint"] = format!("{}/register", issuer.origin()).into());
    let origin = issuer.origin().to_owned();
    for address in [
        "https://evil.example/register/1".to_owned(),
        format!("{origin}.evil.example/register/1"),
        format!("{}@evil.example/", origin.replace("http://", "http://canary:")),
        origin.replace("http://", "http://canary:x@"),
        format!("{origin}/register/1#x"),
        origin.replace("http://", "https://"),
        "http://127.0.0.1:1/register/1".to_owned(),
        "file:///etc/passwd".to_owned(),
        "no address".to_owned(),
        String::new(),
    ] {
        let changed = record(&origin, |stored| stored["registration_client_uri"] = address.clone().into());
        let mut registration = issuer.discovered().registration(changed).await.unwrap();
        for error in [registration.read().await.unwrap_err(), registration.delete().await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::OriginRefused, "{address}");
            tells_nothing(&error, &SECRETS);
        }
    }
    for missing in ["registration_client_uri", "registration_access_token"] {
        let without = record(&origin, |stored| drop(stored.as_object_mut().unwrap().remove(missing)));
        let error = issuer.discovered().registration(without).await.unwrap().read().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{missing}");
    }
    let odd = record(&origin, |stored| stored["registration_access_token"] = "canary\r\nX-Evil: 1".into());
    let error = issuer.discovered().registration(odd).await.unwrap().read().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    tells_nothing(&error, &["canary"]);
    assert!(issuer.paths().iter().all(|path| path == METADATA), "{:?}", issuer.paths());
    let error = issuer.discovered().registration(record("https://other.example", |_| ())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IssuerNotBound);
}

#[tokio::test]
async fn a_call_that_is_dropped_goes_on_to_its_end() {
    let (issuer, mut registration, store) = at(|issuer| told(issuer, |_| ())).await;
    let waiting = tokio::spawn(async move { registration.read().await.map(|_| ()) });
    while issuer.asked(AT) == 0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    while kept(&*store, issuer.origin()).await.unwrap() == OLD {
        tokio::task::yield_now().await;
    }
    assert_eq!((kept(&*store, issuer.origin()).await.as_deref(), issuer.asked(AT)), (Some(NEW), 1));
}

/// A store that keeps nothing.
struct Broken;

impl ClientStore for Broken {
    fn load<'a>(&'a self, _: &'a str) -> BoxFuture<'a, StoreResult<Option<RegisteredClient>>> {
        Box::pin(async { Ok(None) })
    }

    fn add<'a>(
        &'a self,
        _: &'a RegisteredClient,
        _: Option<&'a RegisteredClient>,
    ) -> BoxFuture<'a, StoreResult<RegisteredClient>> {
        Box::pin(async { Err(StoreError::new(StoreErrorKind::Unavailable, "broken", "no disk")) })
    }

    fn save<'a>(&'a self, _: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Err(StoreError::new(StoreErrorKind::Unavailable, "broken", "no disk")) })
    }

    fn remove<'a>(&'a self, client: &'a RegisteredClient) -> BoxFuture<'a, StoreResult<()>> {
        self.save(client)
    }
}

#[tokio::test]
async fn a_store_that_fails_loses_no_token() {
    let (issuer, registration, _) = at(|issuer| told(issuer, |_| ())).await;
    let mut registration = registration.kept_in(Arc::new(Broken));
    assert_eq!(registration.read().await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(token(registration.record()), NEW);
    let store = Arc::new(MemoryClients::new());
    let registration = registration.kept_in(store.clone());
    registration.save().await.unwrap();
    assert_eq!(kept(&*store, issuer.origin()).await.unwrap(), NEW);
    assert_eq!(token(&registration.into_record()), NEW);
}

#[tokio::test]
async fn a_store_keeps_the_registration_that_came_first() {
    let sealed = StoredClients::new(MemoryStore::new(), SealingKey::generate(&OsRng).unwrap());
    let memory = MemoryClients::new();
    let named = |id: &'static str| record("https://id.example", |stored| stored["client_id"] = id.into());
    let (one, two, three) = (named("registered-1"), named("registered-2"), named("registered-3"));
    for store in [&sealed as &dyn ClientStore, &memory] {
        for (client, replaced, kept) in [
            (&one, None, "registered-1"),
            (&two, None, "registered-1"),
            (&two, Some(&three), "registered-1"),
            (&one, None, "registered-1"),
            (&two, Some(&one), "registered-2"),
            (&three, Some(&one), "registered-2"),
        ] {
            assert_eq!(store.add(client, replaced).await.unwrap().client_id(), kept);
            assert_eq!(store.load("https://id.example").await.unwrap().unwrap().client_id(), kept);
        }
        // The same client's newer record.
        let newer = record("https://id.example", |stored| {
            stored["client_id"] = "registered-2".into();
            stored["redirect_uris"] = serde_json::json!(["https://app.example/new"]);
        });
        store.add(&newer, None).await.unwrap();
        let kept = store.load("https://id.example").await.unwrap().unwrap();
        assert_eq!(kept.redirect_uris(), ["https://app.example/new"]);
        // Of another issuer, nothing is in the way.
        let elsewhere = record("https://other.example", |_| ());
        assert_eq!(store.add(&elsewhere, Some(&one)).await.unwrap().issuer(), "https://other.example");
    }
}

#[tokio::test]
async fn a_store_forgets_the_registration_that_ended_and_no_other() {
    let sealed = StoredClients::new(MemoryStore::new(), SealingKey::generate(&OsRng).unwrap());
    let memory = MemoryClients::new();
    let (one, two) = (
        record("https://id.example", |_| ()),
        record("https://id.example", |stored| stored["client_id"] = "registered-2".into()),
    );
    for store in [&sealed as &dyn ClientStore, &memory] {
        store.remove(&one).await.unwrap();
        store.save(&two).await.unwrap();
        store.remove(&one).await.unwrap();
        assert_eq!(store.load("https://id.example").await.unwrap().unwrap().client_id(), "registered-2");
        store.remove(&two).await.unwrap();
        assert!(store.load("https://id.example").await.unwrap().is_none());
        store.save(&one).await.unwrap();
        assert_eq!(store.load("https://id.example").await.unwrap().unwrap().client_id(), "registered-1");
    }
}

#[tokio::test]
async fn a_typed_client_that_is_registered_with_another_method_than_its_files_is_told() {
    let own = "https://id.harbor.example";
    let client: Client<Harbor> = Harbor::client("id", "secret-of-harbor");
    assert_eq!(client.registered(&record(own, |_| ())).await.unwrap().client_id(), "registered-1");
    for method in ["client_secret_post", "private_key_jwt", "tls_client_auth", "made_up"] {
        let other = record(own, |stored| stored["auth_method"] = method.into());
        let error = client.registered(&other).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Registration), "{method}");
        assert!(error.to_string().contains(method), "{error}");
        tells_nothing(&error, &SECRETS);
    }
}

#[tokio::test]
async fn typed_clients_have_it_where_the_file_does() {
    let issuer = Issuer::start().await;
    let own = "https://id.harbor.example";
    issuer.answer(AT, told(own, |_| ()));
    let client: Client<Harbor> = Harbor::client("id", "secret-of-harbor").dangerous_at(issuer.origin());
    let mut registration = client.registration(record(own, |_| ()));
    registration.read().await.unwrap();
    assert_eq!((token(registration.record()), issuer.asked(AT)), (NEW, 1));
    // Loopback is not the issuer, though a test's server is there.
    let here = format!("{}{AT}", issuer.origin());
    let mut registration = client.registration(record(own, |stored| stored["registration_client_uri"] = here.into()));
    assert_eq!(registration.read().await.unwrap_err().kind(), ErrorKind::OriginRefused);
    let without = issuer.client_of(oauth_tests::issuer::ACME_ID);
    let error = without.registration(record("https://id.acme.example", |_| ())).delete().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Registration));
    assert!(error.explain().contains("add `endpoints.registration`"), "{}", error.explain());
    assert_eq!(issuer.asked(AT), 1);
}
