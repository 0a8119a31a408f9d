//! Profiles: from a request of any kind, from the token response, from several answers.

use oauth_core::{ErrorKind, Profile};
use oauth_tests::canned::{Answer, Canned, json, json_status};
use oauth_tests::login::{TOKENS, client, log_in_with, parameter};

fn file(profile: &str) -> String {
    format!(
        "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\nclient_auth: body\n\
         endpoints: {{authorization: https://id.acme.example/authorize, token: https://id.acme.example/token}}\n\
         token: {{response: {{error: {{code: /errcode, description: /errmsg}}, extras: {{openid: {{type: string}}}}}}}}\n{profile}"
    )
}

/// The profile after a login whose tokens come with `more`, and the requests for it.
async fn profile(
    yaml: &str,
    more: &str,
    answers: impl IntoIterator<Item = Answer>,
) -> (Canned, oauth_core::Result<Profile>) {
    let tokens = json(&TOKENS.replace('}', &format!(",\"openid\":\"o-12345\"{more}}}")));
    let (server, account) = log_in_with(&file(yaml), std::iter::once(tokens).chain(answers)).await;
    let profile = account.unwrap_or_else(|error| panic!("{}", error.explain())).profile().await;
    (server, profile)
}

#[tokio::test]
async fn a_request_may_be_a_post_with_a_body() {
    let yaml = "profile: {request: POST https://api.acme.example/graphql, body: {query: \"{{ me {{ id }} }}\", who: \"{token.openid}\"}, at: /data/me, map: {subject: /id, name: [/first, /middle, /last]}}\n";
    let answer = json(r#"{"data":{"me":{"id":7,"first":"Ada","last":"Lovelace"}}}"#);
    let (server, me) = profile(yaml, "", [answer]).await;
    let me = me.unwrap();
    assert_eq!((me.subject.as_str(), me.name.as_deref()), ("7", Some("Ada Lovelace")));
    let request = server.received().pop().unwrap();
    assert_eq!((request.method.as_str(), request.header("content-type")), ("POST", Some("application/json")));
    assert_eq!(request.header("authorization"), Some("Bearer canary-access-token"));
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body, serde_json::json!({"query": "{ me { id } }", "who": "o-12345"}));

    let yaml =
        "profile: {request: POST https://api.acme.example/me, body: {a: \"b c\"}, format: form, map: {subject: /id}}\n";
    let (server, me) = profile(yaml, "", [json(r#"{"id":"x"}"#)]).await;
    assert_eq!(me.unwrap().subject, "x");
    let request = server.received().pop().unwrap();
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.body, "a=b+c");
}

#[tokio::test]
async fn an_answer_of_200_may_be_an_error() {
    let yaml = "profile: {request: GET https://api.acme.example/me, query: {openid: \"{token.openid}\"}, fails_when: {at: /errcode, differs: 0}, map: {subject: /id}}\n";
    let refused = json(r#"{"id":"x","errcode":40001,"errmsg":"bad o-12345 for canary-access-token"}"#);
    let (server, me) = profile(yaml, "", [refused]).await;
    let error = me.unwrap_err();
    assert_eq!((error.kind(), error.server().unwrap().code()), (ErrorKind::ApiStatus, Some("40001")));
    assert_eq!(error.server().unwrap().description(), Some("bad [redacted] for [redacted]"));
    assert!(server.received()[1].target.ends_with("/me?openid=o-12345"));
    let (_, me) = profile(yaml, "", [json(r#"{"id":"x","errcode":0}"#)]).await;
    assert_eq!(me.unwrap().subject, "x");
}

#[tokio::test]
async fn it_may_stand_in_the_token_response() {
    let yaml = "profile: {from: token, at: /user, map: {subject: /id, name: /name, email: /mail}}\n";
    let (server, me) = profile(yaml, r#","user":{"id":42,"name":"Ada","mail":"ada@example.com"}"#, []).await;
    let me = me.unwrap();
    assert_eq!(
        (me.subject.as_str(), me.name.as_deref(), me.email.as_deref()),
        ("42", Some("Ada"), Some("ada@example.com"))
    );
    assert_eq!((me.raw.is_null(), server.received().len()), (true, 1), "no request, and nothing of the tokens in it");
    let (_, me) = profile(yaml, "", []).await;
    assert_eq!(me.unwrap_err().kind(), ErrorKind::BadApiResponse);
}

const THEN: &str = "profile: {request: GET https://api.acme.example/me, map: {subject: /id, email: /email}, then: [\
    {request: GET https://api.acme.example/emails, pick: {at: /primary, equals: true}, map: {email: /email, email_verified: /verified}},\
    {request: POST https://api.acme.example/page, body: {a: b}, at: /data, map: {url: /url, subject: /other}}]}\n";

#[tokio::test]
async fn further_requests_fill_what_is_empty() {
    let emails = r#"[{"email":"old@x.example","primary":false,"verified":true},{"email":"ada@x.example","primary":true,"verified":true}]"#;
    let page = r#"{"data":{"url":"https://x.example/ada","other":"not this"}}"#;
    let (server, me) = profile(THEN, "", [json(r#"{"id":1,"email":null}"#), json(emails), json(page)]).await;
    let me = me.unwrap();
    assert_eq!((me.subject.as_str(), me.email.as_deref(), me.email_verified), ("1", Some("ada@x.example"), Some(true)));
    assert_eq!((me.url.as_deref(), &me.raw["id"]), (Some("https://x.example/ada"), &1.into()));
    let requests = server.received();
    assert_eq!(
        requests.iter().map(|request| request.method.as_str()).collect::<Vec<_>>(),
        ["POST", "GET", "GET", "POST"]
    );
    assert!(requests[1..].iter().all(|request| request.header("authorization") == Some("Bearer canary-access-token")));

    // Nothing is asked for twice.
    let only = "profile: {request: GET https://api.acme.example/me, map: {subject: /id, email: /email}, then: [{request: GET https://api.acme.example/emails, map: {email: /0/email}}]}\n";
    let (server, me) = profile(only, "", [json(r#"{"id":1,"email":"a@x.example"}"#)]).await;
    assert_eq!((me.unwrap().email.as_deref(), server.received().len()), (Some("a@x.example"), 2));
}

#[tokio::test]
async fn a_further_request_that_is_refused_fills_nothing() {
    let main = || json(r#"{"id":1}"#);
    for refused in [403, 404] {
        let (_, me) = profile(THEN, "", [main(), json_status(refused, "{}"), json("{}")]).await;
        let me = me.unwrap();
        assert_eq!((me.subject.as_str(), me.email, me.url), ("1", None, None), "{refused}");
    }
    for (answer, kind) in [
        (json_status(500, "{}"), ErrorKind::Unavailable),
        (json_status(429, "{}"), ErrorKind::RateLimited),
        (json(r#"[{"primary":true,"email":[]}]"#), ErrorKind::BadApiResponse),
    ] {
        let (_, me) = profile(THEN, "", [main(), answer]).await;
        assert_eq!(me.unwrap_err().kind(), kind);
    }
    // A token that is not taken is renewed, and all is asked again.
    let answers = [main(), json_status(401, "{}"), json(TOKENS), main(), json("[]"), json("{}")];
    let (server, me) = profile(THEN, "", answers).await;
    assert_eq!((me.unwrap().subject.as_str(), server.received().len()), ("1", 7));
}

#[tokio::test]
async fn facts_of_the_callback_fill_what_is_left() {
    let yaml = file(
        "callback: {profile: {param: user, map: {name: [/name/firstName, /name/lastName], email: /email}}}\n\
         profile: {request: GET https://api.acme.example/me, map: {subject: /id, email: /email, email_verified: /verified}}\n",
    );
    let facts = "%7B%22id%22%3A%22forged%22%2C%22name%22%3A%7B%22firstName%22%3A%22Ada%22%2C%22lastName%22%3A%22L.%22%7D%2C%22email%22%3A%22forged%40x.example%22%7D";
    for (answer, email, verified) in [
        (r#"{"id":"me","email":"ada@x.example","verified":true}"#, "ada@x.example", Some(true)),
        // What is said of an address that is not there goes for no other.
        (r#"{"id":"me","verified":true}"#, "forged@x.example", None),
    ] {
        let server = Canned::start([json(TOKENS), json(answer)]).await;
        let client = client(&yaml).dangerous_at(server.origin());
        let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
        let state = parameter(url.as_ref(), "state").unwrap();
        let account = client.callback(format!("code=c&state={state}&user={facts}"), pending, browser).await.unwrap();
        let me = account.profile().await.unwrap();
        assert_eq!((me.subject.as_str(), me.name.as_deref()), ("me", Some("Ada L.")));
        assert_eq!((me.email.as_deref(), me.email_verified), (Some(email), verified));
    }
}
