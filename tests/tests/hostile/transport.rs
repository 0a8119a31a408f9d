//! Area NET: transport.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};
use oauth_core::mechanism::{MechanismError, Mechanisms, Session, SessionLogin, SessionRequest};
use oauth_core::{ErrorKind, ProviderSpec, TokenSet};
use oauth_tests::canned::{Canned, json, status, with};
use oauth_tests::login::{ACME, SECRET, TOKENS, account_with, client, log_in, log_in_with, spec, start};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const API: &str = "{\"id\":\"7\"}";

#[tokio::test]
async fn net_01_no_redirect_is_followed_with_a_secret() {
    for code in [301, 302, 303, 307, 308] {
        let target = Canned::start([json(TOKENS)]).await;
        let (_, account) = log_in([with(code, &[("location", target.origin())], "")]).await;
        let error = account.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RedirectRefused, "{code}");
        assert!(
            error.explain().contains("fix:") && error.to_string().contains(&code.to_string()),
            "{}",
            error.explain()
        );
        assert!(target.received().is_empty());
    }
    let (_server, account) =
        account_with(ACME, TokenSet::new("t"), [with(307, &[("location", "//evil.example/")], "")]).await;
    assert_eq!(account.profile().await.unwrap_err().kind(), ErrorKind::RedirectRefused);
    // The other endpoints that get a token or a secret.
    let yaml = ACME.replacen(
        "{authorization",
        "{revocation: https://id.acme.example/revoke, introspection: https://id.acme.example/introspect, authorization",
        1,
    );
    let target = Canned::start([json(TOKENS), json(TOKENS), json(TOKENS)]).await;
    let away = || with(307, &[("location", target.origin())], "");
    let tokens = TokenSet::new("t").with_refresh_token("r");
    let (server, account) = account_with(&yaml, tokens, [away(), away(), away(), away()]).await;
    let client = account.client();
    assert_eq!(client.refresh(&account.tokens()).await.unwrap_err().kind(), ErrorKind::RedirectRefused);
    assert_eq!(client.introspect(&account.tokens()).await.unwrap_err().kind(), ErrorKind::RedirectRefused);
    assert_eq!(client.revoke(&account.tokens()).await.unwrap_err().kind(), ErrorKind::RedirectRefused);
    assert_eq!((server.received().len(), target.received().len()), (4, 0), "each of the two tokens is revoked");
}

#[tokio::test]
async fn net_02_a_certificate_that_nobody_trusts_ends_the_connection() {
    for name in ["localhost", "elsewhere.example"] {
        let server = SelfSigned::start(name).await;
        let yaml = ACME.replace("https://id.acme.example/token", &format!("https://localhost:{}/token", server.port));
        let client = client(&yaml);
        let started = start(&client).await;
        let error = client
            .callback(format!("code=c&state={}", started.state), started.pending, started.browser)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{}", error.explain());
        assert!(error.to_string().contains("localhost") && error.explain().contains("clock"), "{}", error.explain());
        assert!(!error.explain().contains(SECRET) && !format!("{error:?}").contains("code="));
        assert!(!server.task.await.unwrap(), "no handshake may succeed");
    }
}

/// A TLS server with a certificate that it signed itself, for one connection.
struct SelfSigned {
    port: u16,
    /// Whether a client finished the handshake.
    task: tokio::task::JoinHandle<bool>,
}

impl SelfSigned {
    async fn start(name: &str) -> Self {
        let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.into()], key)
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut server = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            while server.is_handshaking() {
                let mut out = Vec::new();
                while server.wants_write() {
                    server.write_tls(&mut out).unwrap();
                }
                stream.write_all(&out).await.unwrap();
                let mut read = vec![0; 16 * 1024];
                let length = stream.read(&mut read).await.unwrap_or(0);
                if length == 0
                    || server.read_tls(&mut &read[..length]).is_err()
                    || server.process_new_packets().is_err()
                {
                    return false;
                }
            }
            true
        });
        Self { port, task }
    }
}

#[tokio::test]
async fn net_03_plain_http_is_for_this_machine_only() {
    let faults =
        ProviderSpec::from_yaml(&ACME.replace("https://id.acme.example/token", "http://id.acme.example/token"))
            .unwrap_err()
            .to_string();
    assert!(faults.contains("http") && faults.contains("7:70"), "{faults}");
    let server = Canned::start([json(TOKENS)]).await;
    let yaml = ACME.replace("https://id.acme.example/token", &format!("{}/token", server.origin()));
    let client = client(&yaml);
    let started = start(&client).await;
    client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await.unwrap();
}

