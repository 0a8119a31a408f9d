//! Who the client is, proved in the same way at every endpoint that asks for it.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth_core::ClientAuth;
use oauth_tests::canned::Received;
use oauth_tests::login::SECRET;
use ring::hmac;

use crate::jwt::{Jwt, key};
use crate::{STEPS, client, everywhere, path, sent, server};

const LONG: &str = "canary-client-secret-of-32-bytes-and-more";

/// Why a file has an audience that is not the issuer.
pub(crate) fn explained(auth: &str) -> &'static str {
    if auth.contains("token_endpoint") {
        "quirks: [{field: client_auth.audience, because: it is so, source: https://acme.example/docs}]\n"
    } else {
        ""
    }
}

/// What each endpoint was sent by a client of that kind.
async fn received(auth: &str, credentials: impl Into<ClientAuth>) -> Vec<Received> {
    let server = server("Bearer").await;
    let (client, clock) = client(&format!("client_auth: {auth}\n{}", explained(auth)), credentials);
    let client = client.dangerous_at(server.origin());
    everywhere(&client, &clock).await.unwrap_or_else(|error| panic!("{auth}: {}", error.explain()));
    let received = server.received();
    assert_eq!(received.iter().map(path).collect::<Vec<_>>(), STEPS, "{auth}");
    received
}

/// The assertion of each request, each of them used once.
fn assertions(received: &[Received], audience: &str) -> Vec<Jwt> {
    let mut ids = HashSet::new();
    let read = |request: &Received| {
        let kind = sent(request, "client_assertion_type");
        assert_eq!(kind.as_deref(), Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), "{request:?}");
        assert_eq!(request.body.matches("client_id=").count(), 1, "{request:?}");
        let jwt = Jwt::read(&sent(request, "client_assertion").expect("an assertion"));
        assert_eq!(jwt.claims["aud"], audience, "{}", path(request));
        assert_eq!((&jwt.claims["iss"], &jwt.claims["sub"]), (&"my-client".into(), &"my-client".into()));
        assert!(ids.insert(jwt.claims["jti"].to_string()), "used twice: {request:?}");
        assert_eq!((sent(request, "client_secret"), request.header("authorization")), (None, None));
        jwt
    };
    received.iter().map(read).collect()
}

#[tokio::test]
async fn cr_01_an_assertion_by_a_private_key_goes_to_every_endpoint() {
    let (pem, point) = key();
    for (auth, audience, typ) in [
        ("private_key_jwt", "https://id.acme.example", Some("client-authentication+jwt")),
        ("{method: private_key_jwt, audience: token_endpoint}", "https://id.acme.example/token", None),
        ("{method: private_key_jwt, audience: acme}", "acme", None),
    ] {
        let received = received(auth, ClientAuth::private_key(&*pem).kid("k1")).await;
        for jwt in assertions(&received, audience) {
            assert_eq!((jwt.header["kid"].as_str(), jwt.header["typ"].as_str()), (Some("k1"), typ), "{auth}");
            assert!(jwt.is_by(&point), "{auth}");
        }
        assert!(received.iter().all(|request| !request.body.contains("PRIVATE")));
    }
}

#[tokio::test]
async fn cr_01_an_assertion_by_the_secret_goes_to_every_endpoint() {
    let received = received("client_secret_jwt", LONG).await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, LONG.as_bytes());
    for jwt in assertions(&received, "https://id.acme.example") {
        assert_eq!(jwt.header["alg"], "HS256");
        hmac::verify(&key, jwt.message.as_bytes(), &jwt.signature).expect("the secret's signature");
    }
    assert!(received.iter().all(|request| !request.body.contains(LONG)));
}

#[tokio::test]
async fn a_secret_is_made_anew_for_every_endpoint() {
    let (pem, point) = key();
    for sent_as in ["body", "basic"] {
        let auth = format!(
            "{{method: minted, alg: ES256, claims: {{iss: \"{{client_id}}\", aud: \"https://id.acme.example\"}}, sent: {sent_as}}}"
        );
        for request in received(&auth, ClientAuth::private_key(&*pem)).await {
            let secret = match request.header("authorization") {
                Some(header) => {
                    let pair = STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
                    String::from_utf8(pair).unwrap().strip_prefix("my-client:").unwrap().to_owned()
                }
                None => sent(&request, "client_secret").expect("a secret"),
            };
            assert_eq!(request.header("authorization").is_some(), sent_as == "basic", "{}", path(&request));
            let jwt = Jwt::read(&secret);
            assert_eq!(jwt.claims["iss"], "my-client");
            assert!(jwt.is_by(&point), "{}", path(&request));
        }
    }
}

#[tokio::test]
async fn a_secret_is_shown_at_every_endpoint_in_the_one_declared_way() {
    for request in received("basic", SECRET).await {
        let pair = format!("Basic {}", STANDARD.encode(format!("my-client:{SECRET}")));
        assert_eq!(request.header("authorization"), Some(&*pair), "{}", path(&request));
        assert!(!request.body.contains(SECRET), "{}", path(&request));
    }
    for request in received("body", SECRET).await {
        assert_eq!(request.header("authorization"), None, "{}", path(&request));
        assert_eq!(sent(&request, "client_secret").as_deref(), Some(SECRET), "{}", path(&request));
        assert_eq!(sent(&request, "client_id").as_deref(), Some("my-client"), "{}", path(&request));
    }
}
