//! Signed API requests: an HMAC-SHA256 proof over the access token as the query parameter `appsecret_proof`, and a
//! signature over method, path and time in headers.

use std::time::SystemTime;

use oauth_core::crypto::{Hash, HmacKey};
use oauth_core::mechanism::{MechanismError, Mechanisms, RequestSigner, SignRequest};
use oauth_core::{Client, ErrorKind, ExposeSecret as _, HasApi, HasProfile, OperationCall, TokenSet};
use oauth_tests::canned::{Canned, Received, json, json_status};
use ring::hmac;

use crate::{SECRET, at, file, hex, param, said};

oauth_providers::provider!("tests/mechanisms/proofs.yaml");
oauth_providers::provider!("tests/mechanisms/stamped.yaml");

/// What the file selects as `app-secret-proof`.
struct AppSecretProof;

impl RequestSigner for AppSecretProof {
    fn sign(&self, request: &mut SignRequest<'_>) -> Result<(), MechanismError> {
        let key = HmacKey::new(request.client().secret()?.expose_secret())?;
        let token = request.access_token().expose_secret().as_bytes();
        let proof = request.client().crypto()?.hmac(Hash::Sha256, &key, token);
        request.add_query("appsecret_proof", &hex(proof.as_ref()))
    }
}

/// What the file selects as `stamp`.
struct Stamp;

impl RequestSigner for Stamp {
    fn sign(&self, request: &mut SignRequest<'_>) -> Result<(), MechanismError> {
        let since = request.client().now().duration_since(SystemTime::UNIX_EPOCH);
        let time = since.map_err(|_| MechanismError::new("the clock is before 1970"))?.as_secs().to_string();
        let text = format!("{}\n{}\n{time}", request.method(), request.url().path());
        let key = HmacKey::new(request.client().secret()?.expose_secret())?;
        let signature = request.client().crypto()?.hmac(Hash::Sha256, &key, text.as_bytes());
        request.set_header("x-time", &time)?;
        request.set_header("x-signature", &hex(signature.as_ref()))
    }
}

/// What the provider works out on its side.
fn expected(text: &str) -> String {
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), text.as_bytes()).as_ref())
}

fn proofs_dynamic() -> Client {
    let mechanisms = Mechanisms::new().request_signer("app-secret-proof", AppSecretProof);
    file("proofs.yaml").client_with("my-client", SECRET, mechanisms).unwrap()
}

/// A profile, a described call, a call by path and an applied request.
async fn four_requests<P: HasProfile + HasApi>(client: Client<P>) -> Vec<Received> {
    let server = Canned::start([json(r#"{"id":"7"}"#), json("[]"), json("{}")]).await;
    let client = at(client, &server);
    let tokens = TokenSet::new("canary-access-token");
    let account = client.account(tokens.clone());
    account.profile().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    if client.spec().operation("list_posts").is_some() {
        account.clone().erase().call(OperationCall::new("list_posts").set("limit", 5)).await.unwrap();
    }
    account.post("/posts").query("q", "a b").json("text").send().await.unwrap();
    let mut request = http::Request::get(format!("{}/me?x=1", client.spec().api.as_ref().unwrap().base_url));
    request.headers_mut().unwrap().insert("x-signature", "mine".parse().unwrap());
    let mut request = request.body(bytes::Bytes::new()).unwrap();
    client.apply(&tokens, &mut request).unwrap();
    let mut received = server.received();
    received.push(Received {
        method: request.method().to_string(),
        target: request.uri().path_and_query().unwrap().to_string(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: String::new(),
    });
    received
}

#[tokio::test]
async fn a_proof_goes_with_every_token() {
    for received in [
        four_requests(proofs::Proofs::client("my-client", SECRET, AppSecretProof)).await,
        four_requests(proofs_dynamic()).await,
    ] {
        assert_eq!(received.len(), 4);
        for request in received {
            let (_, query) = request.target.split_once('?').unwrap();
            assert_eq!(param(query, "appsecret_proof"), Some(expected("canary-access-token")), "{}", request.target);
            assert_eq!(request.header("authorization"), Some("Bearer canary-access-token"));
            let whole = ["fields=", "limit=5&", "q=a+b&", "x=1&"].iter().any(|own| query.starts_with(own));
            assert!(whole, "{query}");
        }
    }
}

#[tokio::test]
async fn a_signature_over_method_path_and_time() {
    let mechanisms = Mechanisms::new().request_signer("stamp", Stamp);
    let dynamic =
        file("stamped.yaml").client_with("my-client", SECRET, mechanisms).unwrap().set("shop", "shop").unwrap();
    for received in [
        four_requests(stamped::Stamped::client("my-client", SECRET, "shop", Stamp)).await,
        four_requests(dynamic).await,
    ] {
        assert_eq!(received.len(), 3);
        for request in received {
            // A test leads requests elsewhere; what is signed is the provider's own path.
            let path = request.target.split('?').next().unwrap().replace("/api.stamped.example", "");
            let time = request.header("x-time").unwrap();
            let text = format!("{}\n{path}\n{time}", request.method);
            assert_eq!((request.header("x-signature"), time), (Some(expected(&text).as_str()), "1795000000"));
            assert_eq!(request.headers.iter().filter(|(name, _)| name == "x-signature").count(), 1);
        }
    }
}

#[tokio::test]
async fn an_echoed_proof_is_in_no_error() {
    let proof = expected("canary-access-token");
    let text = format!("{{\"error\":\"bad_proof\",\"message\":\"{proof} is not of canary-access-token\"}}");
    let server = Canned::start([json_status(400, &text), json_status(400, &text)]).await;
    let account = at(proofs_dynamic(), &server).account(TokenSet::new("canary-access-token"));
    let profile = account.profile().await.unwrap_err();
    let posts = account.get("/posts").send().await.unwrap().error_for_status().await.unwrap_err();
    for error in [profile, posts] {
        let said = said(&error);
        assert!(said.contains("[redacted] is not of [redacted]"), "{said}");
        assert!(!said.contains(&proof) && !said.contains("canary-access-token"), "{said}");
    }
}

/// It signs before it looks: nothing is signed for an address that is not the provider's.
struct Never;

impl RequestSigner for Never {
    fn sign(&self, _: &mut SignRequest<'_>) -> Result<(), MechanismError> {
        panic!("a foreign request was signed")
    }
}

#[tokio::test]
async fn nothing_is_signed_for_others() {
    let account = proofs::Proofs::client("my-client", SECRET, Never).account(TokenSet::new("canary-access-token"));
    let error = account.get("https://evil.example/posts").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OriginRefused);
}

/// It may add, and not replace.
struct Greedy;

impl RequestSigner for Greedy {
    fn sign(&self, request: &mut SignRequest<'_>) -> Result<(), MechanismError> {
        assert!(!format!("{request:?}").contains("canary"));
        for name in ["Authorization", "host", "Content-Length", "a b"] {
            assert!(request.set_header(name, "x").is_err(), "{name}");
        }
        request.add_query("once", "1")?;
        assert!(request.add_query("once", "2").is_err());
        let token = request.access_token().expose_secret().to_owned();
        request.add_query("q", &token).map_err(|error| MechanismError::new(format!("{error} for {token}")))
    }
}

#[tokio::test]
async fn a_signer_adds_and_replaces_nothing() {
    let account = proofs::Proofs::client("my-client", SECRET, Greedy).account(TokenSet::new("canary-access-token"));
    let error = account.get("/posts").query("q", "1").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mechanism);
    let said = said(&error);
    assert!(said.contains("the address has the parameter `q` already for [redacted]"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}
