//! W1: the authorization URL with PKCE, from a client that is ready.

use std::borrow::Cow;
use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, TokenUrl};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet};
use openidconnect::{IssuerUrl, Nonce};
use ring::digest::{SHA256, digest};

use crate::provider::{AUTHORIZATION, CLIENT_ID, REDIRECT_URI, SCOPES, TOKEN, client, ready};
use crate::workload::{Target, Workload, case};

/// The usual request, and one with everything that a call can change.
pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            id: "W1",
            what: "32-byte PKCE verifier, S256 challenge, 16-byte state, the URL with 3 scopes",
            target: Target { instructions: Some(2200.0), allocations: Some(2.0), ..Target::default() },
            repeat: 5,
            cases: vec![
                case("floor", "one allocation for the URL; state and verifier in arrays", floor),
                case("ours", "redirect URI and scopes set on the client; also ties the login to a browser", usual),
                case("oauth2", "", oauth2_usual),
                case("openidconnect", "also draws a nonce", openidconnect),
            ],
        },
        Workload {
            id: "W1b",
            what: "the same with redirect URI and scopes given per call",
            target: Target { instructions: Some(4000.0), ..Target::default() },
            repeat: 5,
            cases: vec![
                case("floor", "encodes both each time", floor_per_call),
                case("ours", "", per_call),
                case("oauth2", "the redirect URI was parsed before", oauth2_per_call),
            ],
        },
    ]
}

/// State and verifier as text, and the challenge behind a URL.
fn finish(url: &mut String) -> ([u8; 22], [u8; 43]) {
    let mut bytes = [0; 48];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    let (mut state, mut verifier, mut challenge) = ([0; 22], [0; 43], [0; 43]);
    let encode = |bytes: &[u8], text: &mut [u8]| {
        URL_SAFE_NO_PAD.encode_slice(bytes, text).expect("the text fits");
    };
    encode(&bytes[..16], &mut state);
    encode(&bytes[16..], &mut verifier);
    encode(digest(&SHA256, &verifier).as_ref(), &mut challenge);
    url.push_str("&state=");
    url.push_str(std::str::from_utf8(&state).expect("base64 is ASCII"));
    url.push_str("&code_challenge=");
    url.push_str(std::str::from_utf8(&challenge).expect("base64 is ASCII"));
    url.push_str("&code_challenge_method=S256");
    (state, verifier)
}

fn floor() -> Box<dyn FnMut()> {
    let prefix = format!(
        "{AUTHORIZATION}?response_type=code&client_id={CLIENT_ID}\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Foauth%2Fcallback&scope=profile+email+db%3Aall"
    );
    Box::new(move || {
        let mut url = String::with_capacity(prefix.len() + 160);
        url.push_str(&prefix);
        let secrets = finish(&mut url);
        black_box((url, secrets));
    })
}

fn floor_per_call() -> Box<dyn FnMut()> {
    let prefix = format!("{AUTHORIZATION}?response_type=code&client_id={CLIENT_ID}");
    Box::new(move || {
        let (redirect_uri, scopes) = black_box((REDIRECT_URI, SCOPES));
        let mut url = String::with_capacity(prefix.len() + 320);
        url.push_str(&prefix);
        url.push_str("&redirect_uri=");
        push_encoded(&mut url, redirect_uri);
        url.push_str("&scope=");
        for (at, scope) in scopes.into_iter().enumerate() {
            if at > 0 {
                url.push('+');
            }
            push_encoded(&mut url, scope);
        }
        let secrets = finish(&mut url);
        black_box((url, secrets));
    })
}

/// Form encoding, whole runs of plain characters at once.
fn push_encoded(url: &mut String, text: &str) {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(&byte)) {
        url.push_str(&rest[..at]);
        let byte = rest.as_bytes()[at];
        url.push('%');
        url.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
        url.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        rest = &rest[at + 1..];
    }
    url.push_str(rest);
}

fn usual() -> Box<dyn FnMut()> {
    let client = client().redirect_uri(REDIRECT_URI).scopes(SCOPES);
    Box::new(move || {
        let attempt = ready(client.authorize().begin()).expect("a login can start");
        black_box(attempt.into_parts());
    })
}

fn per_call() -> Box<dyn FnMut()> {
    let client = client();
    Box::new(move || {
        let (redirect_uri, scopes) = black_box((REDIRECT_URI, SCOPES));
        let attempt = client.authorize().redirect_uri(redirect_uri).scopes(scopes);
        black_box(ready(attempt.begin()).expect("a login can start").into_parts());
    })
}

fn redirect_url() -> RedirectUrl {
    RedirectUrl::new(REDIRECT_URI.to_owned()).expect("an address")
}

fn auth_url() -> AuthUrl {
    AuthUrl::new(AUTHORIZATION.to_owned()).expect("an address")
}

fn oauth2_usual() -> Box<dyn FnMut()> {
    let client = BasicClient::new(ClientId::new(CLIENT_ID.to_owned()))
        .set_auth_uri(auth_url())
        .set_token_uri(TokenUrl::new(TOKEN.to_owned()).expect("an address"))
        .set_redirect_uri(redirect_url());
    Box::new(move || {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = SCOPES.map(|scope| Scope::new(scope.to_owned()));
        let request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge).add_scopes(scopes);
        let (url, state) = request.url();
        let _ = black_box((String::from(url), state, verifier));
    })
}

fn oauth2_per_call() -> Box<dyn FnMut()> {
    let client = BasicClient::new(ClientId::new(CLIENT_ID.to_owned())).set_auth_uri(auth_url());
    let redirect_url = redirect_url();
    Box::new(move || {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = black_box(SCOPES).map(|scope| Scope::new(scope.to_owned()));
        let request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge).add_scopes(scopes);
        let (url, state) = request.set_redirect_uri(Cow::Borrowed(black_box(&redirect_url))).url();
        let _ = black_box((String::from(url), state, verifier));
    })
}

fn openidconnect() -> Box<dyn FnMut()> {
    let issuer = IssuerUrl::new("https://id.acme.example".to_owned()).expect("an address");
    let client = CoreClient::new(ClientId::new(CLIENT_ID.to_owned()), issuer, CoreJsonWebKeySet::new(Vec::new()))
        .set_auth_uri(auth_url())
        .set_redirect_uri(redirect_url());
    Box::new(move || {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        for scope in SCOPES {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        let (url, state, nonce) = request.url();
        let _ = black_box((String::from(url), state, nonce, verifier));
    })
}
