//! One token for another (RFC 8693).

use oauth_core::{ErrorKind, ExchangedToken, Result, Step, TokenKind};
use oauth_tests::canned::{Answer, json, json_status};

use super::{acme, at, sent};

const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

fn issued(kind: &str, token_type: &str) -> Answer {
    json(&format!(
        r#"{{"access_token":"narrow","issued_token_type":"{kind}","token_type":"{token_type}","expires_in":60}}"#
    ))
}

/// What comes of asking for a token of that kind.
async fn exchanged(answer: Answer, requested: Option<TokenKind>) -> Result<ExchangedToken> {
    let (_server, client, _) = at(&acme("token_exchange: {}"), [answer]).await;
    let exchange = client.token_exchange("canary-subject", TokenKind::ACCESS_TOKEN);
    match requested {
        Some(kind) => exchange.requested(kind).send().await,
        None => exchange.send().await,
    }
}

#[tokio::test]
async fn a_token_for_another_service_on_somebodys_behalf() {
    let (server, client, _) = at(&acme("token_exchange: {}"), [issued(ACCESS, "Bearer"), json("{}")]).await;
    let exchange = client.token_exchange("canary-subject", TokenKind::JWT).actor("canary-actor", TokenKind::ID_TOKEN);
    let exchange = exchange.audience("billing").audience("mail").resource("https://api.acme.example/billing");
    let exchange = exchange.requested(TokenKind::ACCESS_TOKEN).scopes(["bills:read"]).param("hint", "x");
    let token = exchange.send().await.unwrap();
    assert_eq!((token.kind(), token.scopes()), (&TokenKind::ACCESS_TOKEN, &["bills:read".to_owned()][..]));
    let account = client.account(token.into_tokens().unwrap());
    account.get("/bills").send().await.unwrap();
    let requests = server.received();
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "canary-subject"),
        ("subject_token_type", JWT),
        ("actor_token", "canary-actor"),
        ("actor_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("requested_token_type", ACCESS),
        ("resource", "https://api.acme.example/billing"),
        ("scope", "bills:read"),
        ("hint", "x"),
        ("client_id", "my-client"),
    ] {
        assert_eq!(sent(&requests[0], name).as_deref(), Some(value), "{name}");
    }
    assert!(requests[0].body.contains("audience=billing&audience=mail"), "{}", requests[0].body);
    assert_eq!(requests[1].header("authorization"), Some("Bearer narrow"));
}

#[tokio::test]
async fn cr_04_the_issued_type_is_the_requested_one() {
    let missing = json(r#"{"access_token":"x","token_type":"Bearer"}"#);
    for (answer, requested) in [
        (missing, None),
        (issued("", "Bearer"), None),
        (issued(REFRESH, "Bearer"), Some(TokenKind::ACCESS_TOKEN)),
        (issued(ACCESS, "Bearer"), Some(TokenKind::JWT)),
    ] {
        let error = exchanged(answer, requested).await.unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::IssuedTokenType, Step::TokenExchange));
    }
    assert!(exchanged(issued(ACCESS, "Bearer"), Some(TokenKind::ACCESS_TOKEN)).await.is_ok());
    let without_type = json(&format!(r#"{{"access_token":"x","issued_token_type":"{ACCESS}"}}"#));
    assert_eq!(exchanged(without_type, None).await.unwrap_err().kind(), ErrorKind::TokenTypeMissing);
}

#[tokio::test]
async fn an_exchange_that_does_not_say_what_it_gave_gave_what_was_asked_for() {
    let yaml = acme("token_exchange: {issued_token_type: assume_requested}")
        + "quirks: [{field: grants.token_exchange.issued_token_type, because: a test, source: \"https://acme.example/docs\"}]\n";
    let silent = || json(r#"{"access_token":"narrow","token_type":"Bearer"}"#);
    let online = TokenKind::other("urn:acme:token-type:online");
    let (_server, client, _) = at(&yaml, [silent(), silent(), issued(REFRESH, "Bearer")]).await;
    let exchange = || client.token_exchange("canary-subject", TokenKind::ID_TOKEN);
    let token = exchange().requested(online.clone()).send().await.unwrap();
    assert_eq!(token.kind(), &online);
    assert!(token.into_tokens().is_ok());
    assert_eq!(exchange().send().await.unwrap().kind(), &TokenKind::ACCESS_TOKEN);
    let error = exchange().requested(online).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IssuedTokenType, "what it says still counts");
}

#[tokio::test]
async fn cr_04_what_is_no_access_token_goes_on_no_request() {
    for (kind, token_type) in [(JWT, "N_A"), (ACCESS, "n_a"), (REFRESH, "Bearer"), (ACCESS, "mac")] {
        let token = exchanged(issued(kind, token_type), None).await.unwrap();
        assert!(!format!("{token:?}").contains("narrow"));
        let error = token.into_tokens().unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::TokenTypeUnsupported, Step::TokenExchange), "{kind}");
    }
    let token = exchanged(issued(JWT, "N_A"), Some(TokenKind::JWT)).await.unwrap();
    assert_eq!(oauth_core::ExposeSecret::expose_secret(token.token()), "narrow");
}

#[tokio::test]
async fn cr_04_what_cannot_be_meant_is_not_sent() {
    let (server, client, _) = at(&acme("token_exchange: {}"), []).await;
    let exchange = || client.token_exchange("same", TokenKind::ACCESS_TOKEN);
    for wrong in [
        exchange().actor("same", TokenKind::ACCESS_TOKEN),
        exchange().resource("billing"),
        exchange().resource("https://api.acme.example/#x"),
    ] {
        assert_eq!(wrong.send().await.unwrap_err().kind(), ErrorKind::Parameter);
    }
    for name in ["subject_token", "actor_token_type", "audience", "client_secret"] {
        assert_eq!(exchange().param(name, "x").send().await.unwrap_err().kind(), ErrorKind::ReservedParameter);
    }
    assert_eq!(server.received().len(), 0);
}

/// Two tenants, the same audience: each has the token that was issued for its own, however alike the questions are.
#[tokio::test]
async fn cr_05_nothing_is_cached() {
    let subjects = ["canary-tenant-a", "canary-tenant-b", "canary-tenant-a"];
    let answer = |at: usize| {
        json(&format!(
            r#"{{"access_token":"token-{at}","issued_token_type":"{ACCESS}","token_type":"Bearer","expires_in":3600}}"#
        ))
    };
    let (server, client, _) = at(&acme("token_exchange: {}"), (0..3).map(answer)).await;
    for (at, subject) in subjects.iter().enumerate() {
        let exchange = client.clone().token_exchange(*subject, TokenKind::ACCESS_TOKEN).audience("billing");
        let token = exchange.send().await.unwrap();
        assert_eq!(oauth_core::ExposeSecret::expose_secret(token.token()), format!("token-{at}"));
        assert_eq!(sent(&server.received()[at], "subject_token").as_deref(), Some(*subject));
    }
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn a_refusal_repeats_neither_token() {
    let refusal = r#"{"error":"invalid_grant","error_description":"canary-subject and canary-actor"}"#;
    let (_server, client, _) = at(&acme("token_exchange: {}"), [json_status(400, refusal)]).await;
    let exchange = client.token_exchange("canary-subject", TokenKind::JWT).actor("canary-actor", TokenKind::JWT);
    let error = exchange.send().await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::GrantRejected, Step::TokenExchange));
    assert!(!error.explain().contains("canary") && !error.needs_reauth(), "{}", error.explain());
}
