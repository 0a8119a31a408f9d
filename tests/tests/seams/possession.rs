//! Tokens that are bound to a key (RFC 9449), whichever way they come.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::{ErrorKind, TokenKind, TokenSet};
use oauth_tests::canned::{Answer, Canned, Received, json, json_status, with};
use oauth_tests::login::{SECRET, parameter};
use ring::digest;

use crate::jwt::Jwt;
use crate::{answer, client, device, everywhere, log_in, path, sent, server};

const DPOP: &str = "client_auth: body\ndpop: required\n";

fn nonce(value: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("dpop-nonce", value)];
    with(400, &headers, r#"{"error":"use_dpop_nonce"}"#)
}

fn bound() -> Answer {
    answer("token", "DPoP")
}

/// The proof of a request, checked as a server does (RFC 9449 section 4.3), and the thumbprint of its key (RFC 7638).
fn proof(request: &Received) -> (Jwt, String) {
    let jwt = Jwt::read(request.header("dpop").unwrap_or_else(|| panic!("no proof: {request:?}")));
    let key = &jwt.header["jwk"];
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    assert!(jwt.is_by(&[vec![4], coordinate("x"), coordinate("y")].concat()));
    assert_eq!(jwt.claims["htm"], request.method.as_str());
    let htu = format!("https:/{}", request.target.split('?').next().unwrap());
    assert_eq!(jwt.claims["htu"].as_str(), Some(&*htu));
    let text = format!(r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#, key["crv"], key["kty"], key["x"], key["y"]);
    let thumbprint = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()));
    (jwt, thumbprint)
}

fn asked_nonce(request: &Received) -> Option<String> {
    proof(request).0.claims["nonce"].as_str().map(str::to_owned)
}

async fn led(
    more: &str,
    answers: impl IntoIterator<Item = Answer>,
) -> (Canned, oauth_core::Client, oauth_tests::login::ManualClock) {
    let server = Canned::start(answers).await;
    let (client, clock) = client(more, SECRET);
    let client = client.dangerous_at(server.origin());
    (server, client, clock)
}

