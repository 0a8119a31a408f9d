//! An error's message does not repeat its cause's: who prints the chain reads each sentence once.

use std::error::Error as StdError;
use std::sync::Arc;

use oauth_core::http::{Body, BoxFuture, HttpClient, ReqwestClient, TransportError, TransportErrorKind};
use oauth_core::{ProviderSpec, Rng, RngError, TokenSet};
use oauth_simulator::Simulator;
use oauth_tests::canned::{Answer, Canned, json, json_status, raw, status, with};
use oauth_tests::login::{ACME, SECRET, account_with, client, log_in, spec};
use tokio::io::AsyncWriteExt as _;

/// What a chain says that its cause says again.
fn repeated(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = error;
    while let Some(source) = current.source() {
        let (outer, inner) = (current.to_string(), source.to_string());
        assert!(!inner.trim().is_empty(), "a cause of `{outer}` says nothing");
        if outer.contains(&inner) {
            found.push(format!("`{outer}` repeats its cause `{inner}`"));
        }
        current = source;
    }
    found
}

/// How many causes an error has.
fn depth(error: &(dyn StdError + 'static)) -> usize {
    std::iter::successors(error.source(), |&error| error.source()).count()
}

struct NoRandomness;

impl Rng for NoRandomness {
    fn fill(&self, _: &mut [u8]) -> Result<(), RngError> {
        Err(RngError)
    }
}

struct Failing(TransportErrorKind);

impl HttpClient for Failing {
    fn send(&self, _: http::Request<bytes::Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        let error = TransportError::new(self.0, std::io::Error::other("the cable is out"));
        Box::pin(async move { Err(error) })
    }
}

async fn errors() -> Vec<Box<dyn StdError>> {
    let mut errors: Vec<Box<dyn StdError>> = Vec::new();
    let cut = raw(200, &[("content-type", "application/json")], Some(500), b"{\"access");
    let answers = [
        Answer::Bytes(Vec::new()),
        Answer::Bytes(b"not HTTP at all\r\n\r\n".to_vec()),
        cut,
        status(503, ""),
        json("{}"),
        json("[1"),
        json_status(400, r#"{"error":"invalid_grant","error_description":"x"}"#),
        with(302, &[("location", "https://evil.example/")], ""),
    ];
    for answer in answers {
        let (_server, account) = log_in([answer]).await;
        errors.push(Box::new(account.unwrap_err()));
    }
    for kind in [
        TransportErrorKind::Connect,
        TransportErrorKind::Tls,
        TransportErrorKind::Timeout,
        TransportErrorKind::Broken,
        TransportErrorKind::Request,
    ] {
        let account =
            client(ACME).http_client(Arc::new(Failing(kind))).account(TokenSet::new("t").with_refresh_token("r"));
        errors.push(Box::new(account.refresh().await.unwrap_err()));
        errors.push(Box::new(account.profile().await.unwrap_err()));
        errors.push(Box::new(account.get("/x").send().await.unwrap_err()));
    }
    let gone = Canned::start([]).await.origin().to_owned();
    let account = client(ACME).dangerous_at(&gone).account(TokenSet::new("t").with_refresh_token("r"));
    errors.push(Box::new(account.refresh().await.unwrap_err()));
    // A port that speaks no TLS, and says so at once.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}/token", listener.local_addr().unwrap());
    let plain = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let tls = client(&ACME.replace("https://id.acme.example/token", &address));
    let error = tls.account(TokenSet::new("t").with_refresh_token("r")).refresh().await.unwrap_err();
    assert_eq!(error.kind(), oauth_core::ErrorKind::Tls, "{}", error.explain());
    errors.push(Box::new(error));
    plain.await.unwrap();
    let (_server, account) = account_with(ACME, TokenSet::new("t"), [json("[1"), json("\"text\"")]).await;
    errors.push(Box::new(account.get("/x").send().await.unwrap().json::<serde_json::Value>().await.unwrap_err()));
    errors.push(Box::new(account.get("/x").send().await.unwrap().json::<u64>().await.unwrap_err()));
    errors.push(Box::new(client(ACME).rng(Arc::new(NoRandomness)).authorize().begin().await.unwrap_err()));
    errors.push(Box::new(client(ACME).dangerous_at("https://evil.example").authorize().begin().await.unwrap_err()));
    errors.push(Box::new(spec(ACME).client("", SECRET).authorize().begin().await.unwrap_err()));
    let client = ReqwestClient::with(|builder| builder.user_agent("line\nbreak"));
    errors.push(Box::new(client.expect_err("a header cannot have a line break")));
    errors.push(Box::new(ProviderSpec::from_yaml("id: [").unwrap_err()));
    errors.push(Box::new(ProviderSpec::from_yaml_file("/nowhere/at/all.yaml").unwrap_err()));
    errors.push(Box::new(ProviderSpec::from_json("{").unwrap_err()));
    errors.push(Box::new(TokenSet::from_exposed_json(&"{".into()).unwrap_err()));
    let sim = Simulator::start(Arc::new(spec(ACME))).await.unwrap();
    let user = sim.scripted_user();
    errors.push(Box::new(user.approve(&format!("{gone}/id.acme.example/authorize")).await.unwrap_err()));
    errors.push(Box::new(user.approve("https://evil.example/").await.unwrap_err()));
    errors.push(Box::new(user.approve(&sim.address("https://id.acme.example/authorize").unwrap()).await.unwrap_err()));
    errors.push(Box::new(Simulator::builder(Arc::new(spec(ACME))).setting("none", "x").start().await.unwrap_err()));
    errors
}

#[tokio::test]
async fn no_message_repeats_its_cause() {
    let errors = errors().await;
    let with_cause = errors.iter().filter(|error| depth(&***error) > 0).count();
    assert!(with_cause >= 20, "only {with_cause} of {} errors have a cause", errors.len());
    assert!(errors.iter().any(|error| depth(&**error) > 1), "no chain is longer than one");
    let found: Vec<String> = errors.iter().flat_map(|error| repeated(&**error)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_message_that_repeats_its_cause_is_seen() {
    #[derive(Debug)]
    struct Twice(std::io::Error);
    impl std::fmt::Display for Twice {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "it broke: {}", self.0)
        }
    }
    impl StdError for Twice {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }
    assert_eq!(repeated(&Twice(std::io::Error::other("the cable is out"))).len(), 1);
}
