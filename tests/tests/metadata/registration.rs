//! Dynamic client registration (RFC 7591): DISC-12 to DISC-14.

use std::time::Duration;

use oauth_core::seal::SealingKey;
use oauth_core::store::{MemoryStore, Store as _, StoreErrorKind};
use oauth_core::{
    ClientAuth, ClientMetadata, ClientStore as _, Discovered, Error, ErrorKind, ExposeSecret as _, MemoryClients,
    OsRng, RegisteredClient, StoredClients, TokenSet,
};
use oauth_tests::canned::{json, json_status};
use oauth_tests::issuer::{Issuer, METADATA, TOKEN, tells_nothing};
use oauth_tests::login::{TOKENS, parameter, spec, start};
use serde_json::{Value, json};

const REGISTER: &str = "/register";
const REDIRECT: &str = "https://app.example/callback";
const SECRETS: [&str; 4] =
    ["canary-registered-secret", "canary-registration-token", "canary-initial-token", "canary-statement"];

fn me() -> ClientMetadata {
    ClientMetadata::named("My app")
        .redirect_uri(REDIRECT)
        .token_endpoint_auth_method("client_secret_basic")
        .initial_access_token(SECRETS[2])
        .software_statement(SECRETS[3])
}

/// An issuer that registers this client, with a change.
async fn registrar(change: impl FnOnce(&mut Value, u64)) -> Issuer {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["registration_endpoint"] = format!("{}{REGISTER}", issuer.origin()).into());
    let mut answer = json!({
        "client_id": "registered-1",
        "client_secret": SECRETS[0],
        "client_secret_expires_at": issuer.now() + 3_600,
        "client_name": "My app",
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "client_secret_basic",
        "registration_access_token": SECRETS[1],
        "registration_client_uri": format!("{}{REGISTER}/1", issuer.origin()),
    });
    change(&mut answer, issuer.now());
    issuer.answer(REGISTER, json_status(201, &answer.to_string()));
    issuer
}

async fn refused(change: impl FnOnce(&mut Value, u64)) -> Error {
    let issuer = registrar(change).await;
    let error = issuer.discovered().register(&me()).await.unwrap_err();
    assert_eq!(issuer.paths(), [METADATA, REGISTER]);
    tells_nothing(&error, &SECRETS);
    error
}

