//! The provider that all implementations talk to, and what it gives out. It does not exist.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_core::{Client, ProviderSpec};

/// Who we are there.
pub const CLIENT_ID: &str = "0oa2hl2inow5Uqc6c357";
/// How we prove it.
pub const CLIENT_SECRET: &str = "eKmbDGAuMnFz7pLQXyJcR4TwHs8NvB6k";
/// Where logins start.
pub const AUTHORIZATION: &str = "https://id.acme.example/oauth2/v1/authorize";
/// Where codes and refresh tokens become tokens.
pub const TOKEN: &str = "https://id.acme.example/oauth2/v1/token";
/// Where the browser comes back to.
pub const REDIRECT_URI: &str = "https://app.example.com/oauth/callback";
/// What is asked for.
pub const SCOPES: [&str; 3] = ["profile", "email", "db:all"];
/// An address of its API.
pub const API: &str = "https://api.acme.example/v2/user/repos";

const FILE: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints: {authorization: https://id.acme.example/oauth2/v1/authorize, token: https://id.acme.example/oauth2/v1/token}
client_auth: body
api: {base_url: https://api.acme.example/v2}
";

/// Our client, as a program sets it up once.
pub fn client() -> Client {
    let spec = ProviderSpec::from_yaml(FILE).unwrap_or_else(|faults| panic!("{faults}"));
    spec.client(CLIENT_ID, CLIENT_SECRET)
}

/// Our client of a provider that has its token endpoint there.
pub fn client_at(token: &str) -> Client {
    let spec = ProviderSpec::from_yaml(&FILE.replace(TOKEN, token)).unwrap_or_else(|faults| panic!("{faults}"));
    spec.client(CLIENT_ID, CLIENT_SECRET)
}

/// Text like that of a token, always the same.
pub fn token_text(length: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..length).map(|at| char::from(alphabet[(at * 29 + at / 7) % alphabet.len()])).collect()
}

/// A token response of 1,407 bytes: an access token of 256, a refresh token of 128, an ID token of 900.
pub fn token_response() -> String {
    let (access, refresh, id) = (token_text(256), token_text(128), id_token());
    let response = format!(
        "{{\"access_token\":\"{access}\",\"token_type\":\"Bearer\",\"expires_in\":3600,\
         \"refresh_token\":\"{refresh}\",\"scope\":\"profile email db:all\",\"id_token\":\"{id}\"}}"
    );
    assert_eq!((id.len(), response.len()), (900, 1407));
    response
}

/// An ID token in shape. Nobody has signed it: those who decode it while they read the response find claims in it.
fn id_token() -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"acme-2026-11"}"#);
    let claims = format!(
        r#"{{"iss":"https://id.acme.example","sub":"00uid4BxXw6I6TV4m0g3","aud":"{CLIENT_ID}","exp":1795255200,"iat":1795251600,"nonce":"{}","auth_time":1795251590,"at_hash":"{}","name":"{}"}}"#,
        token_text(22),
        token_text(22),
        token_text(155)
    );
    format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(claims), token_text(342))
}

/// Runs what needs no waiting.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
