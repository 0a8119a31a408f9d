//! A small HTTP/1.1 client that goes nowhere but to this machine.

use std::error::Error as StdError;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::Error;
use crate::address::{is_loopback, without_query};

/// More than any page here has.
const LARGEST_ANSWER: usize = 8 << 20;

/// A request, headers by name.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Vec<u8>,
}

/// An answer, read to its end.
pub(crate) struct Received {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    /// Where the answer sends the browser (RFC 9110 section 10.2.2).
    pub(crate) fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

type Broken = Box<dyn StdError + Send + Sync>;

/// Sends one request on a connection of its own.
pub(crate) async fn send(call: Call<'_>) -> Result<Received, Error> {
    let url = Url::parse(call.url).map_err(|_| refused(call.url, "it is not an absolute address"))?;
    let socket = socket(&url).ok_or_else(|| {
        let problem =
            "it is not plain http on this machine; map it with Simulator::address or the client's dangerous_at";
        Error::Address { address: without_query(&url), problem: problem.to_owned() }
    })?;
    exchange(&url, socket, call).await.map_err(|source| Error::Transport { address: without_query(&url), source })
}

async fn exchange(url: &Url, socket: SocketAddr, call: Call<'_>) -> Result<Received, Broken> {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let host = format!("{}:{}", url.host_str().unwrap_or_default(), socket.port());
    let mut request = Request::builder().method(call.method).uri(format!("{}{query}", url.path()));
    if let Some(headers) = request.headers_mut() {
        headers.insert(header::HOST, HeaderValue::try_from(host)?);
        for (name, value) in call.headers {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
    }
    let stream = TcpStream::connect(socket).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answered = sender.send_request(request.body(Full::new(Bytes::from(call.body)))?).await;
    let (parts, body) = answered?.into_parts();
    let body = Limited::new(body, LARGEST_ANSWER).collect().await?.to_bytes();
    connection.abort();
    Ok(Received { url: url.clone(), status: parts.status, headers: parts.headers, body })
}

/// The name `localhost` is never looked up.
fn socket(url: &Url) -> Option<SocketAddr> {
    if url.scheme() != "http" || !is_loopback(url) {
        return None;
    }
    let address = match url.host()? {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
        Host::Domain(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    Some(SocketAddr::new(address, url.port().unwrap_or(80)))
}

fn refused(address: &str, problem: &str) -> Error {
    let address = address.split(['?', '#']).next().unwrap_or_default().to_owned();
    Error::Address { address, problem: problem.to_owned() }
}
