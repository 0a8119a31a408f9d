use oauth_core::{Account, Client, ErrorKind, Step};
use oauth_tests::canned::with;
use oauth_tests::issuer::{ACCESS_TOKEN, ACME_ID, CLIENT_ID, Issuer, SUBJECT, USERINFO, tells_nothing};
use oauth_tests::keys::{Key, hs256, unsigned};
use oauth_tests::login::SECRET;
use serde_json::{Value, json};

use crate::{Change, ISSUER, without};

fn client(issuer: &Issuer) -> Client {
    issuer.client_of(&format!("{}\n  signed: true\n", ACME_ID.trim_end()))
}

/// The claims of a sound profile.
fn claims() -> Value {
    json!({"iss": ISSUER, "aud": CLIENT_ID, "sub": SUBJECT, "name": "Ada", "email": "ada@example.com", "email_verified": true})
}

fn say(issuer: &Issuer, jwt: &str) {
    issuer.answer(USERINFO, with(200, &[("content-type", "application/jwt; charset=utf-8")], jwt));
}

async fn account(issuer: &Issuer, client: &Client) -> Account {
    issuer.log_in(client, |_| ()).await.account()
}

/// Holds that a profile of that text is refused so, and that nothing of it is told.
async fn refused(issuer: &Issuer, account: &Account, jwt: &str, kind: ErrorKind) {
    say(issuer, jwt);
    let error = account.profile().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (kind, Step::Profile), "{}", error.explain());
    let parts = jwt.split('.').filter(|part| part.len() > 8).map(str::to_owned);
    let secrets: Vec<String> = parts.chain([SECRET, ACCESS_TOKEN, "ada@example.com"].map(str::to_owned)).collect();
    tells_nothing(&error, &secrets);
}

#[tokio::test]
async fn a_signed_profile_is_asked_for_and_read() {
    let issuer = Issuer::start().await;
    let account = account(&issuer, &client(&issuer)).await;
    let now = issuer.now();
    let changes: [(&str, Value); 5] = [
        ("aud", json!([CLIENT_ID])),
        ("aud", json!([CLIENT_ID, "another"])),
        ("exp", (now + 60).into()),
        ("iat", now.into()),
        ("locale", "en".into()),
    ];
    for (name, value) in changes {
        let mut claims = claims();
        claims[name] = value;
        say(&issuer, &format!("{}\n", issuer.key.sign(&claims)));
        let profile = account.profile().await.unwrap_or_else(|error| panic!("{}", error.explain()));
        assert_eq!((profile.subject.as_str(), profile.name.as_deref()), (SUBJECT, Some("Ada")));
        assert_eq!(profile.email_verified, Some(true));
        assert_eq!(profile.raw[name], claims[name]);
    }
    let request = &issuer.requests(USERINFO)[0];
    assert_eq!(request.header("accept"), Some("application/jwt"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {ACCESS_TOKEN}").as_str()));
}

#[tokio::test]
async fn a_plain_profile_is_none_where_it_is_signed() {
    let issuer = Issuer::start().await;
    let account = account(&issuer, &client(&issuer)).await;
    let jwt = issuer.key.sign(&claims());
    for answer in [
        with(200, &[("content-type", "application/json")], &claims().to_string()),
        with(200, &[], &claims().to_string()),
        with(200, &[("content-type", "application/json")], &format!("\"{jwt}\"")),
        with(200, &[("content-type", "application/jwt-ish")], &jwt),
    ] {
        issuer.answer(USERINFO, answer);
        let error = account.profile().await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::AnswerUnsigned, Step::Profile), "{}", error.explain());
        tells_nothing(&error, &[ACCESS_TOKEN, SECRET, "ada@example.com"]);
    }
    // JSON that says that it is a JWT is none either.
    refused(&issuer, &account, &claims().to_string(), ErrorKind::IdTokenMalformed).await;
}

#[tokio::test]
async fn a_signed_profile_that_nobody_declared_is_told_as_such() {
    let issuer = Issuer::start().await;
    let account = account(&issuer, &issuer.client_of(ACME_ID)).await;
    say(&issuer, &issuer.key.sign(&claims()));
    let error = account.profile().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadApiResponse);
    assert!(error.explain().contains("profile: {signed: true}"), "{}", error.explain());
    assert_eq!(issuer.requests(USERINFO)[0].header("accept"), Some("application/json"));
}

