//! The key that signs authorization requests (RFC 9101), beside what the client proves itself with.

use oauth_core::{ClientAuth, ErrorKind};
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::SECRET;

use crate::jwt::{Jwt, key};
use crate::{answer, client, sent};

const SIGNED: &str = "authorize: {request_object: {alg: ES256}}\n";

/// A key as tools write it: in lines of 64 characters.
fn in_lines(pem: &str) -> String {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[tokio::test]
async fn cr_13_a_key_of_several_lines_signs_requests_however_it_is_given() {
    let (pem, point) = key();
    let pem = in_lines(&pem);
    let cases = [
        ("none", ClientAuth::private_key(&*pem), false),
        ("none", ClientAuth::secret(&*pem), false),
        ("none", ClientAuth::none(), true),
        ("private_key_jwt", ClientAuth::private_key(&*pem), false),
        ("private_key_jwt", ClientAuth::secret(&*pem), false),
        ("basic", ClientAuth::secret(SECRET), true),
        ("body", ClientAuth::secret(SECRET), true),
    ];
    for (auth, credentials, own) in cases {
        let server = Canned::start([answer("par", "")]).await;
        let grants = if auth == "none" { "client_credentials: {}, " } else { "" };
        let yaml = crate::acme(&format!("client_auth: {auth}\n{SIGNED}")).replace(grants, "");
        let client = oauth_tests::login::spec(&yaml).client("my-client", credentials);
        let mut client = client.redirect_uri("https://app.example/callback").dangerous_at(server.origin());
        if own {
            client = client.request_key(&*pem);
        }
        client.validate().unwrap_or_else(|error| panic!("{auth}: {}", error.explain()));
        client.authorize().begin().await.unwrap_or_else(|error| panic!("{auth}: {}", error.explain()));
        let request = server.received().remove(0);
        assert!(Jwt::read(&sent(&request, "request").unwrap()).is_by(&point), "{auth}");
        assert!(!request.body.contains("PRIVATE"), "{auth}");
    }
}

#[tokio::test]
async fn a_key_is_taken_for_no_secret_that_is_sent() {
    let (pem, _) = key();
    let pem = in_lines(&pem);
    for auth in ["basic", "body", "client_secret_jwt"] {
        for credentials in [ClientAuth::private_key(&*pem), ClientAuth::secret(&*pem)] {
            let (client, _) = client(&format!("client_auth: {auth}\n{SIGNED}"), credentials);
            let error = client.validate().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{auth}");
            assert!(!error.explain().contains("PRIVATE KEY"), "{auth}");
        }
    }
}

#[tokio::test]
async fn without_a_key_only_logins_are_refused() {
    let server = Canned::start([answer("token", "Bearer"), json("{}")]).await;
    let (client, _) = client(&format!("client_auth: body\n{SIGNED}"), SECRET);
    let client = client.dangerous_at(server.origin());
    for error in [client.validate().unwrap_err(), client.authorize().begin().await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.explain().contains("request_key"), "{}", error.explain());
    }
    assert!(server.received().is_empty());
    client.client_credentials().account().await.unwrap();
}
