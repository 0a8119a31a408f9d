//! W4: a request with a token on it, ready to be sent by any HTTP stack.

use std::hint::black_box;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use oauth_core::TokenSet;
use rustls::{ClientConfig, RootCertStore};

use crate::provider::{API, client, token_text};
use crate::workload::{Target, Workload, case};

/// The request is there: each operation puts a token on it, and takes its headers off again.
pub fn workloads() -> Vec<Workload> {
    vec![Workload {
        id: "W4",
        what: "put a token of 256 characters on a request that is there",
        target: Target { instructions: Some(1500.0), ..Target::default() },
        repeat: 5,
        cases: vec![
            case("floor", "sends the token wherever the address says", floor),
            case("ours", "checks that the address is the provider's", || ours(API)),
            case("ours, a query", "looks for a token in the query as well", || ours(QUERY)),
            case("reqwest", "`bearer_auth`", reqwest),
        ],
    }]
}

const QUERY: &str = "https://api.acme.example/v2/user/repos?per_page=100";

fn request(address: &str) -> Request<Bytes> {
    Request::get(address).body(Bytes::new()).expect("a request")
}

fn floor() -> Box<dyn FnMut()> {
    let token = token_text(256);
    let mut request = request(API);
    Box::new(move || {
        let mut value = String::with_capacity(7 + token.len());
        value.push_str("Bearer ");
        value.push_str(black_box(&token));
        let mut value = HeaderValue::from_maybe_shared(Bytes::from(value)).expect("a header");
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        drop(black_box(std::mem::take(request.headers_mut())));
    })
}

fn ours(address: &str) -> Box<dyn FnMut()> {
    let client = client();
    let tokens = TokenSet::new(token_text(256));
    let mut request = request(address);
    Box::new(move || {
        client.apply(black_box(&tokens), &mut request).expect("an address of the provider");
        drop(black_box(std::mem::take(request.headers_mut())));
    })
}

fn reqwest() -> Box<dyn FnMut()> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).build().expect("a client");
    let token = token_text(256);
    let mut request = Some(client.get(API).build().expect("a request"));
    Box::new(move || {
        let there = request.take().expect("it was put back");
        let builder = reqwest::RequestBuilder::from_parts(client.clone(), there).bearer_auth(black_box(&token));
        let mut done = builder.build().expect("a request");
        drop(black_box(std::mem::take(done.headers_mut())));
        request = Some(done);
    })
}
