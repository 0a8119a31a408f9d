//! What a client sends and what it is answered, for a suite that wants to know: a transport that remembers.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use oauth_core::http::{Body, BoxFuture, HttpClient, ReqwestClient, TransportError};
use serde_json::Value;
use url::form_urlencoded;

use crate::table::Result;

/// One request and its answer.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// The address without its query.
    pub(crate) address: String,
    pub(crate) status: u16,
    /// The answer's challenge.
    pub(crate) challenge: String,
    /// The nonce that the answer gave.
    pub(crate) given_nonce: Option<String>,
    /// The claims of the request's proof of possession.
    pub(crate) proof: Option<Value>,
    /// Whether the request has the header `Authorization`.
    pub(crate) has_authorization: bool,
    body: Bytes,
}

impl Exchange {
    /// The values of a parameter of the request's form.
    pub(crate) fn sent(&self, name: &str) -> Vec<String> {
        let pairs = form_urlencoded::parse(&self.body).filter(|(known, _)| known == name);
        pairs.map(|(_, value)| value.into_owned()).collect()
    }

    /// Whether the text stands in a parameter of the request's form.
    pub(crate) fn holds(&self, text: &str) -> bool {
        form_urlencoded::parse(&self.body).any(|(_, value)| value.contains(text))
    }

    /// The nonce of the request's proof.
    pub(crate) fn used_nonce(&self) -> Option<&str> {
        self.proof.as_ref()?["nonce"].as_str()
    }
}

/// The transport. Clones remember together.
#[derive(Clone)]
pub(crate) struct Wire {
    http: ReqwestClient,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Wire {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { http: ReqwestClient::new()?, seen: Arc::default() })
    }

    /// What came since it was asked last.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpClient for Wire {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, std::result::Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let proof = head.headers.get("dpop").and_then(|proof| claims(proof.to_str().ok()?));
            let address = head.uri.to_string();
            let has_authorization = head.headers.contains_key(AUTHORIZATION);
            let sent = body.clone();
            let response = self.http.send(http::Request::from_parts(head, body)).await?;
            let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
            let exchange = Exchange {
                address: address.split('?').next().unwrap_or_default().to_owned(),
                status: response.status().as_u16(),
                challenge: header(WWW_AUTHENTICATE.as_str()).unwrap_or_default(),
                given_nonce: header("dpop-nonce"),
                proof,
                has_authorization,
                body: sent,
            };
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
            Ok(response)
        })
    }
}

/// The claims of a JWT, whoever signed it.
pub(crate) fn claims(jwt: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}
