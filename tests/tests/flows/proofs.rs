//! How a client proves itself at the token endpoint, and what else a file may put into requests there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth_core::{Account, Client, ClientAuth, ErrorKind, ProviderSpec};
use oauth_tests::canned::{Answer, Canned, Received, json, json_status};
use oauth_tests::login::{TOKENS, parameter};

const ID: &str = "my id+1";
const SECRET: &str = "canary/secret+2 %";
const REDIRECT: &str = "https://app.example/callback?a=b";

fn file(more: &str) -> String {
    format!(
        "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
         endpoints: {{authorization: https://id.acme.example/authorize, token: https://id.acme.example/token}}\n\
         scopes: {{separator: \",\", default: [read, write]}}\n{more}"
    )
}

fn client(more: &str, credentials: ClientAuth) -> Client {
    let spec = ProviderSpec::from_yaml(&file(more)).unwrap_or_else(|faults| panic!("{faults}"));
    Client::dynamic(spec, ID, credentials).redirect_uri(REDIRECT)
}

/// A login whose requests to the token endpoint get these answers, and the state that it had.
async fn log_in(
    client: Client,
    answers: impl IntoIterator<Item = Answer>,
) -> (Canned, oauth_core::Result<Account>, String) {
    let server = Canned::start(answers).await;
    let client = client.dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_ref(), "state").unwrap();
    let account = client.callback(format!("code=c0de&state={state}"), pending, browser).await;
    (server, account, state)
}

/// The request of a login, answered with tokens.
async fn request(more: &str, credentials: ClientAuth) -> Received {
    let (server, account, _) = log_in(client(more, credentials), [json(TOKENS)]).await;
    account.unwrap_or_else(|error| panic!("{}", error.explain()));
    server.received().remove(0)
}

fn secret() -> ClientAuth {
    ClientAuth::secret(SECRET)
}

/// A parameter of the body.
fn field(request: &Received, name: &str) -> Option<String> {
    parameter(&format!("https://x.example/?{}", request.body), name)
}

fn basic(request: &Received) -> Option<String> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    Some(String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap())
}

#[tokio::test]
async fn the_basic_header_is_written_as_the_file_says() {
    let usual = request("", secret()).await;
    assert_eq!(basic(&usual).unwrap(), "my+id%2B1:canary%2Fsecret%2B2+%25");
    assert_eq!(field(&usual, "client_id"), None);
    let plain = request("client_auth: {method: basic, encode: false}\n", secret()).await;
    assert_eq!(basic(&plain).unwrap(), format!("{ID}:{SECRET}"));
    let swapped =
        request("client_auth: {method: basic, encode: false, user: secret, id_in_body: true}\n", secret()).await;
    assert_eq!(basic(&swapped).unwrap(), format!("{SECRET}:"));
    assert_eq!(field(&swapped, "client_id").as_deref(), Some(ID));
    assert_eq!(field(&swapped, "client_secret"), None);
}

#[tokio::test]
async fn a_public_client_says_who_it_is_where_the_file_says() {
    let usual = request("", ClientAuth::none()).await;
    assert_eq!((basic(&usual), field(&usual, "client_id").as_deref()), (None, Some(ID)));
    let header = request("client_auth: {method: basic, public: basic}\n", ClientAuth::none()).await;
    assert_eq!(basic(&header).unwrap(), "my+id%2B1:");
    assert_eq!(field(&header, "client_id"), None);
}

#[test]
fn a_colon_would_end_a_user_name_that_is_not_encoded() {
    let colon = |yaml: &str, id: &str, secret: &str| {
        let spec = ProviderSpec::from_yaml(&file(yaml)).unwrap();
        Client::dynamic(spec, id, secret).validate()
    };
    let plain = "client_auth: {method: basic, encode: false}\n";
    let error = colon(plain, "a:b", "c").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("the client id has a colon"), "{error}");
    colon(plain, "ab", "c:d").unwrap();
    colon("", "a:b", "c:d").unwrap();
    let error = colon("client_auth: {method: basic, encode: false, user: secret}\n", "ab", "c:d").unwrap_err();
    assert!(error.to_string().contains("the client secret has a colon") && !error.explain().contains("c:d"), "{error}");
}

#[tokio::test]
async fn a_custom_proof_stands_only_in_the_holes() {
    let yaml = "client_auth: custom\n\
         token:\n  request:\n    headers: {Authorization: \"Key {client_secret}\", X-App: \"{client_id}\"}\n    params: {app: \"{client_id}\"}\n  \
         upgrade: {url: https://id.acme.example/longer, grant_type: longer, params: {of: \"{access_token}\", to: \"{redirect_uri}\"}}\n\
         refresh: {params: {app: \"{client_id}\"}}\n";
    let (server, account, _) = log_in(client(yaml, secret()), [json(TOKENS), json(TOKENS), json(TOKENS)]).await;
    account.unwrap().refresh().await.unwrap();
    let [exchange, upgrade, refresh] = <[Received; 3]>::try_from(server.received()).unwrap();
    for request in [&exchange, &refresh] {
        assert_eq!(request.header("authorization"), Some("Key canary/secret+2 %"));
        assert_eq!(request.header("x-app"), Some(ID));
        assert_eq!(field(request, "app").as_deref(), Some(ID));
        assert_eq!((field(request, "client_id"), field(request, "client_secret")), (None, None));
    }
    // An upgrade shows the token, not the client.
    assert_eq!(upgrade.header("authorization"), None);
    assert_eq!(upgrade.header("x-app"), Some(ID));
    assert_eq!(field(&upgrade, "of").as_deref(), Some("canary-access-token"));
    assert_eq!(field(&upgrade, "to").as_deref(), Some(REDIRECT));
}

#[tokio::test]
async fn a_refresh_shows_of_the_client_what_the_file_says() {
    let refreshed = async |more: &str| {
        let (server, account, _) = log_in(client(more, secret()), [json(TOKENS), json(TOKENS)]).await;
        account.unwrap().refresh().await.unwrap();
        server.received().remove(1)
    };
    let full = refreshed("client_auth: body\n").await;
    assert_eq!(field(&full, "client_secret").as_deref(), Some(SECRET));
    let id = refreshed("client_auth: body\nrefresh: {client_auth: id}\n").await;
    assert_eq!((field(&id, "client_id").as_deref(), field(&id, "client_secret")), (Some(ID), None));
    let id = refreshed("refresh: {client_auth: id, params: {s: \"{scope}\", to: \"{redirect_uri}\"}}\n").await;
    assert_eq!((field(&id, "client_id").as_deref(), id.header("authorization")), (Some(ID), None));
    assert_eq!(field(&id, "s").as_deref(), Some("read,write"));
    assert_eq!(field(&id, "to").as_deref(), Some(REDIRECT));
    let none = refreshed("client_auth: body\nrefresh: {client_auth: false}\n").await;
    assert_eq!((field(&none, "client_id"), field(&none, "client_secret")), (None, None));
}

#[tokio::test]
async fn a_token_request_has_a_query_a_grant_type_and_holes() {
    let yaml = "client_auth: body\ntoken: {request: {grant_type: code_grant, query: {app: \"{client_id}\", v: \"2\"}, \
                params: {st: \"{state}\", sc: \"{scope}\", to: \"{redirect_uri}\"}, headers: {X-To: \"{redirect_uri}\"}}}\n";
    let (server, account, state) = log_in(client(yaml, secret()), [json(TOKENS), json(TOKENS)]).await;
    account.unwrap().refresh().await.unwrap();
    let [exchange, refresh] = <[Received; 2]>::try_from(server.received()).unwrap();
    assert_eq!(exchange.target, "/id.acme.example/token?app=my+id%2B1&v=2");
    assert_eq!(field(&exchange, "grant_type").as_deref(), Some("code_grant"));
    assert_eq!(field(&exchange, "st"), Some(state));
    assert_eq!(field(&exchange, "sc").as_deref(), Some("read,write"));
    assert_eq!(field(&exchange, "to").as_deref(), Some(REDIRECT));
    assert_eq!(exchange.header("x-to"), Some(REDIRECT));
    assert_eq!((refresh.target.as_str(), refresh.header("x-to")), ("/id.acme.example/token", Some(REDIRECT)));
    assert_eq!(field(&refresh, "grant_type").as_deref(), Some("refresh_token"));
}

#[tokio::test]
async fn what_the_holes_held_is_in_no_error() {
    let yaml = "client_auth: custom\ntoken: {request: {headers: {X-Key: \"k-{client_secret}\"}, query: {st: \"{state}\"}}}\nrefresh: none\n";
    let server = Canned::start([]).await;
    let client = client(yaml, secret()).dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_ref(), "state").unwrap();
    let echo = format!(r#"{{"error":"invalid_request","error_description":"no {state}, no k-{SECRET}, no {SECRET}"}}"#);
    server.answer(json_status(400, &echo));
    let error = client.callback(format!("code=c0de&state={state}"), pending, browser).await.unwrap_err();
    let shown = format!("{error} {error:?} {}", error.explain());
    assert!(shown.contains("no [redacted], no [redacted], no [redacted]"), "{shown}");
    assert!(!shown.contains(&state) && !shown.contains("canary"), "{shown}");
}
