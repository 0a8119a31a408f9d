//! Clients that register themselves with a key, a certificate, or for bound tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oauth_core::{Client, ClientAuth, ClientMetadata, ErrorKind, ExposeSecret as _, Mcp, RegisteredClient, TokenSet};
use oauth_tests::canned::{self, json_status};
use oauth_tests::issuer::{Issuer, TOKEN};
use oauth_tests::login::parameter;
use serde_json::{Value, json};

use crate::authority::Authority;
use crate::jwt::{Jwt, key};

pub(crate) const REGISTER: &str = "/register";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8765/callback";

pub(crate) fn me() -> ClientMetadata {
    ClientMetadata::named("My app").redirect_uri(REDIRECT)
}

/// An issuer that registers a client by that method.
pub(crate) async fn issuer(method: &str) -> Issuer {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| {
        metadata.as_object_mut().unwrap().remove("jwks_uri");
        metadata["registration_endpoint"] = format!("{}{REGISTER}", issuer.origin()).into();
        metadata["token_endpoint_auth_methods_supported"] = json!([method]);
    });
    registers(&issuer, method, "registered-1");
    issuer.tokens(None);
    issuer
}

fn registers(issuer: &Issuer, method: &str, id: &str) {
    let mut answer = json!({"client_id": id, "redirect_uris": [REDIRECT], "token_endpoint_auth_method": method});
    if method.starts_with("client_secret") {
        answer["client_secret"] = "canary-client-secret-of-32-bytes-and-more".into();
    }
    issuer.answer(REGISTER, json_status(201, &answer.to_string()));
}

pub(crate) fn registration(issuer: &Issuer) -> Value {
    serde_json::from_str(&issuer.requests(REGISTER).pop().unwrap().body).unwrap()
}

pub(crate) async fn assertion(issuer: &Issuer, client: &Client) -> Jwt {
    client
        .refresh(&TokenSet::new("a").with_refresh_token("r"))
        .await
        .unwrap_or_else(|error| panic!("{}", error.explain()));
    Jwt::read(&parameter(&issuer.requests(TOKEN).pop().unwrap().body, "client_assertion").expect("an assertion"))
}

/// The uncompressed point of a JWK.
fn point(jwk: &Value) -> Vec<u8> {
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    [vec![4], coordinate("x"), coordinate("y")].concat()
}

#[tokio::test]
async fn a_client_registers_the_public_half_of_its_key_and_signs_with_the_other() {
    let issuer = issuer("private_key_jwt").await;
    let (pem, public) = key();
    let app = me().credentials(ClientAuth::private_key(&*pem));
    let record = issuer.discovered().register(&app).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let sent = registration(&issuer);
    assert_eq!(sent["token_endpoint_auth_method"], "private_key_jwt");
    let jwk = &sent["jwks"]["keys"][0];
    assert_eq!((point(jwk), sent["jwks"]["keys"].as_array().unwrap().len()), (public.clone(), 1));
    assert_eq!((jwk["use"].as_str(), jwk.get("d")), (Some("sig"), None));
    assert!(!sent.to_string().contains("PRIVATE"));

    let client = issuer.discovered().registered(&record).await.unwrap();
    let jwt = assertion(&issuer, &client).await;
    assert!(jwt.is_by(&public));
    assert_eq!((&jwt.header["kid"], &jwt.claims["sub"]), (&jwk["kid"], &"registered-1".into()));

    // The key is not written down: it is given again.
    let text = record.expose_json();
    assert!(!text.expose_secret().contains("PRIVATE"), "{}", text.expose_secret());
    let read = RegisteredClient::from_exposed_json(&text).unwrap();
    let error = issuer.discovered().registered(&read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.explain().contains("ClientAuth::private_key(pem)"), "{}", error.explain());
    let again = read.credentials(ClientAuth::private_key(&*pem));
    let client = issuer.discovered().registered(&again).await.unwrap();
    assert_eq!(assertion(&issuer, &client).await.header["kid"], jwk["kid"]);
    assert!(!format!("{again:?} {app:?}").contains("PRIVATE"));
}

