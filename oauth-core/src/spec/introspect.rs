use serde::Serialize;

use super::decode::fields;
use super::endpoints::is_false;
use super::{BodyFormat, Method, Params, RefreshAuth};

/// How the provider is asked about a token at `endpoints.introspection` (RFC 7662 section 2.1, and its deviations).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Introspect {
    /// `POST`, or the provider's.
    pub method: Method,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// The parameter that carries the token.
    pub param: String,
    /// Whether `token_type_hint` goes along.
    pub hint: bool,
    /// What the client says of itself.
    pub client_auth: RefreshAuth,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// Whether the token response does not say when the token ends, so that it is asked for here.
    #[serde(skip_serializing_if = "is_false")]
    pub expiry: bool,
    /// Whether the answer is a JWT that the provider signs (RFC 9701).
    #[serde(skip_serializing_if = "is_false")]
    pub signed: bool,
}

fields!(Introspect {
    method,
    format,
    param,
    hint,
    client_auth,
    params = Vec::new(),
    headers = Vec::new(),
    expiry = false,
    signed = false,
});

impl Introspect {
    /// As RFC 7662 section 2.1 has it: what an endpoint without a further word takes.
    #[cfg(any(feature = "schema", feature = "client"))]
    pub(crate) fn standard() -> Self {
        Self {
            method: Method::Post,
            format: BodyFormat::Form,
            param: "token".to_owned(),
            hint: true,
            client_auth: RefreshAuth::Full,
            params: Vec::new(),
            headers: Vec::new(),
            expiry: false,
            signed: false,
        }
    }
}
