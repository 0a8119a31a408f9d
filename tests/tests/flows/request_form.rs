//! Authorization requests in a provider's own form, and the callbacks that answer them: typed and dynamic clients alike.

use std::sync::Arc;

use oauth_core::{
    Browser, CanAuthorize, Client, ErrorKind, ExposeSecret as _, PendingAttempts, Provider, ProviderSpec, Scopes,
};
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::{ACME, ManualClock, TOKENS, parameter, spec};

oauth_providers::provider!("tests/flows/nova.yaml");
oauth_providers::provider!("tests/flows/bare.yaml");

use self::bare::Bare;
use self::nova::{Hint, Nova, Scope, UserScope};

const SECRET: &str = "s3cret";

fn ready<P: Provider>(client: Client<P>) -> Client<P> {
    client.redirect_uri("https://app.example/callback").clock(Arc::new(ManualClock::new()))
}

/// The same file, loaded at run time.
pub(crate) fn dynamic_nova() -> Client {
    spec(include_str!("nova.yaml")).client("my-client", SECRET)
}

fn typed() -> Client<Nova> {
    ready(Nova::client("my-client", SECRET))
}

fn dynamic() -> Client {
    ready(dynamic_nova())
}

fn bare() -> Client {
    ready(spec(include_str!("bare.yaml")).client("my-client", SECRET))
}

async fn url<P: CanAuthorize>(authorize: oauth_core::Authorize<P>) -> String {
    authorize.begin().await.unwrap_or_else(|error| panic!("{}", error.explain())).url().to_string()
}

fn names(url: &str) -> Vec<String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().map(|(name, _)| name.into_owned()).collect()
}

fn digits(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// A callback as the provider signs it, written from the server's side: HMAC-SHA256 over the sorted parameters.
pub(crate) fn signed(secret: &str, params: &[(&str, &str)]) -> String {
    let mut sorted: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    sorted.sort();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = ring::hmac::sign(&key, sorted.join("&").as_bytes());
    let hmac = digits(tag.as_ref()).to_ascii_uppercase();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(params).append_pair("hmac", &hmac).finish()
}

#[tokio::test]
async fn parameters_stand_where_the_file_wants_them() {
    for url in [url(typed().authorize()).await, url(dynamic().authorize()).await] {
        assert!(
            url.starts_with(
                "https://id.nova.example/authorize?scope=read&client_id=my-client&response_type=web_server&"
            ),
            "{url}"
        );
        assert!(url.ends_with("&code_challenge_method=s256#nova_redirect"), "{url}");
        assert_eq!(parameter(&url, "response_mode").as_deref(), Some("form_post"));
        assert_eq!(parameter(&url, "state").unwrap().len(), 41);
        assert_eq!(parameter(&url, "view"), None, "what is empty is left out");
    }
    for url in [url(bare().authorize()).await, url(ready(Bare::client("my-client", SECRET)).authorize()).await] {
        assert_eq!(names(&url), ["client_id", "code_challenge", "code_challenge_method", "redirect_uri"], "{url}");
    }
}

#[tokio::test]
async fn random_values_are_new_each_time_and_the_callers_go_first() {
    let client = typed();
    let (one, other) = (url(client.authorize()).await, url(client.authorize()).await);
    for name in ["salt", "nonce"] {
        let (one, other) = (parameter(&one, name).unwrap(), parameter(&other, name).unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), if name == "salt" { 24 } else { 22 }, "{one}");
    }
    let (salt, nonce) = (parameter(&one, "salt").unwrap(), parameter(&one, "nonce").unwrap());
    assert!(salt.strip_prefix("s-").is_some_and(|salt| salt != nonce), "{salt}");
    let given = url(dynamic().authorize().param("salt", "mine")).await;
    assert_eq!((given.matches("salt=").count(), parameter(&given, "salt").unwrap()), (1, "mine".to_owned()));
}

