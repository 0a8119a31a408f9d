//! Proofs of possession (RFC 9449) at both servers.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::{Account, Client, ErrorKind, PendingAttempt, TokenSet};
use oauth_tests::canned::{Answer, Canned, Received};
use oauth_tests::login::{client, parameter, start};
use ring::digest;
use serde_json::Value;

use crate::jwt::Jwt;

fn file(dpop: &str) -> String {
    format!(
        "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
         endpoints: {{authorization: https://id.acme.example/authorize, token: \"https://id.acme.example/token?x=1\"}}\n\
         client_auth: body\ndpop: {dpop}\n\
         profile: {{request: GET https://api.acme.example/me, map: {{subject: /id}}}}\n\
         api: {{base_url: https://api.acme.example}}\n"
    )
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| [*name, ": ", *value, "\r\n"].concat()).collect();
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    Answer::Bytes(text.into_bytes())
}

fn tokens(kind: &str) -> String {
    format!(
        r#"{{"access_token":"canary-access-token","token_type":"{kind}","expires_in":3600,"refresh_token":"canary-refresh-token"}}"#
    )
}

pub(crate) fn bound() -> Answer {
    answer(200, &[], &tokens("DPoP"))
}

/// RFC 9449 section 8.
fn nonce_at_as(nonce: &str) -> Answer {
    answer(400, &[("DPoP-Nonce", nonce)], r#"{"error":"use_dpop_nonce","error_description":"with my nonce"}"#)
}

/// RFC 9449 section 9.
pub(crate) fn nonce_at_rs(nonce: &str) -> Answer {
    let challenge = r#"Bearer realm="x", dpop error="use_dpop_nonce", error_description="with my nonce""#;
    answer(401, &[("WWW-Authenticate", challenge), ("DPoP-Nonce", nonce)], "{}")
}

async fn log_in(
    dpop: &str,
    answers: impl IntoIterator<Item = Answer>,
) -> (Canned, oauth_core::Result<Account>, String) {
    let server = Canned::start(answers).await;
    let client = client(&file(dpop)).dangerous_at(server.origin());
    let started = start(&client).await;
    let account = client.callback(format!("code=c0de&state={}", started.state), started.pending, started.browser).await;
    (server, account, started.url)
}

pub(crate) async fn account(answers: impl IntoIterator<Item = Answer>) -> (Canned, Account) {
    let (server, account, _) = log_in("required", [bound()]).await;
    let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
    answers.into_iter().for_each(|more| server.answer(more));
    (server, account)
}

/// The proof of a request, checked as RFC 9449 section 4.3 has it, but for its nonce.
fn proof(request: &Received, htu: &str, token: Option<&str>) -> Jwt {
    let jwt = Jwt::read(request.header("dpop").unwrap_or_else(|| panic!("no proof: {request:?}")));
    assert_eq!((&jwt.header["typ"], &jwt.header["alg"]), (&"dpop+jwt".into(), &"ES256".into()));
    let members: HashSet<&str> = jwt.header["jwk"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, HashSet::from(["kty", "crv", "x", "y"]), "the public half and nothing else");
    assert!(jwt.is_by(&point(&jwt)));
    assert_eq!((&jwt.claims["htm"], &jwt.claims["htu"]), (&request.method.as_str().into(), &htu.into()));
    assert_eq!(jwt.claims["iat"], 1_795_000_000);
    let ath = token.map(|token| digest::digest(&digest::SHA256, token.as_bytes()));
    assert_eq!(jwt.claims.get("ath"), ath.map(|ath| Value::from(URL_SAFE_NO_PAD.encode(ath))).as_ref());
    jwt
}

fn point(jwt: &Jwt) -> Vec<u8> {
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwt.header["jwk"][name].as_str().unwrap()).unwrap();
    [vec![4], coordinate("x"), coordinate("y")].concat()
}

/// RFC 7638 section 3.
fn thumbprint(jwt: &Jwt) -> String {
    let key = &jwt.header["jwk"];
    let text = format!(r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#, key["crv"], key["kty"], key["x"], key["y"]);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

const TOKEN: &str = "https://id.acme.example/token";
const ACCESS: Option<&str> = Some("canary-access-token");

#[tokio::test]
async fn cr_08_one_key_proves_every_step_of_a_login() {
    let (server, account, url) = log_in("required", [bound(), answer(200, &[], r#"{"id":"7"}"#), bound()]).await;
    let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
    account.get("/things?a=b#c").query("d", "e").send().await.unwrap();
    let renewed = account.client().refresh(&account.tokens()).await.unwrap();
    assert!(renewed.is_bound());
    let received = server.received();
    let exchange = proof(&received[0], TOKEN, None);
    assert_eq!(parameter(&url, "dpop_jkt"), Some(thumbprint(&exchange)));
    let api = proof(&received[1], "https://api.acme.example/things", ACCESS);
    assert_eq!(received[1].header("authorization"), Some("DPoP canary-access-token"));
    let refresh = proof(&received[2], TOKEN, None);
    let keys: HashSet<String> = [&exchange, &api, &refresh].map(thumbprint).into();
    assert_eq!(keys.len(), 1);
    let ids: HashSet<&str> = [&exchange, &api, &refresh].map(|jwt| jwt.claims["jti"].as_str().unwrap()).into();
    assert_eq!(ids.len(), 3, "no proof is used twice");
    for jwt in [&exchange, &api, &refresh] {
        assert_eq!(jwt.claims.get("nonce"), None);
    }
}

#[tokio::test]
async fn cr_08_the_key_is_stored_with_the_attempt_and_with_the_tokens() {
    let server = Canned::start([bound(), answer(200, &[], "{}")]).await;
    let client = client(&file("required")).dangerous_at(server.origin());
    let started = start(&client).await;
    assert!(!format!("{:?}", started.pending).contains("ES256"));
    let pending = PendingAttempt::from_exposed_json(&started.pending.expose_json()).unwrap();
    let account =
        client.callback(format!("code=c0de&state={}", started.state), pending, started.browser).await.unwrap();
    let tokens = TokenSet::from_exposed_json(&account.tokens().expose_json()).unwrap();
    assert!(tokens.is_bound());
    assert!(!format!("{tokens:?}").contains("ES256"));
    client.account(tokens).get("/things").send().await.unwrap();
    let received = server.received();
    let (exchange, api) =
        (proof(&received[0], TOKEN, None), proof(&received[1], "https://api.acme.example/things", ACCESS));
    assert_eq!(thumbprint(&exchange), thumbprint(&api));
    assert_eq!(parameter(&started.url, "dpop_jkt"), Some(thumbprint(&api)));
    let broken = account.tokens().expose_json();
    let broken = secrecy_free(&broken).replace("ES256:", "none:");
    TokenSet::from_exposed_json(&broken.into()).unwrap_err();
}

fn secrecy_free(text: &oauth_core::SecretString) -> String {
    use oauth_core::ExposeSecret as _;
    text.expose_secret().to_owned()
}

#[tokio::test]
async fn each_login_has_a_key_of_its_own() {
    let client = client(&file("required"));
    let [one, other] = [start(&client).await, start(&client).await].map(|started| parameter(&started.url, "dpop_jkt"));
    assert!(one.is_some() && one != other);
}

#[tokio::test]
async fn tok_17_a_token_that_is_bound_to_nothing_is_discarded() {
    for kind in ["Bearer", "bearer"] {
        let (server, outcome, _) = log_in("required", [answer(200, &[], &tokens(kind))]).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenDowngraded);
        assert_eq!(error.code(), "token-downgraded");
        assert!(!format!("{error:?} {}", error.explain()).contains("canary"));
        assert_eq!(server.received().len(), 1);
    }
    let (server, account) = account([answer(200, &[], &tokens("Bearer"))]).await;
    let error = account.client().refresh(&account.tokens()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenDowngraded);
    assert!(account.tokens().is_bound());
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_provider_that_may_bind_tokens_gives_bearer_tokens_as_well() {
    let (server, account, _) = log_in("supported", [answer(200, &[], &tokens("Bearer"))]).await;
    let account = account.unwrap();
    assert!(!account.tokens().is_bound());
    server.answer(answer(200, &[], "{}"));
    server.answer(answer(200, &[], &tokens("Bearer")));
    account.get("/things").send().await.unwrap();
    account.client().refresh(&account.tokens()).await.unwrap();
    let received = server.received();
    proof(&received[0], TOKEN, None);
    assert_eq!(received[1].header("authorization"), Some("Bearer canary-access-token"));
    assert_eq!(received[1].header("dpop"), None);
    // RFC 9449 section 5: a refresh token of a public client is bound to the key as well.
    proof(&received[2], TOKEN, None);
    let (_, account, _) = log_in("supported", [bound()]).await;
    assert!(account.unwrap().tokens().is_bound());
}

#[tokio::test]
async fn ref_24_a_refresh_that_binds_nothing_does_not_lose_the_key() {
    let (server, account, _) = log_in("supported", [bound()]).await;
    let account = account.unwrap();
    for binds in [false, false, true] {
        server.answer(if binds { bound() } else { answer(200, &[], &tokens("Bearer")) });
        account.refresh().await.unwrap();
        assert_eq!(account.tokens().is_bound(), binds);
        let stored = TokenSet::from_exposed_json(&account.tokens().expose_json()).unwrap();
        assert_eq!(stored.is_bound(), binds);
    }
    let received = server.received();
    let keys: Vec<_> = received.iter().map(|request| thumbprint(&proof(request, TOKEN, None))).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "one key");
}

#[tokio::test]
async fn a_bound_token_where_nobody_asked_for_one_is_refused() {
    let plain = file("required").replace("dpop: required\n", "");
    let (_, account) = oauth_tests::login::log_in_with(&plain, [bound()]).await;
    assert_eq!(account.unwrap_err().kind(), ErrorKind::TokenTypeUnsupported);
}

#[tokio::test]
async fn another_algorithm() {
    let (server, account, _) = log_in("{support: required, alg: EdDSA}", [bound()]).await;
    account.unwrap();
    let jwt = Jwt::read(server.received()[0].header("dpop").unwrap());
    assert_eq!((&jwt.header["alg"], &jwt.header["jwk"]["crv"]), (&"EdDSA".into(), &"Ed25519".into()));
}

pub(crate) fn nonces(received: &[Received]) -> Vec<Option<String>> {
    let nonce = |request: &Received| Jwt::read(request.header("dpop")?).claims["nonce"].as_str().map(str::to_owned);
    received.iter().map(nonce).collect()
}

pub(crate) fn some(nonces: &[&str]) -> Vec<Option<String>> {
    nonces.iter().map(|nonce| Some((*nonce).to_owned()).filter(|nonce| !nonce.is_empty())).collect()
}

#[tokio::test]
async fn cr_07_a_nonce_is_asked_for_once_and_learned_from_every_answer() {
    let success = |nonce| answer(200, &[("DPoP-Nonce", nonce)], &tokens("DPoP"));
    let (server, account, _) = log_in("required", [nonce_at_as("as-1"), success("as-2")]).await;
    let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
    for more in [nonce_at_rs("rs-1"), answer(200, &[("DPoP-Nonce", "rs-2")], "{}"), answer(404, &[], "{}"), bound()] {
        server.answer(more);
    }
    assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
    assert_eq!(account.get("/things").send().await.unwrap().status(), 404);
    // A clone shares what its client has learned.
    account.client().clone().refresh(&account.tokens()).await.unwrap();
    let received = server.received();
    assert_eq!(nonces(&received), some(&["", "as-1", "", "rs-1", "rs-2", "as-2"]));
    let ids: HashSet<String> =
        received.iter().map(|request| Jwt::read(request.header("dpop").unwrap()).claims["jti"].to_string()).collect();
    assert_eq!(ids.len(), 6);
    assert_eq!(parameter(&received[0].body, "code"), parameter(&received[1].body, "code"));
}

#[tokio::test]
async fn cr_07_a_second_challenge_is_an_error() {
    let (server, outcome, _) = log_in("required", [nonce_at_as("one"), nonce_at_as("two"), bound()]).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NonceRefused);
    assert_eq!(server.received().len(), 2);
    let (server, logged_in) = account([nonce_at_rs("one"), nonce_at_rs("one"), bound()]).await;
    assert_eq!(logged_in.get("/things").send().await.unwrap_err().kind(), ErrorKind::NonceRefused);
    assert_eq!(server.received().len(), 3);
    let (server, logged_in) = account([nonce_at_rs("one"), nonce_at_rs("two")]).await;
    assert_eq!(logged_in.profile().await.unwrap_err().kind(), ErrorKind::NonceRefused);
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn cr_07_only_the_right_error_with_a_nonce_is_a_challenge() {
    for refusal in [
        answer(400, &[("DPoP-Nonce", "n")], r#"{"error":"invalid_dpop_proof"}"#),
        answer(400, &[("DPoP-Nonce", "n")], r#"{"error":"invalid_grant"}"#),
        answer(400, &[], r#"{"error":"use_dpop_nonce"}"#),
        answer(400, &[("DPoP-Nonce", "a b")], r#"{"error":"use_dpop_nonce"}"#),
        answer(400, &[("DPoP-Nonce", "a"), ("DPoP-Nonce", "b")], r#"{"error":"use_dpop_nonce"}"#),
    ] {
        let (server, account, _) = log_in("required", [refusal.clone(), bound()]).await;
        assert_ne!(account.unwrap_err().kind(), ErrorKind::NonceRefused, "{refusal:?}");
        assert_eq!(server.received().len(), 1, "{refusal:?}");
    }
}

#[tokio::test]
async fn cr_09_the_right_challenge_is_picked_among_several() {
    let told = |challenge: &'static str| answer(401, &[("WWW-Authenticate", challenge), ("DPoP-Nonce", "n")], "{}");
    for challenge in [
        r#"DPOP error="use_dpop_nonce""#,
        r#"Basic realm="a, DPoP error=\"no\"", dpop algs="ES256 PS256", error=use_dpop_nonce"#,
        r#"Bearer error="invalid_token", DPoP error="use_dpop_nonce""#,
    ] {
        let (server, account) = account([told(challenge), answer(200, &[], "{}")]).await;
        assert_eq!(account.get("/things").send().await.unwrap().status(), 200, "{challenge}");
        assert_eq!(nonces(&server.received()), some(&["", "", "n"]), "{challenge}");
    }
    // The token is refused, not the proof: one refresh.
    for challenge in
        [r#"DPoP error="invalid_token", Bearer error="use_dpop_nonce""#, r#"Bearer realm="DPoP error=use_dpop_nonce""#]
    {
        let (server, account) = account([told(challenge), bound(), answer(200, &[], "{}")]).await;
        assert_eq!(account.get("/things").send().await.unwrap().status(), 200, "{challenge}");
        assert_eq!(server.received()[2].target, "/id.acme.example/token?x=1", "{challenge}");
    }
}

#[tokio::test]
async fn a_nonce_and_a_new_token_are_worth_a_request_each() {
    let refused = answer(401, &[("WWW-Authenticate", r#"DPoP error="invalid_token""#)], "{}");
    let newer = answer(200, &[], &tokens("DPoP").replace("canary-access", "newer-access"));
    let (server, account) =
        account([nonce_at_rs("one"), refused, newer, answer(200, &[], "{}"), answer(500, &[], "{}")]).await;
    assert_eq!(account.get("/things").send().await.unwrap().status(), 200);
    let received = server.received();
    assert_eq!(nonces(&received), some(&["", "", "one", "", "one"]));
    proof(&received[4], "https://api.acme.example/things", Some("newer-access-token"));
}

/// A request of another stack, and what its answer means.
async fn applied(account: &Account, status: u16, headers: &[(&str, &str)]) -> oauth_core::Result<(bool, Jwt)> {
    let (mut parts, ()) = http::Request::get("https://api.acme.example/things").body(()).unwrap().into_parts();
    let applied = account.apply(&mut parts).await?;
    let mut answer = http::HeaderMap::new();
    for (name, value) in headers {
        answer.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    let status = http::StatusCode::from_u16(status).unwrap();
    let again = account.refused(&applied, status, &answer).await?;
    Ok((again, Jwt::read(parts.headers["dpop"].to_str().unwrap())))
}

#[tokio::test]
async fn cr_07_requests_of_other_stacks_learn_nonces_and_do_not_loop() {
    let (server, account) = account([]).await;
    let challenge =
        |nonce: &'static str| [("www-authenticate", r#"DPoP error="use_dpop_nonce""#), ("dpop-nonce", nonce)];
    let (again, jwt) = applied(&account, 401, &challenge("one")).await.unwrap();
    assert!(again && jwt.claims.get("nonce").is_none());
    let (again, jwt) = applied(&account, 200, &[]).await.unwrap();
    assert_eq!((again, &jwt.claims["nonce"]), (false, &"one".into()));
    // The nonce has ended in the meantime.
    assert!(applied(&account, 401, &challenge("two")).await.unwrap().0);
    let error = applied(&account, 401, &challenge("three")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NonceRefused);
    assert_eq!(server.received().len(), 1, "no token was renewed");
}

#[tokio::test]
async fn a_client_without_dpop_sends_bound_tokens_with_their_proof_all_the_same() {
    let (_, account) = account([]).await;
    let server = Canned::start([answer(200, &[], "{}")]).await;
    let plain: Client = client(&file("required").replace("dpop: required\n", "")).dangerous_at(server.origin());
    let tokens = TokenSet::clone(&account.tokens());
    plain.account(tokens).get("/things").send().await.unwrap();
    proof(&server.received()[0], "https://api.acme.example/things", ACCESS);
}
