//! What errors say, when servers repeat what they were sent and when nobody answers.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};
use oauth_core::spec::TokenTypeRule;
use oauth_core::{Browser, ErrorKind, ExposeSecret as _};
use oauth_simulator::{Answer, Endpoint};
use url::form_urlencoded;

use crate::catalog::{CLAIM, Rig, asks_for_profile, token_answer, with_id_token};

/// Where [`echo`] has its text, beside the standard's place.
const ECHOED: &str = "/message";

/// An answer that repeats all of the request's secrets, as some servers do, in each spelling.
fn echo(status: u16, code: &str, secrets: &[&str]) -> Answer {
    let form: Vec<String> =
        secrets.iter().map(|secret| form_urlencoded::byte_serialize(secret.as_bytes()).collect()).collect();
    let base64: Vec<String> = secrets.iter().map(|secret| STANDARD.encode(secret)).collect();
    let text = format!("you sent {} as {} or {}", secrets.join(" and "), form.join("&"), base64.join(" "));
    let body = serde_json::json!({
        "error": code, "error_description": text, "error_uri": format!("https://provider.example/errors?{}", form.join("&")),
        "message": text, "errors": [{"code": code, "message": text}]
    });
    Answer::new(status).header("content-type", "application/json").body(body.to_string())
}

/// Whether the file reads the code of [`echo`], and not its text, as the error's code.
fn reads_the_code(rig: &Rig) -> bool {
    let fields = rig.sim.spec().token.response.error.as_ref();
    fields.is_none_or(|fields| fields.code.as_deref() != Some(ECHOED))
}

/// The same in the shape of nested error objects.
fn nested_echo(status: u16, secrets: &[&str]) -> Answer {
    let body = serde_json::json!({"error": {"code": secrets[0], "type": secrets[0], "message": secrets.join(" and ")}});
    Answer::new(status).header("content-type", "application/json").body(body.to_string())
}

#[tokio::test]
async fn a_code_exchange_that_is_refused() {
    for entry in oauth_providers::catalog() {
        let mut rig = Rig::new(entry).await;
        for (status, code, kind) in [
            (401, "invalid_client", Some(ErrorKind::ClientRejected)),
            (400, "invalid_grant", Some(ErrorKind::GrantRejected)),
            (200, "invalid_request", None),
            (503, "temporarily_unavailable", Some(ErrorKind::Unavailable)),
        ] {
            for nested in [false, true] {
                let (callback, pending, browser) = rig.begin().await;
                let secrets = request_secrets(&rig, &callback, &pending);
                let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
                rig.sim.next_token_answer(if nested {
                    nested_echo(status, &secrets)
                } else {
                    echo(status, code, &secrets)
                });
                let result = rig.client.callback(callback, pending, browser).await;
                let error = rig.failed(&format!("an exchange that ends in {status} {code}"), result);
                if let (Some(kind), false, true) = (kind, nested, reads_the_code(&rig)) {
                    assert_eq!(error.kind(), kind, "{}: {}", entry.id(), error.explain());
                }
            }
        }
        rig.log_in().await;
        rig.check();
    }
}

/// Client secret, code, and the verifier where there is one.
fn request_secrets(rig: &Rig, callback: &str, pending: &oauth_core::PendingAttempt) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(pending.expose_json().expose_secret()).unwrap();
    let code = oauth_tests::login::parameter(callback, &rig.sim.spec().callback.code).expect("a code");
    let secret = rig.sim.client_secret().expose_secret().to_owned();
    [Some(code), Some(secret), json["verifier"].as_str().map(str::to_owned)].into_iter().flatten().collect()
}

#[tokio::test]
async fn answers_that_are_no_answers() {
    for entry in oauth_providers::catalog() {
        let mut rig = Rig::new(entry).await;
        // Where any `token_type` is taken, the last answer is a good one.
        let answers = 6 + usize::from(entry.spec().token.response.token_type != TokenTypeRule::Ignored);
        for number in 0..answers {
            let (callback, pending, browser) = rig.begin().await;
            let secrets = request_secrets(&rig, &callback, &pending);
            let (all, first) = (secrets.join(" "), &secrets[0]);
            rig.sim.next_token_answer(match number {
                0 => Answer::lost(),
                1 => Answer::new(200).header("content-type", "text/html").body(format!("<html>{all}</html>")),
                2 => Answer::new(302).header("location", format!("https://evil.example/?code={first}")),
                3 => Answer::new(200).body(format!("{{\"{first}\": 1, \"access_token\": 5, \"x\": \"{first}\"}}")),
                4 => Answer::new(200).header("content-encoding", first.clone()).body(all),
                5 => Answer::new(200).header("content-type", format!("application/{first}")).body(format!("{first}!")),
                _ => Answer::new(200).body(
                    serde_json::json!({"access_token": "canary-of-another-type", "token_type": first}).to_string(),
                ),
            });
            let result = rig.client.callback(callback, pending, browser).await;
            rig.failed(&format!("answer {number} to an exchange"), result);
        }
        rig.log_in().await;
        rig.check();
    }
}

