//! Every rule of the simulator, over raw HTTP: requests are written out here, no client takes part.

mod api;
mod authorize;
mod authorize_forms;
mod client;
mod client_auth;
mod faults;
mod garbage;
mod grants;
mod openid;
mod pages;
mod placement;
mod profile_forms;
mod revoke;
mod shape;
mod specs;
mod token;
mod token_forms;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use oauth_core::ProviderSpec;
use ring::digest;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::loopback::{Call, Received, send};
use crate::{Builder, Simulator};

const REDIRECT: &str = "http://127.0.0.1:7777/cb";
const VERIFIER: &str = "abcdefghijklmnopqrstuvwxyz-0123456789._~ABCDE";

async fn start(spec: ProviderSpec) -> Simulator {
    builder(spec).start().await.unwrap()
}

fn builder(spec: ProviderSpec) -> Builder {
    Simulator::builder(Arc::new(spec))
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn json_body(pairs: &[(&str, &str)]) -> String {
    let object: serde_json::Map<_, _> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    Value::Object(object).to_string()
}

/// `Authorization: Basic`, id and secret form-encoded first.
fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

fn secret(sim: &Simulator) -> &str {
    sim.client_secret().expose_secret()
}

/// An authorization URL at the simulator; with a challenge if `verifier` is not empty.
fn authorize_url(sim: &Simulator, verifier: &str, more: &[(&str, &str)]) -> String {
    let challenge = challenge(verifier);
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", sim.client_id()),
        ("redirect_uri", REDIRECT),
        ("state", "st a+te&="),
    ];
    if !verifier.is_empty() {
        pairs.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
    }
    pairs.retain(|(name, _)| !more.iter().any(|(own, _)| own == name));
    pairs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    let template = sim.spec().endpoints.authorization.clone().unwrap();
    format!("{}?{}", sim.address(template.as_str()).unwrap(), form(&pairs))
}

/// The value of a parameter of the callback.
fn param(callback: &str, name: &str) -> Option<String> {
    let (_, query) = callback.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

async fn code(sim: &Simulator, verifier: &str, more: &[(&str, &str)]) -> String {
    let callback = sim.scripted_user().approve(&authorize_url(sim, verifier, more)).await.unwrap();
    param(&callback, "code").unwrap_or_else(|| panic!("{callback}"))
}

async fn call(sim: &Simulator, method: Method, of_provider: &str, headers: &[(&str, &str)], body: &str) -> Received {
    let url = sim.address(of_provider).unwrap();
    send(Call { method, url: &url, headers: headers.to_vec(), body: body.as_bytes().to_vec() }).await.unwrap()
}

async fn get(sim: &Simulator, of_provider: &str, headers: &[(&str, &str)]) -> Received {
    call(sim, Method::GET, of_provider, headers, "").await
}

/// A form to the plain provider's token endpoint.
async fn token(sim: &Simulator, pairs: &[(&str, &str)]) -> Received {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    call(sim, Method::POST, "https://plain.example/token", &headers, &form(pairs)).await
}

/// The usual exchange at the plain provider, with changes: an empty value leaves the parameter out.
async fn exchange(sim: &Simulator, code: &str, changes: &[(&str, &str)]) -> Received {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("client_id", sim.client_id()),
        ("client_secret", secret(sim)),
        ("code_verifier", VERIFIER),
    ];
    pairs.retain(|(name, _)| !changes.iter().any(|(own, _)| own == name));
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    token(sim, &pairs).await
}

/// A login at the plain provider up to the token answer.
async fn login(sim: &Simulator, more: &[(&str, &str)]) -> Value {
    let code = code(sim, VERIFIER, more).await;
    json(&exchange(sim, &code, &[]).await)
}

async fn refresh(sim: &Simulator, refresh_token: &str) -> Received {
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", sim.client_id()),
        ("client_secret", secret(sim)),
    ];
    token(sim, &pairs).await
}

fn json(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap_or_else(|fault| panic!("{fault}: {}", received.text()))
}

/// The error code of an answer in the RFC's shape, behind its status.
fn error(received: &Received) -> (u16, String) {
    (received.status.as_u16(), json(received)["error"].as_str().unwrap_or_default().to_owned())
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}
