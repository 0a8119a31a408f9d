use serde_json::json;

use super::specs::{plain, plain_with};
use super::*;
use crate::{Endpoint, SimUser};

/// A GET of the API with a fresh token of the scope, and further headers.
async fn fetch(sim: &Simulator, scope: &str, url: &str, more: &[(&str, &str)]) -> Received {
    request(sim, Method::GET, scope, url, more, "").await
}

async fn request(
    sim: &Simulator,
    method: Method,
    scope: &str,
    url: &str,
    more: &[(&str, &str)],
    body: &str,
) -> Received {
    let answer = login(sim, &[("scope", scope)]).await;
    let bearer = format!("Bearer {}", text(&answer, "/access_token"));
    let mut headers = vec![("authorization", bearer.as_str()), ("user-agent", "t")];
    headers.extend(more);
    call(sim, method, url, &headers, body).await
}

#[tokio::test]
async fn the_profile_is_the_users() {
    let sim = builder(plain())
        .user(SimUser::new("1001").name("Ada <3").email("ada@example.com", false))
        .user(SimUser::new("bob-7"))
        .start()
        .await
        .unwrap();
    let me = json(&fetch(&sim, "", "https://api.plain.example/v1/me", &[]).await);
    assert_eq!(me, json!({"id": 1001, "name": "Ada <3", "email": "ada@example.com", "email_verified": false}));
    let callback = sim.scripted_user().subject("bob-7").approve(&authorize_url(&sim, VERIFIER, &[])).await.unwrap();
    let answer = json(&exchange(&sim, &param(&callback, "code").unwrap(), &[]).await);
    let bearer = format!("Bearer {}", text(&answer, "/access_token"));
    let me =
        json(&get(&sim, "https://api.plain.example/v1/me", &[("authorization", &bearer), ("user-agent", "t")]).await);
    assert_eq!(me["id"], "bob-7");
    assert_eq!(sim.requests_to(Endpoint::Profile).len(), 2);
    assert!(sim.scripted_user().subject("nobody").approve(&authorize_url(&sim, VERIFIER, &[])).await.is_err());
}

#[tokio::test]
async fn the_profile_may_lie_deeper() {
    let sim = start(plain_with(&json!({"profile": {"at": ["/data/0", ""], "map": {"subject": ["/user/id"]}}}))).await;
    let answer = json(&fetch(&sim, "", "https://api.plain.example/v1/me", &[]).await);
    assert_eq!(answer["data"][0]["user"]["id"], 20071);
}

#[tokio::test]
async fn headers_and_query_of_the_file_are_asked_for() {
    let sim = start(plain_with(&json!({
        "settings": [{"name": "version", "rust": "Version", "type": "text", "default": "2022-06-28"}],
        "api": {"headers": [["Plain-Version", "{version}"], ["Client-Id", "{client_id}"]]},
        "profile": {"request": {"query": [["fields", "id,name"]], "headers": [["X-Profile", "yes"]], "url": "https://api.plain.example/v1/me?v=1"}}
    })))
    .await;
    let url = "https://api.plain.example/v1/me?v=1&fields=id%2Cname";
    let headers = [("plain-version", "2022-06-28"), ("client-id", sim.client_id()), ("x-profile", "yes")];
    assert_eq!(fetch(&sim, "", url, &headers).await.status, 200);
    for missing in 0..headers.len() {
        let mut fewer = headers.to_vec();
        fewer.remove(missing);
        assert_eq!(fetch(&sim, "", url, &fewer).await.status, 400);
    }
    assert_eq!(fetch(&sim, "", url, &[("plain-version", "2021-01-01"), headers[1], headers[2]]).await.status, 400);
    assert_eq!(fetch(&sim, "", "https://api.plain.example/v1/me?fields=id%2Cname", &headers).await.status, 400);
    assert_eq!(fetch(&sim, "", "https://api.plain.example/v1/me?v=1", &headers).await.status, 400);
    assert_eq!(fetch(&sim, "", "https://api.plain.example/v1/other", &headers[..2]).await.status, 200);
}

#[tokio::test]
async fn a_request_needs_a_user_agent_and_the_right_method() {
    let sim = start(plain()).await;
    let answer = login(&sim, &[]).await;
    let bearer = format!("Bearer {}", text(&answer, "/access_token"));
    let me = "https://api.plain.example/v1/me";
    assert_eq!(get(&sim, me, &[("authorization", &bearer)]).await.status, 400);
    assert_eq!(request(&sim, Method::POST, "", me, &[], "").await.status, 405);
}