#[tokio::test]
async fn what_a_client_says_of_its_keys_itself_is_left_alone() {
    let issuer = issuer("private_key_jwt").await;
    let (pem, _) = key();
    let app = me().credentials(ClientAuth::private_key(&*pem).kid("k1")).jwks_uri("https://app.example/jwks");
    let record = issuer.discovered().register(&app).await.unwrap();
    let sent = registration(&issuer);
    assert_eq!((sent["jwks_uri"].as_str(), sent.get("jwks")), (Some("https://app.example/jwks"), None));
    let client = issuer.discovered().registered(&record).await.unwrap();
    assert_eq!(assertion(&issuer, &client).await.header["kid"], "k1");
}

#[tokio::test]
async fn a_secret_that_signs_is_registered_and_used() {
    let issuer = issuer("client_secret_jwt").await;
    let record = issuer.discovered().register(&me().token_endpoint_auth_method("client_secret_jwt")).await.unwrap();
    let client = issuer.discovered().registered(&record).await.unwrap();
    assert_eq!(assertion(&issuer, &client).await.header["alg"], "HS256");
}

#[tokio::test]
async fn a_certificate_is_registered_with_its_key() {
    let issuer = issuer("self_signed_tls_client_auth").await;
    let pair = Authority::new().issue("my-client");
    let certificate = ClientAuth::certificate(pair.chain_pem(), pair.key_pem());
    let record = issuer.discovered().register(&me().credentials(certificate)).await.unwrap();
    let sent = registration(&issuer);
    assert_eq!(sent["token_endpoint_auth_method"], "self_signed_tls_client_auth");
    let jwk = &sent["jwks"]["keys"][0];
    assert_eq!(jwk["x5c"], json!([STANDARD.encode(&pair.certificate)]));
    assert_eq!(point(jwk).len(), 65);
    let client = issuer.discovered().registered(&record).await.unwrap();
    assert_eq!((client.spec().client_auth.as_str(), client.spec().token.bound), ("mtls", None));
    client.validate().unwrap();
    // Beside a secret it is what tokens are bound to, where the issuer does that.
    let both = ClientAuth::secret("a-secret").with_certificate(pair.chain_pem(), pair.key_pem());
    for (bound, sound) in [(true, true), (false, false)] {
        issuer.metadata(|metadata| {
            metadata.as_object_mut().unwrap().remove("jwks_uri");
            metadata["tls_client_certificate_bound_access_tokens"] = bound.into();
        });
        let client = issuer.discovered().client("my-client", both.clone()).await.unwrap();
        assert_eq!((client.spec().token.bound.is_some(), client.validate().is_ok()), (bound, sound));
    }
}

#[tokio::test]
async fn cr_08_a_client_registered_for_bound_tokens_takes_no_others() {
    let issuer = issuer("none").await;
    let app = me().token_endpoint_auth_method("none").dpop_bound_access_tokens();
    let record = issuer.discovered().register(&app).await.unwrap();
    assert_eq!(registration(&issuer)["dpop_bound_access_tokens"], true);
    let record = RegisteredClient::from_exposed_json(&record.expose_json()).unwrap();
    assert!(record.has_bound_tokens());
    let client = issuer.discovered().registered(&record).await.unwrap();
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_str(), "state").unwrap();
    let error = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenDowngraded);
}

