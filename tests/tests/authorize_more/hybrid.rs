use oauth_core::{Account, Client, ErrorKind, ExposeSecret as _, PendingAttempts, Result};
use oauth_tests::issuer::{ACME_ID, Issuer, KEYS, TOKEN, tells_nothing};
use oauth_tests::keys::{Key, base64url, unsigned};
use oauth_tests::login::{SECRET, parameter, start};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

const HYBRID: &str = "authorize: {response_type: code id_token, response_mode: form_post}\n";
const CODE: &str = "canary-code";

/// What makes an ID token another one.
type Change = fn(&mut Value);

fn c_hash(code: &str) -> String {
    base64url(&digest(&SHA256, code.as_bytes()).as_ref()[..16])
}

/// A login whose callback is a POST with an ID token that has these changes.
async fn log_in(issuer: &Issuer, client: &Client, front: impl FnOnce(&mut Value)) -> Result<Account> {
    let sign = |claims: Value| Some(issuer.key.sign(&claims));
    log_in_with(issuer, client, front, sign, |_| ()).await
}

/// The same with a signature and a second ID token of the test's own.
async fn log_in_with(
    issuer: &Issuer,
    client: &Client,
    front: impl FnOnce(&mut Value),
    sign: impl FnOnce(Value) -> Option<String>,
    back: impl FnOnce(&mut Value),
) -> Result<Account> {
    let started = start(client).await;
    let nonce = parameter(&started.url, "nonce");
    assert_eq!(parameter(&started.url, "response_type").as_deref(), Some("code id_token"));
    let claims = issuer.claims(client, nonce.as_deref());
    let (mut one, mut other) = (claims.clone(), claims);
    one["c_hash"] = c_hash(CODE).into();
    front(&mut one);
    back(&mut other);
    issuer.tokens(Some(&issuer.key.sign(&other)));
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("code", CODE).append_pair("state", &started.state);
    if let Some(id_token) = sign(one) {
        form.append_pair("id_token", &id_token);
    }
    client.callback(form.finish(), started.pending, started.browser).await
}

fn hybrid(issuer: &Issuer) -> Client {
    issuer.client_of(&format!("{ACME_ID}{HYBRID}"))
}

#[tokio::test]
async fn an_id_token_beside_the_code_and_one_for_it() {
    let issuer = Issuer::start().await;
    let account = log_in(&issuer, &hybrid(&issuer), |_| ()).await.unwrap();
    assert_eq!(account.tokens().identity().unwrap().subject(), oauth_tests::issuer::SUBJECT);
    // The keys were needed before the code was spent.
    assert_eq!(issuer.paths(), [KEYS, TOKEN]);
}

/// RFC 9207 section 4: the ID token beside the code names the issuer, and a server that always does so in `iss` may leave
/// that out.
#[tokio::test]
async fn the_id_token_beside_the_code_may_name_the_issuer_alone() {
    let issuer = Issuer::start().await;
    let demanding = |file: &str| file.replacen("endpoints:\n", "endpoints:\n  iss_in_callback: true\n", 1);
    let client = issuer.client_of(&demanding(&format!("{ACME_ID}{HYBRID}")));
    assert!(client.spec().endpoints.iss_in_callback);
    log_in(&issuer, &client, |_| ()).await.unwrap();
    let another = |claims: &mut Value| claims["iss"] = "https://evil.example".into();
    let error = log_in(&issuer, &client, another).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdTokenIssuer);
    // Without the token nobody names it.
    let error = log_in_with(&issuer, &client, |_| (), |_| None, |_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IssuerMissing);
    assert_eq!(issuer.asked(TOKEN), 1);
}

