use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::account::Account;
use crate::applied::Lacking;
use crate::error::{Builder, Error, ErrorKind, Result, Scrub, ServerError, Step};
use crate::http::{Body, retry_after, transport_error};
use crate::json;
use crate::mechanism::Signed;
use crate::provider::Dynamic;
use crate::token::TokenSet;

/// An error answer is read this far.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// The API's answer. Its body is read when it is asked for, and may be of any size.
pub struct ApiResponse {
    account: Account<Dynamic>,
    /// What the request was made with. The account may have others by now.
    sent: Arc<TokenSet>,
    host: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    /// What a mechanism signed the request with.
    signed: Option<Signed>,
    /// Whether the request was made a second time, with a newer token.
    renewed: bool,
}

impl ApiResponse {
    pub(crate) fn new(
        (account, sent): (Account<Dynamic>, Arc<TokenSet>),
        host: String,
        signed: Option<Signed>,
        response: http::Response<Body>,
    ) -> Self {
        let (head, body) = response.into_parts();
        Self { account, sent, host, status: head.status, headers: head.headers, body, signed, renewed: false }
    }

    /// The answer to the second of two requests.
    pub(crate) fn after_renewal(mut self) -> Self {
        self.renewed = true;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next piece of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.body.chunk().await.map_err(|error| transport_error(Step::Api, &self.host, error).of(self.account.spec()))
    }

    /// The whole body.
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// The whole body as text.
    pub async fn text(self) -> Result<String> {
        let account = self.account.clone();
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into())
            .map_err(|_| account.inner().error(ErrorKind::BadApiResponse, Step::Api, "the answer is not UTF-8"))
    }

    /// The body as JSON, if the API agreed to the request.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        let response = self.error_for_status().await?;
        let (account, status) = (response.account.clone(), response.status);
        let bytes = response.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let what = format!(
                "the answer is not the JSON that was expected (status {}, {} bytes)",
                status.as_u16(),
                bytes.len()
            );
            // The position, not the text: serde_json's messages may quote the answer.
            let place = format!("line {}, column {}", error.line(), error.column());
            Error::new(ErrorKind::BadApiResponse, Step::Api, what).source(place).of(account.spec())
        })
    }

    /// As much of the body as an error message is made from; what cannot be read is left out.
    async fn beginning(&mut self) -> Bytes {
        let mut read = BytesMut::new();
        while read.len() < MAX_ERROR_BODY
            && let Ok(Some(piece)) = self.chunk().await
        {
            read.extend_from_slice(&piece);
        }
        read.truncate(MAX_ERROR_BODY);
        read.freeze()
    }

    /// The answer, or an error when its status is not one of success, with what the API says about it.
    ///
    /// Where the provider's file has `api.fails_when`, an answer of JSON is read whole to see whether it is an error
    /// although its status is one of success.
    pub async fn error_for_status(mut self) -> Result<Self> {
        let status = self.status.as_u16();
        if self.status.is_success() {
            return self.fails_when().await;
        }
        let lacking = Lacking::told(self.account.inner(), &self.sent, self.status, &self.headers);
        let beginning = self.beginning().await;
        let Some(lacking) = lacking else {
            return Err(self.refusal(self.failure(status), &beginning).of(self.account.spec()));
        };
        let error = self.refusal((lacking.kind, lacking.what, lacking.scopes), &beginning);
        Err(error.wanted(lacking.login).of(self.account.spec()))
    }

    fn failure(&self, status: u16) -> (ErrorKind, String, Vec<String>) {
        let (kind, what) = match status {
            401 if self.renewed => {
                (ErrorKind::Unauthorized, "the API takes neither the token nor the one that took its place".to_owned())
            }
            401 => (ErrorKind::Unauthorized, "the API does not take the token".to_owned()),
            429 => (ErrorKind::RateLimited, "the API asks to wait".to_owned()),
            500.. => (ErrorKind::Unavailable, format!("the API is not able to answer (status {status})")),
            _ => (ErrorKind::ApiStatus, format!("the API refused the request (status {status})")),
        };
        (kind, what, Vec::new())
    }

    fn refusal(&self, (kind, what, scopes): (ErrorKind, String, Vec<String>), body: &[u8]) -> Builder {
        let wait = retry_after(&self.headers, self.account.inner().now());
        let (config, now) = (&self.account.inner().config, self.account.tokens());
        let signed = self.signed.iter().flat_map(Signed::texts);
        let scrub = Scrub::tokens(config, &self.sent, signed).and_tokens(config, &now);
        let fields = self.account.spec().token.response.error.as_ref();
        let server = ServerError::of_api(&scrub, fields, self.status.as_u16(), wait, body);
        Error::new(kind, Step::Api, what).scopes(scopes).server(server)
    }

    /// The answer, or an error when it is one by the provider's own rule.
    async fn fails_when(mut self) -> Result<Self> {
        let account = self.account.clone();
        let rule = account.spec().api.as_ref().and_then(|api| api.fails_when.as_ref());
        let Some(rule) = rule.filter(|_| self.may_be_json()) else { return Ok(self) };
        let mut whole = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(&piece);
        }
        let root: Option<&RawValue> = serde_json::from_slice(&whole).ok();
        if root.is_some_and(|root| json::holds(rule, root)) {
            let what = format!("the API refused the request, with status {}", self.status.as_u16());
            return Err(self.refusal((ErrorKind::ApiStatus, what, Vec::new()), &whole).of(self.account.spec()));
        }
        self.body = whole.freeze().into();
        Ok(self)
    }

    /// Whether the body is JSON by what it is called, or may be because it is called nothing or text.
    fn may_be_json(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes()).to_ascii_lowercase();
        kind.is_empty() || kind.starts_with(b"text/") || kind.windows(4).any(|word| word == b"json")
    }
}

impl fmt::Debug for ApiResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
