//! A token endpoint on loopback that takes its time, in a thread of its own, and counts.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use crate::provider::token_response;

/// The endpoint. It lasts as long as the program.
#[derive(Clone)]
pub struct Endpoint {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Endpoint {
    /// An endpoint that takes that long for an answer. The tokens are always the same.
    pub fn start(takes: Duration) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let endpoint =
            Self { address: listener.local_addr().expect("an address"), requests: Arc::new(AtomicUsize::new(0)) };
        let requests = Arc::clone(&endpoint.requests);
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(serve(listener, takes, requests));
        });
        endpoint
    }

    /// `http://127.0.0.1:PORT/token`.
    pub fn url(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// How many requests there were since this was last asked.
    pub fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::Relaxed)
    }
}

async fn serve(listener: std::net::TcpListener, takes: Duration, requests: Arc<AtomicUsize>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    let body = Bytes::from(token_response());
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, takes, Arc::clone(&requests), body.clone()));
        }
    }
}

async fn connection(stream: TcpStream, takes: Duration, requests: Arc<AtomicUsize>, body: Bytes) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let (requests, body) = (Arc::clone(&requests), body.clone());
        async move {
            let _ = request.into_body().collect().await;
            requests.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(takes).await;
            let mut response = Response::new(Full::new(body));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Ok::<_, Infallible>(response)
        }
    });
    // A client that goes away is no fault of this side.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
