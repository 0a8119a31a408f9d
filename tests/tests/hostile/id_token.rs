//! Area IDT: what an ID token says. Its keys and signature are in `id_token_keys`, renewed ones in `id_token_refresh`.
//!
//! Not here: IDT-30 (signed `UserInfo`, JARM and introspection answers), which has nothing to be tested on yet, and of
//! IDT-23 the encrypted tokens of a client that asked for some.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Authorize, Client, ErrorKind, PendingAttempts};
use oauth_tests::canned::json;
use oauth_tests::issuer::{ACCESS_TOKEN, ACME_ID, CLIENT_ID, Issuer, METADATA, Outcome, SUBJECT, TOKEN};
use oauth_tests::keys::Key;
use oauth_tests::login::{self, SECRET, client, start, started};
use ring::digest::{SHA256, SHA512, digest};
use serde_json::{Value, json};

use crate::acme_id::AcmeID;

/// The same provider, known in each of the three ways.
async fn clients(issuer: &Issuer) -> [Client; 3] {
    let compiled = AcmeID::client(CLIENT_ID, SECRET)
        .redirect_uri("https://app.example/callback")
        .clock(Arc::new(issuer.clock.clone()))
        .dangerous_at(issuer.origin())
        .erase();
    [issuer.client().await, issuer.client_of(ACME_ID), compiled]
}

/// A login whose ID token has this change is refused for that reason, however the provider is known.
async fn refused(kind: ErrorKind, change: impl Fn(&mut Value)) {
    let issuer = Issuer::start().await;
    for client in clients(&issuer).await {
        let error = issuer.log_in(&client, &change).await.refused(kind);
        assert!(error.to_string().starts_with("checking the ID token with "), "{error}");
        assert!(!error.is_retryable());
    }
}

async fn accepted(change: impl Fn(&mut Value)) {
    let issuer = Issuer::start().await;
    for client in clients(&issuer).await {
        let account = issuer.log_in(&client, &change).await.account();
        assert_eq!(account.tokens().identity().unwrap().subject(), SUBJECT);
    }
}

/// A change of one claim; `null` takes it out.
fn with(name: &'static str, value: Value) -> impl Fn(&mut Value) {
    move |claims| {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
}

/// A login whose ID token is these bytes with a sound signature; `{nonce}` and the like stand for the sound claims.
async fn raw_claims(payload: &str) -> Outcome {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let sign = |claims: Value| {
        let fill = |text: String, name: &str| text.replace(&format!("{{{name}}}"), &claims[name].to_string());
        let payload = ["iss", "sub", "aud", "exp", "iat", "nonce"].into_iter().fold(payload.to_owned(), fill);
        Some(issuer.key.sign_bytes(&issuer.key.header().to_string(), payload))
    };
    issuer.log_in_with(&client, sign).await
}

const SOUND: &str = r#"{"iss":{iss},"sub":{sub},"aud":{aud},"exp":{exp},"iat":{iat},"nonce":{nonce}}"#;

#[tokio::test]
async fn idt_04_the_issuer_is_the_expected_one_byte_for_byte() {
    accepted(|_| ()).await;
    for wrong in ["https://evil.example", "", "id.acme.example", "HTTPS://ID.ACME.EXAMPLE", "http://127.0.0.1"] {
        refused(ErrorKind::IdTokenIssuer, with("iss", wrong.into())).await;
    }
    for near in ["/", " ", "/x", "?", "#"] {
        let longer = |claims: &mut Value| claims["iss"] = format!("{}{near}", claims["iss"].as_str().unwrap()).into();
        refused(ErrorKind::IdTokenIssuer, longer).await;
    }
    for wrong in [Value::Null, json!(5), json!(["https://id.acme.example"]), json!({})] {
        refused(ErrorKind::IdTokenClaim, with("iss", wrong)).await;
    }
}

#[tokio::test]
async fn idt_04_an_issuer_that_repeats_secrets_is_not_repeated() {
    // The issuer knows code, secret and token; `refused` looks for each of them in the error.
    for secret in [SECRET, "canary-code", ACCESS_TOKEN] {
        refused(ErrorKind::IdTokenIssuer, with("iss", format!("https://{secret}.example").into())).await;
    }
}

#[tokio::test]
async fn idt_05_the_audience_is_this_client_and_nobody_else() {
    accepted(with("aud", json!([CLIENT_ID]))).await;
    accepted(with("azp", CLIENT_ID.into())).await;
    for wrong in [json!("other"), json!([]), json!(["other"]), json!("MY-CLIENT"), json!(""), json!("my-client ")] {
        refused(ErrorKind::IdTokenAudience, with("aud", wrong)).await;
    }
    for wrong in [Value::Null, json!({}), json!({"aud": CLIENT_ID}), json!(5), json!([5]), json!([[CLIENT_ID]])] {
        refused(ErrorKind::IdTokenClaim, with("aud", wrong)).await;
    }
    let both = |azp: Option<&'static str>| {
        move |claims: &mut Value| {
            claims["aud"] = json!([CLIENT_ID, "other"]);
            if let Some(azp) = azp {
                claims["azp"] = azp.into();
            }
        }
    };
    // Another audience is not trusted, whatever `azp` says; nor is a token that was issued to somebody else.
    refused(ErrorKind::IdTokenAudience, both(None)).await;
    refused(ErrorKind::IdTokenAudience, both(Some(CLIENT_ID))).await;
    refused(ErrorKind::IdTokenAudience, with("azp", "other".into())).await;

    let issuer = Issuer::start().await;
    let client = issuer.client().await.trusted_audiences(["other"]);
    issuer.log_in(&client, both(Some(CLIENT_ID))).await.account();
    issuer.log_in(&client, both(None)).await.refused(ErrorKind::IdTokenAudience);
    issuer.log_in(&client, both(Some("other"))).await.refused(ErrorKind::IdTokenAudience);
    issuer.log_in(&client, with("aud", json!(["other"]))).await.refused(ErrorKind::IdTokenAudience);
}

