//! A certificate at each endpoint that a client proves itself at (RFC 8705), and the aliases of the metadata.

use std::sync::Arc;

use oauth_core::{ClientAuth, Discovered};
use oauth_tests::again;
use oauth_tests::login::{ManualClock, parameter, spec};

use crate::authority::{Authority, Pair, Server};
use crate::{STEPS, answers, everywhere, file};

/// The client's transport trusts what the system does, so that a process of its own has to be told of the authority.
#[tokio::test]
async fn cr_10_a_certificate_is_shown_at_every_endpoint() {
    let name = "certificates::cr_10_a_certificate_is_shown_at_every_endpoint";
    if !again::is_child(name) {
        let folder = tempfile::tempdir().unwrap();
        return again::run(name, &[("SSL_CERT_FILE", &folder.path().join("roots.pem"))]);
    }
    let authority = Authority::new();
    // Before the transport reads it.
    std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), authority.pem()).unwrap();
    let pair = authority.issue("my-client");
    at_the_addresses_of_a_file(&authority, &pair).await;
    at_the_aliases_of_the_metadata(&authority, &pair).await;
    again::done();
}

fn certificate(pair: &Pair) -> ClientAuth {
    ClientAuth::certificate(pair.chain_pem(), pair.key_pem())
}

fn told(line: &str) -> &str {
    line.split(' ').nth(1).unwrap().split('?').next().unwrap().rsplit('/').next().unwrap()
}

/// The server of these tests answers every path with 200, which a pushed request is not.
fn answer(line: &str) -> String {
    answers(told(line), "Bearer").1
}

async fn at_the_addresses_of_a_file(authority: &Authority, pair: &Pair) {
    let server = Server::start(authority, |line, _| answer(line));
    let clock = ManualClock::new();
    let yaml = file(&server.origin, "client_auth: mtls\n");
    let client = spec(&yaml).client("my-client", certificate(pair)).redirect_uri("https://app.example/callback");
    let client = client.clock(Arc::new(clock.clone()));
    everywhere(&client, &clock).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    let seen = server.seen();
    assert_eq!(seen.iter().map(|request| told(&request.line)).collect::<Vec<_>>(), STEPS);
    for request in seen {
        assert_eq!(request.certificate.as_ref(), Some(&pair.certificate), "{}", request.line);
        assert_eq!(parameter(&request.body, "client_id").as_deref(), Some("my-client"), "{}", request.line);
        assert_eq!(parameter(&request.body, "client_secret"), None, "{}", request.line);
    }
}

async fn at_the_aliases_of_the_metadata(authority: &Authority, pair: &Pair) {
    let server = Server::start(authority, |line, origin| {
        if !line.contains("/.well-known/") {
            return answer(line);
        }
        let aliases: Vec<String> = [
            ("token_endpoint", "token"),
            ("pushed_authorization_request_endpoint", "par"),
            ("device_authorization_endpoint", "device"),
            ("introspection_endpoint", "introspect"),
            ("revocation_endpoint", "revoke"),
        ]
        .map(|(name, path)| format!(r#""{name}":"{origin}/mtls/{path}""#))
        .into();
        let aliases = aliases.join(",");
        format!(
            r#"{{"issuer":"{origin}","authorization_endpoint":"{origin}/authorize",{},
            "require_pushed_authorization_requests":true,"token_endpoint_auth_methods_supported":["tls_client_auth"],
            "grant_types_supported":["client_credentials","urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer"],"mtls_endpoint_aliases":{{{aliases}}}}}"#,
            aliases.replace("/mtls/", "/plain/")
        )
    });
    let clock = ManualClock::new();
    let discovered = Discovered::at(&*server.origin).unwrap().clock(Arc::new(clock.clone()));
    let client =
        discovered.client("my-client", certificate(pair)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    everywhere(&client.redirect_uri("https://app.example/callback"), &clock)
        .await
        .unwrap_or_else(|error| panic!("{}", error.explain()));
    let seen = server.seen();
    assert!(seen[0].certificate.is_none(), "nobody proves anything when metadata is asked for");
    let wanted: Vec<String> = STEPS.iter().map(|path| format!("/mtls/{path}")).collect();
    let paths: Vec<&str> = seen[1..].iter().map(|request| request.line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(paths, wanted);
    assert!(seen[1..].iter().all(|request| request.certificate.as_ref() == Some(&pair.certificate)));
}
