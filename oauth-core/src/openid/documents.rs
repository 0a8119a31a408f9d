use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, AGE, CACHE_CONTROL, HeaderMap};

use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::send_bounded;

/// How long a document is good where its server says nothing.
const USUAL: Duration = Duration::from_secs(60 * 60);
/// How long at most, whatever its server says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A JSON document of the provider's, and until when it may be used without asking again.
pub(crate) struct Document {
    pub(crate) body: Bytes,
    pub(crate) fresh_until: SystemTime,
}

/// Fetches a public document: one GET without credentials, no redirect, at most 1 MiB, within the client's timeout.
pub(crate) async fn fetch(inner: &Inner, step: Step, address: &str, what: &str) -> Result<Option<Document>> {
    let config = &inner.config;
    let address = inner.prepared()?.detoured(address.to_owned());
    let request =
        http::Request::get(address).header(ACCEPT, "application/json").body(Bytes::new()).map_err(|error| {
            Error::new(ErrorKind::Config, step, format!("the address of {what} cannot be written as HTTP"))
                .source(error)
                .of(inner.spec())
        })?;
    let answer = send_bounded(inner.http()?, inner.spec(), step, config.timeout, request).await?;
    let status = answer.status.as_u16();
    match status {
        200 => {}
        404 | 410 => return Ok(None),
        429 => {
            return Err(inner.error(
                ErrorKind::RateLimited,
                step,
                format!("asked for {what}, the provider asks to wait"),
            ));
        }
        500.. => {
            let what = format!("asked for {what}, the provider was not able to answer (status {status})");
            return Err(inner.error(ErrorKind::Unavailable, step, what));
        }
        _ => {
            let what = format!("asked for {what}, the provider answered with status {status}");
            return Err(inner.error(ErrorKind::MetadataStatus, step, what));
        }
    }
    let fresh_until = inner.now() + lifetime(&answer.headers);
    Ok(Some(Document { body: answer.body, fresh_until }))
}

/// The document at the first of these addresses that has it, read. A refusal that says no more than that it is not there is
/// passed over, and is the answer where no other address has it.
pub(crate) async fn first<T>(
    inner: &Inner,
    what: &str,
    addresses: &[String],
    says_none: impl Fn(&Error) -> bool,
    read: impl Fn(usize, &Document) -> Result<T>,
) -> Result<Option<T>> {
    let mut refused = None;
    for (at, address) in addresses.iter().enumerate() {
        let answer = fetch(inner, Step::Discovery, address, what).await;
        let answer = answer.and_then(|document| document.map(|document| read(at, &document)).transpose());
        match answer {
            Ok(None) => {}
            Err(error) if says_none(&error) => refused = refused.or(Some(error)),
            known_or_wrong => return known_or_wrong,
        }
    }
    refused.map_or(Ok(None), Err)
}

/// RFC 9111 sections 4.2 and 5.2.2, as far as a private cache of one document needs them.
fn lifetime(headers: &HeaderMap) -> Duration {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut lifetime = USUAL;
    for directive in directives.flat_map(|value| value.split(',')).map(str::trim) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return Duration::ZERO;
        }
        if name.eq_ignore_ascii_case("max-age") {
            lifetime = value.trim_matches('"').parse().map_or(Duration::ZERO, Duration::from_secs);
        }
    }
    let age =
        headers.get(AGE).and_then(|age| age.to_str().ok()?.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    lifetime.saturating_sub(age).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(headers: &[(&'static str, &'static str)]) -> u64 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        lifetime(&map).as_secs()
    }

    #[test]
    fn a_document_is_good_for_as_long_as_its_server_says_and_a_day_at_most() {
        assert_eq!(after(&[]), 3600);
        assert_eq!(after(&[("cache-control", "public, max-age=300")]), 300);
        assert_eq!(after(&[("cache-control", "public, max-age=300"), ("age", "250")]), 50);
        assert_eq!(after(&[("cache-control", "max-age=31536000")]), 86_400);
        assert_eq!(after(&[("cache-control", "max-age=99999999999999999999999")]), 0);
        assert_eq!(after(&[("cache-control", "max-age=300, No-Store")]), 0);
        assert_eq!(after(&[("cache-control", "public"), ("cache-control", "max-age=60")]), 60);
    }
}
