//! Issuers without a file: what their metadata demands is done with what the client has, or the error says what is missing.

use oauth_core::{Client, ClientAuth, Discovered, ErrorKind, Result, TokenSet};
use oauth_tests::canned::{self, json_status};
use oauth_tests::issuer::{Issuer, TOKEN, tells_nothing};
use oauth_tests::login::{SECRET, parameter};
use serde_json::{Value, json};

use crate::jwt::{Jwt, key};

const RSA: &str = include_str!("../../keys/rsa.pem");
const LONG: &str = "canary-client-secret-of-32-bytes-and-more";

async fn issuer(change: impl FnOnce(&mut Value)) -> Issuer {
    let issuer = Issuer::start().await;
    issuer.metadata(|metadata| {
        metadata.as_object_mut().unwrap().remove("jwks_uri");
        change(metadata);
    });
    issuer.tokens(None);
    issuer
}

fn methods(listed: &[&str]) -> impl FnOnce(&mut Value) {
    move |metadata| metadata["token_endpoint_auth_methods_supported"] = json!(listed)
}

/// The token request of a client with these credentials.
async fn refreshed(issuer: &Issuer, credentials: impl Into<ClientAuth>) -> Result<String> {
    let client = issuer.discovered().client("my-client", credentials).await?;
    client.refresh(&TokenSet::new("a").with_refresh_token("r")).await?;
    Ok(issuer.requests(TOKEN).pop().unwrap().body)
}

#[tokio::test]
async fn a_key_signs_for_an_issuer_that_takes_keys() {
    let (pem, point) = key();
    let issuer = issuer(methods(&["client_secret_basic", "private_key_jwt"])).await;
    // As a key, and as the text of one.
    for credentials in [ClientAuth::private_key(&*pem), ClientAuth::secret(&*pem)] {
        let body = refreshed(&issuer, credentials).await.unwrap_or_else(|error| panic!("{}", error.explain()));
        let jwt = Jwt::read(&parameter(&body, "client_assertion").unwrap());
        assert!(jwt.is_by(&point));
        assert_eq!((&jwt.claims["aud"], &jwt.claims["sub"]), (&issuer.origin().into(), &"my-client".into()));
        assert_eq!(jwt.header["typ"], "client-authentication+jwt");
    }
    // A secret is shown where that is taken.
    let body = refreshed(&issuer, SECRET).await.unwrap();
    assert_eq!(parameter(&body, "client_assertion"), None);
}

