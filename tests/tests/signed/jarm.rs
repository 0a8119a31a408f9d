use std::time::Duration;

use oauth_core::{Account, Client, ErrorKind, PendingAttempts, Result, Step};
use oauth_tests::issuer::{ACME_ID, CLIENT_ID, Issuer, KEYS, SUBJECT, TOKEN, tells_nothing};
use oauth_tests::keys::{Key, hs256, unsigned};
use oauth_tests::login::{SECRET, Started, parameter, start};
use serde_json::{Value, json};

use crate::{Change, ISSUER, without};

const SIGNED: &str = "authorize: {response_mode: query.jwt}\n";
const CODE: &str = "canary-code";

fn client(issuer: &Issuer) -> Client {
    issuer.client_of(&format!("{ACME_ID}{SIGNED}"))
}

/// The claims of a sound answer.
fn answer(issuer: &Issuer, state: &str) -> Value {
    json!({"iss": ISSUER, "aud": CLIENT_ID, "exp": issuer.now() + 300, "code": CODE, "state": state})
}

/// A query with that JWT.
fn response(jwt: &str) -> String {
    format!("response={jwt}")
}

/// Lets the token endpoint answer this login as it should.
fn ready(issuer: &Issuer, client: &Client, started: &Started) {
    let nonce = parameter(&started.url, "nonce");
    issuer.tokens(Some(&issuer.key.sign(&issuer.claims(client, nonce.as_deref()))));
}

/// A login that is answered with the JWT that `sign` makes of a sound answer's claims.
async fn log_in(issuer: &Issuer, client: &Client, sign: impl FnOnce(Value) -> String) -> Result<Account> {
    let started = start(client).await;
    ready(issuer, client, &started);
    let jwt = sign(answer(issuer, &started.state));
    client.callback(response(&jwt), started.pending, started.browser).await
}

/// Holds that a login with that answer fails so, that no code is sent, and that nothing is told; the login itself is not
/// ended by it.
async fn refused(issuer: &Issuer, client: &Client, kind: ErrorKind, sign: impl FnOnce(Value) -> String) {
    let logins = PendingAttempts::new();
    let Started { pending, browser, state, .. } = start(client).await;
    logins.insert(pending);
    let jwt = sign(answer(issuer, &state));
    let error = client.callback(response(&jwt), &logins, browser.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (kind, Step::Callback), "{}", error.explain());
    assert_eq!(issuer.asked(TOKEN), 0, "the code is sent nowhere");
    let parts = jwt.split('.').skip(1).filter(|part| part.len() > 8).map(str::to_owned);
    let secrets: Vec<String> = parts.chain([CODE, SECRET, &state].map(str::to_owned)).collect();
    tells_nothing(&error, &secrets);
    // A stranger's answer has not used the login up: its own error still reaches it.
    let own = json!({
        "iss": ISSUER, "aud": CLIENT_ID, "exp": issuer.now() + 300, "error": "access_denied", "state": state,
    });
    let error = client.callback(response(&issuer.key.sign(&own)), &logins, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{}", error.explain());
}

#[tokio::test]
async fn a_signed_callback_ends_in_an_account() {
    let issuer = Issuer::start().await;
    for mode in ["query.jwt", "form_post.jwt", "jwt"] {
        let client = issuer.client_of(&format!("{ACME_ID}authorize: {{response_mode: {mode}}}\n"));
        let started = start(&client).await;
        assert_eq!(parameter(&started.url, "response_mode").as_deref(), Some(mode));
        let account = log_in(&issuer, &client, |claims| issuer.key.sign(&claims)).await;
        let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
        assert_eq!(account.tokens().identity().unwrap().subject(), SUBJECT);
    }
    // The keys were needed before the code was spent, and once for all clients of the issuer's first address each.
    assert_eq!(issuer.paths()[..2], [KEYS, TOKEN]);
}

#[tokio::test]
async fn what_a_sound_answer_may_have_besides() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let changes: [Change; 5] = [
        |claims| claims["aud"] = json!([CLIENT_ID]),
        |claims| claims["iat"] = (claims["exp"].as_u64().unwrap() - 300).into(),
        |claims| claims["session_state"] = "of the provider's own".into(),
        |claims| claims["expires_in"] = 5.into(),
        |claims| claims["purpose"] = json!({"of": ["any", "kind"]}),
    ];
    for change in changes {
        let sign = |mut claims: Value| {
            change(&mut claims);
            issuer.key.sign(&claims)
        };
        assert!(log_in(&issuer, &client, sign).await.is_ok());
    }
    let untyped = |claims: Value| issuer.key.sign_with(&json!({"alg": "RS256", "kid": "rsa-1"}), &claims);
    assert!(log_in(&issuer, &client, untyped).await.is_ok());
}

