//! `private_key_jwt` and `client_secret_jwt` (RFC 7523 section 2.2, OpenID Connect Core section 9).

use std::sync::Arc;

use oauth_core::{Account, Client, ClientAuth, ErrorKind, TokenSet};
use oauth_simulator::Simulator;
use oauth_tests::canned::{Canned, Received, json, json_status};
use oauth_tests::issuer::{Issuer, TOKEN};
use oauth_tests::login::{ManualClock, TOKENS, parameter, spec, start};
use ring::hmac;

use crate::jwt::{Jwt, key};

const SECRET: &str = "canary-client-secret-of-32-bytes-and-more";

fn file(auth: &str) -> String {
    // The audience of older servers is explained.
    let quirk = if auth.contains("token_endpoint") {
        "quirks: [{field: client_auth.audience, because: it is so, source: https://acme.example/docs}]\n"
    } else {
        ""
    };
    format!(
        "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
         endpoints: {{authorization: https://id.acme.example/authorize, token: https://id.acme.example/token, \
         revocation: https://id.acme.example/revoke, issuer: https://id.acme.example}}\n\
         client_auth: {auth}\n{quirk}"
    )
}

fn client(auth: &str, credentials: impl Into<ClientAuth>) -> Client {
    spec(&file(auth))
        .client("my-client", credentials)
        .redirect_uri("https://app.example/callback")
        .clock(Arc::new(ManualClock::new()))
}

async fn log_in(client: &Client, server: &Canned) -> oauth_core::Result<Account> {
    let client = client.clone().dangerous_at(server.origin());
    let started = start(&client).await;
    client.callback(format!("code=c0de&state={}", started.state), started.pending, started.browser).await
}

/// What a client proves itself with at the code exchange.
async fn exchange(client: &Client) -> (Received, Jwt) {
    let server = Canned::start([json(TOKENS)]).await;
    log_in(client, &server).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let request = server.received().remove(0);
    let jwt = assertion(&request);
    (request, jwt)
}

fn assertion(request: &Received) -> Jwt {
    assert_eq!(
        parameter(&request.body, "client_assertion_type").as_deref(),
        Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    );
    Jwt::read(&parameter(&request.body, "client_assertion").expect("an assertion"))
}

#[tokio::test]
async fn cr_01_an_assertion_is_for_the_issuer_alone() {
    let (pem, point) = key();
    let (request, jwt) = exchange(&client("private_key_jwt", ClientAuth::private_key(&*pem).kid("k1"))).await;
    assert_eq!(jwt.header, serde_json::json!({"alg": "ES256", "kid": "k1", "typ": "client-authentication+jwt"}));
    assert_eq!(jwt.claims["aud"], "https://id.acme.example");
    assert_eq!((&jwt.claims["iss"], &jwt.claims["sub"]), (&"my-client".into(), &"my-client".into()));
    let (issued, ends) = (jwt.claims["iat"].as_u64().unwrap(), jwt.claims["exp"].as_u64().unwrap());
    assert_eq!((issued, ends - issued), (1_795_000_000, 60));
    assert!(jwt.is_by(&point));
    assert_eq!(parameter(&request.body, "client_id").as_deref(), Some("my-client"));
    assert_eq!(parameter(&request.body, "client_secret"), None);
    assert_eq!(request.header("authorization"), None);
    assert!(!request.body.contains("PRIVATE"));
}

/// The audience is the issuer that the client was made for, whatever its metadata calls the endpoint: an assertion for one
/// server is worth nothing at another.
#[tokio::test]
async fn cr_01_metadata_that_names_another_token_endpoint_gives_nobody_an_assertion_for_it() {
    let (pem, point) = key();
    let (honest, evil) = (Issuer::start().await, Issuer::start().await);
    for (name, issuer) in [("honest", &honest), ("evil", &evil)] {
        let yaml = format!(
            "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
             endpoints: {{issuer: \"{}\", discovery: true}}\nclient_auth: private_key_jwt\n",
            issuer.origin()
        );
        issuer.answer(TOKEN, json(TOKENS));
        let client = spec(&yaml).client("my-client", ClientAuth::private_key(&*pem));
        let client = client.redirect_uri("https://app.example/callback").clock(Arc::new(issuer.clock.clone()));
        // Whatever else the metadata says, and in whatever form.
        issuer.metadata(|metadata| {
            metadata["token_endpoint_auth_signing_alg_values_supported"] = serde_json::json!(["ES256"]);
            metadata["audience"] = serde_json::json!([honest.origin(), "https://honest.example/token"]);
        });
        let started = start(&client).await;
        let callback = format!("code=c0de&state={}", started.state);
        client.callback(callback, started.pending, started.browser).await.unwrap();
        let jwt = assertion(&issuer.requests(TOKEN)[0]);
        assert!(jwt.is_by(&point));
        assert_eq!(jwt.claims["aud"], issuer.origin(), "{name}");
    }
    // The evil one names the honest one's endpoint, or the other way round: nothing is signed for it.
    evil.metadata(|metadata| metadata["token_endpoint"] = "https://honest.example/token".into());
    let error = evil.discovered().hosts([""; 0]).client("my-client", ClientAuth::private_key(&*pem)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetadataForeign);
}

#[tokio::test]
async fn older_servers_are_told_their_own_audience() {
    let (pem, point) = key();
    let (_, jwt) =
        exchange(&client("{method: private_key_jwt, audience: token_endpoint, kid: of-the-file, lifetime: 30}", &*pem))
            .await;
    assert_eq!(jwt.claims["aud"], "https://id.acme.example/token");
    assert_eq!(jwt.header, serde_json::json!({"alg": "ES256", "kid": "of-the-file"}));
    assert_eq!(jwt.claims["exp"].as_u64().unwrap() - jwt.claims["iat"].as_u64().unwrap(), 30);
    assert!(jwt.is_by(&point));
    let (_, jwt) = exchange(&client("{method: private_key_jwt, audience: acme}", &*pem)).await;
    assert_eq!(jwt.claims["aud"], "acme");
}

#[tokio::test]
async fn a_shared_secret_signs_and_is_not_sent() {
    let (request, jwt) = exchange(&client("client_secret_jwt", SECRET)).await;
    assert_eq!(jwt.header["alg"], "HS256");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, jwt.message.as_bytes(), &jwt.signature).expect("the secret's signature");
    assert!(!request.body.contains("canary"), "{}", request.body);
    let error = client("client_secret_jwt", "too-short").validate().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!error.explain().contains("too-short"));
}

#[tokio::test]
async fn cr_02_each_request_has_an_assertion_of_its_own() {
    let (pem, point) = key();
    let server =
        Canned::start([json(TOKENS), json(TOKENS), json_status(503, "{}"), json(TOKENS), json("{}"), json("{}")]).await;
    let client = client("private_key_jwt", &*pem);
    let account = log_in(&client, &server).await.unwrap();
    let (tokens, client) = (account.tokens(), account.client().clone());
    client.refresh(&tokens).await.unwrap();
    client.refresh(&tokens).await.unwrap_err();
    client.refresh(&tokens).await.unwrap();
    client.revoke(&tokens).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 6);
    let mut ids: Vec<String> = received
        .iter()
        .map(|request| {
            let jwt = assertion(request);
            assert!(jwt.is_by(&point));
            jwt.claims["jti"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(ids.iter().all(|id| id.len() == 22), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6, "no assertion is used twice");
}

#[tokio::test]
async fn an_answer_that_repeats_the_assertion_is_not_repeated() {
    let (pem, _) = key();
    let server = Canned::start([json(TOKENS)]).await;
    let account = log_in(&client("private_key_jwt", &*pem), &server).await.unwrap();
    server.answer(json_status(400, r#"{"error":"invalid_client","error_description":"who is it?"}"#));
    let error = account.client().refresh(&account.tokens()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ClientRejected);
    let sent = parameter(&server.received()[1].body, "client_assertion").unwrap();
    assert!(!format!("{error:?} {}", error.explain()).contains(&sent));
}

#[tokio::test]
async fn a_key_is_never_taken_for_a_secret() {
    let (pem, _) = key();
    for auth in ["basic", "body", "client_secret_jwt"] {
        let error = client(auth, ClientAuth::private_key(&*pem)).validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{auth}");
        assert!(!format!("{error:?} {}", error.explain()).contains("PRIVATE KEY"), "{auth}");
    }
    let error = client("private_key_jwt", "no key at all").validate().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let none = client("private_key_jwt", ClientAuth::none()).dangerous_at("http://127.0.0.1:9");
    let error = none.refresh(&TokenSet::new("a").with_refresh_token("r")).await.unwrap_err();
    assert!(error.to_string().contains("nothing to sign with"), "{error}");
}

#[tokio::test]
async fn cr_17_a_public_client_shows_no_secret_and_protects_its_codes() {
    let server = Canned::start([json(TOKENS)]).await;
    log_in(&client("none", SECRET), &server).await.unwrap();
    let request = server.received().remove(0);
    assert!(!request.body.contains("canary"), "{}", request.body);
    assert_eq!(request.header("authorization"), None);
    assert!(parameter(&request.body, "code_verifier").is_some());
}

#[tokio::test]
async fn a_login_at_a_server_that_checks_assertions() {
    for auth in ["private_key_jwt", "client_secret_jwt", "{method: private_key_jwt, audience: token_endpoint, kid: k}"]
    {
        let sim = Simulator::start(Arc::new(spec(&file(auth)))).await.unwrap();
        let client = sim.dynamic_client().unwrap().redirect_uri("http://127.0.0.1:1/callback");
        let started = start(&client).await;
        let callback = sim.scripted_user().approve(&started.url).await.unwrap();
        let account = client.callback(callback.as_str(), started.pending, started.browser).await;
        let account = account.unwrap_or_else(|error| panic!("{auth}: {}", error.explain()));
        account.client().refresh(&account.tokens()).await.unwrap();
    }
}
