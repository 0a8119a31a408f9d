//! The provider of a transcript: a transport that expects each request and gives the answer beside it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use oauth_core::Clock as _;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};
use oauth_tests::login::ManualClock;
use serde_json::{Value, json};

use crate::holes::Holes;
use crate::model::{Exchange, Response, Transcript};
use crate::seen::{Difference, NONE, Seen, written};
use crate::{id_token, report::Pair};

/// Plays one run.
pub(crate) struct Player {
    clock: ManualClock,
    /// Addresses that answer whenever they are asked: the keys and the metadata of the issuer.
    aside: Vec<(String, Value)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    holes: Holes,
    part: String,
    expected: VecDeque<(String, Exchange)>,
    differences: Vec<Difference>,
    pairs: Vec<Pair>,
    raw: Vec<String>,
}

impl Player {
    pub(crate) fn new(transcript: &Transcript, clock: ManualClock) -> Self {
        let mut aside = Vec::new();
        if let Some(id_token) = &transcript.id_token {
            let issuer = &id_token.issuer;
            let metadata = json!({
                "issuer": issuer,
                "authorization_endpoint": transcript.authorize.url,
                "token_endpoint": transcript.exchange[0].request.url,
                "jwks_uri": id_token.jwks_uri,
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [id_token.alg],
            });
            aside.push((id_token.jwks_uri.clone(), id_token::jwks()));
            aside.push((format!("{issuer}/.well-known/openid-configuration"), metadata.clone()));
            aside.push((format!("{issuer}/.well-known/oauth-authorization-server"), metadata));
        }
        Self { clock, aside, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }

    /// The values of this run.
    pub(crate) fn set_holes(&self, holes: Holes) {
        self.state().holes = holes;
    }

    /// Expects these requests, in order.
    pub(crate) fn expect(&self, part: &str, exchanges: &[Exchange]) {
        let mut state = self.state();
        part.clone_into(&mut state.part);
        let exchanges = exchanges.iter().enumerate();
        state.expected = exchanges.map(|(index, exchange)| (format!("{part}.{index}"), exchange.clone())).collect();
    }

    /// Ends the part: what was expected and did not come is a difference.
    pub(crate) fn end_of_part(&self) {
        let mut state = self.state();
        while let Some((at, exchange)) = state.expected.pop_front() {
            state.missing(at, &exchange);
        }
    }

    /// What was not as expected, the requests of it, and all requests byte for byte.
    pub(crate) fn take(&self) -> (Vec<Difference>, Vec<Pair>, Vec<String>) {
        let state = std::mem::take(&mut *self.state());
        (state.differences, state.pairs, state.raw)
    }

    fn answer(&self, request: &http::Request<Bytes>) -> http::Response<Body> {
        let seen = Seen::of(request);
        let mut state = self.state();
        state.raw.push(seen.raw.clone());
        if let Some((_, answer)) = self.aside.iter().find(|(url, _)| *url == seen.url) {
            return written_answer(200, &[], answer.to_string());
        }
        let Some((at, exchange)) = state.next(&seen) else {
            let at = format!("{}.further", state.part);
            state.differences.push(Difference::new(&at, NONE, format!("{} {}", seen.method, seen.url)));
            state.pairs.push(Pair { at, expected: NONE.to_owned(), actual: seen.written() });
            return written_answer(404, &[], "{}".to_owned());
        };
        let found = seen.compare(&format!("{at}.request"), &exchange.request, &state.holes);
        if !found.is_empty() {
            let expected = written(&exchange.request, &state.holes);
            state.pairs.push(Pair { at, expected, actual: seen.written() });
        }
        state.differences.extend(found);
        self.tell_the_time(&exchange.response);
        response(&exchange.response, &state.holes)
    }

    /// An answer that has both a span and a moment says what time it is.
    fn tell_the_time(&self, response: &Response) {
        let number = |name: &str| response.json.as_ref()?.get(name)?.as_u64();
        let (Some(at), Some(span)) = (number("expires_at"), number("expires_in")) else { return };
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(at - span);
        self.clock.advance(then.duration_since(self.clock.now()).unwrap_or_default());
    }
}

impl State {
    /// What the transcript has for this request: the next one, or a later one that is clearly meant.
    fn next(&mut self, seen: &Seen) -> Option<(String, Exchange)> {
        let meant = self.expected.iter().position(|(_, exchange)| seen.is(&exchange.request, &self.holes));
        for _ in 0..meant.unwrap_or_default() {
            let (at, exchange) = self.expected.pop_front()?;
            self.missing(at, &exchange);
        }
        self.expected.pop_front()
    }

    fn missing(&mut self, at: String, exchange: &Exchange) {
        let request = &exchange.request;
        let line = format!("{} {}", request.method.as_str(), self.holes.fill(&request.url));
        self.differences.push(Difference::new(format!("{at}.request"), line, NONE));
        self.pairs.push(Pair { at, expected: written(request, &self.holes), actual: NONE.to_owned() });
    }
}

impl HttpClient for Player {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move { Ok(self.answer(&request)) })
    }
}

/// The transcript's answer.
fn response(response: &Response, holes: &Holes) -> http::Response<Body> {
    let (kind, body) = match (&response.json, &response.form, &response.text) {
        (Some(json), ..) => ("application/json", holes.fill(&json.to_string())),
        (_, Some(form), _) => {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(form);
            ("application/x-www-form-urlencoded", body.finish())
        }
        (.., Some(text)) => ("text/plain", text.clone()),
        _ => ("", String::new()),
    };
    let headers: Vec<(&str, &str)> =
        response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut answer = written_answer(response.status, &headers, body);
    if !answer.headers().contains_key(http::header::CONTENT_TYPE) && !kind.is_empty() {
        answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    }
    answer
}

fn written_answer(status: u16, headers: &[(&str, &str)], body: String) -> http::Response<Body> {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Body::from(Bytes::from(body))).expect("the transcript's headers are HTTP")
}
