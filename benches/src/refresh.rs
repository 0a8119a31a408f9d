//! W2r: a whole refresh, over a transport that has the answer in memory. It is W2 with everything around it: the request,
//! the checks of address and answer, the deadline, what goes on from the old tokens.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use oauth_core::TokenSet;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};
use oauth2::basic::BasicClient;
use oauth2::{ClientId, ClientSecret, HttpRequest, HttpResponse, RefreshToken, TokenUrl};
use tokio::runtime::Builder;

use crate::provider::{CLIENT_ID, CLIENT_SECRET, TOKEN, client, ready, token_response, token_text};
use crate::workload::{Target, Workload, case};

/// The refresh alone: who has no such step is not there.
pub fn workloads() -> Vec<Workload> {
    vec![Workload {
        id: "W2r",
        what: "a refresh over a transport in memory: request, answer, checks, W2",
        target: Target::default(),
        repeat: 5,
        cases: vec![
            case("floor", "a form, the answer's body, W2 by hand", floor),
            case("ours", "", ours),
            case("oauth2", "drops the ID token", oauth2),
        ],
    }]
}

/// Has one answer.
struct InMemory(Bytes);

impl HttpClient for InMemory {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        black_box(request);
        let mut response = Response::new(Body::from(self.0.clone()));
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        Box::pin(async move { Ok(response) })
    }
}

fn ours() -> Box<dyn FnMut()> {
    let client = client().http_client(Arc::new(InMemory(token_response().into())));
    let tokens = TokenSet::new(token_text(256)).with_refresh_token(token_text(128));
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    Box::new(move || {
        let _entered = runtime.enter();
        black_box(ready(client.refresh(black_box(&tokens))).expect("new tokens"));
    })
}

fn oauth2() -> Box<dyn FnMut()> {
    let client = BasicClient::new(ClientId::new(CLIENT_ID.to_owned()))
        .set_client_secret(ClientSecret::new(CLIENT_SECRET.to_owned()))
        .set_auth_type(oauth2::AuthType::RequestBody)
        .set_token_uri(TokenUrl::new(TOKEN.to_owned()).expect("an address"));
    let refresh_token = RefreshToken::new(token_text(128));
    let body = token_response().into_bytes();
    let send = move |request: HttpRequest| -> Result<HttpResponse, Infallible> {
        black_box(request);
        let mut response = Response::new(body.clone());
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        Ok(response)
    };
    Box::new(move || {
        black_box(client.exchange_refresh_token(black_box(&refresh_token)).request(&send).expect("new tokens"));
    })
}

fn floor() -> Box<dyn FnMut()> {
    let prefix = format!("grant_type=refresh_token&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&refresh_token=");
    let refresh_token = token_text(128);
    let mut parse = crate::token::floor();
    Box::new(move || {
        let mut form = String::with_capacity(prefix.len() + refresh_token.len());
        form.push_str(&prefix);
        form.push_str(black_box(&refresh_token));
        let request = Request::post(TOKEN)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .expect("a request");
        black_box(request);
        parse();
    })
}