#[tokio::test]
async fn idt_06_the_nonce_is_this_logins() {
    for wrong in [Value::Null, json!("wrong"), json!("")] {
        refused(ErrorKind::IdTokenNonce, with("nonce", wrong)).await;
    }
    refused(ErrorKind::IdTokenNonce, |claims| claims["nonce"] = claims["nonce"].as_str().unwrap()[1..].into()).await;
    refused(ErrorKind::IdTokenClaim, |claims| claims["nonce"] = json!([claims["nonce"]])).await;
    raw_claims(SOUND).await.account();
    let twice = SOUND.replace("{nonce}}", r#"{nonce},"nonce":{nonce}}"#);
    raw_claims(&twice).await.refused(ErrorKind::IdTokenMalformed);
}

#[tokio::test]
async fn idt_06_a_nonce_is_good_for_one_login() {
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    let (one, other) = (start(&client).await, start(&client).await);
    let nonce = login::parameter(&one.url, "nonce").unwrap();
    assert_ne!(Some(&nonce), login::parameter(&other.url, "nonce").as_ref());
    let old = |mut claims: Value| {
        claims["nonce"] = nonce.into();
        Some(issuer.key.sign(&claims))
    };
    issuer.finish(&client, other, old).await.refused(ErrorKind::IdTokenNonce);

    // The refused login is over: its second callback sends nothing.
    let pending = PendingAttempts::new().clock(Arc::new(issuer.clock.clone()));
    let (state, browser) = (one.state, one.browser.clone());
    pending.insert(one.pending);
    issuer.tokens(Some(&issuer.key.sign(&issuer.claims(&client, Some("wrong")))));
    let exchanges = issuer.asked(TOKEN);
    for kind in [ErrorKind::IdTokenNonce, ErrorKind::AlreadyUsed] {
        let query = format!("code=c&state={state}");
        assert_eq!(client.callback(query, &pending, browser.clone()).await.unwrap_err().kind(), kind);
    }
    assert_eq!(issuer.asked(TOKEN), exchanges + 1);
}

#[tokio::test]
async fn idt_06_a_login_without_a_nonce_takes_no_token_with_one() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(&ACME_ID.replace("[openid]", "[other]"));
    let started = start(&client).await;
    assert_eq!(login::parameter(&started.url, "nonce"), None);
    issuer.finish(&client, started, |claims| Some(issuer.key.sign(&claims))).await.account();
    let stolen = with("nonce", "of-another-login".into());
    issuer.log_in(&client, stolen).await.refused(ErrorKind::IdTokenNonce);
}