#[tokio::test]
async fn described_operations_answer_in_their_shape() {
    let sim = start(plain_with(&json!({"api": {"hosts": ["*.files.example"], "operations": [
        {
            "name": "list_repos", "rust": "ListRepos", "method": "GET", "path": "/users/{owner}/repos", "scopes": ["write:all"],
            "parameters": [
                {"name": "owner", "rust": "owner", "in": "path", "type": "string"},
                {"name": "page", "rust": "page", "in": "query", "type": "u32?"},
                {"name": "sort", "rust": "sort", "in": "query", "type": "string"}
            ],
            "returns": {"rust": "Repo", "at": "/items", "list": true, "fields": [
                {"rust": "id", "at": "/id", "type": "u64"},
                {"rust": "owner", "at": "/owner/login", "type": "string"},
                {"rust": "url", "at": "/html_url", "type": "url"},
                {"rust": "private", "at": "/private", "type": "bool?"}
            ]}
        },
        {
            "name": "create", "rust": "Create", "method": "POST", "path": "https://up.plain.example/{owner}.json",
            "parameters": [
                {"name": "owner", "rust": "owner", "in": "path", "type": "u32"},
                {"name": "title", "rust": "title", "in": "body", "type": "string"}
            ]
        },
        {"name": "own", "rust": "Own", "method": "GET", "path": "/users/self/repos"}
    ]}})))
    .await;
    let url = "https://api.plain.example/v1/users/ada%20l/repos?sort=new";
    let repos = json(&fetch(&sim, "write:all", url, &[]).await);
    let items = repos["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(
        items[1],
        json!({"id": 2, "owner": {"login": "sample-owner-2"}, "html_url": "https://example.com/url/2", "private": false})
    );

    let narrow = fetch(&sim, "read", url, &[]).await;
    assert_eq!(narrow.status, 403);
    assert!(narrow.headers["www-authenticate"].to_str().unwrap().contains("scope=\"write:all\""));
    assert_eq!(fetch(&sim, "write:all", "https://api.plain.example/v1/users/x/repos", &[]).await.status, 400);
    assert_eq!(fetch(&sim, "write:all", &format!("{url}&page=two"), &[]).await.status, 400);
    assert_eq!(
        json(&fetch(&sim, "read", "https://api.plain.example/v1/users/self/repos", &[]).await)["path"],
        "/v1/users/self/repos"
    );

    let kind = [("content-type", "application/json")];
    let create =
        async |url: &str, body: &str| request(&sim, Method::POST, "read", url, &kind, body).await.status.as_u16();
    assert_eq!(create("https://up.plain.example/7.json", r#"{"title":"x"}"#).await, 200);
    assert_eq!(create("https://up.plain.example/7.json", "{}").await, 400);
    assert_eq!(create("https://up.plain.example/x.json", r#"{"title":"x"}"#).await, 400);
    assert_eq!(create("https://up.plain.example/7.xml", "{}").await, 404);
    assert_eq!(fetch(&sim, "read", "https://a.files.example/anything", &[]).await.status, 200);
    assert_eq!(fetch(&sim, "read", "https://files.example/anything", &[]).await.status, 404);
}

#[tokio::test]
async fn everything_else_is_echoed_or_not_there() {
    let sim = start(plain()).await;
    let echo = json(&fetch(&sim, "", "https://api.plain.example/v1/things/7?a=b&c=d+e", &[]).await);
    assert_eq!(
        echo,
        json!({"method": "GET", "host": "api.plain.example", "path": "/v1/things/7", "query": {"a": "b", "c": "d e"}})
    );
    assert_eq!(fetch(&sim, "", "https://api.plain.example/v2/things", &[]).await.status, 404);
    assert_eq!(fetch(&sim, "", "https://api.plain.example/v1things", &[]).await.status, 404);
    for url in ["https://plain.example/other", "https://elsewhere.example/", "https://plain.example:8443/token"] {
        let received = get(&sim, url, &[]).await;
        assert_eq!(
            (received.status.as_u16(), received.headers["content-type"].to_str().unwrap()),
            (404, "application/json"),
            "{url}"
        );
    }
}

#[tokio::test]
async fn the_api_may_be_where_the_token_answer_says() {
    let sim = start(plain_with(&json!({
        "token": {"response": {"extras": [{"name": "api_domain", "at": "/api_domain", "type": "url", "hosts": [".plainapis.com"]}]}},
        "callback": {"keep": [{"name": "location", "rust": "location", "values": [["us", "us.plain.example"], ["eu", "eu.plain.example"]]}]},
        "api": {"base_url": "{token.api_domain}/crm/v3"},
        "profile": {"request": {"url": "https://{callback.location}/me"}}
    })))
    .await;
    assert_eq!(fetch(&sim, "", "https://sample.plainapis.com/crm/v3/leads", &[]).await.status, 200);
    assert_eq!(fetch(&sim, "", "https://us.plain.example/me", &[]).await.status, 200);
}
