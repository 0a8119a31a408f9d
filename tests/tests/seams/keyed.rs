//! A registration says which key it was made with, so that no client is built of it with another one.

use std::sync::Arc;

use oauth_core::{ClientAuth, ClientStore as _, Error, ErrorKind, ExposeSecret as _, MemoryClients, RegisteredClient};
use oauth_tests::canned::{json, json_status};
use oauth_tests::issuer::{Issuer, TOKEN, tells_nothing};
use serde_json::{Value, json};

use crate::authority::Authority;
use crate::jwt::key;
use crate::registered::{REDIRECT, REGISTER, assertion, issuer, mcp, me, registration};

/// What a program finds when it starts again.
fn read(record: &RegisteredClient) -> RegisteredClient {
    let text = record.expose_json();
    assert!(!text.expose_secret().contains("PRIVATE"), "{}", text.expose_secret());
    RegisteredClient::from_exposed_json(&text).unwrap()
}

async fn refused(issuer: &Issuer, record: &RegisteredClient, kind: ErrorKind) -> Error {
    let error = issuer.discovered().registered(record).await.unwrap_err();
    assert_eq!(error.kind(), kind, "{}", error.explain());
    assert!(error.to_string().contains(record.key_thumbprint().unwrap()), "{error}");
    assert_eq!(issuer.asked(TOKEN), 0);
    tells_nothing(&error, &["PRIVATE"]);
    error
}

#[tokio::test]
async fn a_record_names_its_key_and_takes_no_other() {
    for kid in [None, Some("key-of-2026")] {
        let issuer = issuer("private_key_jwt").await;
        let ((pem, public), (other, _)) = (key(), key());
        let auth = |pem: &str| match kid {
            Some(kid) => ClientAuth::private_key(pem).kid(kid),
            None => ClientAuth::private_key(pem),
        };
        let record = issuer.discovered().register(&me().credentials(auth(&pem))).await.unwrap();
        let record = read(&record);
        let thumbprint = record.key_thumbprint().unwrap();
        assert_eq!(thumbprint.len(), 43);
        assert_eq!(record.key_id(), Some(kid.unwrap_or(thumbprint)));
        assert_eq!(registration(&issuer)["jwks"]["keys"][0]["kid"], record.key_id().unwrap());

        refused(&issuer, &record, ErrorKind::Unsupported).await;
        for wrong in [auth(&other), ClientAuth::private_key(&*other)] {
            let error = refused(&issuer, &record.clone().credentials(wrong), ErrorKind::Config).await;
            assert!(error.explain().contains("Registration::update"), "{}", error.explain());
        }
        let client = issuer.discovered().registered(&record.credentials(auth(&pem))).await.unwrap();
        assert!(assertion(&issuer, &client).await.is_by(&public));
    }
}

#[tokio::test]
async fn a_record_names_the_key_of_its_certificate_and_takes_no_other() {
    let issuer = issuer("self_signed_tls_client_auth").await;
    let authority = Authority::new();
    let (own, other) = (authority.issue("my-client"), authority.issue("my-client"));
    let auth = |pair: &crate::authority::Pair| ClientAuth::certificate(pair.chain_pem(), pair.key_pem());
    let record = read(&issuer.discovered().register(&me().credentials(auth(&own))).await.unwrap());
    refused(&issuer, &record, ErrorKind::Unsupported).await;
    refused(&issuer, &record.clone().credentials(auth(&other)), ErrorKind::Config).await;
    issuer.discovered().registered(&record.credentials(auth(&own))).await.unwrap().validate().unwrap();
}

#[tokio::test]
async fn keys_that_change_without_a_registration_are_not_compared() {
    let issuer = issuer("private_key_jwt").await;
    let ((pem, _), (other, public)) = (key(), key());
    let app = me().credentials(ClientAuth::private_key(&*pem).kid("k1")).jwks_uri("https://app.example/jwks");
    let record = read(&issuer.discovered().register(&app).await.unwrap());
    assert_eq!((record.key_id(), record.key_thumbprint()), (Some("k1"), None));
    let record = record.credentials(ClientAuth::private_key(&*other).kid("k2"));
    let client = issuer.discovered().registered(&record).await.unwrap();
    let jwt = assertion(&issuer, &client).await;
    assert!(jwt.is_by(&public));
    assert_eq!(jwt.header["kid"], "k2");
}

#[tokio::test]
async fn a_changed_registration_has_the_new_key_in_the_olds_place() {
    let issuer = issuer("private_key_jwt").await;
    let ((pem, _), (new, public)) = (key(), key());
    let at = format!("{}{REGISTER}/1", issuer.origin());
    let answer = |jwks: Option<&Value>| {
        let mut answer = json!({"client_id": "registered-1", "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "private_key_jwt", "registration_access_token": "canary-token",
            "registration_client_uri": at});
        if let Some(jwks) = jwks {
            answer["jwks"] = jwks.clone();
        }
        answer.to_string()
    };
    issuer.answer(REGISTER, json_status(201, &answer(None)));
    let first = issuer.discovered().register(&me().credentials(ClientAuth::private_key(&*pem))).await.unwrap();
    let old = registration(&issuer)["jwks"].clone();

    let store = Arc::new(MemoryClients::new());
    issuer.answer("/register/1", json(&answer(Some(&old))));
    let mut managed = issuer.discovered().registration(first.clone()).await.unwrap().kept_in(store.clone());
    let app = managed.read().await.unwrap();
    // What leaves the keys alone has the same one.
    managed.update(&app.clone().client_name("Our app")).await.unwrap();
    assert_eq!(managed.record().key_thumbprint(), first.key_thumbprint());
    managed.update(&app.credentials(ClientAuth::private_key(&*new))).await.unwrap();
    let sent: Value = serde_json::from_str(&issuer.requests("/register/1").pop().unwrap().body).unwrap();
    assert_eq!(sent["jwks"]["keys"].as_array().unwrap().len(), 1);
    assert_ne!(sent["jwks"], old);
    assert!(!sent.to_string().contains("PRIVATE"));
    let kept = read(&store.load(issuer.origin()).await.unwrap().unwrap());
    assert_eq!(sent["jwks"]["keys"][0]["kid"], kept.key_thumbprint().unwrap());
    refused(&issuer, &kept.clone().credentials(ClientAuth::private_key(&*pem)), ErrorKind::Config).await;
    let client = issuer.discovered().registered(&kept.credentials(ClientAuth::private_key(&*new))).await.unwrap();
    assert!(assertion(&issuer, &client).await.is_by(&public));
    // Keys of the caller's own, without the one that the record has: which one signs is not known any more.
    let others = me().token_endpoint_auth_method("private_key_jwt").jwks(json!({"keys": []}));
    managed.update(&others).await.unwrap();
    assert_eq!((managed.record().key_id(), managed.record().key_thumbprint()), (None, None));
}

#[tokio::test]
async fn an_mcp_client_registers_anew_with_another_key_of_the_same_name() {
    let issuer = issuer("private_key_jwt").await;
    let ((one, _), (other, public)) = (key(), key());
    let clients = Arc::new(MemoryClients::new());
    for (pem, registrations) in [(&one, 1), (&one, 1), (&other, 2), (&other, 2)] {
        let app = me().credentials(ClientAuth::private_key(&**pem).kid("mine"));
        let client = mcp(&issuer, app, |_| ()).clients(clients.clone()).connect("").await.unwrap();
        assert_eq!(issuer.asked(REGISTER), registrations);
        if registrations == 2 {
            assert!(assertion(&issuer, &client).await.is_by(&public));
        }
    }
}