#[tokio::test]
async fn idt_07_a_date_of_another_type_is_never_taken_for_a_missing_one() {
    let sound = SOUND.replace("{nonce}}", r#"{nonce},"nbf":1,"auth_time":1}"#);
    raw_claims(&sound).await.account();
    for wrong in
        ["\"1795000100\"", "{}", "[1795000100]", "true", "null", "-1", "1e308", "1e400", "18446744073709551616"]
    {
        for claim in ["{exp}", "{iat}", "\"nbf\":1", "\"auth_time\":1"] {
            let name = claim.split(':').next().filter(|name| name.starts_with('"'));
            let wrong = name.map_or_else(|| wrong.to_owned(), |name| format!("{name}:{wrong}"));
            raw_claims(&sound.replace(claim, &wrong)).await.refused(ErrorKind::IdTokenClaim);
        }
    }
    // RFC 7519 section 2 allows a fraction; what it then says counts.
    raw_claims(&sound.replace("{exp}", "1795000100.5")).await.account();
    raw_claims(&sound.replace("{exp}", "1794000100.5")).await.refused(ErrorKind::IdTokenExpired);
}

/// A date so many seconds from now.
fn after(name: &'static str, seconds: i64) -> impl Fn(&mut Value) {
    move |claims| claims[name] = (claims["iat"].as_i64().unwrap() + seconds).into()
}

/// A token from ten minutes ago that ended so many seconds ago.
fn ended(seconds: i64) -> impl Fn(&mut Value) {
    move |claims| {
        after("exp", -seconds)(claims);
        after("iat", -600)(claims);
    }
}

#[tokio::test]
async fn idt_08_times_are_held_to_the_clock() {
    // A minute of leeway, on both sides.
    accepted(ended(59)).await;
    refused(ErrorKind::IdTokenExpired, ended(60)).await;
    accepted(after("iat", 60)).await;
    refused(ErrorKind::IdTokenNotYetValid, after("iat", 61)).await;
    accepted(after("nbf", 60)).await;
    refused(ErrorKind::IdTokenNotYetValid, after("nbf", 61)).await;
    for missing in ["exp", "iat"] {
        refused(ErrorKind::IdTokenClaim, with(missing, Value::Null)).await;
    }
    refused(ErrorKind::IdTokenTooOld, after("iat", -7 * 24 * 60 * 60)).await;
    accepted(after("iat", -24 * 60 * 60)).await;
    // Ends that are none: in the year 9999, beyond all dates, and before the beginning.
    refused(ErrorKind::IdTokenClaim, with("exp", 253_402_300_000_u64.into())).await;
    refused(ErrorKind::IdTokenClaim, with("exp", u64::MAX.into())).await;
    refused(ErrorKind::IdTokenClaim, after("exp", -1)).await;
    accepted(after("exp", 24 * 60 * 60)).await;
}

#[tokio::test]
async fn idt_08_leeway_is_five_minutes_at_most() {
    let issuer = Issuer::start().await;
    let none = issuer.client().await.leeway(Duration::ZERO);
    issuer.log_in(&none, after("exp", 1)).await.account();
    issuer.log_in(&none, after("exp", 0)).await.refused(ErrorKind::IdTokenExpired);
    issuer.log_in(&none, after("iat", 1)).await.refused(ErrorKind::IdTokenNotYetValid);
    let most = issuer.client().await.leeway(Duration::from_secs(1_000_000));
    issuer.log_in(&most, ended(299)).await.account();
    issuer.log_in(&most, ended(300)).await.refused(ErrorKind::IdTokenExpired);
}

#[tokio::test]
async fn idt_09_a_subject_is_kept_as_it_is_or_refused() {
    for wrong in
        [Value::Null, json!(""), json!(42), json!(["x"]), json!("x".repeat(256)), json!("\u{e9}"), json!("a\0")]
    {
        refused(ErrorKind::IdTokenSubject, with("sub", wrong)).await;
    }
    let issuer = Issuer::start().await;
    let client = issuer.client().await;
    for subject in ["AbC", "abc", " 1 ", "00042", &"x".repeat(255)] {
        let account = issuer.log_in(&client, |claims| claims["sub"] = subject.into()).await.account();
        assert_eq!(account.tokens().identity().unwrap().subject(), subject);
    }
}

fn half(hash: &'static ring::digest::Algorithm, of: &str) -> Value {
    let digest = digest(hash, of.as_bytes());
    oauth_tests::keys::base64url(&digest.as_ref()[..digest.as_ref().len() / 2]).into()
}

#[tokio::test]
async fn idt_20_hashes_are_checked_whenever_they_are_there() {
    for (name, of) in [("at_hash", ACCESS_TOKEN), ("c_hash", "canary-code")] {
        accepted(with(name, half(&SHA256, of))).await;
        let whole = oauth_tests::keys::base64url(digest(&SHA256, of.as_bytes())).into();
        let padded = format!("{}==", half(&SHA256, of).as_str().unwrap()).into();
        for wrong in [half(&SHA256, "other"), half(&SHA512, of), whole, padded, json!("")] {
            refused(ErrorKind::IdTokenHash, with(name, wrong)).await;
        }
        refused(ErrorKind::IdTokenClaim, with(name, json!(["x"]))).await;
    }
    // Ed25519 hashes with SHA-512.
    let issuer = Issuer::start().await;
    let (client, key) = (issuer.client().await, Key::ed25519("ed-1"));
    issuer.keys(&[&key]);
    let sign = |hash| {
        let key = &key;
        move |mut claims: Value| {
            claims["at_hash"] = half(hash, ACCESS_TOKEN);
            Some(key.sign(&claims))
        }
    };
    issuer.log_in_with(&client, sign(&SHA512)).await.account();
    issuer.log_in_with(&client, sign(&SHA256)).await.refused(ErrorKind::IdTokenHash);
}

/// A login started in a way of its own, whose ID token has this change.
async fn asked(
    issuer: &Issuer,
    ask: impl FnOnce(Authorize<oauth_core::Dynamic>) -> Authorize<oauth_core::Dynamic>,
    change: impl Fn(&mut Value),
) -> Outcome {
    let client = issuer.client().await;
    let started = started(ask(client.authorize()).begin().await.unwrap());
    let sign = |mut claims| {
        change(&mut claims);
        Some(issuer.key.sign(&claims))
    };
    issuer.finish(&client, started, sign).await
}

#[tokio::test]
async fn idt_21_a_login_that_had_to_be_recent_or_strong_is() {
    let issuer = Issuer::start().await;
    let recent =
        async |change: &dyn Fn(&mut Value)| asked(&issuer, |login| login.param("max_age", "300"), change).await;
    recent(&after("auth_time", -360)).await.account();
    recent(&after("auth_time", -361)).await.refused(ErrorKind::IdTokenAuthTime);
    recent(&|_| ()).await.refused(ErrorKind::IdTokenAuthTime);
    // One that is later than now would pass for recent until then.
    recent(&after("auth_time", 61)).await.refused(ErrorKind::IdTokenAuthTime);
    recent(&with("auth_time", "now".into())).await.refused(ErrorKind::IdTokenClaim);

    let strong = async |acr| asked(&issuer, |login| login.require_acr(["phr", "phrh"]), with("acr", acr)).await;
    strong(json!("phrh")).await.account();
    for wrong in [json!("pwd"), json!(""), Value::Null, json!("phr phrh")] {
        strong(wrong).await.refused(ErrorKind::IdTokenAcr);
    }
    strong(json!(["phr"])).await.refused(ErrorKind::IdTokenClaim);

    // Without an ID token nobody says how or when the user logged in.
    let client = issuer.client().await;
    let attempt = client.authorize().scopes(["profile"]).require_acr(["phr"]).begin().await.unwrap();
    issuer.tokens(None);
    let (url, pending, browser) = attempt.into_parts();
    let state = login::parameter(url.as_str(), "state").unwrap();
    let error = client.callback(format!("code=c&state={state}"), pending, oauth_core::Browser::from(browser)).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::IdTokenMissing);
    let plain = login::client(login::ACME);
    let error = plain.authorize().require_acr(["phr"]).begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn idt_21_an_age_that_the_file_asks_for_is_held_to_as_well() {
    let issuer = Issuer::start().await;
    let client = issuer.client_of(&format!("{ACME_ID}authorize: {{params: {{max_age: \"300\"}}}}\n"));
    issuer.log_in(&client, after("auth_time", -300)).await.account();
    issuer.log_in(&client, after("auth_time", -400)).await.refused(ErrorKind::IdTokenAuthTime);
    issuer.log_in(&client, |_| ()).await.refused(ErrorKind::IdTokenAuthTime);
    // An age that cannot be held to is not asked for.
    for wrong in ["5m", " ", "-1", "1.5"] {
        let error = client.authorize().param("max_age", wrong).begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter, "{wrong}");
    }
}

