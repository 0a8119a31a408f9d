//! Registered clients of a provider's file: they authenticate as it says, or are told that they are registered otherwise.

use oauth_core::{Client, ClientAuth, ClientMetadata, Error, ErrorKind, RegisteredClient, Step, TokenSet};
use oauth_tests::canned::{json, json_status};
use oauth_tests::issuer::{Issuer, TOKEN, tells_nothing};
use oauth_tests::login::{TOKENS, parameter, spec};
use serde_json::{Value, json};

use crate::authority::Authority;
use crate::jwt::{Jwt, key};

const ISSUER: &str = "https://id.acme.example";
const REGISTER: &str = "/register";
const REDIRECT: &str = "https://app.example/callback";
const SECRETS: [&str; 2] = ["canary-registered-secret-of-32-bytes-and-more", "PRIVATE"];

/// A client of a provider whose file says that.
fn client(issuer: &Issuer, client_auth: &str) -> Client {
    let file = format!(
        "{{id: acme, name: Acme, docs: 'https://acme.example', checked: '2026-11-21', client_auth: {client_auth},
          endpoints: {{authorization: '{ISSUER}/authorize', token: '{ISSUER}/token', registration: '{ISSUER}/register',
            issuer: '{ISSUER}'}}}}"
    );
    let client = spec(&file).client("unregistered", ClientAuth::none());
    client.clock(std::sync::Arc::new(issuer.clock.clone())).dangerous_at(issuer.origin())
}

/// What the provider gave, with that method.
fn record(method: Option<&str>) -> RegisteredClient {
    let mut stored = json!({"kind": "oauth-registered-client/1", "issuer": ISSUER, "client_id": "registered-1",
        "redirect_uris": [REDIRECT]});
    if let Some(method) = method {
        stored["auth_method"] = method.into();
    }
    if method.is_none_or(|method| method.starts_with("client_secret")) {
        stored["secret"] = SECRETS[0].into();
    }
    RegisteredClient::from_exposed_json(&stored.to_string().into()).unwrap()
}

/// The token request of that client.
async fn request(issuer: &Issuer, client: &Client) -> oauth_tests::canned::Received {
    issuer.answer(TOKEN, json(TOKENS));
    let tokens = TokenSet::new("a").with_refresh_token("r");
    client.refresh(&tokens).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    issuer.requests(TOKEN).pop().expect("a token request")
}

fn at_once(issuer: &Issuer, error: &Error) {
    assert_eq!(error.step(), Step::Registration, "{}", error.explain());
    assert!(error.to_string().contains("acme") || error.explain().contains("Acme"), "{}", error.explain());
    assert_eq!(issuer.asked(TOKEN), 0, "nothing was sent");
    tells_nothing(error, &SECRETS);
}

#[tokio::test]
async fn a_registered_client_authenticates_as_the_file_and_its_record_say() {
    let issuer = Issuer::start().await;
    for (file, word) in [
        ("basic", Some("client_secret_basic")),
        ("basic", None),
        ("body", Some("client_secret_post")),
        ("body", None),
        ("client_secret_jwt", Some("client_secret_jwt")),
        ("none", Some("none")),
        ("basic", Some("none")),
        ("body", Some("none")),
    ] {
        let own = client(&issuer, file).registered(&record(word)).await.unwrap_or_else(|error| panic!("{error}"));
        let request = request(&issuer, &own).await;
        let shown = [
            request.header("authorization").is_some_and(|header| header.starts_with("Basic ")),
            parameter(&request.body, "client_secret").as_deref() == Some(SECRETS[0]),
            parameter(&request.body, "client_assertion").is_some(),
        ];
        let wanted = word.map_or(file, |word| if word == "none" { word } else { file });
        assert_eq!(shown, [wanted == "basic", wanted == "body", wanted == "client_secret_jwt"], "{file} {word:?}");
        assert_eq!(request.body.contains(SECRETS[0]), wanted == "body");
    }
    let (pem, public) = key();
    let signed = record(Some("private_key_jwt")).credentials(ClientAuth::private_key(&*pem));
    let own = client(&issuer, "private_key_jwt").registered(&signed).await.unwrap();
    let body = request(&issuer, &own).await.body;
    assert!(Jwt::read(&parameter(&body, "client_assertion").unwrap()).is_by(&public));
    let pair = Authority::new().issue("registered-1");
    for word in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let shown = record(Some(word)).credentials(ClientAuth::certificate(pair.chain_pem(), pair.key_pem()));
        client(&issuer, "mtls").registered(&shown).await.unwrap().validate().unwrap();
    }
}