#[tokio::test]
async fn a_refresh_that_is_refused() {
    for entry in oauth_providers::catalog().iter().filter(|entry| entry.spec().refresh.is_some()) {
        let mut rig = Rig::new(entry).await;
        let tokens = rig.log_in().await.tokens();
        // An account for each: one that was refused for good does not ask again.
        let client = rig.client.clone();
        let account = || client.account((*tokens).clone());
        let with = tokens.refresh_token().unwrap_or_else(|| tokens.access_token()).expose_secret().to_owned();
        let secret = rig.sim.client_secret().expose_secret().to_owned();
        for (status, code, kind) in
            [(400, "invalid_grant", ErrorKind::GrantRejected), (401, "invalid_client", ErrorKind::ClientRejected)]
        {
            rig.sim.next_token_answer(echo(status, code, &[&with, &secret]));
            let result = account().refresh().await;
            let error = rig.failed(&format!("a refresh that ends in {code}"), result);
            assert!(error.kind() == kind || !reads_the_code(&rig), "{}: {}", entry.id(), error.explain());
            rig.sim.next_token_answer(nested_echo(status, &[&with, &secret]));
            let result = account().refresh().await;
            rig.failed(&format!("a refresh that ends in a nested {status}"), result);
        }
        rig.sim.next_token_answer(Answer::lost());
        let result = account().refresh().await;
        assert_eq!(rig.failed("a refresh whose answer is lost", result).kind(), ErrorKind::Network);
        rig.check();
    }
}

#[tokio::test]
async fn a_revocation_that_is_refused() {
    for entry in oauth_providers::catalog().iter().filter(|entry| entry.spec().revoke.is_some()) {
        let mut rig = Rig::new(entry).await;
        let tokens = rig.log_in().await.tokens();
        let held = [Some(tokens.access_token()), tokens.refresh_token()].into_iter().flatten();
        let mut held: Vec<String> = held.map(|token| token.expose_secret().to_owned()).collect();
        held.push(rig.sim.client_secret().expose_secret().to_owned());
        let held: Vec<&str> = held.iter().map(String::as_str).collect();
        for (status, code) in [(400, "invalid_request"), (401, "invalid_client"), (503, "temporarily_unavailable")] {
            for answer in [echo(status, code, &held), nested_echo(status, &held)] {
                // A token that had ended is no failure, and whatever is left is asked for a second time.
                let before = rig.sim.requests_to(Endpoint::Revocation).len();
                (0..2).for_each(|_| rig.sim.next_revocation_answer(answer.clone()));
                while rig.sim.requests_to(Endpoint::Revocation).len() < before + 2 {
                    if let Err(error) = rig.client.revoke(&tokens).await {
                        rig.failed::<()>(&format!("a revocation that ends in {code}"), Err(error));
                    }
                }
            }
        }
        rig.check();
    }
}

#[tokio::test]
async fn an_api_that_refuses() {
    for entry in oauth_providers::catalog().iter().filter(|entry| entry.spec().api.is_some()) {
        let mut rig = Rig::new(entry).await;
        let account = rig.log_in().await;
        let token = account.token().await.unwrap().expose_secret().to_owned();
        for nested in [false, true] {
            for status in [400, 403, 429, 500] {
                let answer =
                    || if nested { nested_echo(status, &[&token]) } else { echo(status, "invalid_token", &[&token]) };
                rig.sim.next_api_answer(answer());
                let result = account.get("/any/thing").send().await.unwrap().error_for_status().await;
                rig.failed(&format!("a call that ends in {status}"), result);
                if asks_for_profile(entry.spec()) {
                    rig.sim.next_api_answer(answer());
                    let result = account.profile().await;
                    rig.failed(&format!("a profile that ends in {status}"), result);
                }
            }
        }
        rig.sim.next_api_answer(Answer::lost());
        let result = account.get("/any/thing").send().await;
        assert_eq!(rig.failed("a call whose answer is lost", result).kind(), ErrorKind::Network);
        rig.sim.next_api_answer(Answer::new(200).body(format!("{token} is no JSON")));
        let result = account.get("/any/thing").send().await.unwrap().json::<serde_json::Value>().await;
        rig.failed("an answer that is no JSON", result);
        rig.sim.next_api_answer(Answer::new(200).body(format!("\"{token}\"")));
        let result = account.get("/any/thing").send().await.unwrap().json::<u32>().await;
        rig.failed("an answer of another type", result);
        let result = account.get(format!("https://evil.example/?t={token}")).send().await;
        assert_eq!(rig.failed("a call to somebody else", result).kind(), ErrorKind::OriginRefused);
        let result = account.get(format!("/x?access_token={token}")).send().await;
        assert_eq!(rig.failed("a second token", result).kind(), ErrorKind::Parameter);
        rig.check();
    }
}