#[tokio::test]
async fn idt_26_a_claim_comes_once_however_it_is_spelt() {
    for (name, escaped) in [("iss", r"\u0069ss"), ("aud", r"\u0061ud"), ("sub", r"s\u0075b"), ("exp", r"ex\u0070")] {
        let claim = format!("\"{name}\":{{{name}}}");
        for second in [name, escaped] {
            let twice = SOUND.replace(&claim, &format!("{claim},\"{second}\":{{{name}}}"));
            assert_ne!(twice, SOUND);
            raw_claims(&twice).await.refused(ErrorKind::IdTokenMalformed);
        }
        // Escaped and there once, it is the same claim.
        raw_claims(&SOUND.replace(&format!("\"{name}\""), &format!("\"{escaped}\""))).await.account();
    }
    for none in ["", "[]", "null", "\"x\"", "{", &format!("{SOUND}x"), &format!("{SOUND}{SOUND}")] {
        raw_claims(none).await.refused(ErrorKind::IdTokenMalformed);
    }
}

#[tokio::test]
async fn idt_27_claims_are_read_from_verified_tokens_only() {
    // A file that knows nothing of ID tokens reads none, however well it is signed.
    let issuer = Issuer::start().await;
    let plain: Vec<&str> = ACME_ID.lines().filter(|line| !line.starts_with("openid:")).collect();
    let account = issuer.log_in(&issuer.client_of(&plain.join("\n")), |_| ()).await.account();
    assert!(account.tokens().id_token().is_some() && account.tokens().identity().is_none());
    // A failed check leaves no account to read any from: `refused` holds that. What was verified is what is read.
    let account = issuer.log_in(&issuer.client().await, with("email", "ada@example.com".into())).await.account();
    let tokens = account.tokens();
    let identity = tokens.identity().unwrap();
    assert_eq!((identity.issuer(), identity.text("email").as_deref()), (issuer.origin(), Some("ada@example.com")));
    assert!(!format!("{identity:?}{tokens:?}").contains("ada@example.com"));
}

