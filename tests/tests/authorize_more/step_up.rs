use oauth_core::{Error, ErrorKind, OperationCall, TokenSet};
use oauth_tests::canned::{Canned, json, with};
use oauth_tests::login::{ACME, account_with, client, parameter};

use crate::all;

/// An account with a refresh token, and the error that this challenge makes of a request.
async fn refused(status: u16, challenge: &str) -> (Canned, Error) {
    let tokens = TokenSet::from_exposed_json(
        &r#"{"access_token":"canary-access-token","refresh_token":"r","scopes":["read","mail"],"resources":["urn:a:b"]}"#.into(),
    );
    let answer = with(status, &[("www-authenticate", challenge)], "");
    let (server, account) = account_with(ACME, tokens.unwrap(), [answer]).await;
    let error = account.get("/payments").send().await.unwrap().error_for_status().await.unwrap_err();
    (server, error)
}

const STRONGER: &str = r#"Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age="300""#;

#[tokio::test]
async fn cr_19_a_stronger_login_is_asked_for_once_and_by_nobody_but_the_caller() {
    let (server, error) = refused(401, STRONGER).await;
    assert_eq!(error.kind(), ErrorKind::StepUpRequired);
    assert_eq!((error.acr_values().join(" "), error.max_age()), ("gold silver".to_owned(), Some(300)));
    assert!(!error.is_retryable() && !error.needs_reauth());
    assert!(error.explain().contains(".step_up(&error)"), "{}", error.explain());
    // No refresh, no second request.
    assert_eq!(server.received().len(), 1);

    let attempt = client(ACME).authorize().step_up(&error).begin().await.unwrap();
    let url = attempt.url().as_str();
    assert_eq!(parameter(url, "acr_values").as_deref(), Some("gold silver"));
    assert_eq!(parameter(url, "max_age").as_deref(), Some("300"));
    assert_eq!(parameter(url, "scope").as_deref(), Some("read mail"));
    assert_eq!(all(url, "resource"), ["urn:a:b"]);
}

#[tokio::test]
async fn cr_19_a_request_that_says_so_itself_tells_the_same() {
    let tokens = TokenSet::new("t").with_refresh_token("r");
    let (server, account) = account_with(ACME, tokens, []).await;
    let (mut parts, ()) = http::Request::get("https://api.acme.example/x").body(()).unwrap().into_parts();
    let applied = account.apply(&mut parts).await.unwrap();
    let headers = http::HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, STRONGER.parse().unwrap())]);
    for _ in 0..3 {
        let error = account.refused(&applied, http::StatusCode::UNAUTHORIZED, &headers).await.unwrap_err();
        assert_eq!((error.kind(), error.max_age()), (ErrorKind::StepUpRequired, Some(300)));
        assert_eq!(error.server().and_then(|server| server.code()), Some("insufficient_user_authentication"));
    }
    assert!(server.received().is_empty(), "no refresh helps");
    // A profile is an API like any other.
    let answer = with(401, &[("www-authenticate", STRONGER)], "");
    let (_server, account) = account_with(ACME, TokenSet::new("t"), [answer]).await;
    assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::StepUpRequired);
}

#[tokio::test]
async fn a_missing_scope_is_added_to_those_that_the_account_has() {
    let challenge = r#"Bearer error="insufficient_scope", scope="pay read""#;
    let (_server, error) = refused(403, challenge).await;
    assert_eq!(error.kind(), ErrorKind::InsufficientScope);
    let attempt = client(ACME).authorize().step_up(&error).begin().await.unwrap();
    let url = attempt.url().as_str();
    assert_eq!(parameter(url, "scope").as_deref(), Some("read mail pay"));
    assert_eq!((parameter(url, "acr_values"), parameter(url, "max_age")), (None, None));
    let attempt = client(ACME).authorize().scopes(["own"]).step_up(&error).begin().await.unwrap();
    assert_eq!(parameter(attempt.url().as_str(), "scope").as_deref(), Some("own read mail pay"));
}

#[tokio::test]
async fn other_errors_ask_for_no_login() {
    let (_server, error) = refused(403, "Bearer").await;
    let refused = client(ACME).authorize().step_up(&error).begin().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Parameter);
    let (_server, error) = self::refused(401, STRONGER).await;
    let other = ACME.replace("id: acme\n", "id: zephyr\n");
    assert_eq!(client(&other).authorize().step_up(&error).begin().await.unwrap_err().kind(), ErrorKind::Parameter);
}

#[tokio::test]
async fn cr_20_an_odd_challenge_is_a_plain_refusal() {
    for odd in ["Bearer error=\"insufficient_user_authentication", "insufficient_user_authentication", "@@@"] {
        let answers = [with(401, &[("www-authenticate", odd)], ""), json("{}")];
        let (_server, account) = account_with(ACME, TokenSet::new("t"), answers).await;
        let error = account.get("/x").send().await.unwrap().error_for_status().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{odd}");
    }
}

#[tokio::test]
async fn a_described_call_says_which_of_its_scopes_are_missing() {
    let operations = "api: {base_url: https://api.acme.example, operations: {pay: {post: /pay, scopes: [pay]}}}";
    let yaml = format!(
        "{}scopes: {{known: {{pay: Pay}}}}\n",
        ACME.replace("api: {base_url: https://api.acme.example}", operations)
    );
    let tokens = TokenSet::from_exposed_json(&r#"{"access_token":"t","scopes":["read"]}"#.into()).unwrap();
    let (_server, account) = account_with(&yaml, tokens, [with(403, &[], "")]).await;
    let error = account.call(OperationCall::new("pay")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InsufficientScope);
    let attempt = client(&yaml).authorize().step_up(&error).begin().await.unwrap();
    assert_eq!(parameter(attempt.url().as_str(), "scope").as_deref(), Some("read pay"));
}