#[tokio::test]
async fn a_documents_client_signs_as_its_document_says() {
    let issuer = issuer("private_key_jwt").await;
    issuer.metadata(|metadata| {
        metadata.as_object_mut().unwrap().remove("jwks_uri");
        metadata["client_id_metadata_document_supported"] = true.into();
        metadata["token_endpoint_auth_methods_supported"] = json!(["none", "private_key_jwt"]);
    });
    let (pem, public) = key();
    let app = ClientMetadata::document("https://app.example/client.json").unwrap().client_name("My app");
    let app = app.redirect_uri(REDIRECT).credentials(ClientAuth::private_key(&*pem));
    let document: Value = serde_json::from_str(&app.to_document().unwrap()).unwrap();
    assert_eq!(document["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(point(&document["jwks"]["keys"][0]), public);
    let client = issuer.discovered().documented(&app).await.unwrap();
    let jwt = assertion(&issuer, &client).await;
    assert!(jwt.is_by(&public));
    assert_eq!(jwt.header["kid"], document["jwks"]["keys"][0]["kid"]);
}

/// An MCP server beside the issuer.
pub(crate) fn mcp(issuer: &Issuer, app: ClientMetadata, change: impl FnOnce(&mut Value)) -> Mcp {
    let at = |path: &str| format!("{}{path}", issuer.origin());
    let mut resource = json!({"resource": at("/mcp"), "authorization_servers": [issuer.origin()]});
    change(&mut resource);
    issuer.answer("/.well-known/oauth-protected-resource/mcp", canned::json(&resource.to_string()));
    issuer.metadata(|metadata| {
        metadata.as_object_mut().unwrap().remove("jwks_uri");
        metadata["registration_endpoint"] = at(REGISTER).into();
        metadata["code_challenge_methods_supported"] = json!(["S256"]);
        metadata["token_endpoint_auth_methods_supported"] = json!(["none", "private_key_jwt"]);
    });
    let mcp = Mcp::server(at("/mcp")).unwrap().client(app).dangerous_allow_loopback();
    mcp.clock(std::sync::Arc::new(issuer.clock.clone()))
}

#[tokio::test]
async fn an_mcp_client_with_a_key_registers_it_once_and_anew_with_another() {
    let issuer = issuer("private_key_jwt").await;
    let ((one, public), (other, _)) = (key(), key());
    let first = mcp(&issuer, me().credentials(ClientAuth::private_key(&*one)), |_| ());
    for _ in 0..2 {
        let client = first.connect("").await.unwrap_or_else(|error| panic!("{}", error.explain()));
        assert!(assertion(&issuer, &client).await.is_by(&public));
    }
    assert_eq!(issuer.asked(REGISTER), 1);
    let clients = std::sync::Arc::new(oauth_core::MemoryClients::new());
    for (pem, registrations) in [(&one, 2), (&one, 2), (&other, 3), (&other, 3)] {
        let app = me().credentials(ClientAuth::private_key(&**pem));
        mcp(&issuer, app, |_| ()).clients(clients.clone()).connect("").await.unwrap();
        assert_eq!(issuer.asked(REGISTER), registrations);
    }
}

#[tokio::test]
async fn cr_08_an_mcp_server_that_wants_bound_tokens_gets_them() {
    let issuer = issuer("none").await;
    let app = me().token_endpoint_auth_method("none");
    let mcp = mcp(&issuer, app, |resource| {
        resource["dpop_bound_access_tokens_required"] = true.into();
        resource["dpop_signing_alg_values_supported"] = json!(["EdDSA"]);
    });
    let client = mcp.connect("").await.unwrap();
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    assert!(parameter(url.as_str(), "dpop_jkt").is_some());
    let state = parameter(url.as_str(), "state").unwrap();
    issuer
        .answer(TOKEN, canned::json(r#"{"access_token":"canary-access-token","token_type":"DPoP","expires_in":3600}"#));
    let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
    let proof = Jwt::read(issuer.requests(TOKEN).pop().unwrap().header("dpop").unwrap());
    assert_eq!(proof.header["alg"], "EdDSA");
    let mut parts = http::Request::post(format!("{}/mcp", issuer.origin())).body(()).unwrap().into_parts().0;
    account.apply(&mut parts).await.unwrap();
    assert_eq!(parts.headers["authorization"], "DPoP canary-access-token");
    assert!(parts.headers.contains_key("dpop"));
}
