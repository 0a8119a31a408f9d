//! Area CB: the authorization response.

use std::sync::Arc;
use std::time::Duration;

use oauth_core::{Browser, Client, Error, ErrorKind, PendingAttempt, PendingAttempts, Step};
use oauth_tests::canned::{Canned, json, json_status};
use oauth_tests::issuer::tells_nothing;
use oauth_tests::login::{ACME, ManualClock, SECRET, Started, TOKENS, client, log_in, spec, start};

/// What a callback comes to at a server that would answer a code, and how many requests that server got.
pub(crate) async fn outcome(yaml: &str, input: impl Fn(&Started) -> String) -> (Result<(), Error>, usize) {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(yaml).dangerous_at(server.origin());
    let started = start(&client).await;
    let input = input(&started);
    let result = client.callback(input, started.pending, started.browser).await;
    (result.map(|_| ()), server.received().len())
}

pub(crate) async fn refused(yaml: &str, kind: ErrorKind, input: impl Fn(&Started) -> String) -> Error {
    let (result, requests) = outcome(yaml, input).await;
    let error = result.expect_err("the callback must be refused");
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(requests, 0, "nothing may be sent");
    assert!(error.to_string().contains("Acme"), "{error}");
    assert!(error.explain().contains("docs: https://acme.example/docs"));
    error
}