#[tokio::test]
async fn rp_dynamic_registration_makes_a_client_that_logs_in() {
    let issuer = registrar(|_, _| ()).await;
    let record = issuer.discovered().register(&me()).await.unwrap();
    assert_eq!((record.issuer(), record.client_id()), (issuer.origin(), "registered-1"));
    let request = issuer.requests(REGISTER).pop().unwrap();
    assert_eq!((request.method.as_str(), request.header("content-type")), ("POST", Some("application/json")));
    assert_eq!(request.header("authorization"), Some("Bearer canary-initial-token"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["redirect_uris"], json!([REDIRECT]));
    assert_eq!(body["software_statement"], SECRETS[3]);
    assert!(body.get("client_id").is_none(), "{body}");

    issuer.answer(TOKEN, json(TOKENS));
    let client = issuer.discovered().registered(&record).await.unwrap().scopes(["read"]);
    let login = start(&client).await;
    assert_eq!(parameter(&login.url, "client_id").as_deref(), Some("registered-1"));
    assert_eq!(parameter(&login.url, "redirect_uri").as_deref(), Some(REDIRECT));
    client.callback(format!("code=c&state={}", login.state), login.pending, login.browser).await.unwrap();
    assert!(issuer.requests(TOKEN)[0].header("authorization").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn disc_12_what_the_client_asked_for_is_not_changed_in_silence() {
    for redirect_uris in [
        json!(["https://evil.example/callback"]),
        json!([REDIRECT, "https://evil.example/callback"]),
        json!([]),
        json!(["https://app.example/callback/"]),
        Value::Null,
    ] {
        let error = refused(|answer, _| answer["redirect_uris"] = redirect_uris.clone()).await;
        assert_eq!(error.kind(), ErrorKind::RegistrationChanged, "{redirect_uris}");
        assert!(error.to_string().contains("redirect_uris"), "{error}");
    }
    for method in [json!("none"), json!("private_key_jwt"), Value::Null] {
        let error = refused(|answer, _| answer["token_endpoint_auth_method"] = method.clone()).await;
        assert_eq!(error.kind(), ErrorKind::RegistrationChanged, "{method}");
        assert!(error.explain().contains("permit_change"), "{}", error.explain());
    }
    let issuer = registrar(|answer, _| answer["token_endpoint_auth_method"] = "client_secret_post".into()).await;
    let record = issuer.discovered().register(&me().permit_change("token_endpoint_auth_method")).await.unwrap();
    assert_eq!(record.token_endpoint_auth_method(), Some("client_secret_post"));
    // The client does then what was registered.
    issuer.answer(TOKEN, json(TOKENS));
    let client = issuer.discovered().registered(&record).await.unwrap();
    client.refresh(&TokenSet::new("a").with_refresh_token("r")).await.unwrap();
    let request = issuer.requests(TOKEN).pop().unwrap();
    assert_eq!(parameter(&request.body, "client_secret").as_deref(), Some(SECRETS[0]));
}

#[tokio::test]
async fn disc_12_a_secret_that_has_ended_is_told_and_not_sent() {
    let error = refused(|answer, now| answer["client_secret_expires_at"] = (now - 1).into()).await;
    assert_eq!(error.kind(), ErrorKind::ClientSecretExpired);
    for wrong in [json!("1795000000"), json!(-1), json!(1.5), json!({}), json!(true)] {
        let error = refused(|answer, _| answer["client_secret_expires_at"] = wrong.clone()).await;
        assert_eq!(error.kind(), ErrorKind::BadResponse, "{wrong}");
    }

    let issuer = registrar(|_, _| ()).await;
    let record = issuer.discovered().register(&me()).await.unwrap();
    issuer.answer(TOKEN, json(TOKENS));
    let client = issuer.discovered().registered(&record).await.unwrap();
    let tokens = TokenSet::new("a").with_refresh_token("r");
    client.refresh(&tokens).await.unwrap();
    issuer.clock.advance(Duration::from_secs(3_600));
    let error = client.refresh(&tokens).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ClientSecretExpired, "{}", error.explain());
    assert!(!error.is_retryable());
    assert_eq!(issuer.asked(TOKEN), 1);
    let asked = issuer.paths().len();
    let error = issuer.discovered().registered(&record).await.unwrap_err();
    assert_eq!((error.kind(), issuer.paths().len()), (ErrorKind::ClientSecretExpired, asked));

    let issuer = registrar(|answer, _| answer["client_secret_expires_at"] = 0.into()).await;
    let record = issuer.discovered().register(&me()).await.unwrap();
    assert_eq!(record.secret_expires_at(), None, "0 is never");
}

/// An attacker's server may give the id that the client has at an honest one.
#[tokio::test]
async fn disc_13_a_record_is_of_one_issuer_whatever_its_client_id() {
    let (honest, evil) =
        (registrar(|_, _| ()).await, registrar(|answer, _| answer["client_secret"] = "evil".into()).await);
    let own = honest.discovered().register(&me()).await.unwrap();
    let other = evil.discovered().register(&me()).await.unwrap();
    assert_eq!(own.client_id(), other.client_id());
    for (issuer, record) in [(&evil, &own), (&honest, &other)] {
        let before = issuer.paths().len();
        let error = issuer.discovered().registered(record).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IssuerNotBound);
        assert_eq!(issuer.paths().len(), before, "nothing was sent");
        tells_nothing(&error, &SECRETS);
    }
    for near in [format!("{}/", honest.origin()), honest.origin().to_uppercase(), format!("{}#", honest.origin())] {
        let record = RegisteredClient::known(near, own.client_id(), SECRETS[0]);
        let before = honest.paths().len();
        let error = honest.discovered().registered(&record).await.unwrap_err();
        assert_eq!((error.kind(), honest.paths().len()), (ErrorKind::IssuerNotBound, before), "{record:?}");
    }
    let kept = MemoryClients::new();
    kept.save(&own).await.unwrap();
    kept.save(&other).await.unwrap();
    let secret = async |issuer: &Issuer| kept.load(issuer.origin()).await.unwrap().unwrap().secret().cloned().unwrap();
    assert_eq!(secret(&honest).await.expose_secret(), SECRETS[0]);
    assert_eq!(secret(&evil).await.expose_secret(), "evil");
    assert!(kept.load(own.client_id()).await.unwrap().is_none());
    assert!(kept.load(&format!("{}/", honest.origin())).await.unwrap().is_none());
}

#[tokio::test]
async fn disc_14_the_secrets_of_a_registration_are_told_to_nobody() {
    let issuer = registrar(|_, _| ()).await;
    let record = issuer.discovered().register(&me()).await.unwrap();
    let told = format!("{record:?} {:?} {:?}", me(), record.auth());
    assert!(SECRETS.iter().all(|secret| !told.contains(secret)), "{told}");
    // Nothing is lost on the way through a store.
    let again = RegisteredClient::from_exposed_json(&record.expose_json()).unwrap();
    assert_eq!(again.expose_json().expose_secret(), record.expose_json().expose_secret());
    assert_eq!(again.registration_access_token().unwrap().expose_secret(), SECRETS[1]);
    assert_eq!(again.registration_client_uri(), Some(format!("{}{REGISTER}/1", issuer.origin()).as_str()));
    assert_eq!(again.secret_expires_at(), record.secret_expires_at());
    for wrong in ["{}", "[]", r#"{"kind":"oauth-pending-attempt/1","issuer":"a","client_id":"b"}"#] {
        assert!(RegisteredClient::from_exposed_json(&wrong.to_owned().into()).is_err(), "{wrong}");
    }
    // What is stored is sealed, to its issuer's place.
    let (store, key) = (MemoryStore::new(), SealingKey::generate(&OsRng).unwrap());
    let clients = StoredClients::new(store.clone(), key);
    clients.save(&record).await.unwrap();
    clients.save(&record).await.unwrap();
    let kept = clients.load(issuer.origin()).await.unwrap().unwrap();
    assert_eq!(kept.expose_json().expose_secret(), record.expose_json().expose_secret());
    assert!(clients.load("https://other.example").await.unwrap().is_none());
    let listed = store.list(None, 9).await.unwrap();
    assert_eq!(listed.len(), 1);
    let stored = store.load(&listed[0].key).await.unwrap().unwrap();
    let bytes = String::from_utf8_lossy(&stored.payload).into_owned();
    assert!(SECRETS.iter().all(|secret| !bytes.contains(secret)) && !bytes.contains("registered-1"));
    let other = StoredClients::new(store, SealingKey::generate(&OsRng).unwrap());
    assert_eq!(other.load(issuer.origin()).await.unwrap_err().kind(), StoreErrorKind::KeyUnknown);
    // A server that repeats what it was sent.
    let echo =
        json!({"error": SECRETS[2], "error_description": format!("no {} {}", SECRETS[3], SECRETS[2])}).to_string();
    for (status, kind) in [
        (400, ErrorKind::RegistrationRefused),
        (401, ErrorKind::RegistrationRefused),
        (404, ErrorKind::RegistrationRefused),
        (429, ErrorKind::RateLimited),
        (503, ErrorKind::Unavailable),
    ] {
        issuer.answer(REGISTER, json_status(status, &echo));
        let error = issuer.discovered().register(&me()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        tells_nothing(&error, &SECRETS);
    }
    issuer.answer(REGISTER, json_status(400, r#"{"error":"invalid_redirect_uri","error_description":"https only"}"#));
    let error = issuer.discovered().register(&me()).await.unwrap_err();
    assert_eq!(error.server().and_then(oauth_core::ServerError::code), Some("invalid_redirect_uri"));
    assert!(error.explain().contains("application_type"), "{}", error.explain());
}

#[tokio::test]
async fn disc_06_an_answer_that_is_no_registration_is_told_as_such() {
    let issuer = registrar(|_, _| ()).await;
    for body in
        ["", "[]", "<html>", "{}", r#"{"client_id":""}"#, r#"{"client_id":1}"#, r#"{"client_id":"a","client_id":"b"}"#]
    {
        issuer.answer(REGISTER, json_status(201, body));
        let error = issuer.discovered().register(&me()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadResponse, "{body}: {}", error.explain());
    }
    issuer.answer(REGISTER, oauth_tests::canned::with(307, &[("location", "https://evil.example")], ""));
    assert_eq!(issuer.discovered().register(&me()).await.unwrap_err().kind(), ErrorKind::RedirectRefused);
    let none = Issuer::start().await;
    let error = none.discovered().register(&me()).await.unwrap_err();
    assert_eq!((error.kind(), none.paths()), (ErrorKind::Unsupported, vec![METADATA.to_owned()]));
    assert!(Discovered::at("not an issuer").is_err());
}

#[tokio::test]
async fn a_provider_file_says_where_clients_are_registered() {
    const FILE: &str = "{id: acme, name: Acme, docs: 'https://acme.example', checked: '2026-11-21',
      endpoints: {authorization: 'https://id.acme.example/authorize', token: 'https://id.acme.example/token',
        registration: 'https://id.acme.example/register', issuer: 'https://id.acme.example'}}";
    let issuer = registrar(|_, _| ()).await;
    let nobody = issuer.client_of(FILE);
    let record = nobody.register(&me()).await.unwrap();
    assert_eq!(record.issuer(), "https://id.acme.example");
    let client = nobody.registered(&record).await.unwrap();
    assert_eq!(client.client_id(), "registered-1");
    let other = RegisteredClient::known("https://other.example", "registered-1", ClientAuth::none());
    assert_eq!(nobody.registered(&other).await.unwrap_err().kind(), ErrorKind::IssuerNotBound);
    assert!(client.spec().capabilities().contains(&"register"));

    let without = spec(oauth_tests::login::ACME).client("x", ClientAuth::none());
    let error = without.register(&me()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.explain().contains("endpoints.registration"), "{}", error.explain());
}
