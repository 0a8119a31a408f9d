//! An MCP server's issuer that takes signatures or certificates from clients that it knows.

use std::sync::Arc;

use oauth_core::{ClientAuth, ErrorKind, Mcp, RegisteredClient, TokenSet};
use oauth_tests::issuer::{Issuer, TOKEN, tells_nothing};
use oauth_tests::login::parameter;
use oauth_tests::{again, canned};
use serde_json::json;

use crate::authority::{Authority, Pair, Server};
use crate::jwt::key;
use crate::registered::{REDIRECT, assertion, issuer, mcp, me};

/// An MCP server whose issuer knows this client.
fn known(issuer: &Issuer, method: &str, credentials: impl Into<ClientAuth>) -> Mcp {
    let at = |path: &str| format!("{}{path}", issuer.origin());
    let resource = json!({"resource": at("/mcp"), "authorization_servers": [issuer.origin()]});
    issuer.answer("/.well-known/oauth-protected-resource/mcp", canned::json(&resource.to_string()));
    issuer.metadata(|metadata| {
        metadata.as_object_mut().unwrap().remove("jwks_uri");
        metadata["code_challenge_methods_supported"] = json!(["S256"]);
        metadata["token_endpoint_auth_methods_supported"] = json!([method]);
    });
    let record = RegisteredClient::known(issuer.origin(), "my-client", credentials);
    let mcp = Mcp::server(at("/mcp")).unwrap().client(record).redirect_uri(REDIRECT).dangerous_allow_loopback();
    mcp.clock(Arc::new(issuer.clock.clone()))
}

#[tokio::test]
async fn a_client_that_an_mcp_servers_issuer_knows_signs_with_its_key() {
    let issuer = issuer("private_key_jwt").await;
    let (pem, public) = key();
    let mcp = known(&issuer, "private_key_jwt", ClientAuth::private_key(&*pem).kid("k1"));
    assert!(!format!("{mcp:?}").contains("PRIVATE"));
    let client = mcp.connect("").await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let jwt = assertion(&issuer, &client).await;
    assert!(jwt.is_by(&public));
    assert_eq!((&jwt.header["kid"], &jwt.claims["sub"]), (&"k1".into(), &"my-client".into()));
    // A record that was read without its key.
    let app = me().credentials(ClientAuth::private_key(&*pem));
    self::mcp(&issuer, app.clone(), |_| ()).connect("").await.unwrap();
    let record = issuer.discovered().register(&app).await.unwrap();
    let read = RegisteredClient::from_exposed_json(&record.expose_json()).unwrap();
    let before = issuer.asked(TOKEN);
    for (identity, kind) in [
        (read.clone(), ErrorKind::Unsupported),
        (read.clone().credentials(ClientAuth::private_key(&*key().0)), ErrorKind::Config),
    ] {
        let server = Mcp::server(format!("{}/mcp", issuer.origin())).unwrap().dangerous_allow_loopback();
        let error = server.client(identity).redirect_uri(REDIRECT).connect("").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.explain());
        tells_nothing(&error, &["PRIVATE"]);
    }
    assert_eq!(issuer.asked(TOKEN), before);
}

#[tokio::test]
async fn an_issuer_that_takes_no_keys_says_so_before_a_login() {
    let issuer = issuer("client_secret_basic").await;
    let (pem, pair) = (key().0, Authority::new().issue("my-client"));
    for credentials in [ClientAuth::private_key(&*pem), ClientAuth::certificate(pair.chain_pem(), pair.key_pem())] {
        let error = known(&issuer, "client_secret_basic", credentials).connect("").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", error.explain());
        tells_nothing(&error, &["PRIVATE"]);
    }
    // Nobody's certificate is shown by this machine's own transport.
    for method in ["tls_client_auth", "private_key_jwt"] {
        let error = known(&issuer, method, ClientAuth::none()).connect("").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", error.explain());
    }
    assert_eq!(issuer.asked(TOKEN), 0);
    // A transport of one's own shows its own certificate, and cannot show this one.
    let http = Arc::new(oauth_core::http::ReqwestClient::new().unwrap());
    let own = known(&issuer, "tls_client_auth", ClientAuth::certificate(pair.chain_pem(), pair.key_pem()));
    let client = own.http_client(http).connect("").await.unwrap();
    let error = client.validate().unwrap_err();
    assert!(error.explain().contains("ClientAuth::none()"), "{}", error.explain());
}

/// The client's transport trusts what the system does, so that a process of its own has to be told of the authority.
#[tokio::test]
async fn cr_10_an_mcp_clients_certificate_is_shown_to_its_issuer_alone() {
    let name = "mcp_keys::cr_10_an_mcp_clients_certificate_is_shown_to_its_issuer_alone";
    if !again::is_child(name) {
        let folder = tempfile::tempdir().unwrap();
        return again::run(name, &[("SSL_CERT_FILE", &folder.path().join("roots.pem"))]);
    }
    let authority = Authority::new();
    // Before the transport reads it.
    std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), authority.pem()).unwrap();
    let pair = authority.issue("my-client");
    let server = Server::start(&authority, |line, origin| answer(line, origin, origin));
    Box::pin(shown(&server, &pair)).await;
    // Nor does a guarded transport reach this machine with a certificate, where it is not allowed to.
    let guarded = at(&server, &pair).connect("").await.unwrap_err();
    assert_eq!(guarded.kind(), ErrorKind::AddressBlocked, "{}", guarded.explain());
    again::done();
}

fn answer(line: &str, issuer: &str, resource: &str) -> String {
    let text = if line.contains("oauth-protected-resource") {
        json!({"resource": format!("{resource}/mcp"), "authorization_servers": [issuer]})
    } else if line.contains("/.well-known/") {
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["tls_client_auth"],
            "tls_client_certificate_bound_access_tokens": true,
        })
    } else {
        json!({"access_token": "canary-access-token", "token_type": "Bearer", "expires_in": 3600})
    };
    text.to_string()
}

fn at(server: &Server, pair: &Pair) -> Mcp {
    let certificate = ClientAuth::certificate(pair.chain_pem(), pair.key_pem());
    let record = RegisteredClient::known(&*server.origin, "my-client", certificate);
    Mcp::server(format!("{}/mcp", server.origin)).unwrap().client(record).redirect_uri(REDIRECT)
}

async fn shown(server: &Server, pair: &Pair) {
    let mcp = at(server, pair).dangerous_allow_loopback();
    let client = mcp.connect("").await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let tokens = client.refresh(&TokenSet::new("a").with_refresh_token("r")).await;
    let tokens = tokens.unwrap_or_else(|error| panic!("{}", error.explain()));
    // Its tokens are bound to the certificate, which the server sees as well.
    client.account(tokens).get("/files").send().await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let seen = server.seen();
    assert_eq!(seen.len(), 4, "resource, metadata, tokens, files");
    for request in seen {
        let is_token = request.line.contains("/token ");
        let is_shown = is_token || request.line.contains("/mcp/files ");
        assert_eq!(request.certificate.as_ref(), is_shown.then_some(&pair.certificate), "{}", request.line);
        if is_token {
            assert_eq!(parameter(&request.body, "client_id").as_deref(), Some("my-client"));
            assert_eq!(parameter(&request.body, "resource").as_deref(), Some(&*format!("{}/mcp", server.origin)));
        }
    }
}
