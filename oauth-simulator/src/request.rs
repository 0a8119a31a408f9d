use bytes::Bytes;
use http::{HeaderMap, Method, header};

use crate::params::Params;

/// A request as it came in: read, but not yet judged.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path at the simulator, from its slash on.
    pub(crate) path: String,
    /// The query as it is on the wire.
    pub(crate) raw_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn query(&self) -> Result<Params, String> {
        Params::from_query(&self.raw_query)
    }

    /// The header's value, if it is there once and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        if values.next().is_some() { None } else { first.to_str().ok() }
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> Option<String> {
        let text = self.header(header::CONTENT_TYPE.as_str())?;
        Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    pub(crate) fn is_form(&self) -> bool {
        self.media_type().as_deref() == Some("application/x-www-form-urlencoded")
    }

    pub(crate) fn is_json(&self) -> bool {
        self.media_type().is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"))
    }

    /// The parameters of the body, by its media type; none when it has none that we read.
    pub(crate) fn body_params(&self) -> Result<Params, String> {
        if self.body.is_empty() {
            Ok(Params::default())
        } else if self.is_form() {
            Params::from_form(&self.body)
        } else if self.is_json() {
            Params::from_json(&self.body)
        } else {
            Ok(Params::default())
        }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.get_all(header::COOKIE).iter();
        let mut pairs = headers.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
        pairs.find_map(|pair| pair.trim().split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value))
    }
}
