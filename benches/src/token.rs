//! W2: a token response, from the bytes of its body to the tokens.

use std::hint::black_box;
use std::ops::Range;

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_TYPE;
use oauth_core::__private::token_response_reader;
use oauth2::basic::BasicTokenResponse;
use openidconnect::core::CoreTokenResponse;
use serde::Deserialize;

use crate::provider::{client, token_response};
use crate::workload::{Target, Workload, case};

/// The response alone.
pub fn workloads() -> Vec<Workload> {
    vec![Workload {
        id: "W2",
        what: "parse a token response of 1,407 bytes (access 256, refresh 128, ID token 900)",
        target: Target { instructions: Some(9000.0), allocations: Some(6.0), ..Target::default() },
        repeat: 5,
        cases: vec![
            case("floor", "one allocation for all texts", floor),
            case("floor, borrowed", "good as long as the body lives", floor_borrowed),
            case("ours", "status, headers and body; secrets are wiped when they are dropped", ours),
            case("oauth2", "drops the ID token", oauth2),
            case("openidconnect", "decodes the ID token meanwhile", openidconnect),
        ],
    }]
}

#[derive(Deserialize)]
struct Borrowed<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_in: u64,
    refresh_token: Option<&'a str>,
    id_token: Option<&'a str>,
    scope: Option<&'a str>,
}

#[allow(dead_code, reason = "what is measured is that they are there")]
struct Owned {
    text: String,
    access_token: Range<usize>,
    token_type: Range<usize>,
    refresh_token: Option<Range<usize>>,
    id_token: Option<Range<usize>>,
    scope: Option<Range<usize>>,
    expires_in: u64,
}

impl From<Borrowed<'_>> for Owned {
    fn from(parts: Borrowed<'_>) -> Self {
        let optional = [parts.refresh_token, parts.id_token, parts.scope];
        let length = |text: Option<&str>| text.map_or(0, str::len);
        let lengths = optional.into_iter().map(length).sum::<usize>();
        let mut text = String::with_capacity(parts.access_token.len() + parts.token_type.len() + lengths);
        let mut push = |part: &str| {
            let start = text.len();
            text.push_str(part);
            start..text.len()
        };
        let (access_token, token_type) = (push(parts.access_token), push(parts.token_type));
        let [refresh_token, id_token, scope] = optional.map(|part| part.map(&mut push));
        Self { text, access_token, token_type, refresh_token, id_token, scope, expires_in: parts.expires_in }
    }
}

/// By hand.
pub fn floor() -> Box<dyn FnMut()> {
    let body = token_response();
    Box::new(move || {
        let parts: Borrowed<'_> = serde_json::from_slice(black_box(body.as_bytes())).expect("a token response");
        black_box(Owned::from(parts));
    })
}

fn floor_borrowed() -> Box<dyn FnMut()> {
    let body = token_response();
    Box::new(move || {
        black_box(serde_json::from_slice::<Borrowed<'_>>(black_box(body.as_bytes())).expect("a token response"));
    })
}

fn ours() -> Box<dyn FnMut()> {
    let response = Response::builder().header(CONTENT_TYPE, "application/json").body(Bytes::from(token_response()));
    let read = token_response_reader(client(), response.expect("a response"));
    Box::new(move || {
        black_box(read().expect("a token response"));
    })
}

fn oauth2() -> Box<dyn FnMut()> {
    let body = token_response();
    Box::new(move || {
        black_box(serde_json::from_slice::<BasicTokenResponse>(black_box(body.as_bytes())).expect("a token response"));
    })
}

fn openidconnect() -> Box<dyn FnMut()> {
    let body = token_response();
    Box::new(move || {
        black_box(serde_json::from_slice::<CoreTokenResponse>(black_box(body.as_bytes())).expect("a token response"));
    })
}
