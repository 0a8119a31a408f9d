use oauth_core::{Client, ErrorKind, Introspection, Result, SecretString, Step, TokenSet};
use oauth_tests::canned::{Answer, json_status, with};
use oauth_tests::issuer::{ACME_ID, CLIENT_ID, Issuer, SUBJECT, tells_nothing};
use oauth_tests::keys::{Key, hs256, unsigned};
use oauth_tests::login::SECRET;
use serde_json::{Value, json};

use crate::{Change, ISSUER, without};

const PATH: &str = "/introspect";
const ASKED: &str = "canary-of-an-access-token";
const TYPE: &str = "application/token-introspection+jwt";

fn client(issuer: &Issuer) -> Client {
    let endpoint = "endpoints:\n  introspection: https://id.acme.example/introspect";
    issuer.client_of(&format!("{}\nintrospect: {{signed: true}}\n", ACME_ID.replacen("endpoints:", endpoint, 1)))
}

/// The claims of a sound answer: the token is active.
fn claims(issuer: &Issuer) -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT_ID, "iat": issuer.now(),
        "token_introspection": {"active": true, "scope": "read write", "sub": SUBJECT, "client_id": "another", "exp": 1_900_000_000},
    })
}

/// A header of the answer's own kind.
fn header(issuer: &Issuer) -> Value {
    let mut header = issuer.key.header();
    header["typ"] = "token-introspection+jwt".into();
    header
}

fn sign(issuer: &Issuer, claims: &Value) -> String {
    issuer.key.sign_with(&header(issuer), claims)
}

fn signed(jwt: &str) -> Answer {
    with(200, &[("content-type", TYPE)], jwt)
}

async fn ask(issuer: &Issuer, answer: Answer) -> Result<Introspection> {
    issuer.answer(PATH, answer);
    client(issuer).introspect(&TokenSet::new(ASKED)).await
}

async fn refused(issuer: &Issuer, jwt: &str, kind: ErrorKind) {
    let error = ask(issuer, signed(jwt)).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (kind, Step::Introspect), "{}", error.explain());
    let parts = jwt.split('.').filter(|part| part.len() > 8).map(str::to_owned);
    let secrets: Vec<String> = parts.chain([SECRET, ASKED, SUBJECT].map(str::to_owned)).collect();
    tells_nothing(&error, &secrets);
}

#[tokio::test]
async fn fapi2_signed_introspection() {
    let issuer = Issuer::start().await;
    let said = ask(&issuer, signed(&sign(&issuer, &claims(&issuer)))).await;
    let said = said.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert!(said.is_active() && said.was_issued_to("another"));
    assert_eq!((said.scopes().len(), said.subject()), (2, Some(SUBJECT)));
    // What is about the answer is not about the token.
    assert_eq!((said.issuer(), said.audiences().len(), said.issued_at()), (None, 0, None));
    assert_eq!(said.member("token_introspection"), None);
    let request = &issuer.requests(PATH)[0];
    assert_eq!((request.method.as_str(), request.header("accept")), ("POST", Some(TYPE)));
    assert_eq!(request.body, format!("token={ASKED}&token_type_hint=access_token"));
    // Any token, and an audience that is shared.
    let mut claims = claims(&issuer);
    claims["aud"] = json!(["https://api.example", CLIENT_ID]);
    claims["token_introspection"] = json!({"active": false, "sub": SUBJECT});
    issuer.answer(PATH, signed(&sign(&issuer, &claims)));
    let said = client(&issuer).introspect_token(&SecretString::from("any")).await.unwrap();
    assert_eq!((said.is_active(), said.subject()), (false, None));
}

