//! Asking the provider about a token (RFC 7662): what is sent, and what is believed.

use std::time::{Duration, SystemTime};

use oauth_core::{Discovered, ErrorKind, ExposeSecret as _, Introspection, SecretString, Step, TokenSet};
use oauth_tests::canned::{Canned, json, json_status, status, with};
use oauth_tests::issuer::tells_nothing;
use oauth_tests::login::{SECRET, TOKENS, client, log_in_with};

const FILE: &str = "
id: plain
name: Plain
docs: https://plain.example/docs
checked: 2026-11-21
endpoints: {authorization: https://plain.example/a, token: https://plain.example/t, introspection: https://plain.example/introspect}
";

const TOKEN: &str = "canary-of-an-access-token";

fn tokens() -> TokenSet {
    TokenSet::new(TOKEN).with_refresh_token("canary-of-a-refresh-token")
}

async fn ask(answer: oauth_tests::canned::Answer) -> (Canned, oauth_core::Result<Introspection>) {
    let server = Canned::start([answer]).await;
    let said = client(FILE).dangerous_at(server.origin()).introspect(&tokens()).await;
    (server, said)
}

#[tokio::test]
async fn a_token_is_asked_about_as_rfc_7662_has_it() {
    let answer = r#"{"active":true,"scope":"read write","client_id":"my-client","username":"ada","token_type":"Bearer",
        "exp":1900000000,"iat":1800000000,"nbf":1800000001,"sub":"42","aud":["https://api.example"],
        "iss":"https://plain.example","jti":"id-1","cnf":{"jkt":"x"},"org":null}"#;
    let (server, said) = ask(json(answer)).await;
    let said = said.unwrap_or_else(|error| panic!("{}", error.explain()));
    let request = &server.received()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/plain.example/introspect"));
    assert_eq!(request.body, format!("token={TOKEN}&token_type_hint=access_token"));
    assert!(request.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
    let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    assert!(said.is_active());
    assert_eq!(said.scopes(), ["read", "write"]);
    assert_eq!(
        (said.client_id(), said.username(), said.token_type()),
        (Some("my-client"), Some("ada"), Some("Bearer"))
    );
    assert_eq!((said.subject(), said.issuer(), said.id()), (Some("42"), Some("https://plain.example"), Some("id-1")));
    assert_eq!(
        (said.expires_at(), said.issued_at(), said.not_before()),
        (at(1_900_000_000), at(1_800_000_000), at(1_800_000_001))
    );
    assert_eq!(said.member("cnf").and_then(|cnf| cnf["jkt"].as_str()), Some("x"));
    let shown = format!("{said:?}");
    assert!(!shown.contains("ada") && !shown.contains("42"), "{shown}");
}

#[tokio::test]
async fn any_token_is_asked_about_without_a_hint() {
    let server = Canned::start([json(r#"{"active":true,"scope":["a","b"],"aud":"app"}"#)]).await;
    let client = client(FILE).dangerous_at(server.origin());
    let said = client.introspect_token(&SecretString::from("of another")).await.unwrap();
    assert_eq!(server.received()[0].body, "token=of+another");
    assert_eq!((said.scopes(), said.audiences()), (&["a".to_owned(), "b".to_owned()][..], &["app".to_owned()][..]));
}

#[tokio::test]
async fn cr_16_active_is_a_boolean_and_nothing_else() {
    for wrong in [r#""true""#, "1", "0", r#""false""#, "null", "{}", "[true]", "\"\""]
        .map(|value| format!(r#"{{"active":{value}}}"#))
    {
        let (_, said) = ask(json(&wrong)).await;
        let error = said.expect_err(&wrong);
        assert_eq!((error.kind(), error.step()), (ErrorKind::BadResponse, Step::Introspect), "{wrong}");
        tells_nothing(&error, &[TOKEN, SECRET]);
    }
    for wrong in ["{}", r#"{"active":true,"active":false}"#, r#"{"active":true,"\u0061ctive":true}"#] {
        let (_, said) = ask(json(wrong)).await;
        assert_eq!(said.expect_err(wrong).kind(), ErrorKind::BadResponse, "{wrong}");
    }
    for wrong in ["[]", "true", "active=true", "", "<html>", r#"{"active":true"#] {
        let (_, said) = ask(json(wrong)).await;
        assert_eq!(said.expect_err(wrong).kind(), ErrorKind::BadResponse, "{wrong}");
    }
}

#[tokio::test]
async fn cr_16_an_inactive_token_says_nothing_else() {
    let (_, said) =
        ask(json(r#"{"active":false,"sub":"42","scope":"all","client_id":"my-client","exp":1900000000}"#)).await;
    let said = said.unwrap();
    assert!(!said.is_active() && !said.was_issued_to("my-client"));
    assert_eq!((said.subject(), said.scopes().len(), said.client_id(), said.expires_at()), (None, 0, None, None));
    assert_eq!(said.member("sub"), None);
}

#[tokio::test]
async fn cr_16_the_token_of_another_client_is_told_from_ones_own() {
    let (_, said) = ask(json(r#"{"active":true,"client_id":"other","aud":["a","b"]}"#)).await;
    let said = said.unwrap();
    assert!(said.is_active() && said.was_issued_to("other") && said.is_meant_for("b"));
    assert!(!said.was_issued_to("my-client") && !said.is_meant_for("my-client"));
    let (_, said) = ask(json(r#"{"active":true}"#)).await;
    let said = said.unwrap();
    assert!(!said.was_issued_to("my-client") && !said.is_meant_for("my-client"), "what is not said is not true");
}

#[tokio::test]
async fn cr_16_nothing_is_remembered() {
    let server = Canned::start([json(r#"{"active":true}"#), json(r#"{"active":false}"#)]).await;
    let client = client(FILE).dangerous_at(server.origin());
    assert!(client.introspect(&tokens()).await.unwrap().is_active());
    assert!(!client.introspect(&tokens()).await.unwrap().is_active());
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_member_of_another_kind_makes_the_answer_none() {
    for wrong in [
        r#""exp":"soon""#,
        r#""exp":-1"#,
        r#""exp":1e99"#,
        r#""sub":42"#,
        r#""aud":[1]"#,
        r#""scope":7"#,
        r#""client_id":{}"#,
    ] {
        let (_, said) = ask(json(&format!(r#"{{"active":true,{wrong}}}"#))).await;
        assert_eq!(said.expect_err(wrong).kind(), ErrorKind::BadResponse, "{wrong}");
    }
    let (_, said) = ask(json(r#"{"active":true,"exp":null,"sub":null,"scope":null,"aud":null}"#)).await;
    assert!(said.unwrap().is_active(), "null is as good as absent");
}

#[tokio::test]
async fn a_refusal_says_nothing_of_the_token() {
    let refused = json_status(401, r#"{"error":"invalid_client","error_description":"canary-of-an-access-token"}"#);
    for (answer, kind) in [
        (refused, ErrorKind::ClientRejected),
        (json(r#"{"error":"server_error"}"#), ErrorKind::Unavailable),
        (status(503, "busy"), ErrorKind::Unavailable),
        (with(302, &[("location", "https://evil.example")], ""), ErrorKind::RedirectRefused),
        (status(404, r#"{"active":true}"#), ErrorKind::ProviderRefused),
    ] {
        let (_, said) = ask(answer).await;
        let error = said.expect_err("refused");
        assert_eq!(error.kind(), kind, "{}", error.explain());
        tells_nothing(&error, &[TOKEN, SECRET]);
    }
}

#[tokio::test]
async fn a_file_has_ways_of_its_own() {
    let odd = format!(
        "{FILE}introspect: {{method: GET, param: access_token, hint: false, client_auth: id, params: {{v: \"2\"}}}}\n\
         quirks: [{{field: introspect, because: it is so, source: https://plain.example/docs}}]\n"
    );
    let server = Canned::start([json(r#"{"active":true}"#)]).await;
    client(&odd).dangerous_at(server.origin()).introspect(&tokens()).await.unwrap();
    let request = &server.received()[0];
    let target = format!("/plain.example/introspect?access_token={TOKEN}&v=2&client_id=my-client");
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", target.as_str()));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_says_what_its_file_lacks() {
    let without = FILE.replace(", introspection: https://plain.example/introspect", "");
    let error = client(&without).introspect(&tokens()).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Unsupported, Step::Introspect));
    assert!(error.explain().contains("provider `plain` cannot be asked about tokens"), "{}", error.explain());
    assert!(error.explain().contains("`endpoints.introspection`"), "{}", error.explain());
}

#[tokio::test]
async fn the_endpoint_is_the_metadatas_where_the_file_has_none() {
    let server = Canned::start([]).await;
    let origin = server.origin().to_owned();
    server.answer(json(&format!(
        r#"{{"issuer":"{origin}","authorization_endpoint":"{origin}/a","token_endpoint":"{origin}/t","introspection_endpoint":"{origin}/asked"}}"#
    )));
    server.answer(json(r#"{"active":true}"#));
    let client = Discovered::at(&origin).unwrap().client("my-client", SECRET).await.unwrap();
    assert!(client.introspect(&tokens()).await.unwrap().is_active());
    assert_eq!(server.received()[1].target, "/asked");
}

/// The class `expiry-introspect`.
#[tokio::test]
async fn the_end_that_the_token_response_does_not_tell_is_asked_for() {
    let file = format!("{FILE}introspect: {{expiry: true}}\n");
    let bare = TOKENS.replace(r#""expires_in":3600,"#, "");
    assert_ne!(bare, TOKENS);
    let end = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let asked = |exp: u64| json(&format!(r#"{{"active":true,"exp":{exp}}}"#));
    let (server, account) = log_in_with(&file, [json(&bare), asked(2_000_000_000)]).await;
    let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(account.tokens().expires_at(), end(2_000_000_000));
    server.answer(json(&bare.replace("canary-access-token", "newer")));
    server.answer(asked(2_100_000_000));
    let newer = account.refresh().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!((newer.access_token().expose_secret(), newer.expires_at()), ("newer", end(2_100_000_000)));
    assert!(server.received()[3].body.starts_with("token=newer&"));
    // What the answer says itself is not asked for, and a question without an answer loses no login.
    let (server, account) = log_in_with(&file, [json(TOKENS)]).await;
    assert!(account.is_ok() && server.received().len() == 1);
    for silent in [status(503, ""), json(r#"{"active":false}"#), json(r#"{"active":true}"#)] {
        let (server, account) = log_in_with(&file, [json(&bare), silent]).await;
        assert_eq!((account.unwrap().tokens().expires_at(), server.received().len()), (None, 2));
    }
}
