//! Consent of an administrator: a page of the provider, and an answer without a code.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use oauth_core::{Client, Error, ErrorKind, ExposeSecret as _, PendingConsent, Step};
use oauth_providers::microsoft::{Microsoft, Tenant};
use oauth_tests::login::{ACME, client, parameter};

const ODD: &str = "consent: {url: \"https://id.acme.example/install?app=1\", params: {who: \"{client_id}\", mode: all}, rename: {state: st}, omit: [client_id, redirect_uri], granted: {action: install}, keep: {installation: Which}}\n";

fn acme(consent: &str) -> Client {
    client(&format!("{ACME}{consent}"))
}

async fn asked(client: &Client) -> (String, PendingConsent, String) {
    let (url, pending) = client.ask_consent().begin().await.unwrap().into_parts();
    let state = pending.state().expose_secret().to_owned();
    assert!(state.len() >= 22, "{state}");
    (url.into(), pending, state)
}

fn query(url: &str) -> &str {
    url.split_once('?').unwrap().1
}

fn refused(client: &Client, answer: &str, pending: &PendingConsent) -> Error {
    let error = client.consented(answer, pending).unwrap_err();
    assert_eq!(error.step(), Step::Consent);
    error
}

#[tokio::test]
async fn an_administrator_approves() {
    let microsoft = Microsoft::client("my-app", "secret").set(Tenant::from("organizations"));
    let question = microsoft.ask_consent().redirect_uri("https://app.example/approved").param("prompt", "admin");
    let (url, pending) = question.begin().await.unwrap().into_parts();
    let (page, asked) = url.as_str().split_once('?').unwrap();
    assert_eq!(page, "https://login.microsoftonline.com/organizations/adminconsent");
    let state = pending.state().expose_secret().to_owned();
    for (name, value) in [
        ("client_id", "my-app"),
        ("redirect_uri", "https://app.example/approved"),
        ("state", &state),
        ("prompt", "admin"),
    ] {
        assert_eq!(parameter(asked, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(parameter(asked, "response_type"), None);
    let answer = format!("https://app.example/approved?tenant=a8990e1f&state={state}&admin_consent=True");
    let kept = PendingConsent::from_state(state.clone());
    let consented = microsoft.consented(&answer, &kept).unwrap();
    assert_eq!((consented.value("tenant"), consented.value("admin_consent")), (Some("a8990e1f"), None));
    let denied = format!("error=permission_denied&error_description=The+admin+canceled&state={state}");
    let error = microsoft.consented(&denied, &kept).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.server().and_then(|server| server.description()), Some("The admin canceled"));
    let china = microsoft.environment(oauth_providers::microsoft::Environment::China);
    let (url, _) = china.ask_consent().redirect_uri("https://app.example/approved").begin().await.unwrap().into_parts();
    assert!(url.as_str().starts_with("https://login.partner.microsoftonline.cn/organizations/adminconsent?"), "{url}");
}

#[tokio::test]
async fn the_file_says_how_it_is_asked() {
    let acme = acme(ODD);
    let (url, pending, state) = asked(&acme).await;
    assert_eq!(query(&url), format!("app=1&st={state}&who=my-client&mode=all"));
    let consented = acme.consented(format!("st={state}&action=install&installation=7"), &pending).unwrap();
    assert_eq!(consented.value("installation"), Some("7"));
    assert!(!format!("{consented:?} {pending:?}").contains(['7']), "names only");
    assert!(!format!("{pending:?}").contains(&state));
    let error = acme.ask_consent().param("mode", "some").begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReservedParameter);
    let error = acme.ask_consent().redirect_uri("/approved").begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn an_answer_is_this_questions_or_nobodys() {
    let acme = acme(ODD);
    let (_, pending, state) = asked(&acme).await;
    let (_, other, _) = asked(&acme).await;
    let good = format!("st={state}&action=install&installation=7");
    for (answer, kind) in [
        ("action=install&installation=7".to_owned(), ErrorKind::StateMissing),
        (good.replace(&state, "x"), ErrorKind::StateMismatch),
        ("st=&action=install".to_owned(), ErrorKind::StateMissing),
        (format!("{good}&st={state}"), ErrorKind::AmbiguousCallback),
        (format!("{good}&installation=8"), ErrorKind::AmbiguousCallback),
        (format!("st={state}&installation=7"), ErrorKind::AccessDenied),
        (format!("st={state}&action=request"), ErrorKind::AccessDenied),
        (format!("{good}&error=server_error"), ErrorKind::AuthorizationRefused),
        (format!("{good}&more={}", "x".repeat(64 * 1024)), ErrorKind::CallbackTooLarge),
    ] {
        let error = refused(&acme, &answer, &pending);
        assert_eq!(error.kind(), kind, "{}", answer.chars().take(80).collect::<String>());
        assert!(!format!("{error} {error:?} {}", error.explain()).contains(&state), "{error:?}");
    }
    assert_eq!(refused(&acme, &good, &other).kind(), ErrorKind::StateMismatch);
    // A forged refusal ends nothing.
    assert_eq!(refused(&acme, "st=x&error=access_denied", &pending).kind(), ErrorKind::StateMismatch);
    assert!(acme.consented(&good, &pending).is_ok());
}

#[tokio::test]
async fn a_provider_without_such_a_page_says_which_key_adds_it() {
    let error = acme("").ask_consent().begin().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Consent));
    assert!(error.explain().contains("add `consent` to the provider's YAML file"), "{}", error.explain());
    let error = refused(&acme(""), "state=x", &PendingConsent::from_state("x"));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