#[tokio::test]
async fn a_plain_answer_is_none_where_it_is_signed() {
    let issuer = Issuer::start().await;
    let jwt = sign(&issuer, &claims(&issuer));
    for (kind, body) in [
        (Some("application/json"), r#"{"active":true}"#),
        (None, r#"{"active":true}"#),
        (Some("application/jwt"), jwt.as_str()),
        (Some("application/json"), jwt.as_str()),
        (None, jwt.as_str()),
    ] {
        let kind: Vec<(&str, &str)> = kind.into_iter().map(|kind| ("content-type", kind)).collect();
        let error = ask(&issuer, with(200, &kind, body)).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::AnswerUnsigned, Step::Introspect), "{}", error.explain());
        tells_nothing(&error, &[ASKED, SECRET]);
    }
    refused(&issuer, r#"{"active":true}"#, ErrorKind::IdTokenMalformed).await;
}

#[tokio::test]
async fn an_answer_of_another_issuer_client_time_or_kind_is_refused() {
    let issuer = Issuer::start().await;
    let changes: [(Change, ErrorKind); 14] = [
        (|claims| claims["iss"] = "https://evil.example".into(), ErrorKind::IdTokenIssuer),
        (|claims| without(claims, "iss"), ErrorKind::SignedAnswer),
        (|claims| claims["aud"] = "another".into(), ErrorKind::IdTokenAudience),
        (|claims| without(claims, "aud"), ErrorKind::SignedAnswer),
        (|claims| without(claims, "iat"), ErrorKind::SignedAnswer),
        (|claims| claims["iat"] = "now".into(), ErrorKind::SignedAnswer),
        (|claims| claims["iat"] = 4_000_000_000_u64.into(), ErrorKind::IdTokenNotYetValid),
        (|claims| claims["exp"] = 1.into(), ErrorKind::IdTokenExpired),
        (|claims| without(claims, "token_introspection"), ErrorKind::SignedAnswer),
        (|claims| claims["token_introspection"] = true.into(), ErrorKind::BadResponse),
        (|claims| claims["token_introspection"] = json!([{"active": true}]), ErrorKind::BadResponse),
        (|claims| claims["token_introspection"] = r#"{"active":true}"#.into(), ErrorKind::BadResponse),
        (|claims| claims["token_introspection"]["active"] = "true".into(), ErrorKind::BadResponse),
        // What stands beside the claim is not looked at.
        (
            |claims| {
                without(claims, "token_introspection");
                claims["active"] = true.into();
            },
            ErrorKind::SignedAnswer,
        ),
    ];
    for (change, kind) in changes {
        let mut claims = claims(&issuer);
        change(&mut claims);
        refused(&issuer, &sign(&issuer, &claims), kind).await;
    }
    for typ in [Value::Null, "JWT".into(), "at+jwt".into(), "logout+jwt".into()] {
        let mut header = issuer.key.header();
        header["typ"] = typ.clone();
        if typ.is_null() {
            header.as_object_mut().unwrap().remove("typ");
        }
        let jwt = issuer.key.sign_with(&header, &claims(&issuer));
        refused(&issuer, &jwt, ErrorKind::SignedAnswer).await;
    }
}

#[tokio::test]
async fn an_answer_is_signed_with_the_issuers_keys_and_the_files_algorithms() {
    let issuer = Issuer::start().await;
    let claims = claims(&issuer);
    let none = r#"{"alg":"none","typ":"token-introspection+jwt"}"#;
    for (jwt, kind) in [
        (format!("{}.", unsigned(none, claims.to_string())), ErrorKind::IdTokenAlgorithm),
        (hs256(issuer.key.jwk().to_string(), &claims), ErrorKind::IdTokenAlgorithm),
        (hs256(SECRET, &claims), ErrorKind::IdTokenAlgorithm),
        (Key::es256("nobody's").sign_with(&json!({"alg": "ES256", "kid": "nobody's"}), &claims), ErrorKind::IdTokenKey),
        (Key::other_rsa("rsa-1").sign_with(&header(&issuer), &claims), ErrorKind::IdTokenSignature),
        ("a.b.c.d.e".to_owned(), ErrorKind::IdTokenEncrypted),
        (String::new(), ErrorKind::IdTokenMalformed),
    ] {
        refused(&issuer, &jwt, kind).await;
    }
}

#[tokio::test]
async fn a_refusal_is_json_as_at_any_endpoint() {
    let issuer = Issuer::start().await;
    let error = ask(&issuer, json_status(401, r#"{"error":"invalid_client"}"#)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ClientRejected);
    let error = ask(&issuer, with(503, &[], "")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn the_end_that_a_signed_answer_tells_is_the_tokens() {
    let issuer = Issuer::start().await;
    let endpoint = "endpoints:\n  introspection: https://id.acme.example/introspect";
    let file = ACME_ID.replacen("endpoints:", endpoint, 1);
    let client = issuer.client_of(&format!("{file}\nintrospect: {{signed: true, expiry: true}}\n"));
    issuer.answer(PATH, signed(&sign(&issuer, &claims(&issuer))));
    let started = oauth_tests::login::start(&client).await;
    let nonce = oauth_tests::login::parameter(&started.url, "nonce");
    let id_token = issuer.key.sign(&issuer.claims(&client, nonce.as_deref()));
    let tokens = json!({"access_token": ASKED, "token_type": "Bearer", "id_token": id_token});
    issuer.answer(oauth_tests::issuer::TOKEN, oauth_tests::canned::json(&tokens.to_string()));
    let query = format!("code=canary-code&state={}", started.state);
    let account = client.callback(query, started.pending, started.browser).await.unwrap();
    let ends = account.tokens().expires_at().unwrap();
    assert_eq!(ends.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs(), 1_900_000_000);
}