#[tokio::test]
async fn net_07_and_08_failures_of_the_network_are_told_apart_from_refusals() {
    let gone = Canned::start([]).await.origin().to_owned();
    let client = client(ACME).dangerous_at(gone);
    let started = start(&client).await;
    let error =
        client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_retryable() && !error.needs_reauth());
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn net_11_no_cookie_is_kept() {
    let cookie = [("content-type", "application/json"), ("set-cookie", "a=b; Path=/")];
    let (server, account) =
        log_in([with(200, &cookie, TOKENS), with(200, &cookie, API), with(200, &cookie, TOKENS)]).await;
    let account = account.unwrap();
    server.answer(json(API));
    account.profile().await.unwrap();
    account.refresh().await.unwrap();
    account.profile().await.unwrap();
    assert_eq!(server.received().len(), 4);
    assert!(server.received().iter().all(|request| request.header("cookie").is_none()));
}

#[tokio::test]
async fn net_12_a_token_goes_to_the_providers_origins_only() {
    let (server, account) = account_with(ACME, TokenSet::new("canary-token"), [json(API)]).await;
    for foreign in [
        "https://evil.example/",
        "https://api.acme.example.evil.example/",
        "http://api.acme.example/",
        "https://api.acme.example:8443/",
        "https://api.acme.example@evil.example/",
        "https://user:pw@api.acme.example/",
        "https://id.acme.example/",
        "ftp://api.acme.example/",
    ] {
        let error = account.get(foreign).send().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OriginRefused | ErrorKind::Config), "{foreign}: {error}");
        assert!(!format!("{error:?}").contains("canary-token"));
    }
    for foreign in ["@evil.example/", ":8443/x", ".evil.example/"] {
        // A path that would change the host when glued to the base URL.
        let _ = account.get(foreign).send().await;
    }
    for request in server.received() {
        assert!(request.target.starts_with("/api.acme.example/"), "{}", request.target);
    }
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn net_12_a_redirect_of_the_api_is_shown_and_not_followed() {
    let target = Canned::start([json(API)]).await;
    let (_server, account) =
        account_with(ACME, TokenSet::new("t"), [with(302, &[("location", target.origin())], "")]).await;
    assert_eq!(account.get("/x").send().await.unwrap().status(), 302);
    assert!(target.received().is_empty());
}

#[tokio::test]
async fn net_13_a_token_stands_in_a_query_only_where_the_file_says_so() {
    let (_server, account) = account_with(ACME, TokenSet::new("t"), []).await;
    let error = account.get("/x?access_token=other").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parameter);

    let yaml = format!(
        "{ACME}token: {{placement: {{query: access_token}}}}\nquirks: [{{field: token.placement, because: it is so, source: https://acme.example/docs}}]\n"
    );
    let (server, account) = account_with(&yaml, TokenSet::new("canary-token"), [json(API), status(500, "")]).await;
    account.get("/x").query("a", "b&c").send().await.unwrap();
    assert_eq!(server.received()[0].target, "/api.acme.example/x?a=b%26c&access_token=canary-token");
    assert!(server.received()[0].header("authorization").is_none());
    let error = account.profile().await.unwrap_err();
    assert!(!error.explain().contains("canary-token") && !format!("{error:?}").contains("canary-token"));
}

#[tokio::test]
async fn net_14_and_15_basic_credentials_are_form_encoded_and_the_only_ones() {
    let yaml = ACME.replace("client_auth: body\n", "");
    let server = Canned::start([json(TOKENS)]).await;
    let client = spec(&yaml)
        .client("my client:1", "s:%+ä&")
        .redirect_uri("https://app.example/cb")
        .dangerous_at(server.origin());
    let started = start(&client).await;
    client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await.unwrap();
    let request = &server.received()[0];
    let expected = base64::engine::general_purpose::STANDARD.encode("my+client%3A1:s%3A%25%2B%C3%A4%26");
    assert_eq!(request.header("authorization"), Some(&*format!("Basic {expected}")));
    assert!(!request.body.contains("client_secret") && !request.body.contains("client_id"), "{}", request.body);

    let (server, account) = log_in([json(TOKENS)]).await;
    account.unwrap();
    assert!(server.received()[0].header("authorization").is_none());
    assert!(server.received()[0].body.contains(&format!("client_secret={SECRET}")));
}

#[tokio::test]
async fn a_public_client_sends_no_secret() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = spec(ACME).public("my-client").redirect_uri("https://app.example/cb").dangerous_at(server.origin());
    let started = start(&client).await;
    client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await.unwrap();
    let body = &server.received()[0].body;
    assert!(body.contains("client_id=my-client") && !body.contains("client_secret"), "{body}");
}

#[tokio::test]
async fn compressed_answers_are_refused() {
    let (_, account) = log_in([with(200, &[("content-encoding", "gzip")], "\u{1f}")]).await;
    let error = account.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseEncoded);
    assert!(error.to_string().contains("gzip") && error.explain().contains("fix:"), "{}", error.explain());
    let (_, account) = log_in([with(200, &[("content-encoding", "identity")], TOKENS)]).await;
    account.unwrap();
}

/// A transport that breaks our rules: it follows redirects by itself and answers from elsewhere.
struct Careless;

impl HttpClient for Careless {
    fn send(&self, _: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async {
            Ok(http::Response::builder()
                .status(307)
                .header("location", "https://evil.example")
                .body(Bytes::new().into())
                .unwrap())
        })
    }
}

