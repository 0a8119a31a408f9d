//! The transport: one object-safe trait, and what we demand of every answer whoever carries it.

mod guard;
mod policy;
mod reqwest_client;
mod retry_after;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

pub use self::guard::{Guard, Resolver};
pub(crate) use self::policy::{Answer, send_bounded, transport_error};
pub use self::reqwest_client::{ReqwestClient, tls_config};
pub(crate) use self::retry_after::retry_after;

/// A boxed future, as object-safe traits need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one HTTP request and brings the answer's head, and its body piece by piece.
///
/// An implementation must not follow redirects, must keep no cookies and must add no credentials. The engine checks
/// addresses, sizes and times itself, so that a custom client cannot weaken them.
pub trait HttpClient: Send + Sync + 'static {
    /// Sends the request.
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>>;
}

/// The pieces of a response body.
pub trait BodySource: Send {
    /// The next piece; `None` at the end.
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, TransportError>>;
}

/// A response body that is read piece by piece.
pub struct Body {
    source: Box<dyn BodySource>,
}

impl Body {
    /// A body over a source of pieces.
    pub fn new(source: impl BodySource + 'static) -> Self {
        Self { source: Box::new(source) }
    }

    /// The next piece; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.source.chunk().await
    }
}

/// A body that is there already.
impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        struct Whole(Option<Bytes>);
        impl BodySource for Whole {
            fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, TransportError>> {
                let bytes = self.0.take().filter(|bytes| !bytes.is_empty());
                Box::pin(async move { Ok(bytes) })
            }
        }
        Self::new(Whole(Some(bytes)))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body(..)")
    }
}

/// Why no answer, or no whole answer, came.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

/// How far a request got before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: nothing of the request was sent.
    Connect,
    /// The server's certificate was refused or the handshake failed: nothing of the request was sent.
    Tls,
    /// No answer in time; the request may have been received.
    Timeout,
    /// The connection broke; the request may have been received.
    Broken,
    /// The request could not be written as HTTP.
    Request,
    /// The server's address is none that a guarded transport connects to: nothing was sent.
    Blocked,
    /// No cryptography backend is compiled in, so that there is no TLS: nothing was sent.
    NoBackend,
}

impl TransportError {
    /// An error with its cause. The cause's text must not hold the request's URL, headers or body.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }

    /// How far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "no connection to the server",
            TransportErrorKind::Tls => "no trusted TLS connection to the server",
            TransportErrorKind::Timeout => "no answer in time",
            TransportErrorKind::Broken => "the connection broke",
            TransportErrorKind::Request => "the request cannot be written as HTTP",
            TransportErrorKind::Blocked => "the address is not allowed",
            TransportErrorKind::NoBackend => "there is no TLS",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