#[tokio::test]
async fn an_empty_value_leaves_its_parameter_out() {
    let defaults = url(typed().authorize()).await;
    assert_eq!(parameter(&defaults, "hint").as_deref(), Some("none"));
    for without in [
        url(typed().authorize().option(Hint::from(""))).await,
        url(dynamic().authorize().option("hint", "")).await,
        url(dynamic().authorize().param("hint", "")).await,
    ] {
        assert!(!without.contains("hint"), "{without}");
    }
}

#[tokio::test]
async fn scopes_are_written_as_they_are() {
    let written = "scope=read+files:write&";
    let url_typed = url(typed().authorize().scopes([Scope::Read, Scope::FilesWrite])).await;
    assert!(url_typed.contains(written), "{url_typed}");
    let url_dynamic = url(dynamic().authorize().scopes(["read", "files:write"])).await;
    assert!(url_dynamic.contains(written), "{url_dynamic}");
    let hostile = url(dynamic().authorize().scopes(["a&state=x#y"])).await;
    assert_eq!(hostile.matches("&state=").count(), 1, "{hostile}");
    assert_eq!(parameter(&hostile, "scope").as_deref(), Some("a&state=x#y"));
}

#[tokio::test]
async fn a_second_set_of_scopes() {
    for defaults in [url(typed().authorize()).await, url(dynamic().authorize().scopes(["read"])).await] {
        assert_eq!(parameter(&defaults, "user_scope").as_deref(), Some("users.read"));
    }
    let authorize = typed().authorize().option(UserScope::UsersWrite).option(UserScope::UsersRead);
    let both = "users.write,users.read";
    assert_eq!(parameter(&url(authorize).await, "user_scope").as_deref(), Some(both));
    let authorize = dynamic().authorize().option("user_scope", "users.write").option("user_scope", "users.read");
    let given = url(authorize).await;
    assert_eq!((given.matches("user_scope=").count(), parameter(&given, "user_scope").as_deref()), (1, Some(both)));
    for bad in ["a,b", "a b", ""] {
        let error = dynamic().authorize().option("user_scope", bad).begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter, "{bad}");
    }
    let error = typed().authorize().param("user_scope", "x").begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReservedParameter);
}

#[tokio::test]
async fn a_provider_without_scopes_refuses_them() {
    let error = bare().authorize().scopes(["read"]).begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Scope);
    assert!(error.explain().contains("takes no scopes, and `read` was asked for"), "{}", error.explain());
    let client = ready(Bare::client("my-client", SECRET)).scopes(Scopes::new().raw("read"));
    assert_eq!(client.authorize().begin().await.unwrap_err().kind(), ErrorKind::Scope);
    let error = ready(Bare::client("my-client", SECRET)).authorize().scopes(Scopes::new().raw("read")).begin().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Scope);
}

#[tokio::test]
async fn redirect_uris_that_the_provider_does_not_take() {
    for (uri, why) in [
        ("http://127.0.0.1:4000/callback", "it is not https"),
        ("myapp://callback", "it is not https"),
        ("https://app.example/callback?app=1", "it has a query"),
        ("https://app.example/a/path/that/is/longer/than/the/provider/takes", "characters, 60 are allowed"),
    ] {
        for error in [
            typed().redirect_uri(uri).authorize().begin().await.unwrap_err(),
            dynamic().authorize().redirect_uri(uri).begin().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Config, "{uri}");
            assert!(error.to_string().contains(why) && error.explain().contains("fix:"), "{}", error.explain());
        }
    }
    let limited = |limits: &str| ready(spec(&format!("{ACME}redirect: {limits}\n")).client("my-client", SECRET));
    let (loopback, public) = ("http://127.0.0.1:4000/callback", "https://app.example/callback");
    for (limits, uri, why) in [
        ("{loopback: refused}", loopback, Some("it is on this machine")),
        ("{loopback: refused}", public, None),
        ("{loopback: only}", public, Some("it is not on the user's machine")),
        ("{loopback: only}", loopback, None),
        ("{max_length: 28}", public, None),
        ("{max_length: 27}", public, Some("it has 28 characters, 27 are allowed")),
    ] {
        let result = limited(limits).redirect_uri(uri).authorize().begin().await.map(|_| ());
        let said = result.err().map(|error| error.to_string());
        assert_eq!(said.is_some(), why.is_some(), "{limits} {uri}: {said:?}");
        assert!(why.is_none_or(|why| said.unwrap().contains(why)), "{limits} {uri}");
    }
}