#[tokio::test]
async fn userinfo_signed_by_another_for_another_or_of_another_time_is_refused() {
    let issuer = Issuer::start().await;
    let account = account(&issuer, &client(&issuer)).await;
    let changes: [(Change, ErrorKind); 15] = [
        (|claims| claims["iss"] = "https://evil.example".into(), ErrorKind::IdTokenIssuer),
        (|claims| claims["iss"] = format!("{ISSUER}/").into(), ErrorKind::IdTokenIssuer),
        (|claims| without(claims, "iss"), ErrorKind::SignedAnswer),
        (|claims| claims["aud"] = "another".into(), ErrorKind::IdTokenAudience),
        (|claims| claims["aud"] = json!([]), ErrorKind::IdTokenAudience),
        (|claims| without(claims, "aud"), ErrorKind::SignedAnswer),
        (|claims| claims["exp"] = 1.into(), ErrorKind::IdTokenExpired),
        (|claims| claims["exp"] = "soon".into(), ErrorKind::SignedAnswer),
        (|claims| claims["iat"] = 4_000_000_000_u64.into(), ErrorKind::IdTokenNotYetValid),
        (|claims| claims["nbf"] = 4_000_000_000_u64.into(), ErrorKind::IdTokenNotYetValid),
        // An ID token, and a logout token, are not what was asked for.
        (|claims| claims["nonce"] = "of a login".into(), ErrorKind::SignedAnswer),
        (|claims| claims["events"] = json!({}), ErrorKind::SignedAnswer),
        // Whoever it is about: the user of the ID token (OpenID Connect Core section 5.3.2).
        (|claims| claims["sub"] = "somebody-else".into(), ErrorKind::SubjectMismatch),
        (|claims| without(claims, "sub"), ErrorKind::SubjectMismatch),
        (|claims| claims["sub"] = json!([SUBJECT]), ErrorKind::BadApiResponse),
    ];
    for (change, kind) in changes {
        let mut claims = claims();
        change(&mut claims);
        refused(&issuer, &account, &issuer.key.sign(&claims), kind).await;
    }
}

#[tokio::test]
async fn userinfo_is_signed_with_the_issuers_keys_and_the_files_algorithms() {
    let issuer = Issuer::start().await;
    let account = account(&issuer, &client(&issuer)).await;
    let claims = claims();
    let header = issuer.key.header().to_string();
    let signature = issuer.key.sign(&claims).rsplit_once('.').unwrap().1.to_owned();
    let mut other = claims.clone();
    other["email"] = "eve@evil.example".into();
    for (jwt, kind) in [
        (format!("{}.", unsigned(r#"{"alg":"none"}"#, claims.to_string())), ErrorKind::IdTokenAlgorithm),
        (hs256(issuer.key.jwk().to_string(), &claims), ErrorKind::IdTokenAlgorithm),
        (hs256(SECRET, &claims), ErrorKind::IdTokenAlgorithm),
        (Key::es256("nobody's").sign(&claims), ErrorKind::IdTokenKey),
        (Key::other_rsa("rsa-1").sign(&claims), ErrorKind::IdTokenSignature),
        (format!("{}.{signature}", unsigned(&header, other.to_string())), ErrorKind::IdTokenSignature),
        ("a.b.c.d.e".to_owned(), ErrorKind::IdTokenEncrypted),
        ("not a token".to_owned(), ErrorKind::IdTokenMalformed),
        (String::new(), ErrorKind::IdTokenMalformed),
    ] {
        refused(&issuer, &account, &jwt, kind).await;
    }
    for typ in ["at+jwt", "logout+jwt", "token-introspection+jwt"] {
        let mut header = issuer.key.header();
        header["typ"] = typ.into();
        refused(&issuer, &account, &issuer.key.sign_with(&header, &claims), ErrorKind::SignedAnswer).await;
    }
}

#[tokio::test]
async fn a_refusal_is_read_as_it_always_is() {
    let issuer = Issuer::start().await;
    let account = account(&issuer, &client(&issuer)).await;
    issuer.answer(USERINFO, with(403, &[("content-type", "application/json")], r#"{"error":"not-you"}"#));
    let error = account.profile().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApiStatus);
    assert_eq!(error.server().unwrap().code(), Some("not-you"));
}