#[tokio::test]
async fn invalid_c_hash_a_code_that_the_id_token_is_not_for_is_not_sent() {
    let issuer = Issuer::start().await;
    let client = hybrid(&issuer);
    let changes: [(Change, ErrorKind); 9] = [
        (|claims| claims["c_hash"] = c_hash("another-code").into(), ErrorKind::IdTokenHash),
        (|claims| drop(claims.as_object_mut().unwrap().remove("c_hash")), ErrorKind::IdTokenHash),
        (|claims| claims["nonce"] = "another".into(), ErrorKind::IdTokenNonce),
        (|claims| drop(claims.as_object_mut().unwrap().remove("nonce")), ErrorKind::IdTokenNonce),
        (|claims| claims["aud"] = "another".into(), ErrorKind::IdTokenAudience),
        (|claims| claims["iss"] = "https://evil.example".into(), ErrorKind::IdTokenIssuer),
        (|claims| claims["exp"] = 1.into(), ErrorKind::IdTokenExpired),
        (|claims| drop(claims.as_object_mut().unwrap().remove("sub")), ErrorKind::IdTokenSubject),
        (|claims| claims["azp"] = "another".into(), ErrorKind::IdTokenAudience),
    ];
    for (change, kind) in changes {
        let error = log_in(&issuer, &client, change).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        tells_nothing(&error, &[CODE, SECRET]);
        assert_eq!(issuer.asked(TOKEN), 0, "the code is sent nowhere");
    }
    let other = Key::es256("other");
    let plain = |_: &mut Value| ();
    for (sign, kind) in [
        (Box::new(|_| None) as Box<dyn FnOnce(Value) -> Option<String>>, ErrorKind::IdTokenMissing),
        (Box::new(|claims: Value| Some(other.sign(&claims))), ErrorKind::IdTokenKey),
        (
            Box::new(|claims: Value| Some(format!("{}.", unsigned(r#"{"alg":"none"}"#, claims.to_string())))),
            ErrorKind::IdTokenAlgorithm,
        ),
        (Box::new(|_| Some("x".to_owned())), ErrorKind::IdTokenMalformed),
    ] {
        let error = log_in_with(&issuer, &client, plain, sign, plain).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        assert_eq!(issuer.asked(TOKEN), 0);
    }
}

#[tokio::test]
async fn the_two_id_tokens_name_one_user_of_one_issuer() {
    let issuer = Issuer::start().await;
    let client = hybrid(&issuer);
    let sign = |claims: Value| Some(issuer.key.sign(&claims));
    let other = |claims: &mut Value| claims["sub"] = "somebody-else".into();
    let error = log_in_with(&issuer, &client, |_| (), sign, other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SubjectMismatch);
    tells_nothing(&error, &[CODE, SECRET, oauth_tests::issuer::ACCESS_TOKEN]);
}

/// A login that demands something of how and when the user logged in.
async fn demanding(issuer: &Issuer, front: Value, back: Value) -> Result<Account> {
    let client = hybrid(issuer);
    let login = client.authorize().scopes(["openid"]).require_acr(["phr", "phrh"]).param("max_age", "300");
    let started = oauth_tests::login::started(login.begin().await.unwrap());
    let claims = issuer.claims(&client, parameter(&started.url, "nonce").as_deref());
    let with = |more: &Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let mut front = with(&front);
    front["c_hash"] = c_hash(CODE).into();
    issuer.tokens(Some(&issuer.key.sign(&with(&back))));
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("code", CODE).append_pair("state", &started.state);
    form.append_pair("id_token", &issuer.key.sign(&front));
    client.callback(form.finish(), started.pending, started.browser).await
}

/// OpenID Connect Core sections 3.3.2.12, 3.1.3.7 (12) and (13), and 3.1.2.1.
#[tokio::test]
async fn what_was_demanded_of_the_login_holds_for_the_id_token_beside_the_code() {
    let issuer = Issuer::start().await;
    let (now, old) = (issuer.now() - 60, issuer.now() - 600);
    let sound = json!({"acr": "phr", "auth_time": now});
    demanding(&issuer, sound.clone(), sound.clone()).await.unwrap();
    // It says nothing of the class, which the one of the token endpoint does.
    demanding(&issuer, json!({"auth_time": now}), sound.clone()).await.unwrap();
    let before = issuer.asked(TOKEN);
    for (front, kind) in [
        (json!({"acr": "pwd", "auth_time": now}), ErrorKind::IdTokenAcr),
        (json!({"acr": "phr", "auth_time": old}), ErrorKind::IdTokenAuthTime),
        (json!({"acr": "phr"}), ErrorKind::IdTokenAuthTime),
        (json!({"acr": "phr", "auth_time": issuer.now() + 600}), ErrorKind::IdTokenAuthTime),
    ] {
        let error = demanding(&issuer, front, sound.clone()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        tells_nothing(&error, &[CODE, SECRET]);
        assert_eq!(issuer.asked(TOKEN), before, "the code is sent nowhere");
    }
    for (back, kind) in [
        (json!({"auth_time": now}), ErrorKind::IdTokenAcr),
        (json!({"acr": "pwd", "auth_time": now}), ErrorKind::IdTokenAcr),
        (json!({"acr": "phr"}), ErrorKind::IdTokenAuthTime),
    ] {
        assert_eq!(demanding(&issuer, sound.clone(), back).await.unwrap_err().kind(), kind);
    }
}

/// OpenID Connect Core section 3.3.3.6: both are about one login.
#[tokio::test]
async fn the_two_id_tokens_are_of_one_login() {
    let issuer = Issuer::start().await;
    let now = issuer.now() - 60;
    let sound = json!({"acr": "phr", "auth_time": now});
    for (back, kind) in [
        (json!({"acr": "phrh", "auth_time": now}), ErrorKind::IdTokenAcr),
        (json!({"acr": "phr", "auth_time": now - 1}), ErrorKind::IdTokenAuthTime),
    ] {
        let error = demanding(&issuer, sound.clone(), back.clone()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        tells_nothing(&error, &[CODE, SECRET, oauth_tests::issuer::ACCESS_TOKEN]);
        // Also where nothing was demanded.
        let (one, other) = (sound.clone(), back);
        let into = |more: Value| {
            move |claims: &mut Value| claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone())
        };
        let sign = |claims: Value| Some(issuer.key.sign(&claims));
        let error = log_in_with(&issuer, &hybrid(&issuer), into(one), sign, into(other)).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
    // What only one of them says is let pass.
    let sign = |claims: Value| Some(issuer.key.sign(&claims));
    let front = |claims: &mut Value| claims["acr"] = "phr".into();
    let back = |claims: &mut Value| claims["auth_time"] = now.into();
    log_in_with(&issuer, &hybrid(&issuer), front, sign, back).await.unwrap();
}

#[tokio::test]
async fn a_hybrid_login_asks_for_openid() {
    let issuer = Issuer::start().await;
    let client = hybrid(&issuer).scopes(["email"]);
    assert_eq!(client.authorize().begin().await.unwrap_err().kind(), ErrorKind::Scope);
}

#[tokio::test]
async fn a_nonce_goes_by_the_providers_name_for_it() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(&format!("{ACME_ID}authorize: {{rename: {{nonce: once}}}}\n"));
    let started = start(&client).await;
    assert_eq!(parameter(&started.url, "nonce"), None, "{}", started.url);
    let nonce = parameter(&started.url, "once").expect("the nonce");
    let sign = |mut claims: Value| {
        claims["nonce"] = nonce.into();
        Some(issuer.key.sign(&claims))
    };
    issuer.finish(&client, started, sign).await.account();
    // Nor does a caller put another one in its place.
    let error = client.authorize().param("once", "mine").begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReservedParameter);
}

/// CB-15: what nobody asked for is not looked at, and no token of the callback is ever adopted.
#[tokio::test]
async fn cb_15_an_id_token_that_nobody_asked_for_is_ignored() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(ACME_ID);
    let started = start(&client).await;
    let nonce = parameter(&started.url, "nonce");
    issuer.tokens(Some(&issuer.key.sign(&issuer.claims(&client, nonce.as_deref()))));
    let callback = format!("code={CODE}&state={}&id_token=forged&access_token=forged", started.state);
    let account = client.callback(callback, started.pending, started.browser).await.unwrap();
    assert_eq!(account.tokens().access_token().expose_secret(), oauth_tests::issuer::ACCESS_TOKEN);
}

/// CB-20: the POST of a hybrid answer brings a cookie that is `SameSite=None; Secure`, and an error comes the same way.
#[tokio::test]
async fn cb_20_a_posted_answer_finishes_the_login_of_its_browser() {
    let issuer = Issuer::start().await;
    let client = hybrid(&issuer);
    let attempts = PendingAttempts::new();
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let cookie = browser.set_cookie("login", "/callback");
    assert!(cookie.ends_with("; Path=/callback; HttpOnly; Secure; SameSite=None; Max-Age=600"), "{cookie}");
    attempts.insert(pending);
    let state = parameter(url.as_str(), "state").unwrap();
    // A forged refusal from another site brings no cookie, and ends nothing.
    let error = client.callback(format!("error=access_denied&state={state}"), &attempts, None::<&str>).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::BrowserMissing);
    let error = client.callback(format!("error=access_denied&state={state}"), &attempts, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(issuer.asked(TOKEN), 0);
}
