//! HTTP around the provider: one task that accepts, one per connection.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use oauth_core::Rng;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::api::Api;
use crate::clock::Advanced;
use crate::facts::Facts;
use crate::fetched::Fetched;
use crate::openid::{Issuer, Signing};
use crate::reply::Reply;
use crate::request::Request;
use crate::route::{self, Routes};
use crate::state::State;

/// No OAuth request is longer; an upload to an API is not simulated.
const LARGEST_BODY: usize = 1 << 20;
/// What is read and thrown away of a longer one: a connection that closes on unread bytes loses its answer, too.
const MOST_DRAINED: usize = 16 << 20;

/// Everything that a request may need.
pub(crate) struct Shared {
    pub(crate) facts: Facts,
    pub(crate) routes: Routes,
    pub(crate) api: Api,
    pub(crate) fetched: Vec<Fetched>,
    /// The `iss` of callbacks, where the provider sends one.
    pub(crate) callback_issuer: Option<String>,
    pub(crate) issuer: Issuer,
    pub(crate) signing: Signing,
    pub(crate) port: u16,
    pub(crate) origin: String,
    /// The session cookie's name: cookies of one host are shared by all its ports.
    pub(crate) cookie: String,
    pub(crate) allow_unknown_scopes: bool,
    /// How long an access token lives; `None` where it does not end.
    pub(crate) lifetime: Option<Duration>,
    /// The same of a refresh token.
    pub(crate) refresh_lifetime: Option<Duration>,
    pub(crate) clock: Arc<Advanced>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) state: Mutex<State>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until it is dropped, and all its connections with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
                }
                // Out of descriptors, mostly: the next round may find one.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { respond(&shared, request).await }
    });
    // A client that goes away is no fault of ours.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error closes the connection without an answer.
async fn respond(shared: &Shared, request: http::Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let Some(body) = read(body).await else {
        let reply =
            Reply::problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is cut off or longer than 1 MiB");
        return Ok(reply.with(header::CONNECTION, "close").into_response());
    };
    let request = Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        raw_query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let reply = if is_for_us(shared, &request) {
        route::answer(shared, &request)
    } else {
        // RFC 9110 section 15.5.20. Also what a page on the web gets that points a name of its own at this machine.
        Reply::problem(StatusCode::MISDIRECTED_REQUEST, "misdirected", "the Host header names another server")
    };
    if reply.lost {
        return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
    }
    Ok(reply.into_response())
}

async fn read(mut body: Incoming) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        length += data.len();
        if length <= LARGEST_BODY {
            bytes.extend_from_slice(&data);
        } else if length > MOST_DRAINED {
            return None;
        }
    }
    (length <= LARGEST_BODY).then(|| bytes.freeze())
}

fn is_for_us(shared: &Shared, request: &Request) -> bool {
    let ours = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{}", shared.port));
    request.header(header::HOST.as_str()).is_some_and(|host| ours.iter().any(|our| our.eq_ignore_ascii_case(host)))
}

/// A port of this machine that nobody else can reach.
pub(crate) async fn listen() -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}