#[tokio::test]
async fn cr_08_a_pushed_request_binds_the_code_to_the_key_of_the_login() {
    let (server, client, _) = led(DPOP, [answer("par", ""), bound(), bound()]).await;
    let account = log_in(&client).await.unwrap();
    assert!(account.tokens().is_bound());
    account.refresh().await.unwrap();
    let received = server.received();
    let keys: HashSet<String> = received.iter().map(|request| proof(request).1).collect();
    assert_eq!(keys.len(), 1, "one key from the pushed request to the refresh");
    assert_eq!(sent(&received[0], "dpop_jkt"), keys.into_iter().next());
    let ids: HashSet<String> = received.iter().map(|request| proof(request).0.claims["jti"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(proof(&received[0]).0.claims.get("ath"), None);
}

#[tokio::test]
async fn cr_08_without_a_pushed_request_the_url_has_the_thumbprint() {
    let (server, client, _) = led(&format!("{DPOP}authorize: {{push: asked}}\n"), [bound()]).await;
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_str(), "state").unwrap();
    client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
    assert_eq!(parameter(url.as_str(), "dpop_jkt"), Some(proof(&server.received()[0]).1));
}

#[tokio::test]
async fn cr_08_every_way_to_tokens_binds_them_and_nothing_else_is_proved() {
    let server = server("DPoP").await;
    let (client, clock) = client(DPOP, SECRET);
    everywhere(&client.dangerous_at(server.origin()), &clock)
        .await
        .unwrap_or_else(|error| panic!("{}", error.explain()));
    let mut keys = HashSet::new();
    for request in server.received() {
        match path(&request) {
            "par" | "token" => drop(keys.insert(proof(&request).1)),
            other => assert_eq!(request.header("dpop"), None, "{other}"),
        }
    }
    assert_eq!(keys.len(), 5, "a login, a device, an exchange, an assertion, a client: each has its own");
}

#[tokio::test]
async fn cr_07_a_nonce_is_taken_wherever_tokens_are_asked_for() {
    // A pushed request, and the code: the nonce of the first is known by the second.
    let (server, client, clock) = led(DPOP, [nonce("n1"), answer("par", ""), bound()]).await;
    log_in(&client).await.unwrap();
    let asked: Vec<_> = server.received().iter().map(asked_nonce).collect();
    assert_eq!(asked, [None, Some("n1".into()), Some("n1".into())]);
    let received = server.received();
    assert_eq!(sent(&received[0], "state"), sent(&received[1], "state"), "the same request");

    let twice = |value: &str| {
        server.answer(nonce(value));
        server.answer(bound());
    };
    server.answer(answer("device", ""));
    twice("n2");
    device(&client, &clock).await.unwrap();
    twice("n3");
    client.token_exchange("subject", TokenKind::ACCESS_TOKEN).send().await.unwrap();
    twice("n4");
    client.jwt_bearer("x.y.z").account().await.unwrap();
    twice("n5");
    let account = client.client_credentials().account().await.unwrap();
    twice("n6");
    account.refresh().await.unwrap();
    let proved: Vec<_> =
        server.received()[3..].iter().filter(|request| path(request) == "token").map(asked_nonce).collect();
    let wanted = ["n1", "n2", "n2", "n3", "n3", "n4", "n4", "n5", "n5", "n6"].map(|nonce| Some(nonce.to_owned()));
    assert_eq!(proved, wanted);
}

#[tokio::test]
async fn cr_07_a_second_challenge_ends_a_pushed_request() {
    let (server, client, _) = led(DPOP, [nonce("n1"), nonce("n2"), answer("par", "")]).await;
    let error = client.authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NonceRefused);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn cr_07_a_nonce_of_one_server_is_not_shown_to_another() {
    let more = format!("{DPOP}refresh: {{url: \"https://other.acme.example/token\"}}\n");
    let given =
        with(200, &[("content-type", "application/json"), ("dpop-nonce", "of-id")], &crate::answers("token", "DPoP").1);
    let (server, client, _) = led(&more, [answer("par", ""), given, bound(), bound()]).await;
    let account = log_in(&client).await.unwrap();
    account.refresh().await.unwrap();
    client.jwt_bearer("x.y.z").account().await.unwrap();
    let asked: Vec<_> = server.received().iter().map(asked_nonce).collect();
    assert_eq!(asked, [None, None, None, Some("of-id".into())]);
}

#[tokio::test]
async fn cr_08_a_device_is_asked_about_with_one_key() {
    let pending = json_status(400, r#"{"error":"authorization_pending"}"#);
    let (server, client, clock) = led(DPOP, [answer("device", ""), pending, bound()]).await;
    let mut login = client.device().begin().await.unwrap();
    clock.advance(Duration::from_secs(5));
    assert!(login.ask().await.unwrap().is_none());
    clock.advance(Duration::from_secs(5));
    let account = login.ask().await.unwrap().unwrap();
    server.answer(json("{}"));
    account.get("/x").send().await.unwrap();
    let received = server.received();
    let keys: HashSet<String> = received[1..].iter().map(|request| proof(request).1).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(received[3].header("authorization"), Some("DPoP canary-access-token"));
}

#[tokio::test]
async fn cr_08_tokens_of_the_clients_own_keep_their_key_when_they_are_renewed() {
    let (server, client, clock) = led(DPOP, [bound(), bound(), json("{}")]).await;
    let tokens = client.client_credentials().tokens().await.unwrap();
    // Through a store.
    let tokens = TokenSet::from_exposed_json(&tokens.expose_json()).unwrap();
    assert!(tokens.is_bound());
    clock.advance(Duration::from_secs(3600));
    client.account(tokens).get("/x").send().await.unwrap();
    let keys: HashSet<String> = server.received().iter().map(|request| proof(request).1).collect();
    assert_eq!((keys.len(), server.received().len()), (1, 3));
}

#[tokio::test]
async fn cr_08_an_exchanged_token_is_bound_and_one_that_is_on_no_request_is_not() {
    let (server, client, _) = led(DPOP, [bound(), json("{}")]).await;
    let exchanged = client.token_exchange("subject", TokenKind::ACCESS_TOKEN).send().await.unwrap();
    let tokens = exchanged.into_tokens().unwrap_or_else(|error| panic!("{}", error.explain()));
    assert!(tokens.is_bound());
    client.account(tokens).get("/x").send().await.unwrap();
    let received = server.received();
    assert_eq!(proof(&received[0]).1, proof(&received[1]).1);

    let other = r#"{"access_token":"x.y.z","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:id_token"}"#;
    server.answer(json(other));
    let exchanged = client.token_exchange("subject", TokenKind::ACCESS_TOKEN).send().await.unwrap();
    assert_eq!(exchanged.into_tokens().unwrap_err().kind(), ErrorKind::TokenTypeUnsupported);
    server.answer(answer("token", "Bearer"));
    let error = client.token_exchange("subject", TokenKind::ACCESS_TOKEN).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenDowngraded);
}
