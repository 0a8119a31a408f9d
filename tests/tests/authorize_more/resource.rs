use oauth_core::{ErrorKind, ExposeSecret as _, PendingAttempt, TokenSet};
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::{ACME, TOKENS, client, parameter};

use crate::{accepted, all, pushing};

const ONE: &str = "https://api.acme.example/mcp";
const OTHER: &str = "urn:acme:mail";

#[tokio::test]
async fn a_resource_goes_with_the_login_the_exchange_and_each_refresh() {
    let server = Canned::start([json(TOKENS), json(TOKENS), json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let login = client.authorize().resource(ONE).resource(OTHER).resource(ONE);
    let (url, pending, browser) = login.begin().await.unwrap().into_parts();
    assert_eq!(all(url.as_str(), "resource"), [ONE, OTHER]);
    // A session of the program's own keeps the attempt, a store of its own the tokens.
    let pending = PendingAttempt::from_exposed_json(&pending.expose_json()).unwrap();
    let state = parameter(url.as_str(), "state").unwrap();
    let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
    let tokens = TokenSet::from_exposed_json(&account.tokens().expose_json()).unwrap();
    assert_eq!(tokens.resources(), [ONE, OTHER]);
    let again = client.refresh(&tokens).await.unwrap();
    assert_eq!(again.resources(), [ONE, OTHER]);
    client.refresh(&again).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 3);
    for request in received {
        assert_eq!(all(&request.body, "resource"), [ONE, OTHER], "{}", request.body);
    }
    assert!(!TokenSet::new("t").expose_json().expose_secret().contains("resource"));
}

#[tokio::test]
async fn a_json_token_request_lists_them() {
    let yaml = format!("{ACME}token: {{request: {{format: json}}}}\nauthorize: {{resource: [\"{ONE}\"]}}\n");
    let server = Canned::start([json(TOKENS), json(TOKENS)]).await;
    let client = client(&yaml).dangerous_at(server.origin());
    for (login, expected) in [
        (client.authorize(), serde_json::json!(ONE)),
        (client.authorize().resource(OTHER).resource(ONE), serde_json::json!([OTHER, ONE])),
    ] {
        let (url, pending, browser) = login.begin().await.unwrap().into_parts();
        let state = parameter(url.as_str(), "state").unwrap();
        client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
        let body: serde_json::Value = serde_json::from_str(&server.received().last().unwrap().body).unwrap();
        assert_eq!(body["resource"], expected, "{body}");
    }
}

#[tokio::test]
async fn a_file_names_resources_that_a_caller_replaces() {
    let yaml = format!(
        "{ACME}settings: {{org: {{type: label}}}}\nauthorize: {{resource: [\"https://{{org}}.acme.example\"]}}\n"
    );
    let plain = client(&yaml).set("org", "north").unwrap();
    let url = plain.authorize().begin().await.unwrap().url().to_string();
    assert_eq!(all(&url, "resource"), ["https://north.acme.example"]);
    let url = plain.authorize().resource(OTHER).begin().await.unwrap().url().to_string();
    assert_eq!(all(&url, "resource"), [OTHER]);
    // Pushed and renamed requests have them as well.
    let server = Canned::start([accepted()]).await;
    let yaml = pushing("authorize: {resource: [\"urn:acme:mail\", \"urn:acme:files\"]}\n");
    client(&yaml).dangerous_at(server.origin()).authorize().begin().await.unwrap();
    assert_eq!(all(&server.received()[0].body, "resource"), ["urn:acme:mail", "urn:acme:files"]);
}

#[tokio::test]
async fn a_resource_that_comes_as_a_parameter_is_one() {
    let yaml = format!("{ACME}authorize: {{resource: [\"{OTHER}\"]}}\n");
    for name in ["resource", "Resource"] {
        let server = Canned::start([json(TOKENS), json(TOKENS)]).await;
        let client = client(&yaml).dangerous_at(server.origin());
        let (url, pending, browser) = client.authorize().param(name, ONE).begin().await.unwrap().into_parts();
        assert_eq!(all(url.as_str(), "resource"), [ONE], "one, and not the file's");
        assert_eq!(all(url.as_str(), "Resource"), [""; 0]);
        let state = parameter(url.as_str(), "state").unwrap();
        let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
        account.refresh().await.unwrap();
        for request in server.received() {
            assert_eq!(all(&request.body, "resource"), [ONE], "{}", request.body);
        }
    }
    let error = client(ACME).authorize().param("resource", "/mcp").begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parameter);
}

#[tokio::test]
async fn a_resource_is_an_absolute_uri_without_fragment() {
    for wrong in
        ["", "/mcp", "api.acme.example", "https://api.acme.example/#a", "https://api.acme.example/a b", "a\n:b"]
    {
        let error = client(ACME).authorize().resource(wrong).begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter, "{wrong}");
    }
}

#[tokio::test]
async fn an_account_that_refreshes_itself_names_them_again() {
    let server = Canned::start([json(TOKENS), json(TOKENS)]).await;
    let client = client(ACME).dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().resource(ONE).begin().await.unwrap().into_parts();
    let state = parameter(url.as_str(), "state").unwrap();
    let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
    account.refresh().await.unwrap();
    assert_eq!(account.tokens().resources(), [ONE]);
    assert_eq!(all(&server.received()[1].body, "resource"), [ONE]);
}
