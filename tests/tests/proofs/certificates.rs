//! Client certificates (RFC 8705).

use std::sync::Arc;

use oauth_core::http::ReqwestClient;
use oauth_core::{Account, Client, ClientAuth, Error, ErrorKind, ProviderSpec, TokenKind, TokenSet};
use oauth_tests::again;
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::{TOKENS, parameter, spec, start};

use crate::authority::{Authority, Pair, Server};
use crate::jwt;

fn file(token: &str, api: &str, auth: &str) -> ProviderSpec {
    spec(&format!(
        "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
         endpoints: {{authorization: \"{token}/authorize\", token: \"{token}/token\", revocation: \"{token}/revoke\"}}\n\
         api: {{base_url: \"{api}\"}}\n{auth}"
    ))
}

fn acme(auth: &str, credentials: ClientAuth) -> Client {
    file("https://id.acme.example", "https://api.acme.example", auth).client("my-client", credentials)
}

/// The client's transport trusts what the system does, so that a process of its own has to be told of the authority.
#[tokio::test]
async fn cr_10_a_certificate_goes_to_its_provider_and_nowhere_else() {
    let name = "certificates::cr_10_a_certificate_goes_to_its_provider_and_nowhere_else";
    if !again::is_child(name) {
        let folder = tempfile::tempdir().unwrap();
        return again::run(name, &[("SSL_CERT_FILE", &folder.path().join("roots.pem"))]);
    }
    let authority = Authority::new();
    // Before the transport reads it.
    std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), authority.pem()).unwrap();
    let pair = authority.issue("my-client");
    shown_to_the_token_endpoint_alone(&authority, &pair).await;
    shown_to_the_api_where_tokens_are_bound(&authority, &pair).await;
    aliases_of_the_metadata_are_used(&authority, &pair).await;
    one_that_has_ended_is_refused_by_the_server(&authority).await;
    again::done();
}

fn certificate(pair: &Pair) -> ClientAuth {
    ClientAuth::certificate(pair.chain_pem(), pair.key_pem())
}

async fn log_in(client: &Client) -> Account {
    let client = client.clone().redirect_uri("https://app.example/callback");
    let started = start(&client).await;
    let callback = format!("code=c0de&state={}", started.state);
    let account = client.callback(callback, started.pending, started.browser).await;
    account.unwrap_or_else(|error| panic!("{}", error.explain()))
}

async fn shown_to_the_token_endpoint_alone(authority: &Authority, pair: &Pair) {
    let server = Server::start(authority, |_, _| TOKENS.to_owned());
    let api = Server::start(authority, |_, _| "{}".to_owned());
    let client = file(&server.origin, &api.origin, "client_auth: mtls\n").client("my-client", certificate(pair));
    let account = log_in(&client).await;
    client.refresh(&account.tokens()).await.unwrap();
    client.revoke(&account.tokens()).await.unwrap();
    account.get("/things").send().await.unwrap();
    let seen = server.seen();
    assert!(seen.len() >= 3);
    for request in &seen {
        assert_eq!(request.certificate.as_ref(), Some(&pair.certificate), "{}", request.line);
        assert_eq!(parameter(&request.body, "client_id").as_deref(), Some("my-client"), "{}", request.line);
        assert_eq!(parameter(&request.body, "client_secret"), None, "{}", request.line);
    }
    let seen = api.seen();
    assert_eq!((seen.len(), seen[0].certificate.is_none()), (1, true));
}

async fn shown_to_the_api_where_tokens_are_bound(authority: &Authority, pair: &Pair) {
    let server = Server::start(authority, |_, _| TOKENS.to_owned());
    let api = Server::start(authority, |_, _| "{}".to_owned());
    let spec = file(&server.origin, &api.origin, "client_auth: body\ntoken: {bound: mtls}\n");
    let credentials = ClientAuth::secret("a-secret").with_certificate(pair.chain_pem(), pair.key_pem());
    log_in(&spec.client("my-client", credentials)).await.get("/things").send().await.unwrap();
    assert_eq!(parameter(&server.seen()[0].body, "client_secret").as_deref(), Some("a-secret"));
    for seen in [server.seen(), api.seen()] {
        assert_eq!(seen[0].certificate.as_ref(), Some(&pair.certificate), "{}", seen[0].line);
    }
}

