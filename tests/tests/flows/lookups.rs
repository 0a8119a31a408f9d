//! The request right after the exchange, and answers of the API that are errors with status 200.

use oauth_core::{ErrorKind, OperationCall};
use oauth_tests::canned::{Answer, json, json_status, status, with};
use oauth_tests::login::{SECRET, TOKENS, log_in_with};

const FILE: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints: {authorization: https://id.acme.example/authorize, token: https://id.acme.example/token}
client_auth: body
token:
  response: {extras: {dc: {type: string}}}
  lookup:
    request: GET https://id.acme.example/metadata
    query: {dc: \"{token.dc}\", v: \"2\"}
    at: [/wrapped, \"\"]
    extras:
      api_endpoint: {type: url, at: /endpoints/api, hosts: [api.acme.example]}
      account_name: {type: string, at: /accountname, before: \" (\"}
api:
  base_url: \"{token.api_endpoint}/3.0\"
  headers: {X-Account: \"{token.account_name}\"}
";

fn tokens(more: &str) -> Answer {
    json(&TOKENS.replace('}', &format!(",\"dc\":\"us7\"{more}}}")))
}

const METADATA: &str = r#"{"accountname":"North (main)","api_endpoint":"https://evil.example","endpoints":{"api":"https://us7.api.acme.example"}}"#;

#[tokio::test]
async fn what_is_looked_up_is_used_from_then_on() {
    let (server, account) = log_in_with(FILE, [tokens(""), json(METADATA)]).await;
    let account = account.unwrap_or_else(|error| panic!("{}", error.explain()));
    let lookup = server.received().pop().unwrap();
    assert_eq!((lookup.method.as_str(), lookup.target.as_str()), ("GET", "/id.acme.example/metadata?dc=us7&v=2"));
    assert_eq!(lookup.header("authorization"), Some("Bearer canary-access-token"));
    assert_eq!(lookup.header("x-account"), None, "the API's headers may need what is being looked up");
    let extras = account.extras().unwrap();
    assert_eq!(
        (extras.str("api_endpoint"), extras.str("account_name")),
        (Some("https://us7.api.acme.example"), Some("North"))
    );

    server.answer(json("{}"));
    account.get("/lists").send().await.unwrap();
    let call = server.received().pop().unwrap();
    assert_eq!((call.target.as_str(), call.header("x-account")), ("/us7.api.acme.example/3.0/lists", Some("North")));

    // A refresh looks nothing up, and a member of its answer that is called the same changes nothing.
    server.answer(tokens(r#","api_endpoint":"https://evil.example","account_name":"evil""#));
    account.refresh().await.unwrap();
    server.answer(json("{}"));
    account.get("/lists").send().await.unwrap();
    assert_eq!(server.received().pop().unwrap().target, "/us7.api.acme.example/3.0/lists");
    assert_eq!(server.received().len(), 5);
}

#[tokio::test]
async fn the_token_may_stand_in_a_header_of_the_lookup() {
    let yaml =
        FILE.replace("    at: [/wrapped", "    headers: {Authorization: \"OAuth {access_token}\"}\n    at: [/wrapped");
    let wrapped = format!(r#"{{"wrapped":{METADATA}}}"#);
    let (server, account) = log_in_with(&yaml, [tokens(""), json(&wrapped)]).await;
    account.unwrap();
    assert_eq!(server.received().pop().unwrap().header("authorization"), Some("OAuth canary-access-token"));
}

#[tokio::test]
async fn it_follows_the_upgrade() {
    let yaml = FILE.replace(
        "  lookup:",
        "  upgrade: {url: https://id.acme.example/longer, grant_type: longer, params: {of: \"{access_token}\"}}\n  lookup:",
    );
    let longer = TOKENS.replace("canary-access-token", "longer-token");
    let (server, account) = log_in_with(&yaml, [tokens(""), json(&longer), json(METADATA)]).await;
    assert_eq!(account.unwrap().token().await.unwrap().expose_secret(), "longer-token");
    let lookup = server.received().pop().unwrap();
    assert_eq!(lookup.header("authorization"), Some("Bearer longer-token"));
    assert!(lookup.target.ends_with("?dc=us7&v=2"), "{}", lookup.target);
}

#[tokio::test]
async fn a_lookup_that_fails_fails_the_login_without_a_secret() {
    let echo = format!(r#"{{"error":"no","error_description":"not canary-access-token, {SECRET} or us7x"}}"#);
    for (answer, kind, words) in [
        (
            json_status(403, &echo.replace("us7x", "dc us7-1")),
            ErrorKind::ApiStatus,
            "the provider refused (status 403)",
        ),
        (json_status(401, &echo), ErrorKind::Unauthorized, "the provider does not take the token"),
        (status(500, "x"), ErrorKind::Unavailable, "not able to answer"),
        (status(200, "<html>"), ErrorKind::BadApiResponse, "the answer of the lookup is not JSON"),
        (json("{}"), ErrorKind::BadApiResponse, "has no `/endpoints/api` and no `/accountname`"),
        (with(302, &[("location", "https://evil.example/")], ""), ErrorKind::RedirectRefused, "redirect"),
        (json(&"[".repeat(1_100_000)), ErrorKind::ResponseTooLarge, "more than"),
    ] {
        let (server, account) = log_in_with(FILE, [tokens(""), answer]).await;
        let error = account.unwrap_err();
        let shown = format!("{error} {error:?} {}", error.explain());
        assert_eq!(error.kind(), kind, "{shown}");
        assert!(shown.contains(words) && !shown.contains("canary"), "{shown}");
        assert_eq!(server.received().len(), 2, "it is made once");
    }
}

#[tokio::test]
async fn an_address_that_was_looked_up_is_held_to_its_hosts() {
    let evil = METADATA.replace("us7.api.acme.example", "api.acme.example.evil.example");
    let (server, account) = log_in_with(FILE, [tokens(""), json(&evil)]).await;
    let account = account.unwrap();
    let error = account.get("/lists").send().await.unwrap_err();
    assert!(error.to_string().contains("no usable `api_endpoint`"), "{error}");
    assert_eq!(server.received().len(), 2, "nothing was sent");
}

const API: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints: {authorization: https://id.acme.example/authorize, token: https://id.acme.example/token}
client_auth: body
token: {response: {error: {code: /problem/name, description: /problem/text}}}
api:
  base_url: https://api.acme.example
  fails_when: {at: /ok, equals: false}
  operations: {list: {get: /list}}
";

#[tokio::test]
async fn an_error_with_status_200_is_one() {
    let refused = || json(r#"{"ok":false,"problem":{"name":"missing_scope","text":"not with canary-access-token"}}"#);
    let (server, account) = log_in_with(API, [json(TOKENS), refused(), refused(), refused()]).await;
    let account = account.unwrap();
    let errors = [
        account.get("/x").send().await.unwrap().error_for_status().await.unwrap_err(),
        account.get("/x").send().await.unwrap().json::<serde_json::Value>().await.unwrap_err(),
        account.call(OperationCall::new("list")).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::ApiStatus);
        let server = error.server().unwrap();
        assert_eq!((server.code(), server.status()), (Some("missing_scope"), Some(200)));
        assert_eq!(server.description(), Some("not with [redacted]"));
    }
    // Whoever reads the answer as it is gets it as it is.
    server.answer(refused());
    let response = account.get("/x").send().await.unwrap();
    assert!(response.status().is_success() && response.text().await.unwrap().contains("missing_scope"));
}

#[tokio::test]
async fn an_answer_that_is_none_is_read_as_before() {
    let (server, account) = log_in_with(API, [json(TOKENS)]).await;
    let account = account.unwrap();
    for answer in [
        json(r#"{"ok":true,"n":1}"#),
        with(200, &[("content-type", "text/plain")], r#"{"n":1}"#),
        with(200, &[], r#"{"n":1}"#),
        with(200, &[("content-type", "application/octet-stream")], r#"{"ok":false}"#),
        with(200, &[("content-type", "text/csv")], "a,b"),
    ] {
        server.answer(answer.clone());
        let response = account.get("/x").send().await.unwrap().error_for_status().await.unwrap();
        let text = response.text().await.unwrap();
        let Answer::Bytes(bytes) = &answer else { unreachable!() };
        assert!(bytes.ends_with(text.as_bytes()) && !text.is_empty(), "{text}");
    }
}
