use std::time::Duration;

use oauth_core::{Client, ErrorKind, ExposeSecret as _, Step};
use oauth_tests::canned::{Answer, Canned, json, json_status, status, with};
use oauth_tests::issuer::Issuer;
use oauth_tests::login::{ACME, SECRET, TOKENS, client, parameter};

use crate::{REFERENCE, accepted, all, names, pairs, pushing};

async fn led(yaml: &str, answers: impl IntoIterator<Item = Answer>) -> (Canned, Client) {
    let server = Canned::start(answers).await;
    let client = client(yaml).dangerous_at(server.origin());
    (server, client)
}

#[tokio::test]
async fn cr_11_the_url_has_the_client_and_the_reference_only() {
    let (server, client) = led(&pushing("scopes: {default: [read]}\n"), [accepted(), json(TOKENS)]).await;
    let attempt = client.authorize().param("login_hint", "ada@example.com").begin().await.unwrap();
    let url = attempt.url().as_str().to_owned();
    assert_eq!(pairs(&url), [("client_id".into(), "my-client".into()), ("request_uri".into(), REFERENCE.into())]);
    assert!(url.starts_with(&format!("{}/id.acme.example/authorize?client_id=", server.origin())), "{url}");

    let pushed = &server.received()[0];
    assert_eq!((pushed.method.as_str(), pushed.target.as_str()), ("POST", "/id.acme.example/par"));
    assert_eq!(pushed.header("content-type"), Some("application/x-www-form-urlencoded"));
    let value = |name: &str| parameter(&pushed.body, name).unwrap_or_default();
    assert_eq!((value("response_type"), value("scope")), ("code".to_owned(), "read".to_owned()));
    assert_eq!(value("redirect_uri"), "https://app.example/callback");
    assert_eq!(value("login_hint"), "ada@example.com");
    assert_eq!(value("code_challenge_method"), "S256");
    assert_eq!((value("client_secret"), all(&pushed.body, "client_id")), (SECRET.to_owned(), vec!["my-client".into()]));
    let mut once = names(&pushed.body);
    let count = once.len();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), count, "{}", pushed.body);

    let (_, pending, browser) = attempt.into_parts();
    let callback = format!("code=c&state={}", value("state"));
    client.callback(callback, pending, browser).await.unwrap();
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn cr_11_each_login_has_a_reference_a_state_and_a_verifier_of_its_own() {
    let second = json_status(201, r#"{"request_uri":"urn:second","expires_in":5}"#);
    let (server, client) = led(&pushing(""), [accepted(), second]).await;
    let one = client.authorize().begin().await.unwrap();
    let other = client.authorize().begin().await.unwrap();
    assert_eq!(parameter(other.url().as_str(), "request_uri").as_deref(), Some("urn:second"));
    let received = server.received();
    for name in ["state", "code_challenge"] {
        assert_ne!(parameter(&received[0].body, name), parameter(&received[1].body, name), "{name}");
    }
    // The provider forgets what was pushed soon; who is at its page by then may take their time.
    let (url_ends, start) = (other.url_expires_at().unwrap(), one.url_expires_at().unwrap() - Duration::from_secs(60));
    assert_eq!(url_ends, start + Duration::from_secs(5));
    let (_, pending, _) = other.into_parts();
    assert_eq!(pending.expires_at(), start + Duration::from_secs(600));
    assert!(!format!("{one:?} {pending:?} {}", pending.expose_json().expose_secret()).contains(REFERENCE));
}

#[tokio::test]
async fn cr_11_only_201_is_success_and_what_it_brings_is_one_parameter() {
    let good = format!(r#"{{"request_uri":"{REFERENCE}","expires_in":60}}"#);
    for (answer, kind) in [
        (json(&good), ErrorKind::BadResponse),
        (json_status(202, &good), ErrorKind::BadResponse),
        (with(302, &[("location", "https://evil.example/")], &good), ErrorKind::RedirectRefused),
        (status(201, "<html>"), ErrorKind::BadResponse),
        (json_status(201, r#"{"request_uri":["urn:x"],"expires_in":60}"#), ErrorKind::BadResponse),
        (json_status(201, r#"{"request_uri":"urn:x","expires_in":0}"#), ErrorKind::BadResponse),
        (json_status(201, r#"{"request_uri":"urn:x"}"#), ErrorKind::BadResponse),
        (json_status(201, r#"{"error":"invalid_request"}"#), ErrorKind::ProviderRefused),
        (json_status(400, r#"{"error":"invalid_scope"}"#), ErrorKind::Scope),
        (json_status(401, r#"{"error":"invalid_client"}"#), ErrorKind::ClientRejected),
        (status(413, "too large"), ErrorKind::ProviderRefused),
        (with(429, &[("retry-after", "7")], ""), ErrorKind::RateLimited),
        (status(503, ""), ErrorKind::Unavailable),
    ] {
        let shown = format!("{answer:?}");
        let (server, client) = led(&pushing(""), [answer]).await;
        let error = client.authorize().begin().await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (kind, Step::Authorize), "{shown}: {}", error.explain());
        // Nothing is sent in the browser's URL instead, and nothing is tried twice.
        assert_eq!(server.received().len(), 1, "{shown}");
    }
    let injected = json_status(201, r#"{"request_uri":"urn:x&redirect_uri=https://evil.example/#","expires_in":60}"#);
    let (_server, client) = led(&pushing(""), [injected]).await;
    let attempt = client.authorize().begin().await.unwrap();
    assert_eq!(names(attempt.url().as_str()), ["client_id", "request_uri"]);
    assert!(!attempt.url().as_str().contains('#'), "{}", attempt.url());
}

#[tokio::test]
async fn cr_11_an_error_repeats_nothing_of_the_request() {
    // A provider that throws back everything it was sent.
    let echo = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", echo.local_addr().unwrap());
    let task = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = echo.accept().await.unwrap();
        let mut read = vec![0; 16 * 1024];
        let mut length = 0;
        while !String::from_utf8_lossy(&read[..length]).contains("code_challenge_method") {
            length += stream.read(&mut read[length..]).await.unwrap();
        }
        let text = String::from_utf8_lossy(&read[..length]).into_owned();
        let body = text.split("\r\n\r\n").nth(1).unwrap().to_owned();
        let json = serde_json::json!({"error": "invalid_request", "error_description": body}).to_string();
        let head =
            format!("HTTP/1.1 400 No\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", json.len());
        stream.write_all(format!("{head}{json}").as_bytes()).await.unwrap();
        body
    });
    let details = r#"[{"type":"payment","account":"canary-account-number"}]"#;
    let login = client(&pushing(""))
        .dangerous_at(origin)
        .authorize()
        .authorization_details(details)
        .param("login_hint", "canary-hint");
    let error = login.begin().await.unwrap_err();
    let body = task.await.unwrap();
    let told = format!("{} {error:?} {}", error.explain(), error.server().unwrap());
    for name in ["state", "code_challenge", "client_secret", "login_hint", "authorization_details"] {
        let value = parameter(&body, name).unwrap();
        assert!(!told.contains(&value), "{name}: {told}");
    }
    assert!(!told.contains("canary-account-number"), "{told}");
}

#[tokio::test]
async fn pushing_is_asked_for_or_declared_and_never_skipped() {
    // Declared, and left to the caller.
    let (server, left) = led(&pushing("authorize: {push: asked}\n"), [accepted()]).await;
    assert!(names(left.authorize().begin().await.unwrap().url().as_str()).contains(&"state".to_owned()));
    assert!(server.received().is_empty());
    let attempt = left.authorize().pushed().begin().await.unwrap();
    assert_eq!(names(attempt.url().as_str()), ["client_id", "request_uri"]);
    // Not there.
    let (server, none) = led(ACME, []).await;
    let error = none.authorize().pushed().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.explain().contains("endpoints.pushed_authorization"), "{}", error.explain());
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn cr_12_metadata_that_demands_it_is_obeyed() {
    let issuer = Issuer::start().await;
    let par = format!("{}/par", issuer.origin());
    issuer.answer("/par", accepted());
    for (demands, pushes) in [(false, 0), (true, 1)] {
        issuer.metadata(|metadata| {
            metadata["pushed_authorization_request_endpoint"] = par.as_str().into();
            metadata["require_pushed_authorization_requests"] = demands.into();
        });
        let client = issuer.client().await;
        let attempt = client.authorize().begin().await.unwrap();
        assert_eq!(issuer.asked("/par"), pushes);
        assert_eq!(parameter(attempt.url().as_str(), "request_uri").is_some(), demands);
        assert_eq!(parameter(attempt.url().as_str(), "state").is_none(), demands);
    }
    let pushed = &issuer.requests("/par")[0];
    assert!(pushed.header("authorization").is_some_and(|basic| basic.starts_with("Basic ")));
    assert_eq!(all(&pushed.body, "client_id"), ["my-client"]);
    assert!(!pushed.body.contains(SECRET));
    // Whoever asks gets it from a provider that does not demand it.
    issuer.metadata(|metadata| metadata["pushed_authorization_request_endpoint"] = par.as_str().into());
    let attempt = issuer.client().await.authorize().pushed().begin().await.unwrap();
    assert_eq!(names(attempt.url().as_str()), ["client_id", "request_uri"]);
    // A provider that demands it and has nowhere to send it to.
    issuer.metadata(|metadata| metadata["require_pushed_authorization_requests"] = true.into());
    let error = issuer.discovered().client("my-client", SECRET).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetadataEndpoint);
    assert!(error.to_string().contains("pushed_authorization_request_endpoint"), "{error}");
}

#[tokio::test]
async fn az_08_a_request_that_is_too_long_for_a_url_can_be_pushed() {
    let long = "x".repeat(9_000);
    let (_server, client) = led(&pushing("authorize: {push: asked}\n"), [accepted()]).await;
    let error = client.authorize().param("claims", &long).begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UrlTooLong);
    assert!(error.explain().contains(".pushed()"), "{}", error.explain());
    assert!(client.authorize().param("claims", &long).pushed().begin().await.is_ok());
}

/// Against a server that was written by itself: the whole login, and what it refuses.
#[tokio::test]
async fn a_simulated_provider_takes_pushed_requests_once() {
    let yaml = pushing(
        "authorize: {push: required, params: {audience: acme}}\nscopes: {default: [read], known: {read: Read}}\n",
    );
    for auth in ["body", "basic", "none"] {
        let spec = oauth_tests::login::spec(&yaml.replace("client_auth: body", &format!("client_auth: {auth}")));
        let sim = oauth_simulator::Simulator::start(spec.into()).await.unwrap();
        let client = sim.dynamic_client().unwrap().redirect_uri("http://127.0.0.1:1/callback");
        let attempt = client.authorize().resource("urn:a:b").resource("urn:a:c").begin().await.unwrap();
        let url = attempt.url().to_string();
        let callback = sim.scripted_user().approve(&url).await.unwrap();
        let (_, pending, browser) = attempt.into_parts();
        let account = client.callback(callback, pending, browser).await.unwrap();
        assert_eq!((account.tokens().scopes(), account.tokens().resources().len()), (&["read".to_owned()][..], 2));
        // The reference is spent, and a request that was not pushed is none.
        assert!(sim.scripted_user().approve(&url).await.is_err(), "{auth}");
        let plain = format!("{}&response_type=code", url.split("&request_uri").next().unwrap());
        assert!(sim.scripted_user().approve(&plain).await.is_err(), "{auth}");
    }
}