#[tokio::test]
async fn a_form_post_is_bound_to_its_browser_as_any_post_is() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(&format!("{ACME_ID}authorize: {{response_mode: form_post.jwt}}\n"));
    let (_, _, browser) = client.authorize().begin().await.unwrap().into_parts();
    assert!(browser.set_cookie("login", "/callback").contains("Secure; SameSite=None"));
}

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
async fn cr_14_plain_parameters_beside_a_signed_answer_are_refused() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let Started { pending, browser, state, url } = start(&client).await;
    let logins = PendingAttempts::new();
    logins.insert(pending);
    let jwt = issuer.key.sign(&answer(&issuer, &state));
    let sound = response(&jwt);
    let plain = format!("code={CODE}&state={state}");
    let iss = format!("{plain}&iss={ISSUER}");
    for query in [
        plain.clone(),
        iss,
        format!("error=access_denied&state={state}"),
        format!("{sound}&code={CODE}"),
        format!("code=injected&{sound}"),
        format!("{sound}&state={state}"),
        format!("{sound}&iss={ISSUER}"),
        format!("{sound}&error=access_denied"),
        format!("{sound}&error_description=x"),
        format!("{sound}&id_token=x"),
        format!("response=&{plain}"),
        String::new(),
        "response=".to_owned(),
    ] {
        let error = client.callback(query.as_str(), &logins, browser.clone()).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::AnswerUnsigned, Step::Callback), "{query}");
        tells_nothing(&error, &[CODE, SECRET, &state, &jwt]);
        // Nothing but the callback that needs no keys: the same is said at once.
        let error = client.verify_callback(query.as_str(), &logins, browser.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AnswerUnsigned, "{query}");
    }
    let twice = format!("{sound}&{sound}");
    let error = client.callback(twice, &logins, browser.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AmbiguousCallback);
    assert!(issuer.paths().is_empty(), "nobody was asked for anything: {:?}", issuer.paths());
    // None of it has ended the login. The redirect URI's own parameters do no harm.
    let nonce = parameter(&url, "nonce");
    issuer.tokens(Some(&issuer.key.sign(&issuer.claims(&client, nonce.as_deref()))));
    let account = client.callback(format!("tenant=7&{sound}"), &logins, browser).await;
    assert!(account.is_ok(), "{}", account.unwrap_err().explain());
}

#[tokio::test]
async fn cr_14_an_answer_is_good_once_and_for_its_own_login() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let logins = PendingAttempts::new();
    let (one, other) = (start(&client).await, start(&client).await);
    ready(&issuer, &client, &one);
    let jwt = issuer.key.sign(&answer(&issuer, &one.state));
    // Sound and signed, but of a login that another browser has started.
    logins.insert(other.pending);
    let error = client.callback(response(&jwt), &logins, other.browser.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoPendingAttempt);
    logins.insert(one.pending);
    let error = client.callback(response(&jwt), &logins, other.browser.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrowserMismatch);
    let third = start(&client).await;
    let error = client.callback(response(&jwt), third.pending, third.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StateMismatch);
    assert_eq!(issuer.asked(TOKEN), 0);
    assert!(client.callback(response(&jwt), &logins, one.browser.clone()).await.is_ok());
    let error = client.callback(response(&jwt), &logins, one.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyUsed);
    assert_eq!(issuer.asked(TOKEN), 1);
}

#[tokio::test]
async fn cr_14_the_state_is_in_the_signed_answer() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let changes: [(Change, ErrorKind); 6] = [
        (|claims| without(claims, "state"), ErrorKind::StateMissing),
        (|claims| claims["state"] = "".into(), ErrorKind::StateMissing),
        (|claims| claims["state"] = json!([claims["state"]]), ErrorKind::SignedAnswer),
        (|claims| without(claims, "code"), ErrorKind::MissingCode),
        (|claims| claims["code"] = 5.into(), ErrorKind::SignedAnswer),
        (|claims| claims["error"] = "access_denied".into(), ErrorKind::AmbiguousCallback),
    ];
    for (change, kind) in changes {
        let sign = |mut claims: Value| {
            change(&mut claims);
            issuer.key.sign(&claims)
        };
        let error = log_in(&issuer, &client, sign).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (kind, Step::Callback), "{}", error.explain());
    }
    // A claim that is there twice is no claim, however it is spelt.
    let state = r#""state":"x","#;
    for twice in [state, r#""st\u0061te":"x","#] {
        let sign = |claims: Value| {
            let payload = claims.to_string().replacen('{', &format!("{{{twice}"), 1);
            issuer.key.sign_bytes(&issuer.key.header().to_string(), payload)
        };
        refused(&issuer, &client, ErrorKind::SignedAnswer, sign).await;
    }
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

#[tokio::test]
async fn a_signed_refusal_is_told_like_any_other() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let sign = |mut claims: Value| {
        without(&mut claims, "code");
        claims["error"] = "access_denied".into();
        claims["error_description"] = format!("not today, {}", claims["state"].as_str().unwrap()).into();
        issuer.key.sign(&claims)
    };
    let error = log_in(&issuer, &client, sign).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.server().unwrap().description(), Some("not today, [redacted]"));
}

#[tokio::test]
async fn values_that_the_file_keeps_are_the_signed_ones() {
    let issuer = Issuer::start().await;
    let client =
        issuer.client_of(&format!("{ACME_ID}{SIGNED}callback: {{code: authcode, keep: {{location: {{}}}}}}\n"));
    let sign = |mut claims: Value| {
        claims["authcode"] = claims["code"].take();
        claims["location"] = "eu".into();
        without(&mut claims, "code");
        issuer.key.sign(&claims)
    };
    let account = log_in(&issuer, &client, sign).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(account.callback_extras().unwrap().str("location"), Some("eu"));
    let started = start(&client).await;
    let query = format!("location=us&{}", response(&issuer.key.sign(&answer(&issuer, &started.state))));
    let error = client.callback(query, started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AnswerUnsigned);
}

#[tokio::test]
async fn what_takes_keys_is_not_verified_at_once() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let started = start(&client).await;
    let jwt = issuer.key.sign(&answer(&issuer, &started.state));
    let error = client.verify_callback(response(&jwt), started.pending, started.browser).unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Callback));
    assert!(error.explain().contains("use `callback`"), "{}", error.explain());
}

#[tokio::test]
async fn a_stranger_makes_nobody_ask_for_keys_again_and_again() {
    let issuer = Issuer::start().await;
    let client = client(&issuer);
    let stranger = Key::es256("nobody's");
    for _ in 0..5 {
        let error = log_in(&issuer, &client, |claims| stranger.sign(&claims)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IdTokenKey);
    }
    assert_eq!(issuer.asked(KEYS), 2, "once for the first keys, and once for newer ones");
}
