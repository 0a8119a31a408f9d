use oauth_core::{ErrorKind, TokenSet};
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::{ACME, client, parameter, start};
use serde_json::json as value;

#[tokio::test]
async fn details_are_asked_for_and_granted() {
    let details = value!([{"type": "payment", "amount": {"currency": "EUR", "value": "12.00"}, "to": "canary-iban"}]);
    let granted = value!([{"type": "payment", "amount": {"currency": "EUR", "value": "10.00"}}]);
    let answer = value!({"access_token": "t", "token_type": "Bearer", "authorization_details": granted});
    let server = Canned::start([json(&answer.to_string())]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let login = client.authorize().authorization_details(details.clone());
    assert!(!format!("{login:?}").contains("canary-iban"));
    let (url, pending, browser) = login.begin().await.unwrap().into_parts();
    let sent: serde_json::Value =
        serde_json::from_str(&parameter(url.as_str(), "authorization_details").unwrap()).unwrap();
    assert_eq!(sent, details);
    assert!(!format!("{url:?} {pending:?}").contains("canary-iban"));
    let state = parameter(url.as_str(), "state").unwrap();
    let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
    assert_eq!(account.tokens().authorization_details(), Some(granted.clone()));
    let kept = TokenSet::from_exposed_json(&account.tokens().expose_json()).unwrap();
    assert_eq!(kept.authorization_details(), Some(granted));
    assert_eq!(TokenSet::new("t").authorization_details(), None);
}

#[tokio::test]
async fn details_are_a_list_of_objects_with_a_type() {
    let client = client(ACME);
    for wrong in
        ["", "{}", "[]", "[1]", "[{}]", r#"[{"type": 7}]"#, r#"[{"type": ""}]"#, r#"[{"type": "a"}, {}]"#, "[{"]
    {
        let error = client.authorize().authorization_details(wrong).begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter, "{wrong}");
        let error = client.authorize().param("authorization_details", wrong).begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter, "as a parameter: {wrong}");
    }
    let sound = client.authorize().authorization_details(r#"[{"type": "a"}]"#).begin().await.unwrap();
    assert_eq!(parameter(sound.url().as_str(), "authorization_details").as_deref(), Some(r#"[{"type":"a"}]"#));
}

#[tokio::test]
async fn what_is_no_list_of_details_is_none() {
    for odd in [value!("x"), value!({}), value!([1]), value!([{"name": "x"}])] {
        let answer = value!({"access_token": "t", "token_type": "Bearer", "authorization_details": odd});
        let server = Canned::start([json(&answer.to_string())]).await;
        let client = client(ACME).dangerous_at(server.origin());
        let started = start(&client).await;
        let callback = format!("code=c&state={}", started.state);
        let account = client.callback(callback, started.pending, started.browser).await.unwrap();
        assert_eq!(account.tokens().authorization_details(), None, "{odd}");
    }
}