#[tokio::test]
async fn a_custom_transport_is_held_to_the_same_rules() {
    let client = client(ACME).http_client(Arc::new(Careless));
    let started = start(&client).await;
    let error =
        client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectRefused);
}

#[tokio::test]
async fn a_provider_whose_answer_is_nested_renamed_and_in_milliseconds_is_understood() {
    let yaml = format!(
        "{ACME}token: {{response: {{at: /data, rename: {{access_token: accessToken}}, expiry: {{field: expireIn, unit: ms}}, extras: {{team: {{type: string, at: /team/id}}}}}}}}\n"
    );
    let (_, account) = log_in_with(
        &yaml,
        [json(r#"{"data":{"accessToken":"a","token_type":"bearer","expireIn":60000,"team":{"id":"T1"}}}"#)],
    )
    .await;
    let account = account.unwrap();
    assert_eq!(account.extras().unwrap().pointer("/team/id").unwrap(), "T1");
    assert!(account.tokens().expires_at().is_some());
}

/// Each place that a file may name, and what then is in the request: the token there, and nowhere else.
#[tokio::test]
async fn a_token_goes_where_the_file_says() {
    let quirk = "quirks: [{field: token.placement, because: it is so, source: https://acme.example/docs}]\n";
    let placed = async |placement: &str, quirk: &str| {
        let yaml = format!("{ACME}token: {{placement: {{{placement}}}}}\n{quirk}");
        let (server, account) = account_with(&yaml, TokenSet::new("canary-token"), [json(API), json(API)]).await;
        account.post("/x").form([("a", "b")]).send().await.unwrap();
        account.post("/x").json(&serde_json::json!({"a": 1})).send().await.unwrap();
        let [form, json] = <[_; 2]>::try_from(server.received()).unwrap();
        for request in [&form, &json] {
            let everything = format!("{} {:?} {}", request.target, request.headers, request.body);
            assert_eq!(everything.matches("canary-token").count(), 1, "{placement}: {everything}");
        }
        (form, json)
    };
    let (form, _) = placed("header: Authorization, scheme: Acme-token", "").await;
    assert_eq!(form.header("authorization"), Some("Acme-token canary-token"));
    let (form, _) = placed("header: Authorization", "").await;
    assert_eq!(form.header("authorization"), Some("canary-token"));
    let (form, _) = placed("header: X-Acme-Token", "").await;
    assert_eq!((form.header("x-acme-token"), form.header("authorization")), (Some("canary-token"), None));
    let (form, _) = placed("query: token", quirk).await;
    assert_eq!(form.target, "/api.acme.example/x?token=canary-token");
    let (form, json) = placed("body: token", quirk).await;
    assert_eq!(
        (form.body.as_str(), json.body.as_str()),
        ("a=b&token=canary-token", r#"{"a":1,"token":"canary-token"}"#)
    );
}

/// A transport that notes whether the `Authorization` header may be shown, and goes on to a server.
#[derive(Default)]
struct Attentive(std::sync::Mutex<Vec<(String, bool)>>);

impl HttpClient for Attentive {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        let seen = request.headers().get("authorization").map(http::HeaderValue::is_sensitive);
        self.0.lock().unwrap().extend(seen.map(|hidden| (request.uri().path().to_owned(), hidden)));
        let body = Bytes::from_static(TOKENS.as_bytes());
        Box::pin(async { Ok(http::Response::builder().status(200).body(body.into()).unwrap()) })
    }
}

struct Login;

impl SessionLogin for Login {
    fn open<'a>(&'a self, login: SessionRequest<'a>) -> BoxFuture<'a, Result<Session, MechanismError>> {
        Box::pin(async move {
            login.get("https://api.acme.example/login").await?;
            Ok(Session::beside_token())
        })
    }
}

/// A transport may log headers: those with secrets say that they are not to be shown.
#[tokio::test]
async fn no_transport_is_to_show_a_secret_header() {
    let minted =
        "client_auth: {method: minted, alg: RS256, claims: {sub: \"{client_id}\"}, lifetime: 300, sent: basic}";
    let session = "token: {session: login}\n";
    let key = include_str!("../../keys/rsa.pem");
    for (auth, secret) in [("client_auth: basic", SECRET), (minted, key)] {
        let http = Arc::new(Attentive::default());
        let yaml = format!("{}{session}", ACME.replace("client_auth: body", auth));
        let mechanisms = Mechanisms::new().session_login("login", Login);
        let client = spec(&yaml).client_with("my-client", secret, mechanisms).unwrap();
        let client = client.redirect_uri("https://app.example/callback").http_client(Arc::<Attentive>::clone(&http));
        let started = start(&client).await;
        let query = format!("code=c&state={}", started.state);
        let account = client.callback(query, started.pending, started.browser).await.unwrap();
        account.get("/things").send().await.unwrap();
        let paths = ["/token", "/login", "/things"].map(|path| (path.to_owned(), true));
        assert_eq!(*http.0.lock().unwrap(), paths, "{auth}");
    }
}
