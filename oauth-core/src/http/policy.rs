use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};

use super::{Body, HttpClient, TransportError, TransportErrorKind};
use crate::error::{Builder, Error, ErrorKind, Step};
use crate::spec::{ProviderSpec, template};

/// The most that an answer of an OAuth endpoint may have, counted as it is read.
const MAX_BODY: usize = 1024 * 1024;

/// A whole answer of an OAuth endpoint, within all bounds.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Whether its content is of that media type, whatever parameters it has (RFC 9110 section 8.3.1).
    pub(crate) fn is_of(&self, media_type: &str) -> bool {
        let given = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
    }
}

/// Sends a request to an OAuth endpoint and reads the whole answer: https or loopback only, no redirect, no
/// compression, at most 1 MiB, within `deadline` all in all.
pub(crate) async fn send_bounded(
    http: &dyn HttpClient,
    spec: &ProviderSpec,
    step: Step,
    deadline: Duration,
    request: http::Request<Bytes>,
) -> Result<Answer, Error> {
    require_secure(spec, step, request.uri())?;
    let host = request.uri().host().unwrap_or_default().to_owned();
    let exchange = async {
        let response = http.send(request).await.map_err(|error| transport_error(step, &host, error).of(spec))?;
        read_bounded(spec, step, &host, response).await
    };
    tokio::time::timeout(deadline, exchange).await.unwrap_or_else(|_| {
        let what = format!("{host} did not answer within {} s", deadline.as_secs());
        Err(Error::new(ErrorKind::Timeout, step, what).of(spec))
    })
}

/// RFC 6749 section 3.2: "the authorization server MUST require the use of TLS when sending requests to the token
/// endpoint". Loopback never leaves the machine.
fn require_secure(spec: &ProviderSpec, step: Step, uri: &http::Uri) -> Result<(), Error> {
    let secure = url::Url::parse(&uri.to_string()).is_ok_and(|url| template::is_secure(&url));
    if secure {
        return Ok(());
    }
    let what = format!("the address at {} is not https, so nothing was sent", uri.host().unwrap_or("an unnamed host"));
    Err(Error::new(ErrorKind::InsecureUrl, step, what).fix("use https; plain http is for loopback only").of(spec))
}

async fn read_bounded(
    spec: &ProviderSpec,
    step: Step,
    host: &str,
    response: http::Response<Body>,
) -> Result<Answer, Error> {
    let (head, mut body) = response.into_parts();
    let fail = |kind, what: String| Err(Error::new(kind, step, what).of(spec));
    if head.status.is_redirection() {
        return fail(
            ErrorKind::RedirectRefused,
            format!("{host} answered with a redirect (status {})", head.status.as_u16()),
        );
    }
    if let Some(encoding) = head
        .headers
        .get(header::CONTENT_ENCODING)
        .filter(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        // Only what is known is named: a header is the server's text, and may hold what the request did.
        let known = ["gzip", "deflate", "br", "zstd", "compress"]
            .into_iter()
            .find(|known| encoding.as_bytes().eq_ignore_ascii_case(known.as_bytes()));
        let known = known.unwrap_or("in an unknown way");
        return fail(
            ErrorKind::ResponseEncoded,
            format!("{host} sent a compressed answer ({known}) that was not asked for"),
        );
    }
    // RFC 9112 section 6.3: a message with both "ought to be handled as an error". It is not read, so that its connection ends.
    if head.headers.contains_key(header::TRANSFER_ENCODING) && head.headers.contains_key(header::CONTENT_LENGTH) {
        return fail(ErrorKind::BadResponse, format!("{host} told the length of its answer in two ways"));
    }
    let declared =
        head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut read = BytesMut::with_capacity(usize::try_from(declared.unwrap_or(0)).unwrap_or(usize::MAX).min(MAX_BODY));
    loop {
        if declared.is_some_and(|length| length > MAX_BODY as u64) || read.len() > MAX_BODY {
            return fail(ErrorKind::ResponseTooLarge, format!("{host} sent more than {} KiB", MAX_BODY / 1024));
        }
        match body.chunk().await.map_err(|error| transport_error(step, host, error).of(spec))? {
            Some(piece) => read.extend_from_slice(&piece),
            None => break,
        }
    }
    Ok(Answer { status: head.status, headers: head.headers, body: read.freeze() })
}

/// The error of a step whose request got no whole answer.
pub(crate) fn transport_error(step: Step, host: &str, error: TransportError) -> Builder {
    let (kind, what) = match error.kind() {
        TransportErrorKind::Connect => (ErrorKind::Connect, format!("{host} could not be reached")),
        TransportErrorKind::Tls => (ErrorKind::Tls, format!("the connection to {host} is not trusted")),
        TransportErrorKind::Timeout => (ErrorKind::Timeout, format!("{host} took too long")),
        TransportErrorKind::Broken => {
            (ErrorKind::Network, format!("the connection to {host} broke before the answer was complete"))
        }
        TransportErrorKind::Request => (ErrorKind::Config, format!("the request to {host} could not be built")),
        TransportErrorKind::Blocked => {
            (ErrorKind::AddressBlocked, format!("{host} is at no address of the public internet, so nothing was sent"))
        }
        TransportErrorKind::NoBackend => (ErrorKind::Config, format!("{host} can only be reached over TLS")),
    };
    let builder = Error::new(kind, step, what).source(error);
    match kind {
        ErrorKind::Tls => builder.fix(
            "check the local clock, the system's trust store, whether a proxy intercepts TLS, and, if it shows one, the client's own certificate",
        ),
        ErrorKind::Connect => builder.fix("check the network, DNS and the address in the provider's file"),
        _ => builder,
    }
}
