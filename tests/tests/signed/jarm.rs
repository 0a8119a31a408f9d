use oauth_core::{Account, Client, ErrorKind, PendingAttempts, Result, Step};
use oauth_tests::issuer::{ACME_ID, CLIENT_ID, Issuer, KEYS, SUBJECT, TOKEN, tells_nothing};
use oauth_tests::keys::{Key, base64url};
use oauth_tests::login::{SECRET, Started, parameter, start};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::{Change, ISSUER, without};

const SIGNED: &str = "authorize: {response_mode: query.jwt}\n";
const CODE: &str = "canary-code";

pub(crate) fn client(issuer: &Issuer) -> Client {
    issuer.client_of(&format!("{ACME_ID}{SIGNED}"))
}

/// The claims of a sound answer.
pub(crate) fn answer(issuer: &Issuer, state: &str) -> Value {
    json!({"iss": ISSUER, "aud": CLIENT_ID, "exp": issuer.now() + 300, "code": CODE, "state": state})
}

fn c_hash(code: &str) -> String {
    base64url(&digest(&SHA256, code.as_bytes()).as_ref()[..16])
}

/// A query with that JWT.
pub(crate) fn response(jwt: &str) -> String {
    format!("response={jwt}")
}

/// Lets the token endpoint answer this login as it should.
fn ready(issuer: &Issuer, client: &Client, started: &Started) {
    let nonce = parameter(&started.url, "nonce");
    issuer.tokens(Some(&issuer.key.sign(&issuer.claims(client, nonce.as_deref()))));
}

/// A login that is answered with the JWT that `sign` makes of a sound answer's claims.
pub(crate) async fn log_in(issuer: &Issuer, client: &Client, sign: impl FnOnce(Value) -> String) -> Result<Account> {
    let started = start(client).await;
    ready(issuer, client, &started);
    let jwt = sign(answer(issuer, &started.state));
    client.callback(response(&jwt), started.pending, started.browser).await
}

/// Holds that a login with that answer fails so, that no code is sent, and that nothing is told; the login itself is not
/// ended by it.
pub(crate) async fn refused(issuer: &Issuer, client: &Client, kind: ErrorKind, sign: impl FnOnce(Value) -> String) {
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
async fn an_id_token_beside_the_code_is_signed_twice() {
    let issuer = Issuer::start().await;
    let hybrid = "authorize: {response_type: code id_token, response_mode: form_post.jwt}\n";
    let client = issuer.client_of(&format!("{ACME_ID}{hybrid}"));
    for (hash, kind) in [(c_hash(CODE), None), (c_hash("another"), Some(ErrorKind::IdTokenHash))] {
        let started = start(&client).await;
        ready(&issuer, &client, &started);
        let mut front = issuer.claims(&client, parameter(&started.url, "nonce").as_deref());
        front["c_hash"] = hash.into();
        let mut claims = answer(&issuer, &started.state);
        claims["id_token"] = issuer.key.sign(&front).into();
        let jwt = issuer.key.sign(&claims);
        let account = client.callback(response(&jwt), started.pending, started.browser).await;
        assert_eq!(account.err().map(|error| error.kind()), kind);
    }
    // It is not taken from beside the signed answer.
    let started = start(&client).await;
    let jwt = issuer.key.sign(&answer(&issuer, &started.state));
    let error = client.callback(response(&jwt), started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdTokenMissing);
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