#[tokio::test]
async fn the_algorithm_fits_the_key_and_the_issuers_list() {
    let listed = |algs: &'static [&'static str]| {
        move |metadata: &mut Value| {
            methods(&["private_key_jwt"])(metadata);
            metadata["token_endpoint_auth_signing_alg_values_supported"] = json!(algs);
        }
    };
    let (ec, _) = key();
    for (algs, pem, wanted) in [
        (&["RS256", "ES256"][..], &*ec, Some("ES256")),
        (&["RS256", "PS256"], RSA, Some("PS256")),
        (&["RS256"], RSA, Some("RS256")),
        (&[], RSA, Some("RS256")),
        (&["RS256"], &*ec, None),
        (&["HS256", "none"], &*ec, None),
    ] {
        let issuer = issuer(listed(algs)).await;
        let outcome = refreshed(&issuer, ClientAuth::private_key(pem)).await;
        match (outcome, wanted) {
            (Ok(body), Some(wanted)) => {
                let jwt = Jwt::read(&parameter(&body, "client_assertion").unwrap());
                assert_eq!(jwt.header["alg"], wanted, "{algs:?}");
            }
            (Err(error), None) => {
                assert_eq!(error.kind(), ErrorKind::Config, "{algs:?}");
                assert!(!error.explain().contains("PRIVATE KEY"));
                assert_eq!(issuer.asked(TOKEN), 0);
            }
            (outcome, _) => panic!("{algs:?}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn credentials_that_the_issuer_does_not_take_are_an_error_that_says_which_it_does() {
    let (pem, _) = key();
    for (listed, credentials, fix) in [
        (&["private_key_jwt"][..], ClientAuth::secret(SECRET), "ClientAuth::private_key(pem)"),
        (&["private_key_jwt"], ClientAuth::none(), "ClientAuth::private_key(pem)"),
        (&["tls_client_auth"], ClientAuth::secret(SECRET), "ClientAuth::certificate"),
        (&["tls_client_auth"], ClientAuth::none(), "ClientAuth::certificate"),
        (&["client_secret_jwt"], ClientAuth::none(), "with a secret"),
        (&["self_signed_tls_client_auth", "private_key_jwt"], ClientAuth::none(), "ClientAuth::private_key(pem)"),
        (&["client_secret_basic"], ClientAuth::private_key(&*pem), "with a secret"),
        (&[], ClientAuth::private_key(&*pem), "with a secret"),
        (&["none"], ClientAuth::secret(SECRET), "public client"),
    ] {
        let change = methods(listed);
        let issuer = issuer(|metadata| {
            if !listed.is_empty() {
                change(metadata);
            }
        })
        .await;
        let error = refreshed(&issuer, credentials).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{listed:?}");
        assert!(error.explain().contains(fix), "{listed:?}: {}", error.explain());
        tells_nothing(&error, &[SECRET, "PRIVATE KEY"]);
        assert_eq!(issuer.asked(TOKEN), 0);
    }
}

#[tokio::test]
async fn a_secret_signs_where_it_may_not_be_shown() {
    let issuer = issuer(methods(&["client_secret_jwt", "private_key_jwt"])).await;
    let body = refreshed(&issuer, LONG).await.unwrap();
    assert_eq!(Jwt::read(&parameter(&body, "client_assertion").unwrap()).header["alg"], "HS256");
    assert!(!body.contains(LONG));
}

fn hardened(issuer: &Issuer, change: impl FnOnce(&mut Value)) {
    let at = |path: &str| format!("{}{path}", issuer.origin());
    issuer.metadata(|metadata| {
        metadata.as_object_mut().unwrap().remove("jwks_uri");
        metadata["pushed_authorization_request_endpoint"] = at("/par").into();
        change(metadata);
    });
    let pushed = r#"{"request_uri":"urn:ietf:params:oauth:request_uri:1","expires_in":60}"#;
    issuer.answer("/par", json_status(201, pushed));
}

fn redirected(client: Client) -> Client {
    client.redirect_uri("https://app.example/callback")
}

#[tokio::test]
async fn cr_12_requests_are_pushed_where_the_issuer_takes_no_others() {
    for (required, requests) in [(true, 1), (false, 0)] {
        let issuer = issuer(|_| ()).await;
        hardened(&issuer, |metadata| metadata["require_pushed_authorization_requests"] = required.into());
        let client = redirected(issuer.discovered().client("my-client", SECRET).await.unwrap());
        let attempt = client.authorize().begin().await.unwrap();
        assert_eq!(issuer.asked("/par"), requests);
        assert_eq!(parameter(attempt.url().as_str(), "request_uri").is_some(), required);
    }
    // An endpoint that has to be used and is not named.
    let issuer = issuer(|metadata| metadata["require_pushed_authorization_requests"] = true.into()).await;
    let error = issuer.discovered().client("my-client", SECRET).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetadataEndpoint);
}

#[tokio::test]
async fn cr_13_requests_are_signed_where_the_issuer_takes_no_others() {
    let (pem, point) = key();
    let issuer = issuer(|_| ()).await;
    hardened(&issuer, |metadata| {
        methods(&["private_key_jwt", "client_secret_basic"])(metadata);
        metadata["require_signed_request_object"] = true.into();
        metadata["request_object_signing_alg_values_supported"] = json!(["none", "RS256", "ES256"]);
        metadata["grant_types_supported"] = json!(["client_credentials"]);
    });
    // The key that the client proves itself with, or one of its own.
    let proving = issuer.discovered().client("my-client", ClientAuth::private_key(&*pem).kid("k1")).await.unwrap();
    let own = issuer.discovered().client("my-client", SECRET).await.unwrap().request_key(&*pem);
    for (client, kid) in [(proving, Some("k1")), (own, None)] {
        let attempt =
            redirected(client).authorize().begin().await.unwrap_or_else(|error| panic!("{}", error.explain()));
        let url = attempt.url().as_str();
        let jwt = Jwt::read(&parameter(url, "request").expect("a signed request"));
        assert!(jwt.is_by(&point));
        assert_eq!((jwt.header["alg"].as_str(), jwt.header["kid"].as_str()), (Some("ES256"), kid));
        assert_eq!(jwt.claims["aud"], issuer.origin());
        assert_eq!(parameter(url, "state"), None, "nothing but in the object");
    }
    // Without one no login starts, and everything else goes on.
    let none = redirected(issuer.discovered().client("my-client", SECRET).await.unwrap());
    let error = none.authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.explain().contains("request_key"), "{}", error.explain());
    none.client_credentials().account().await.unwrap();
}

#[tokio::test]
async fn cr_08_bound_tokens_are_asked_for_by_an_algorithm_of_the_issuers() {
    for (listed, alg) in
        [(json!(["RS256", "EdDSA"]), Some("EdDSA")), (json!([]), Some("ES256")), (json!(["RS256"]), None)]
    {
        let issuer = issuer(|metadata| metadata["dpop_signing_alg_values_supported"] = listed).await;
        let discovered: Discovered = issuer.discovered().dpop();
        let Some(alg) = alg else {
            assert_eq!(discovered.client("my-client", SECRET).await.unwrap_err().kind(), ErrorKind::Unsupported);
            continue;
        };
        let client = redirected(discovered.client("my-client", SECRET).await.unwrap());
        let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
        assert!(parameter(url.as_str(), "dpop_jkt").is_some());
        let state = parameter(url.as_str(), "state").unwrap();
        let bound = r#"{"access_token":"a","token_type":"DPoP","expires_in":3600}"#;
        issuer.answer(TOKEN, canned::json(bound));
        let account = client.callback(format!("code=c&state={state}"), pending, browser).await.unwrap();
        assert!(account.tokens().is_bound());
        let proof = Jwt::read(issuer.requests(TOKEN)[0].header("dpop").unwrap());
        assert_eq!(proof.header["alg"], alg);
    }
}
