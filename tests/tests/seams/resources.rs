//! The resource that tokens are for (RFC 8707), the same at each step.

use oauth_core::{ClientMetadata, Mcp, TokenSet};
use oauth_tests::canned::json;
use oauth_tests::issuer::{Issuer, TOKEN};
use oauth_tests::login::parameter;
use serde_json::json;

use crate::{answer, client, log_in, sent};

const REDIRECT: &str = "http://127.0.0.1:8765/callback";

/// An MCP server with an issuer at the same origin, and a client of it.
async fn mcp() -> (Issuer, Mcp, Vec<String>) {
    let issuer = Issuer::start().await;
    let at = |path: &str| format!("{}{path}", issuer.origin());
    let server = at("/mcp");
    let resource = json!({"resource": server, "authorization_servers": [issuer.origin()]});
    issuer.answer("/.well-known/oauth-protected-resource/mcp", json(&resource.to_string()));
    let metadata = json!({"issuer": issuer.origin(), "authorization_endpoint": at("/authorize"),
        "token_endpoint": at(TOKEN), "client_id_metadata_document_supported": true,
        "code_challenge_methods_supported": ["S256"]});
    issuer.answer("/.well-known/oauth-authorization-server", json(&metadata.to_string()));
    issuer.tokens(None);
    let me = ClientMetadata::document("https://app.example/client.json").unwrap();
    let mcp = Mcp::server(&*server).unwrap().dangerous_allow_loopback();
    let mcp =
        mcp.client(me.client_name("My app").redirect_uri(REDIRECT)).clock(std::sync::Arc::new(issuer.clock.clone()));
    (issuer, mcp, vec![server])
}

fn all(form: &str, name: &str) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(form.as_bytes());
    pairs.filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
}

#[tokio::test]
async fn an_mcp_servers_tokens_are_for_it_at_every_step() {
    let (issuer, mcp, server) = mcp().await;
    let client = mcp.connect("").await.unwrap();
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    assert_eq!(all(url.as_str().split_once('?').unwrap().1, "resource"), server);
    let state = parameter(url.as_str(), "state").unwrap();
    let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
    assert_eq!(account.tokens().resources(), server);
    // Twice: a renewed set is for the same.
    account.refresh().await.unwrap();
    account.refresh().await.unwrap();
    assert_eq!(account.tokens().resources(), server);
    let requests = issuer.requests(TOKEN);
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(all(&request.body, "resource"), server, "{}", request.body);
    }
}

#[tokio::test]
async fn tokens_from_elsewhere_are_renewed_for_the_servers_resource() {
    let (issuer, mcp, server) = mcp().await;
    let client = mcp.connect("").await.unwrap();
    let account = client.account(TokenSet::new("a").with_refresh_token("r"));
    account.refresh().await.unwrap();
    account.refresh().await.unwrap();
    assert_eq!(account.tokens().resources(), server);
    let stored = TokenSet::from_exposed_json(&account.tokens().expose_json()).unwrap();
    client.refresh(&stored).await.unwrap();
    for request in issuer.requests(TOKEN) {
        assert_eq!(all(&request.body, "resource"), server, "{}", request.body);
    }
}

#[tokio::test]
async fn a_login_for_another_resource_is_renewed_for_that_one() {
    let yaml = "client_auth: body\nauthorize: {resource: [\"https://api.acme.example/\"]}\n";
    let server =
        oauth_tests::canned::Canned::start([answer("par", ""), answer("token", "Bearer"), answer("token", "Bearer")])
            .await;
    let (client, _) = client(yaml, "a-secret");
    let client = client.dangerous_at(server.origin());
    let account = log_in(&client).await.unwrap();
    account.refresh().await.unwrap();
    for request in server.received() {
        assert_eq!(sent(&request, "resource").as_deref(), Some("https://api.acme.example/"), "{}", request.body);
    }
    // RFC 8707 section 2.2: a token request names them, whatever the grant.
    server.answer(answer("token", "Bearer"));
    server.answer(answer("token", "Bearer"));
    let account = client.jwt_bearer("x.y.z").account().await.unwrap();
    account.refresh().await.unwrap();
    for request in &server.received()[3..] {
        assert_eq!(sent(request, "resource").as_deref(), Some("https://api.acme.example/"), "{}", request.body);
    }
    server.answer(answer("token", "Bearer"));
    server.answer(answer("token", "Bearer"));
    let exchange = client.token_exchange("s", oauth_core::TokenKind::ACCESS_TOKEN).resource("https://b.example/");
    let account = client.account(exchange.send().await.unwrap().into_tokens().unwrap());
    account.refresh().await.unwrap();
    for request in &server.received()[5..] {
        assert_eq!(sent(request, "resource").as_deref(), Some("https://b.example/"), "{}", request.body);
    }
}
