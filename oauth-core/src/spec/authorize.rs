use serde::Serialize;

use super::decode::fields;
use super::{Params, Renames};

/// What the authorization request has beyond RFC 6749 section 4.1.1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Authorize {
    /// Parameters that every request carries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Standard parameters under the provider's own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// What a caller may add, typed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<AuthorizeOption>,
}

fields!(Authorize { params = Vec::new(), rename = Vec::new(), options = Vec::new() });

/// A typed parameter of the authorization request: `prompt` with the values `consent` and `select_account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizeOption {
    /// The parameter's name.
    pub name: String,
    /// The generated type: `Prompt`.
    pub rust: String,
    /// The allowed values and their generated variants; empty means any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(String, String)>,
    /// What joins two values given one after the other; without it the later value replaces the earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<String>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(AuthorizeOption { name, rust, values = Vec::new(), join = None, doc = None });

/// Parameters that the client writes itself, with the value that the protocol asks for (RFC 6749, RFC 7521, RFC 7636,
/// RFC 9101, RFC 9126, RFC 9207, RFC 9449, OpenID Connect Core section 3.1.2.1).
#[cfg(any(feature = "schema", feature = "client"))]
pub(crate) const PROTOCOL_PARAMS: [&str; 22] = [
    "access_token",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "dpop_jkt",
    "grant_type",
    "iss",
    "nonce",
    "password",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];