#[tokio::test]
async fn callbacks_that_are_refused() {
    for entry in oauth_providers::catalog() {
        let mut rig = Rig::new(entry).await;
        let code_name = entry.spec().callback.code.clone();
        for number in 0..8 {
            let (callback, pending, browser) = rig.begin().await;
            let code = oauth_tests::login::parameter(&callback, &code_name).expect("a code");
            let state = oauth_tests::login::parameter(&callback, "state").expect("a state");
            let (input, browser) = match number {
                0 => (callback, Browser::unknown()),
                1 => (callback, Browser::cookie("canary-of-another-browser")),
                2 => (callback.replace(&state, "canary-of-another-state"), browser),
                3 => (format!("{callback}&{code_name}={code}"), browser),
                4 => (format!("{callback}&iss=https%3A%2F%2F{state}.example%2F{code}"), browser),
                5 => (format!("{callback}&error={code}&error_description={state}"), browser),
                6 => (
                    format!(
                        "error=access_denied&error_description=your%20{state}&error_uri=https://x.example/{state}&state={state}"
                    ),
                    browser,
                ),
                _ => (format!("error={state}&state={state}"), browser),
            };
            // A stray issuer is refused also where the provider's file names none.
            let result = rig.client.verify_callback(input, pending, browser);
            rig.failed(&format!("callback {number}"), result);
        }
        rig.log_in().await;
        rig.check();
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached() {
    for entry in oauth_providers::catalog() {
        let mut rig = Rig::new(entry).await;
        let account = rig.log_in().await;
        let (callback, pending, browser) = rig.begin().await;
        // A port that was free a moment ago.
        let gone = oauth_tests::canned::Canned::start([]).await.origin().to_owned();
        let nowhere = rig.client.clone().dangerous_at(gone);
        let result = nowhere.callback(callback, pending, browser).await;
        let error = rig.failed("an exchange with nobody", result);
        assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Network), "{}", error.explain());
        let lost = nowhere.account((*account.tokens()).clone());
        if asks_for_profile(entry.spec()) {
            let result = lost.profile().await;
            rig.failed("a profile from nobody", result);
        }
        if entry.spec().api.is_some() {
            let result = lost.get("/any/thing").query("q", "x").send().await;
            rig.failed("a call to nobody", result);
        }
        if entry.spec().refresh.is_some() {
            let result = lost.refresh().await;
            rig.failed("a refresh with nobody", result);
        }
        rig.check();
    }
}

/// A server that answers each request with all that it was sent, and what it heard.
struct Parrot(Mutex<Vec<String>>);