#[tokio::test]
async fn a_client_that_is_registered_with_another_method_than_the_files_is_told_at_once() {
    let issuer = Issuer::start().await;
    for (file, word) in [
        ("basic", "client_secret_post"),
        ("basic", "client_secret_jwt"),
        ("basic", "private_key_jwt"),
        ("basic", "tls_client_auth"),
        ("body", "client_secret_basic"),
        ("none", "client_secret_basic"),
        ("client_secret_jwt", "client_secret_basic"),
        ("client_secret_jwt", "none"),
        ("private_key_jwt", "client_secret_basic"),
        ("private_key_jwt", "none"),
        ("mtls", "private_key_jwt"),
        ("mtls", "none"),
        ("{method: minted, alg: ES256, claims: {iss: x, aud: y}}", "client_secret_post"),
        ("basic", "made_up"),
    ] {
        let (pem, _) = key();
        for record in [record(Some(word)), record(Some(word)).credentials(ClientAuth::private_key(&*pem))] {
            let error = client(&issuer, file).registered(&record).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{file} {word}");
            assert!(error.to_string().contains(&format!("`{word}`")), "{error}");
            at_once(&issuer, &error);
        }
    }
    let error = client(&issuer, "basic").registered(&record(Some("client_secret_post"))).await.unwrap_err();
    for part in ["client_auth: basic", "token_endpoint_auth_method"] {
        assert!(error.explain().contains(part), "{}", error.explain());
    }
    // What the file declares, and the record has nothing for.
    for (word, file, fix) in [
        ("private_key_jwt", "private_key_jwt", "ClientAuth::private_key"),
        ("self_signed_tls_client_auth", "mtls", "ClientAuth::certificate"),
    ] {
        let error = client(&issuer, file).registered(&record(Some(word))).await.unwrap_err();
        assert!(error.explain().contains(fix), "{}", error.explain());
        at_once(&issuer, &error);
    }
    // A secret that the provider gave is no private key.
    let mut odd: Value = json!({"kind": "oauth-registered-client/1", "issuer": ISSUER, "client_id": "registered-1"});
    (odd["secret"], odd["auth_method"]) = (SECRETS[0].into(), "private_key_jwt".into());
    let odd = RegisteredClient::from_exposed_json(&odd.to_string().into()).unwrap();
    let error = client(&issuer, "private_key_jwt").registered(&odd).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    at_once(&issuer, &error);
}

#[tokio::test]
async fn a_client_of_a_file_asks_to_be_registered_with_the_files_method() {
    let issuer = Issuer::start().await;
    let app = ClientMetadata::named("My app").redirect_uri(REDIRECT);
    let answered = |method: Option<&str>| {
        let mut answer = json!({"client_id": "registered-1", "client_secret": SECRETS[0], "redirect_uris": [REDIRECT]});
        if let Some(method) = method {
            answer["token_endpoint_auth_method"] = method.into();
        }
        json_status(201, &answer.to_string())
    };
    for (file, asked) in [
        ("basic", None),
        ("body", Some("client_secret_post")),
        ("none", Some("none")),
        ("client_secret_jwt", Some("client_secret_jwt")),
    ] {
        issuer.answer(REGISTER, answered(asked));
        let own = client(&issuer, file);
        let record = own.register(&app).await.unwrap_or_else(|error| panic!("{}", error.explain()));
        let sent: Value = serde_json::from_str(&issuer.requests(REGISTER).pop().unwrap().body).unwrap();
        assert_eq!(sent.get("token_endpoint_auth_method").and_then(Value::as_str), asked, "{file}");
        own.registered(&record).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    }
    // Nothing was asked for, and the provider chose another one than the default, which the file has.
    issuer.answer(REGISTER, answered(Some("client_secret_post")));
    let basic = client(&issuer, "basic");
    let record = basic.register(&app).await.unwrap();
    let error = basic.registered(&record).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    at_once(&issuer, &error);
    // What a provider does not repeat is what it was asked for, where the client permits that.
    issuer.answer(REGISTER, answered(None));
    let asked = app.token_endpoint_auth_method("client_secret_post").permit_change("token_endpoint_auth_method");
    let record = basic.register(&asked).await.unwrap();
    assert_eq!(record.token_endpoint_auth_method(), Some("client_secret_post"));
    assert_eq!(basic.registered(&record).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(client(&issuer, "body").registered(&record).await.is_ok());
}
