//! Tokens of the client's own are for clients that prove who they are (RFC 6749 section 4.4).

use oauth_core::{Client, ClientAuth, ErrorKind, ProviderSpec, Step};
use oauth_tests::canned::Canned;

use crate::jwt::key;
use crate::{acme, answer, client};

const LONG: &str = "canary-client-secret-of-32-bytes-and-more";

async fn asked(client: Client) -> (oauth_core::Result<()>, usize) {
    let server = Canned::start([answer("token", "Bearer")]).await;
    let answer = client.dangerous_at(server.origin()).client_credentials().account().await;
    (answer.map(|_| ()), server.received().len())
}

#[tokio::test]
async fn whatever_proves_a_client_is_enough() {
    let (pem, _) = key();
    let minted = "{method: minted, alg: ES256, claims: {iss: x, aud: y}}";
    for (auth, credentials) in [
        ("basic", ClientAuth::secret(LONG)),
        ("body", ClientAuth::secret(LONG)),
        ("client_secret_jwt", ClientAuth::secret(LONG)),
        ("private_key_jwt", ClientAuth::private_key(&*pem)),
        ("private_key_jwt", ClientAuth::secret(&*pem)),
        (minted, ClientAuth::private_key(&*pem)),
    ] {
        let (outcome, requests) = asked(client(&format!("client_auth: {auth}\n"), credentials).0).await;
        outcome.unwrap_or_else(|error| panic!("{auth}: {}", error.explain()));
        assert_eq!(requests, 1, "{auth}");
    }
    // A transport that shows a certificate of its own.
    let http = oauth_core::http::ReqwestClient::new().unwrap();
    let own = client("client_auth: mtls\n", ClientAuth::none()).0.http_client(std::sync::Arc::new(http));
    assert_eq!(asked(own).await.1, 1);
}

#[tokio::test]
async fn a_client_that_proves_nothing_is_told_what_is_missing() {
    for (auth, fix) in [
        ("basic", "with the secret"),
        ("client_secret_jwt", "with the secret"),
        ("private_key_jwt", "ClientAuth::private_key"),
        ("{method: minted, alg: ES256, claims: {iss: x, aud: y}}", "ClientAuth::private_key"),
        ("mtls", "ClientAuth::certificate"),
    ] {
        let (outcome, requests) = asked(client(&format!("client_auth: {auth}\n"), ClientAuth::none()).0).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.step(), requests), (ErrorKind::Config, Step::Grant, 0), "{auth}");
        assert!(error.explain().contains(fix), "{auth}: {}", error.explain());
    }
}

#[tokio::test]
async fn a_provider_of_public_clients_has_no_tokens_for_them() {
    let faults = ProviderSpec::from_yaml(&acme("client_auth: none\n")).unwrap_err().to_string();
    assert!(faults.contains("`grants.client_credentials` is for clients that prove who they are"), "{faults}");
    assert!(faults.contains("client_auth: basic"), "{faults}");
    // Facts that came another way than from a file are held to it as well.
    let json = oauth_tests::login::spec(&acme("client_auth: body\n"))
        .to_json()
        .replace("\"client_auth\":\"body\"", "\"client_auth\":\"none\"");
    let spec = ProviderSpec::from_json(&json).unwrap();
    for credentials in [ClientAuth::none(), ClientAuth::secret(LONG)] {
        let (outcome, requests) = asked(spec.clone().client("my-client", credentials)).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), requests), (ErrorKind::Config, 0));
        assert!(error.explain().contains("client_auth"), "{}", error.explain());
    }
}
