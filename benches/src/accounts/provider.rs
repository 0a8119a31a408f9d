use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError};

use crate::provider::token_text;

/// A provider in this process: every refresh gets other tokens.
pub struct Answers {
    takes: Duration,
    requests: AtomicUsize,
    text: String,
}

impl Answers {
    /// One that takes that long.
    pub fn after(takes: Duration) -> Self {
        Self { takes, requests: AtomicUsize::new(0), text: token_text(246) }
    }

    /// How many requests there were.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl HttpClient for Answers {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            if !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            let (access, refresh) = (&self.text, &self.text[..118]);
            let body = format!(
                r#"{{"access_token":"{access}{number:010}","token_type":"Bearer","expires_in":3600,"refresh_token":"{refresh}{number:010}"}}"#
            );
            let mut response = Response::new(Body::from(Bytes::from(body)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Ok(response)
        })
    }
}
