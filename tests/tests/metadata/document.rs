//! Clients that are known by the address of their own metadata document.

use oauth_core::{ClientMetadata, ErrorKind};
use oauth_tests::canned::json;
use oauth_tests::issuer::{Issuer, METADATA, TOKEN};
use oauth_tests::login::{TOKENS, parameter, start};

const ID: &str = "https://app.example/oauth/client.json";

fn me() -> ClientMetadata {
    let me = ClientMetadata::document(ID).unwrap();
    me.client_name("My app").redirect_uri("https://app.example/callback")
}

#[tokio::test]
async fn a_document_is_the_clients_id_where_the_issuer_takes_it() {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| metadata["client_id_metadata_document_supported"] = true.into());
    issuer.answer(TOKEN, json(TOKENS));
    let client = issuer.discovered().documented(&me()).await.unwrap().scopes(["read"]);
    let login = start(&client).await;
    assert_eq!(parameter(&login.url, "client_id").as_deref(), Some(ID));
    assert_eq!(parameter(&login.url, "redirect_uri").as_deref(), Some("https://app.example/callback"));
    client.callback(format!("code=c&state={}", login.state), login.pending, login.browser).await.unwrap();
    let request = issuer.requests(TOKEN).pop().unwrap();
    assert_eq!(parameter(&request.body, "client_id").as_deref(), Some(ID));
    assert!(request.header("authorization").is_none() && !request.body.contains("client_secret"));
}

#[tokio::test]
async fn a_document_is_of_no_use_where_the_issuer_does_not_say_so() {
    let issuer = Issuer::start().await;
    let error = issuer.discovered().documented(&me()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(issuer.paths(), [METADATA]);
    let error = issuer.discovered().documented(&ClientMetadata::named("x").redirect_uri("https://a.example")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Config, "it has no document");
}