/// What a whole login sends to the token endpoint, with the parameters of its authorization URL.
async fn exchanged<P: CanAuthorize>(client: Client<P>, state_in: &str) -> (String, String) {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client.dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let sent = if state_in == "redirect_uri" {
        parameter(url.as_str(), "redirect_uri").unwrap()
    } else {
        url.as_str().to_owned()
    };
    let state = parameter(&sent, "state").unwrap();
    let query = signed(SECRET, &[("code", "c"), ("state", &state)]);
    client.callback(query, pending, Browser::from(browser)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    (url.into(), format!("http://x/?{}", server.received()[0].body))
}

#[tokio::test]
async fn a_state_in_the_redirect_uri_is_in_the_exchange_as_well() {
    for (url, body) in [
        exchanged(bare(), "redirect_uri").await,
        exchanged(ready(Bare::client("my-client", SECRET)), "redirect_uri").await,
    ] {
        let sent = parameter(&url, "redirect_uri").unwrap();
        let state = sent.strip_prefix("https://app.example/callback?state=").unwrap();
        assert!(state.len() == 32 && state.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{state}");
        assert_eq!(parameter(&url, "state"), None);
        assert_eq!(parameter(&body, "redirect_uri").as_deref(), Some(sent.as_str()));
        // The plain challenge is the verifier (RFC 7636 section 4.2).
        assert_eq!(parameter(&url, "code_challenge_method").as_deref(), Some("plain"));
        assert_eq!(parameter(&url, "code_challenge"), parameter(&body, "code_verifier"));
    }
    let with_query = bare().redirect_uri("https://app.example/callback?app=1");
    let (url, _) = exchanged(with_query, "redirect_uri").await;
    assert!(parameter(&url, "redirect_uri").unwrap().starts_with("https://app.example/callback?app=1&state="));
}

#[tokio::test]
async fn a_challenge_in_hexadecimal_digits() {
    for (url, body) in [exchanged(typed(), "param").await, exchanged(dynamic(), "param").await] {
        let verifier = parameter(&body, "code_verifier").unwrap();
        let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
        assert_eq!(parameter(&url, "code_challenge"), Some(digits(hash.as_ref())));
    }
}

#[tokio::test]
async fn a_renamed_challenge_goes_by_its_name() {
    let yaml = format!("{ACME}authorize: {{rename: {{code_challenge: proof, code_challenge_method: proof_method}}}}\n");
    let url = url(ready(spec(&yaml).client("my-client", SECRET)).authorize()).await;
    assert_eq!(parameter(&url, "proof").unwrap().len(), 43);
    assert_eq!(parameter(&url, "proof_method").as_deref(), Some("S256"));
    assert!(!url.contains("code_challenge"), "{url}");
}

#[tokio::test]
async fn errors_in_other_parameters() {
    for (params, kind, code, words) in [
        (vec![("error", "access_denied")], ErrorKind::AccessDenied, "access_denied", None),
        (
            vec![("error_reason", "user_denied"), ("error_message", "No")],
            ErrorKind::AccessDenied,
            "user_denied",
            Some("No"),
        ),
        (
            vec![("error_reason", "x"), ("error", "server_error"), ("error_message", "b"), ("error_description", "a")],
            ErrorKind::Unavailable,
            "server_error",
            Some("a"),
        ),
    ] {
        let client = dynamic();
        let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
        let state = parameter(url.as_str(), "state").unwrap();
        let params: Vec<_> = params.into_iter().chain([("state", state.as_str())]).collect();
        let error = client.callback(signed(SECRET, &params), pending, Browser::from(browser)).await.unwrap_err();
        let server = error.server().unwrap();
        assert_eq!((error.kind(), server.code(), server.description()), (kind, Some(code), words));
    }
}

async fn kept<P: CanAuthorize>(client: Client<P>, user: &str) -> Option<String> {
    let server = Canned::start([json(TOKENS)]).await;
    let client = client.dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let state = parameter(url.as_str(), "state").unwrap();
    let query = signed(SECRET, &[("code", "c"), ("state", &state), ("user", user)]);
    let account = client.callback(query, pending, Browser::from(browser)).await.unwrap().erase();
    account.callback_extras().unwrap().str("user").map(str::to_owned)
}

#[tokio::test]
async fn facts_of_the_profile_are_kept_as_they_came() {
    let user = r#"{"name":"Ada","email":"ada@example.com"}"#;
    assert_eq!(kept(typed(), user).await.as_deref(), Some(user));
    assert_eq!(kept(dynamic(), user).await.as_deref(), Some(user));
    assert_eq!(kept(dynamic(), &"x".repeat(4096)).await.map(|text| text.len()), Some(4096));
    assert_eq!(kept(dynamic(), &"x".repeat(4097)).await, None);
}

#[tokio::test]
async fn a_signed_link_that_starts_no_login() {
    let link = signed(SECRET, &[("shop", "a.example"), ("timestamp", "1337178173"), ("note", "b")]);
    for link in [typed().verify_query(link.as_str()).unwrap(), dynamic().verify_query(link.as_str()).unwrap()] {
        assert_eq!((link.get("shop"), link.get("hmac")), (Some("a.example"), None));
        assert_eq!(link.iter().count(), 3);
        assert!(!format!("{link:?}").contains("a.example"));
    }
    let changed = link.replace("a.example", "b.example");
    assert_eq!(dynamic().verify_query(changed.as_str()).unwrap_err().kind(), ErrorKind::CallbackSignature);
    assert_eq!(dynamic().verify_query("shop=a.example").unwrap_err().kind(), ErrorKind::CallbackSignature);
    assert_eq!(bare().verify_query(link.as_str()).unwrap_err().kind(), ErrorKind::Unsupported);
    let public = ready(spec(include_str!("nova.yaml")).public("my-client"));
    assert_eq!(public.verify_query(link.as_str()).unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_callback_without_the_right_signature_ends_no_login() {
    let server = Canned::start([json(TOKENS)]).await;
    let client = dynamic().dangerous_at(server.origin());
    let attempts = PendingAttempts::new();
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    attempts.insert(pending);
    let state = parameter(url.as_str(), "state").unwrap();
    let good = signed(SECRET, &[("code", "c"), ("state", &state)]);
    for bad in [
        format!("code=c&state={state}"),
        good.replace("code=c", "code=d"),
        format!("{good}&extra=1"),
        format!("{good}&hmac=1"),
        signed("another", &[("code", "c"), ("state", &state)]),
        signed("", &[("error", "access_denied"), ("state", &state)]),
    ] {
        let error = client.callback(&bad, &attempts, Browser::from(browser.clone())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CallbackSignature, "{error}");
        assert!(!error.explain().contains(SECRET) && !error.explain().contains(&state));
    }
    // Whose callback it is comes first.
    let error = client.callback("code=c&state=x&hmac=1", &attempts, Browser::from(browser.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoPendingAttempt);
    assert!(server.received().is_empty());
    // Digits of either case are right.
    let lower = good.rsplit_once('=').map(|(rest, hmac)| format!("{rest}={}", hmac.to_ascii_lowercase())).unwrap();
    let account = client.callback(&lower, &attempts, Browser::from(browser)).await.unwrap();
    assert_eq!(account.tokens().access_token().expose_secret(), "canary-access-token");
}

#[test]
fn the_compiled_file_is_the_loaded_one() {
    let loaded = ProviderSpec::from_yaml(include_str!("nova.yaml")).unwrap();
    assert_eq!(**<Nova as oauth_core::Compiled>::spec(), loaded);
}