impl HttpClient for Parrot {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let (parts, _) = request.into_parts();
        let headers: Vec<String> =
            parts.headers.values().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        let decoded: Vec<String> =
            form_urlencoded::parse(body.as_bytes()).map(|(name, value)| format!("{name} is {value}")).collect();
        let decoded = decoded.join(", ");
        let all = format!("you sent {} with {} and {body}, where {decoded}", parts.uri, headers.join(" and "));
        self.0.lock().unwrap().push(body);
        let answer = serde_json::json!({"error": "invalid_client", "error_description": all, "message": all});
        let answer = http::Response::builder().status(400).header("content-type", "application/json").body(answer);
        let answer = answer.unwrap().map(|json| Body::from(Bytes::from(json.to_string())));
        Box::pin(async move { Ok(answer) })
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_whole_request() {
    for entry in oauth_providers::catalog() {
        let mut rig = Rig::new(entry).await;
        let account = rig.log_in().await;
        let (callback, pending, browser) = rig.begin().await;
        let parrot = Arc::new(Parrot(Mutex::default()));
        let repeating = rig.client.clone().http_client(Arc::clone(&parrot) as Arc<dyn HttpClient>);
        let result = repeating.callback(callback, pending, browser).await;
        rig.failed("an exchange with a parrot", result);
        let other = repeating.account((*account.tokens()).clone());
        if entry.spec().refresh.is_some() {
            let result = other.refresh().await;
            rig.failed("a refresh with a parrot", result);
        }
        if asks_for_profile(entry.spec()) {
            let result = other.profile().await;
            rig.failed("a profile of a parrot", result);
        }
        if entry.spec().revoke.is_some() {
            let result = repeating.revoke(&account.tokens()).await;
            rig.failed("a revocation with a parrot", result);
        }
        // A minted secret is another one for each request.
        for heard in parrot.0.lock().unwrap().iter() {
            for (_, value) in form_urlencoded::parse(heard.as_bytes()).filter(|(name, _)| name == "client_secret") {
                rig.secrets.add("client secret that was sent", &value);
                rig.secrets.add_parts("client secret that was sent", &value);
            }
        }
        let minted = entry.spec().client_auth.minted.is_some();
        assert!(!minted || rig.secrets.has("signature of the client secret that was sent"), "{}", entry.id());
        rig.check();
    }
}

#[tokio::test]
async fn a_lookup_that_is_refused() {
    let mut seen = 0;
    for entry in oauth_providers::catalog().iter().filter(|entry| entry.spec().token.lookup.is_some()) {
        let mut rig = Rig::new(entry).await;
        let token = "canary-access-5d2e";
        for number in 0..6 {
            let (callback, pending, browser) = rig.begin().await;
            rig.sim.next_token_answer(Answer::new(200).body(token_answer(entry.spec())));
            rig.secrets.add("access token", token);
            rig.sim.next_lookup_answer(match number {
                0 => echo(403, "invalid_token", &[token]),
                1 => nested_echo(400, &[token]),
                2 => Answer::lost(),
                3 => Answer::new(200).body(format!("{token} is no JSON")),
                4 => Answer::new(200).body(format!("{{\"{token}\": \"{token}\"}}")),
                _ => Answer::new(302).header("location", format!("https://evil.example/?t={token}")),
            });
            let result = rig.client.callback(callback, pending, browser).await;
            rig.failed(&format!("answer {number} to a lookup"), result);
        }
        rig.log_in().await;
        rig.check();
        seen += 1;
    }
    assert!(seen > 0, "no provider has a lookup");
}

/// What a test does to an ID token's claims.
type Alter = fn(&mut serde_json::Map<String, serde_json::Value>);

/// Claims that make an ID token one that is not believed. Those that an error may name say something secret.
const ALTERATIONS: [Alter; 5] = [
    |claims| {
        claims.insert("nonce".to_owned(), "canary-of-another-nonce".into());
    },
    |claims| {
        claims.insert("aud".to_owned(), claims["email"].clone());
    },
    |claims| {
        claims.insert("exp".to_owned(), 1.into());
    },
    |claims| {
        let stolen = format!("https://evil.example/{}", claims["canary"].as_str().unwrap());
        claims.insert("aud".to_owned(), serde_json::json!(["my-client", stolen]));
        claims.insert("azp".to_owned(), stolen.into());
    },
    |claims| {
        claims.insert("at_hash".to_owned(), "canary-of-another-hash".into());
    },
];

#[tokio::test]
async fn id_tokens_that_are_refused() {
    let mut seen = 0;
    for entry in oauth_providers::catalog().iter().filter(|entry| with_id_token(entry.spec())) {
        let checks_nonce = entry.spec().openid.as_ref().is_some_and(|openid| openid.nonce);
        for (number, alter) in ALTERATIONS.iter().enumerate().filter(|(number, _)| *number > 0 || checks_nonce) {
            let mut rig = Rig::new(entry).await;
            rig.log_in().await;
            let sent = Arc::new(Mutex::new(Vec::new()));
            let keep = Arc::clone(&sent);
            rig.sim.id_token_claims(move |claims| {
                claims.insert("canary".to_owned(), CLAIM.into());
                alter(claims);
            });
            rig.sim.id_token_text(move |text| {
                keep.lock().unwrap().push(text.clone());
                Some(text)
            });
            let (callback, pending, browser) = rig.begin().await;
            let result = rig.client.callback(callback, pending, browser).await;
            rig.failed(&format!("ID token {number}"), result);
            // Signed by nobody, and cut off.
            for cut in [0, 40] {
                let keep = Arc::clone(&sent);
                rig.sim.id_token_text(move |text| {
                    let end = if cut == 0 { text.rfind('.').unwrap() + 1 } else { text.len() - cut };
                    keep.lock().unwrap().push(text[..end].to_owned());
                    Some(text[..end].to_owned())
                });
                let (callback, pending, browser) = rig.begin().await;
                let result = rig.client.callback(callback, pending, browser).await;
                rig.failed(&format!("ID token {number} without {cut} of its end"), result);
            }
            for token in sent.lock().unwrap().iter() {
                rig.secrets.add("id token that was refused", token);
                rig.secrets.add("claims of the refused", token.split('.').nth(1).unwrap());
            }
            rig.check();
            seen += 1;
        }
    }
    assert!(seen >= 20, "only {seen} ID tokens were refused");
}