async fn aliases_of_the_metadata_are_used(authority: &Authority, pair: &Pair) {
    let server = Server::start(authority, |line, origin| {
        if line.contains("/.well-known/") {
            return format!(
                r#"{{"issuer":"{origin}","authorization_endpoint":"{origin}/authorize","token_endpoint":"{origin}/plain",
                "revocation_endpoint":"{origin}/plain-revoke","introspection_endpoint":"{origin}/plain-introspect",
                "mtls_endpoint_aliases":{{"token_endpoint":"{origin}/mtls","revocation_endpoint":"{origin}/mtls-revoke",
                "introspection_endpoint":"{origin}/mtls-introspect","unknown":"x"}}}}"#
            );
        }
        if line.contains("introspect") { r#"{"active":true}"#.to_owned() } else { TOKENS.to_owned() }
    });
    let of = |auth: &str| {
        spec(&format!(
            "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
             endpoints: {{issuer: \"{}\", discovery: true}}\n{auth}",
            server.origin
        ))
    };
    for (auth, credentials) in [("mtls", certificate(pair)), ("body", ClientAuth::secret("a-secret"))] {
        let client = of(&format!("client_auth: {auth}\n")).client("my-client", credentials);
        let account = log_in(&client).await;
        account.client().introspect(&account.tokens()).await.unwrap();
        account.client().revoke(&account.tokens()).await.unwrap();
    }
    let told: Vec<(String, bool)> = server
        .seen()
        .iter()
        .map(|seen| (seen.line.split(' ').nth(1).unwrap().to_owned(), seen.certificate.is_some()))
        .collect();
    let expected = [("mtls", true), ("plain", false)].map(|(way, shown)| {
        let paths = ["", "-introspect", "-revoke", "-revoke"].map(|of| (format!("/{way}{of}"), shown));
        [vec![("/.well-known/openid-configuration".to_owned(), false)], paths.to_vec()].concat()
    });
    assert_eq!(told, expected.concat());
}

async fn one_that_has_ended_is_refused_by_the_server(authority: &Authority) {
    let server = Server::start(authority, |_, _| TOKENS.to_owned());
    let ended = authority.ended("my-client");
    let client = file(&server.origin, &server.origin, "client_auth: mtls\n").client("my-client", certificate(&ended));
    let error = client.refresh(&TokenSet::new("a").with_refresh_token("canary-refresh")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{}", error.explain());
    assert!(!error.needs_reauth() && error.explain().contains("the client's own certificate"), "{}", error.explain());
    let told = format!("{error:?} {}", error.explain());
    assert!(!told.contains("canary-refresh") && !told.contains("PRIVATE"), "{told}");
    assert!(server.seen().is_empty(), "no request came in");
}

#[tokio::test]
async fn cr_10_a_certificate_that_cannot_be_used_is_an_error_at_once() {
    let authority = Authority::new();
    let (pair, other) = (authority.issue("a"), authority.issue("b"));
    for (what, chain, key) in [
        ("another's key", pair.chain_pem(), other.key_pem()),
        ("no chain", String::new(), pair.key_pem()),
        ("no key", pair.chain_pem(), String::new()),
        ("damaged", pair.chain_pem().replace("MII", "AAA"), pair.key_pem()),
    ] {
        let error = acme("client_auth: mtls\n", ClientAuth::certificate(chain, key)).validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{what}");
        assert!(error.explain().contains("the client's certificate cannot be used"), "{what}: {}", error.explain());
    }
    acme("client_auth: mtls\n", certificate(&pair)).validate().unwrap();
    assert_eq!(format!("{:?}", certificate(&pair)), "ClientAuth::Certificate([redacted])");
}

#[tokio::test]
async fn cr_10_credentials_and_the_file_fit_together() {
    let pair = Authority::new().issue("a");
    let (key, _) = jwt::key();
    for (auth, credentials) in [
        ("client_auth: mtls\n", ClientAuth::secret("a-secret")),
        ("client_auth: mtls\n", ClientAuth::private_key(&*key)),
        ("client_auth: body\n", certificate(&pair)),
    ] {
        let error = acme(auth, credentials).validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{auth}");
    }
    let http = ReqwestClient::new().unwrap();
    let both = acme("client_auth: mtls\n", certificate(&pair)).http_client(Arc::new(http));
    assert!(both.validate().unwrap_err().to_string().contains("a transport of its own"));
    let none = acme("client_auth: mtls\n", ClientAuth::none()).dangerous_at("http://127.0.0.1:9");
    let error = none.refresh(&TokenSet::new("a").with_refresh_token("r")).await.unwrap_err();
    assert!(error.to_string().contains("wants a client certificate"), "{error}");
}

/// Every step that brings a token, or uses one.
async fn refusals(client: &Client) -> Vec<Error> {
    let tokens = TokenSet::new("a").with_refresh_token("r");
    vec![
        client.validate().unwrap_err(),
        client.authorize().begin().await.unwrap_err(),
        client.authorize().pushed().begin().await.unwrap_err(),
        client.device().begin().await.unwrap_err(),
        client.refresh(&tokens).await.unwrap_err(),
        client.client_credentials().account().await.unwrap_err(),
        client.token_exchange("subject", TokenKind::ACCESS_TOKEN).send().await.unwrap_err(),
        client.account(tokens).get("/things").send().await.unwrap_err(),
    ]
}

/// RFC 8705 section 3 binds a token to the certificate of the connection: without one the provider gives a bearer token.
#[tokio::test]
async fn cr_10_tokens_to_be_bound_are_not_asked_for_without_a_certificate() {
    let (key, _) = jwt::key();
    let file = |auth: &str| {
        spec(&format!(
            "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\nclient_auth: {auth}\n\
             endpoints: {{authorization: https://id.acme.example/authorize, token: https://id.acme.example/token, \
             issuer: https://id.acme.example, pushed_authorization: https://id.acme.example/par, \
             device_authorization: https://id.acme.example/device, revocation: https://id.acme.example/revoke, \
             introspection: https://id.acme.example/introspect}}\n\
             grants: {{client_credentials: {{}}, device: {{}}, token_exchange: {{}}}}\n\
             api: {{base_url: https://api.acme.example}}\ntoken: {{bound: mtls}}\n"
        ))
    };
    let server = Canned::start([json(r#"{"active": true}"#), json("{}"), json(TOKENS), json(TOKENS)]).await;
    let client = |auth: &str, credentials: ClientAuth| {
        let client = file(auth).client("my-client", credentials).redirect_uri("https://app.example/callback");
        client.dangerous_at(server.origin())
    };
    for (auth, credentials) in [
        ("basic", ClientAuth::secret("a-secret")),
        ("body", ClientAuth::secret("a-secret")),
        ("{method: private_key_jwt, alg: ES256}", ClientAuth::private_key(&*key)),
        ("mtls", ClientAuth::none()),
    ] {
        for (at, error) in refusals(&client(auth, credentials)).await.iter().enumerate() {
            let told = error.explain();
            assert_eq!(error.kind(), ErrorKind::Config, "{auth} {at}: {told}");
            assert!(told.contains("client certificate") && told.contains("Acme"), "{auth} {at}: {told}");
            assert!(told.contains("certificate(chain, key)"), "{auth} {at}: {told}");
        }
    }
    let public = client("body", ClientAuth::none());
    assert!(public.authorize().begin().await.unwrap_err().explain().contains("client certificate"));
    assert!(server.received().is_empty(), "{:?}", server.received());
    // Whoever only asks about tokens, or ends them, has no token that is to be bound.
    let basic = client("basic", ClientAuth::secret("a-secret"));
    basic.introspect(&TokenSet::new("a")).await.unwrap();
    basic.revoke(&TokenSet::new("a")).await.unwrap();
    // A transport of the caller's own answers for the certificate itself.
    let own = basic.http_client(Arc::new(ReqwestClient::new().unwrap()));
    own.validate().unwrap();
    own.client_credentials().account().await.unwrap();
    own.refresh(&TokenSet::new("a").with_refresh_token("r")).await.unwrap();
    assert_eq!(server.received().len(), 4);
}
