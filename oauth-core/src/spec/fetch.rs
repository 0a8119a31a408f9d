use serde::Serialize;

use super::decode::fields;
use super::{BodyFormat, Method, Params, Template};

/// A request that the client makes with the token by itself: for the profile, or to look up where the API is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fetch {
    /// `GET` or `POST`.
    pub method: Method,
    /// The address.
    pub url: Template,
    /// Query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Params,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// The parameters of the body. Without any there is no body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub body: Params,
    /// How they are written: as JSON or as a form.
    #[serde(skip_serializing_if = "is_json")]
    pub format: BodyFormat,
}

fields!(Fetch {
    method,
    url,
    query = Vec::new(),
    headers = Vec::new(),
    body = Vec::new(),
    format = BodyFormat::Json,
});

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_json(format: &BodyFormat) -> bool {
    *format == BodyFormat::Json
}

/// The pointer list that says "the answer itself".
pub(super) fn whole() -> Vec<String> {
    vec![String::new()]
}

pub(super) fn is_whole(at: &[String]) -> bool {
    matches!(at, [only] if only.is_empty())
}