#[tokio::test]
async fn idt_31_an_id_token_that_was_asked_for_is_there() {
    let issuer = Issuer::start().await;
    for client in clients(&issuer).await {
        let error = issuer.log_in_with(&client, |_| None).await.refused(ErrorKind::IdTokenMissing);
        assert!(error.explain().contains("fix: ask for the scope `openid`"), "{}", error.explain());
        issuer.log_in_with(&client, |_| Some(String::new())).await.refused(ErrorKind::IdTokenMissing);
    }
    // Not asked for: only a file that promises one all the same is held to it.
    let other = ACME_ID.replace("[openid]", "[other]");
    let account = issuer.log_in_with(&issuer.client_of(&other), |_| None).await.account();
    assert!(account.tokens().identity().is_none());
    let always = other.replace("openid: {", "openid: {required: true, ");
    issuer.log_in_with(&issuer.client_of(&always), |_| None).await.refused(ErrorKind::IdTokenMissing);
    // A provider without OpenID is not touched by any of this.
    let outcome = client(login::ACME).dangerous_at(issuer.origin());
    assert!(outcome.validate().is_ok() && issuer.asked(METADATA) > 0);
    issuer.answer(TOKEN, json(login::TOKENS));
    let login = start(&outcome).await;
    outcome.callback(format!("code=c&state={}", login.state), login.pending, login.browser).await.unwrap();
}
