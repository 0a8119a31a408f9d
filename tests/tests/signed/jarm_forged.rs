use std::time::Duration;

use oauth_core::{ErrorKind, Step};
use oauth_tests::issuer::{CLIENT_ID, Issuer, TOKEN};
use oauth_tests::keys::{Key, hs256, unsigned};
use oauth_tests::login::{SECRET, start};
use serde_json::{Value, json};

use crate::jarm::{answer, client, log_in, refused, response};
use crate::{Change, ISSUER, without};

async fn each_refused(kind: ErrorKind, changes: &[Change]) {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    for change in changes {
        let sign = |mut claims: Value| {
            change(&mut claims);
            issuer.key.sign(&claims)
        };
        refused(&issuer, &client, kind, sign).await;
    }
}

#[tokio::test]
async fn fapi2_jarm_wrong_aud() {
    let changes: [Change; 5] = [
        |claims| claims["aud"] = "another".into(),
        |claims| claims["aud"] = json!([]),
        |claims| claims["aud"] = json!(["another", "and-another"]),
        |claims| claims["aud"] = json!([CLIENT_ID, "another"]),
        |claims| claims["aud"] = format!("{CLIENT_ID}x").into(),
    ];
    each_refused(ErrorKind::IdTokenAudience, &changes).await;
    each_refused(ErrorKind::SignedAnswer, &[|claims| without(claims, "aud"), |claims| claims["aud"] = 5.into()]).await;
}

#[tokio::test]
async fn fapi2_jarm_wrong_iss() {
    let changes: [Change; 4] = [
        |claims| claims["iss"] = "https://evil.example".into(),
        |claims| claims["iss"] = format!("{ISSUER}/").into(),
        |claims| claims["iss"] = "HTTPS://id.acme.example".into(),
        |claims| claims["iss"] = "".into(),
    ];
    each_refused(ErrorKind::IdTokenIssuer, &changes).await;
    each_refused(ErrorKind::SignedAnswer, &[|claims| without(claims, "iss"), |claims| claims["iss"] = json!([ISSUER])])
        .await;
}

#[tokio::test]
async fn fapi2_jarm_wrong_exp() {
    each_refused(ErrorKind::IdTokenExpired, &[|claims| claims["exp"] = 1.into()]).await;
    let changes: [Change; 4] = [
        |claims| without(claims, "exp"),
        |claims| claims["exp"] = Value::Null,
        |claims| claims["exp"] = claims["exp"].to_string().into(),
        |claims| claims["exp"] = 1e300.into(),
    ];
    each_refused(ErrorKind::SignedAnswer, &changes).await;
    let later: [Change; 2] = [
        |claims| claims["nbf"] = (claims["exp"].as_u64().unwrap() + 900).into(),
        |claims| claims["iat"] = (claims["exp"].as_u64().unwrap() + 900).into(),
    ];
    each_refused(ErrorKind::IdTokenNotYetValid, &later).await;
    // It ends while the browser is on its way.
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let started = start(&client).await;
    let jwt = issuer.key.sign(&answer(&issuer, &started.state));
    issuer.clock.advance(Duration::from_secs(420));
    let error = client.callback(response(&jwt), started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdTokenExpired);
}

#[tokio::test]
async fn fapi2_jarm_wrong_signature() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let spoilt = |claims: Value| {
        let jwt = issuer.key.sign(&claims);
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        format!("{signed}.{}", signature.chars().rev().collect::<String>())
    };
    let error = log_in(&issuer, &client, spoilt).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::IdTokenSignature), "{}", error.explain());
    // A key that is not the issuer's under the name of one that is.
    let forger = Key::other_rsa("rsa-1");
    refused(&issuer, &client, ErrorKind::IdTokenSignature, |claims| forger.sign(&claims)).await;
    let stranger = Key::es256("nobody's");
    refused(&issuer, &client, ErrorKind::IdTokenKey, |claims| stranger.sign(&claims)).await;
    // Another payload under a signature of the issuer's.
    let swapped = |mut claims: Value| {
        let jwt = issuer.key.sign(&claims);
        claims["code"] = "another-code".into();
        let header = issuer.key.header().to_string();
        format!("{}.{}", unsigned(&header, claims.to_string()), jwt.rsplit_once('.').unwrap().1)
    };
    refused(&issuer, &client, ErrorKind::IdTokenSignature, swapped).await;
}

#[tokio::test]
async fn no_algorithm_but_the_files_signs_a_callback() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None"}"#, r#"{"typ":"JWT"}"#] {
        let none = |claims: Value| format!("{}.", unsigned(header, claims.to_string()));
        refused(&issuer, &client, ErrorKind::IdTokenAlgorithm, none).await;
    }
    // The public key as the key of an HMAC (RFC 8725 section 2.1), and the client's own secret, which the file does not allow.
    let public = issuer.key.jwk().to_string();
    for secret in [public.as_str(), SECRET] {
        refused(&issuer, &client, ErrorKind::IdTokenAlgorithm, |claims| hs256(secret, &claims)).await;
    }
    let malformed = ["", "x", "a.b", "a.b.c.d", "{\"payload\":\"\"}", "e30.e30.e30"];
    for jwt in malformed.into_iter().filter(|jwt| !jwt.is_empty()) {
        let started = start(&client).await;
        let error = client.callback(response(jwt), started.pending, started.browser).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::IdTokenMalformed | ErrorKind::IdTokenAlgorithm),
            "{jwt}: {}",
            error.explain()
        );
    }
    let started = start(&client).await;
    let error = client.callback(response("a.b.c.d.e"), started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdTokenEncrypted);
    assert_eq!(issuer.asked(TOKEN), 0);
}

#[tokio::test]
async fn a_token_of_another_kind_is_no_signed_callback() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    // An ID token, even one that has a state and a code as well.
    let id_token = |claims: Value| {
        let mut all = issuer.claims(&client, Some("a-nonce"));
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        issuer.key.sign(&all)
    };
    refused(&issuer, &client, ErrorKind::SignedAnswer, id_token).await;
    refused(&issuer, &client, ErrorKind::SignedAnswer, |_| issuer.key.sign(&issuer.claims(&client, None))).await;
    for typ in ["at+jwt", "logout+jwt", "token-introspection+jwt", "application/dpop+jwt"] {
        let sign = |claims: Value| {
            let mut header = issuer.key.header();
            header["typ"] = typ.into();
            issuer.key.sign_with(&header, &claims)
        };
        refused(&issuer, &client, ErrorKind::SignedAnswer, sign).await;
    }
}

#[tokio::test]
async fn a_signed_callback_is_no_id_token() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let started = start(&client).await;
    let jwt = issuer.key.sign(&answer(&issuer, &started.state));
    issuer.tokens(Some(&jwt));
    let error = client.callback(response(&jwt), started.pending, started.browser).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::IdTokenSubject, Step::IdToken), "{}", error.explain());
    let error = client.verify_logout_token(&jwt).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LogoutToken, "{}", error.explain());
}