#[tokio::test]
async fn a_sound_callback_is_accepted() {
    let (result, requests) = outcome(ACME, |started| format!("code=c&state={}", started.state)).await;
    result.unwrap();
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn cb_01_no_state_and_no_attempt_is_no_match() {
    refused(ACME, ErrorKind::StateMissing, |_| "code=c".to_owned()).await;
    refused(ACME, ErrorKind::StateMissing, |_| "code=c&state=".to_owned()).await;
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    for browser in [Browser::unknown(), Browser::cookie(""), Browser::cookie("x")] {
        for (query, kind) in [
            ("code=c&state=s", ErrorKind::NoPendingAttempt),
            ("code=c", ErrorKind::StateMissing),
            ("code=c&state=", ErrorKind::StateMissing),
        ] {
            let error = client.callback(query, None::<PendingAttempt>, browser.clone()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{query}");
        }
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn cb_02_another_browser_cannot_finish_a_login() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let attempts = PendingAttempts::new();
    let (victim, attacker) = (start(&client).await, start(&client).await);
    let query = format!("code=c&state={}", attacker.state);
    attempts.insert(attacker.pending);
    // The attacker's callback link, opened in the victim's browser: with the victim's cookie, then with none.
    let error = client.callback(&query, &attempts, victim.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrowserMismatch);
    let error = client.callback(&query, &attempts, Browser::unknown()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrowserMissing);
    assert!(error.explain().contains("SameSite"));
    assert!(server.received().is_empty());
    // The attempt is still there for the browser it belongs to.
    client.callback(&query, &attempts, attacker.browser).await.unwrap();
}

#[tokio::test]
async fn cb_03_an_attempt_of_one_provider_is_worth_nothing_at_another() {
    let server = Canned::start([json(TOKENS)]).await;
    let here = client(ACME).dangerous_at(server.origin());
    let other_id = client(&ACME.replace("id: acme\n", "id: other\n").replace("name: Acme\n", "name: Other\n"))
        .dangerous_at(server.origin());
    let other_server = client(&ACME.replace("id.acme.example", "id2.acme.example")).dangerous_at(server.origin());
    let other_client =
        spec(ACME).client("another-client", "s").clock(Arc::new(ManualClock::new())).dangerous_at(server.origin());
    for there in [other_id, other_server, other_client] {
        let started = start(&here).await;
        let error = there
            .callback(format!("code=c&state={}", started.state), started.pending, started.browser)
            .await
            .unwrap_err();
        // The callback itself is refused; the exchange would be, too.
        assert_eq!((error.kind(), error.step()), (ErrorKind::ProviderMismatch, Step::Callback), "{error}");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn cb_03_an_attempt_of_one_tenant_is_worth_nothing_at_another() {
    let yaml = "
id: shops
name: Shops
docs: https://shops.example/docs
checked: 2026-11-21
settings: {shop: {type: label}}
endpoints: {authorization: \"https://{shop}.shops.example/authorize\", token: \"https://{shop}.shops.example/token\"}
";
    let server = Canned::start([json(TOKENS)]).await;
    let [here, there] =
        ["one", "other"].map(|shop| client(yaml).set("shop", shop).unwrap().dangerous_at(server.origin()));
    let started = start(&here).await;
    let query = format!("code=c&state={}", started.state);
    let error = there.callback(query, started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProviderMismatch, "{error}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn cb_07_a_code_is_redeemed_with_this_attempts_verifier_only() {
    let server = Canned::start([json_status(400, r#"{"error":"invalid_grant"}"#)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let (injected, other) = (start(&client).await, start(&client).await);
    let challenge = oauth_tests::login::parameter(&injected.url, "code_challenge").unwrap();
    let error = client
        .callback(format!("code=stolen&state={}", injected.state), injected.pending, injected.browser)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GrantRejected);
    let body = &server.received()[0].body;
    let verifier = oauth_tests::login::parameter(&format!("http://x/?{body}"), "code_verifier").unwrap();
    assert_eq!(sha256_base64url(&verifier), challenge);
    assert_ne!(challenge, oauth_tests::login::parameter(&other.url, "code_challenge").unwrap());
}

/// RFC 7636 section 4.2, written from the server's side.
fn sha256_base64url(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()))
}

#[tokio::test]
async fn cb_08_a_callback_that_comes_twice_makes_one_request() {
    let server = Canned::start([json(TOKENS), json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let attempts = PendingAttempts::new();
    let started = start(&client).await;
    let (query, browser) = (format!("code=c&state={}", started.state), started.browser);
    attempts.insert(started.pending);
    let (one, other) =
        tokio::join!(client.callback(&query, &attempts, browser.clone()), client.callback(&query, &attempts, browser));
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    won.unwrap();
    assert_eq!(lost.unwrap_err().kind(), ErrorKind::AlreadyUsed);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn cb_09_a_late_callback_is_told_so() {
    let clock = ManualClock::new();
    let client = client(ACME).clock(Arc::new(clock.clone()));
    let started = start(&client).await;
    clock.advance(Duration::from_secs(10 * 60));
    let error =
        client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AttemptExpired);
    assert!(error.explain().contains("start the login again"));
}

#[tokio::test]
async fn cb_10_parameters_that_come_twice_are_ambiguous() {
    for query in [
        "code=a&code=b&state=S",
        "code=a&state=S&state=S",
        "code=a&error=access_denied&state=S",
        "code=a&state=S&iss=a&iss=b",
        "code=a&state=S&state=",
        "state=x&code=a&state=S",
        "error=access_denied&error=server_error&state=S",
        "code=a&code=a&state=S",
    ] {
        refused(ACME, ErrorKind::AmbiguousCallback, |started| query.replace('S', &started.state)).await;
    }
}

#[tokio::test]
async fn cb_11_a_refusal_by_the_user_is_no_fault() {
    let server = Canned::start([]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let attempts = PendingAttempts::new();
    let started = start(&client).await;
    attempts.insert(started.pending);
    let query = format!("error=access_denied&error_description=The+user+said+no&state={}", started.state);
    let error = client.callback(&query, &attempts, started.browser.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.server().unwrap().description(), Some("The user said no"));
    let again = client.callback(&query, &attempts, started.browser).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyUsed, "the attempt is used up");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_scope_that_the_provider_does_not_know_is_named() {
    let yaml = format!("{ACME}scopes: {{known: {{repo: Repositories}}}}\n");
    let client = client(&yaml);
    let (url, pending, browser) = client.authorize().scopes(["repo", "reop"]).begin().await.unwrap().into_parts();
    let state = oauth_tests::login::parameter(url.as_str(), "state").unwrap();
    let error = client.callback(format!("error=invalid_scope&state={state}"), pending, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Scope);
    assert!(
        error.explain().contains("check `reop`") && error.explain().contains("it knows repo"),
        "{}",
        error.explain()
    );
}

#[tokio::test]
async fn cb_12_a_forged_refusal_ends_no_login() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let attempts = PendingAttempts::new();
    let started = start(&client).await;
    attempts.insert(started.pending);
    for forged in ["error=access_denied", "error=access_denied&state=wrong"] {
        client.callback(forged, &attempts, started.browser.clone()).await.unwrap_err();
    }
    // Even with the right state, but from another browser.
    client
        .callback(format!("error=access_denied&state={}", started.state), &attempts, Browser::cookie("x"))
        .await
        .unwrap_err();
    client.callback(format!("code=c&state={}", started.state), &attempts, started.browser).await.unwrap();
}

#[tokio::test]
async fn cb_13_and_14_a_providers_words_are_cleaned_and_cut() {
    let nasty = "%3Cscript%3E%1B%5B2J%0D%0Ax%E2%80%AEevil".to_owned() + &"A".repeat(5000);
    let server = Canned::start([]).await;
    let client: Client = client(ACME).dangerous_at(server.origin());
    let started = start(&client).await;
    let query = format!(
        "error=invalid_request&error_description={nasty}&error_uri=javascript:alert(1)&state={}",
        started.state
    );
    let error = client.callback(query, started.pending, started.browser).await.unwrap_err();
    let text = error.explain();
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']), "{text}");
    let description = error.server().unwrap().description().unwrap();
    assert!(description.chars().count() < 700, "{}", description.len());
    assert!(!text.contains("javascript:"), "an address of the provider's is data, not part of a message");
    assert_eq!(error.server().unwrap().uri(), Some("javascript:alert(1)"));

    // The error's own name is no better, and a megabyte of anything is no callback.
    let started = start(&client).await;
    let query = format!("error={nasty}&state={}", started.state);
    let error = client.callback(query, started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuthorizationRefused);
    let text = format!("{} {error:?} {:?}", error.explain(), error.server());
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']), "{text}");
    assert!(error.server().unwrap().code().unwrap().chars().count() < 700 && text.len() < 4000, "{}", text.len());
    let started = start(&client).await;
    let query = format!("error=invalid_request&state={}&error_description={}", started.state, "A".repeat(1024 * 1024));
    let error = client.callback(query, started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CallbackTooLarge);
    assert!(format!("{} {error:?}", error.explain()).len() < 4000);
}

#[tokio::test]
async fn cb_15_tokens_in_the_callback_are_not_adopted() {
    refused(ACME, ErrorKind::MissingCode, |started| {
        format!("access_token=stolen&token_type=bearer&state={}", started.state)
    })
    .await;
    refused(ACME, ErrorKind::StateMissing, |started| {
        format!("https://app.example/callback#access_token=x&state={}", started.state)
    })
    .await;
}

#[tokio::test]
async fn cb_16_unknown_parameters_are_ignored() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let started = start(&client).await;
    let query = format!("code=c&state={}&session_state=x&authuser=0&hd=evil.example&scope=admin", started.state);
    let account = client.callback(query, started.pending, started.browser).await.unwrap();
    assert!(account.tokens().scopes().is_empty());
    assert!(!format!("{:?}", account.tokens()).contains("evil"));
    assert!(!server.received()[0].body.contains("evil"));
}

#[tokio::test]
async fn cb_17_a_code_passes_byte_for_byte_and_within_bounds() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let started = start(&client).await;
    client
        .callback(format!("code=a%2Bb%20c%00d%0Ae&state={}", started.state), started.pending, started.browser)
        .await
        .unwrap();
    let body = &server.received()[0].body;
    assert_eq!(oauth_tests::login::parameter(&format!("http://x/?{body}"), "code").unwrap(), "a+b c\0d\ne");
    refused(ACME, ErrorKind::CallbackTooLarge, |started| format!("code={}&state={}", "a".repeat(9000), started.state))
        .await;
    refused(ACME, ErrorKind::CallbackTooLarge, |started| {
        format!("code={}&state={}", "a".repeat(100_000), started.state)
    })
    .await;
}

#[tokio::test]
async fn cb_18_a_state_is_compared_whole() {
    refused(ACME, ErrorKind::StateMismatch, |started| format!("code=c&state={}", &started.state[..21])).await;
    refused(ACME, ErrorKind::StateMismatch, |started| format!("code=c&state={}x", started.state)).await;
    refused(ACME, ErrorKind::StateMismatch, |started| {
        let swapped: String = started
            .state
            .chars()
            .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect();
        format!("code=c&state={swapped}")
    })
    .await;
}

#[tokio::test]
async fn cb_19_a_stored_attempt_is_nothing_else_and_nothing_else_is_one() {
    use oauth_core::{ExposeSecret as _, SecretString};
    let client = client(ACME);
    let stored = start(&client).await.pending.expose_json();
    PendingAttempt::from_exposed_json(&stored).unwrap();
    assert!(oauth_core::TokenSet::from_exposed_json(&stored).is_err());
    let other: SecretString = stored.expose_secret().replace("oauth-pending-attempt/1", "magic-link/1").into();
    assert!(PendingAttempt::from_exposed_json(&other).is_err());
}

#[tokio::test]
async fn cb_22_state_and_verifier_are_both_always_there() {
    let (server, account) = log_in([json(TOKENS)]).await;
    account.unwrap();
    assert!(server.received()[0].body.contains("code_verifier="));
    // A provider without PKCE is one whose file says so; its logins are bound by state and browser all the same.
    let without = format!(
        "{ACME}pkce: unsupported\nquirks: [{{field: pkce, because: it is so, source: https://acme.example/docs}}]\n"
    );
    for yaml in [ACME, &*without] {
        for state in ["", "x", "AAAAAAAAAAAAAAAAAAAAAA"] {
            let (result, requests) = outcome(yaml, |_| format!("code=c&state={state}")).await;
            assert!(matches!(result.unwrap_err().kind(), ErrorKind::StateMismatch | ErrorKind::StateMissing));
            assert_eq!(requests, 0);
        }
        let client = client(yaml);
        let started = start(&client).await;
        let verifier = oauth_tests::login::parameter(&started.url, "code_challenge");
        assert_eq!(verifier.is_some(), yaml == ACME);
        let query = format!("code=c&state={}", started.state);
        let error = client.callback(&query, started.pending, Browser::unknown()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrowserMissing);
    }
}

#[tokio::test]
async fn cb_20_a_post_from_another_site_needs_a_cookie_that_comes_along() {
    let yaml = format!("{ACME}authorize: {{response_mode: form_post}}\n");
    let server = Canned::start([json(TOKENS)]).await;
    let client = client(&yaml).dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    assert_eq!(oauth_tests::login::parameter(url.as_str(), "response_mode").as_deref(), Some("form_post"));
    let cookie = browser.set_cookie("login", "/callback");
    assert_eq!(
        cookie,
        format!("login={}; Path=/callback; HttpOnly; Secure; SameSite=None; Max-Age=600", browser.expose())
    );

    let attempts = PendingAttempts::new();
    attempts.insert(pending);
    let state = oauth_tests::login::parameter(url.as_str(), "state").unwrap();
    // A Lax cookie stays behind; the state alone, right as it is, finishes no login.
    let error = client.callback(format!("code=c&state={state}"), &attempts, Browser::unknown()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrowserMissing);
    for words in ["cross-site POST", "SameSite=None; Secure", "set_cookie"] {
        assert!(error.explain().contains(words), "{}", error.explain());
    }
    for no_state in ["code=c", "code=c&state=", "code=c&state=x"] {
        client.callback(no_state, &attempts, Browser::from(browser.clone())).await.unwrap_err();
    }
    assert!(server.received().is_empty());
    client.callback(format!("code=c&state={state}"), &attempts, Browser::from(browser)).await.unwrap();

    // Everywhere else the cookie is Lax, and Secure unless the callback is plain http on this machine.
    let cookie = |redirect_uri: &'static str| async move {
        let client = oauth_tests::login::client(ACME).redirect_uri(redirect_uri).dangerous_allow_http_redirect();
        client.authorize().begin().await.unwrap().into_parts().2.set_cookie("login", "/")
    };
    assert!(cookie("https://app.example/callback").await.ends_with("; HttpOnly; Secure; SameSite=Lax; Max-Age=600"));
    assert!(cookie("http://127.0.0.1:4000/callback").await.ends_with("; HttpOnly; SameSite=Lax; Max-Age=600"));
    assert!(cookie("http://app.example/callback").await.contains("; Secure;"));
}

/// RFC 9700 section 2.6: "Authorization responses MUST NOT be transmitted over unencrypted network connections."
#[tokio::test]
async fn a_code_does_not_come_back_over_plain_http() {
    for (uri, is_taken) in [
        ("http://app.example/cb", false),
        ("http://10.0.0.7:3000/cb", false),
        ("http://localhost.example/cb", false),
        ("http://localhost:3000/cb", true),
        ("http://[::1]/cb", true),
        ("https://app.example/cb", true),
        ("com.example.app:/cb", true),
    ] {
        let client = client(ACME).redirect_uri(uri);
        let begun = client.authorize().begin().await;
        match begun {
            Ok(_) => assert!(is_taken, "{uri}"),
            Err(error) => {
                assert_eq!((error.kind(), is_taken), (ErrorKind::InsecureUrl, false), "{uri}: {}", error.explain());
                assert!(error.explain().contains("dangerous_allow_http_redirect"), "{}", error.explain());
            }
        }
        assert!(client.dangerous_allow_http_redirect().authorize().begin().await.is_ok(), "{uri}");
    }
}

/// RFC 9700 section 4.4: a code that another client verified is not sent to this one's token endpoint.
#[tokio::test]
async fn a_verified_code_goes_to_the_client_that_it_was_asked_for_by() {
    let server = Canned::start([json(TOKENS)]).await;
    let at = |yaml: &str| client(yaml).dangerous_at(server.origin());
    let verified = async || {
        let client = at(ACME);
        let started = start(&client).await;
        client.verify_callback(format!("code=canary-code&state={}", started.state), started.pending, started.browser)
    };
    let others = [
        at(&ACME.replace("id: acme", "id: other")),
        at(&ACME.replace("/token", "/v2/token")),
        at(&ACME.replace("issuer: https://id.acme.example", "issuer: https://other.acme.example")),
        spec(ACME).client("other-client", SECRET).dangerous_at(server.origin()),
    ];
    for other in others {
        let error = other.exchange(verified().await.unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::ProviderMismatch, Step::Exchange), "{}", error.explain());
        tells_nothing(&error, &["canary-code", SECRET]);
        assert!(server.received().is_empty());
    }
    at(ACME).exchange(verified().await.unwrap()).await.unwrap();
    assert_eq!(server.received().len(), 1);
}
