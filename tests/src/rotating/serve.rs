//! HTTP around the ledger.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::answer::{self, Answer};
use super::ledger::{Decision, Ledger, locked};

/// Serves until it is dropped, and all its connections with it.
pub(super) async fn serve(listener: TcpListener, ledger: Arc<Mutex<Ledger>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&ledger)));
                }
                // Out of descriptors, mostly: the next round may find one.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, ledger: Arc<Mutex<Ledger>>) {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let ledger = Arc::clone(&ledger);
        async move { respond(ledger, request).await }
    });
    // A client that goes away is no fault of ours.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error closes the connection without an answer.
async fn respond(ledger: Arc<Mutex<Ledger>>, request: Request<Incoming>) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    match (&head.method, path) {
        (&Method::POST, "/token") => {
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            // A task of its own: a client that is gone has asked all the same.
            let task = tokio::spawn(async move { token(&ledger, &head.headers, &body).await });
            task.await.map_err(io::Error::other)?
        }
        (&Method::GET, "/me") => Ok(me(&locked(&ledger), &head.headers)),
        (&Method::GET, _) if path.starts_with("/families/") => {
            let family = locked(&ledger).family(&path["/families/".len()..]);
            Ok(family.map_or_else(not_here, |family| answer::status(StatusCode::OK, &family.json())))
        }
        _ => Ok(not_here()),
    }
}

async fn token(ledger: &Mutex<Ledger>, headers: &HeaderMap, body: &Bytes) -> io::Result<Answer> {
    let refresh_token = match answer::refresh_token(headers, body) {
        Ok(refresh_token) => refresh_token,
        Err((code, error)) => return Ok(answer::error(code, error)),
    };
    let behaviour = locked(ledger).behaviour(&refresh_token);
    pause(behaviour.before).await;
    let decision = locked(ledger).decide(&refresh_token, behaviour.answers);
    pause(behaviour.after).await;
    Ok(match decision {
        Decision::Tokens(access_token, refresh_token) => answer::tokens(&access_token, refresh_token.as_deref()),
        Decision::Lost => return Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        Decision::Unavailable(retry_after) => answer::unavailable(retry_after),
        Decision::InvalidClient => answer::error(StatusCode::UNAUTHORIZED, "invalid_client"),
        Decision::InvalidGrant => answer::error(StatusCode::BAD_REQUEST, "invalid_grant"),
    })
}

async fn pause(time: std::time::Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// Who an access token stands for (RFC 6750 section 2.1).
fn me(ledger: &Ledger, headers: &HeaderMap) -> Answer {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match token.and_then(|token| ledger.whose(token)) {
        Some(family) => answer::status(StatusCode::OK, &json!({"id": family})),
        None => answer::error(StatusCode::UNAUTHORIZED, "invalid_token"),
    }
}

fn not_here() -> Answer {
    answer::error(StatusCode::NOT_FOUND, "not_found")
}
