//! A hash over the secret and the code takes the secret's place: `hash = sha256(secret|code)`, in hex.

use oauth_core::crypto::Hash;
use oauth_core::mechanism::{ClientProof, MechanismError, Mechanisms, ProofRequest};
use oauth_core::{CanAuthorize, CanRefresh, Client, ErrorKind, ExposeSecret as _};
use oauth_tests::canned::{Answer, Canned, json, json_status};
use oauth_tests::login::TOKENS;

use crate::{SECRET, at, file, hex, log_in, param, params, said};

oauth_providers::provider!("tests/mechanisms/hashed.yaml");

/// What the file selects as `hashed-secret`.
pub(crate) struct HashedSecret;

impl ClientProof for HashedSecret {
    fn prove(&self, request: &mut ProofRequest<'_>) -> Result<(), MechanismError> {
        let grant = request.param("code").or(request.param("refresh_token"));
        let grant = grant.ok_or(MechanismError::new("there is neither a code nor a refresh token"))?;
        let text = format!("{}|{grant}", request.client().secret()?.expose_secret());
        let digest = request.client().crypto()?.digest(Hash::Sha256, text.as_bytes());
        request.set_param("hash", hex(digest.as_ref()));
        Ok(())
    }
}

fn typed() -> Client<hashed::Hashed> {
    hashed::Hashed::client("my-client", SECRET, HashedSecret)
}

fn dynamic() -> Client {
    let mechanisms = Mechanisms::new().client_proof("hashed-secret", HashedSecret);
    file("hashed.yaml").client_with("my-client", SECRET, mechanisms).unwrap()
}

/// What the provider works out on its side.
fn expected(grant: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, format!("{SECRET}|{grant}").as_bytes()).as_ref())
}

async fn hashes<P: CanAuthorize + CanRefresh>(client: Client<P>) {
    let server = Canned::start([json(TOKENS), json(TOKENS)]).await;
    let account = log_in(&at(client, &server)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    account.refresh().await.unwrap();
    let received = server.received();
    for (request, grant) in received.iter().zip(["canary-code", "canary-refresh-token"]) {
        assert_eq!(param(&request.body, "hash"), Some(expected(grant)));
        assert_eq!(param(&request.body, "client_id").as_deref(), Some("my-client"));
        assert!(!format!("{request:?}").contains(SECRET) && request.header("authorization").is_none());
    }
    assert_eq!(received.len(), 2);
    assert_eq!(params(&received[0].body).iter().filter(|(name, _)| name == "code").count(), 1);
}

#[tokio::test]
async fn the_hash_takes_the_secrets_place() {
    hashes(typed()).await;
    hashes(dynamic()).await;
}

#[tokio::test]
async fn an_echoed_hash_is_in_no_error() {
    let hash = expected("canary-code");
    let text =
        format!("{{\"error\":\"invalid_client\",\"error_description\":\"no {hash} of {SECRET} for canary-code\"}}");
    let server = Canned::start([json_status(401, &text)]).await;
    let error = log_in(&at(typed(), &server)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ClientRejected);
    let said = said(&error);
    assert!(said.contains("no [redacted] of [redacted] for [redacted]"), "{said}");
    for secret in [hash.as_str(), SECRET, "canary-code"] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// It says too much, in the ways that a hook may.
struct Talkative;

impl ClientProof for Talkative {
    fn prove(&self, request: &mut ProofRequest<'_>) -> Result<(), MechanismError> {
        assert!(!format!("{request:?}").contains("canary"));
        request.set_param("hash", "canary-hash-value");
        request.set_header("x-hash", "canary-header-value")?;
        let (secret, code) = (request.client().secret()?.expose_secret(), request.param("code").unwrap_or_default());
        Err(MechanismError::new(format!("no hash of {secret}, {code}, canary-hash-value, canary-header-value")))
    }
}

#[tokio::test]
async fn what_a_hook_says_is_scrubbed() {
    let server = Canned::start([]).await;
    let client = hashed::Hashed::client("my-client", SECRET, Talkative);
    let error = log_in(&at(client, &server)).await.unwrap_err();
    assert_eq!((error.kind(), server.received().len()), (ErrorKind::Mechanism, 0));
    let said = said(&error);
    assert!(said.contains("the mechanism `hashed-secret` (client_auth) failed: no hash of [redacted],"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

/// A signature in a header, under the names that the provider's file has.
struct InHeader;

impl ClientProof for InHeader {
    fn prove(&self, request: &mut ProofRequest<'_>) -> Result<(), MechanismError> {
        for name in ["Host", "content-length", "Content-Type", "bad name"] {
            assert!(request.set_header(name, "x").is_err(), "{name}");
        }
        let mut nonce = [0; 8];
        request.client().random(&mut nonce)?;
        request.set_header("authorization", &format!("Hash {}", hex(&nonce)))?;
        request.set_param("client_id", "another");
        request.set_param("redirect_uri", request.param("redirect_uri").unwrap_or_default().to_owned());
        Ok(())
    }
}

#[tokio::test]
async fn a_proof_may_be_a_header() {
    let server = Canned::start([json(TOKENS)]).await;
    let spec = oauth_core::ProviderSpec::from_yaml(
        "id: renamed\nname: Renamed\ndocs: https://renamed.example/docs\nchecked: 2026-11-21\n\
         endpoints: {authorization: https://renamed.example/a, token: https://renamed.example/t}\n\
         client_auth: {method: mechanism, name: in-header}\ntoken: {request: {rename: {client_id: app_id}}}\n",
    );
    let mechanisms = Mechanisms::new().client_proof("in-header", InHeader);
    let client = spec.unwrap().client_with("my-client", SECRET, mechanisms).unwrap();
    log_in(&at(client, &server)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let request = &server.received()[0];
    assert!(request.header("authorization").is_some_and(|value| value.starts_with("Hash ") && value.len() == 21));
    assert_eq!(param(&request.body, "app_id").as_deref(), Some("another"));
    assert_eq!(params(&request.body).iter().filter(|(name, _)| name == "redirect_uri").count(), 1);
    assert_eq!(param(&request.body, "client_id"), None);
}

#[tokio::test]
async fn a_public_client_has_nothing_to_hash() {
    let server = Canned::start(std::iter::empty::<Answer>()).await;
    let error = log_in(&at(hashed::Hashed::public("my-client", HashedSecret), &server)).await.unwrap_err();
    assert!(error.to_string().contains("it needs the client's secret, and this client has none"), "{error}");
}
