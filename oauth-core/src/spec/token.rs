use serde::Serialize;

use super::decode::{Decode, Member, fields, words};
use super::endpoints::is_false;
use super::{FieldType, Method, Params, Renames, Template};

/// The token endpoint and what becomes of its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Token {
    /// How the request is written.
    pub request: TokenRequest,
    /// How the response is read.
    pub response: TokenResponse,
    /// A second exchange that follows the first: a short-lived token for a long-lived one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Upgrade>,
    /// Where the access token goes in API requests.
    pub placement: Placement,
}

fields!(Token { request, response, upgrade = None, placement });

/// How the token request deviates from RFC 6749 section 4.1.3.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenRequest {
    /// `POST`, or the provider's.
    pub method: Method,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Standard parameters under the provider's own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// Standard parameters that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
}

fields!(TokenRequest {
    method,
    format,
    headers = Vec::new(),
    params = Vec::new(),
    rename = Vec::new(),
    omit = Vec::new(),
});

/// How the parameters of a request are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded` body (RFC 6749 section 4.1.3).
    Form,
    /// A JSON object as body.
    Json,
    /// The URL's query.
    Query,
}

words!(BodyFormat { Form = "form", Json = "json", Query = "query" });

/// How the token response is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// JSON pointers (RFC 6901) to the object that holds the token, tried in order; `[""]` is the answer itself.
    pub at: Vec<String>,
    /// Standard members under the provider's own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// When a 200 answer is an error all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_when: Option<FailsWhen>,
    /// Where an error answer keeps code and description, if not in `error` and `error_description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorFields>,
    /// How the lifetime is told.
    pub expiry: Expiry,
    /// Whether `token_type` may be missing.
    #[serde(skip_serializing_if = "TokenTypeRule::is_required")]
    pub token_type: TokenTypeRule,
    /// Further members, typed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<ExtraField>,
}

fields!(TokenResponse {
    at,
    rename = Vec::new(),
    fails_when = None,
    error = None,
    expiry,
    token_type = TokenTypeRule::Required,
    extras = Vec::new(),
});

/// The member whose value tells that a 200 answer is an error.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FailsWhen {
    /// JSON pointer to the member.
    pub at: String,
    /// The answer is an error when the member is there and equals this; without it, when the member is there at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<serde_json::Value>,
    /// The answer is an error when the member is there and differs from this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<serde_json::Value>,
}

impl Decode for FailsWhen {
    fn decode(member: Member<'_>) -> Self {
        let mut object = member.object();
        // A member that is there with `null` is a value to compare with: it is not the same as none.
        Self { at: object.required("at"), equals: object.value("equals"), differs: object.value("differs") }
    }
}

/// Where an error answer says what went wrong, as JSON pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorFields {
    /// The code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The provider's codes and the RFC's they mean: `190` is `invalid_grant`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Renames,
}

fields!(ErrorFields { code = None, description = None, codes = Vec::new() });

/// How the provider tells when the token expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Expiry {
    /// The member: `expires_in`.
    pub field: String,
    /// A span from now, or a point in time.
    pub kind: ExpiryKind,
    /// Seconds or milliseconds.
    pub unit: ExpiryUnit,
    /// The lifetime in seconds where the answer says none though the token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<u64>,
}

fields!(Expiry { field, kind, unit, default = None });

/// What the number in the expiry member counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpiryKind {
    /// Time from the answer on (RFC 6749 section 5.1).
    In,
    /// Time since 1970-01-01T00:00:00Z.
    At,
}

words!(ExpiryKind { In = "in", At = "at" });

/// The unit of the number in the expiry member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ExpiryUnit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

words!(ExpiryUnit { Seconds = "s", Milliseconds = "ms" });

/// What a token response without `token_type` (RFC 6749 section 5.1 requires it) is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenTypeRule {
    /// Missing is an error, and so is a type other than Bearer.
    #[default]
    Required,
    /// Missing means Bearer.
    AssumeBearer,
    /// Whatever it says, the token is used as `token.placement` tells.
    Ignored,
}

words!(TokenTypeRule { Required = "required", AssumeBearer = "assume_bearer", Ignored = "ignored" });

impl TokenTypeRule {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_required(&self) -> bool {
        *self == Self::Required
    }
}

/// A member of the token response that later steps or the user need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExtraField {
    /// Its name in templates, `{token.NAME}`, and its field in the generated `Extras`.
    pub name: String,
    /// JSON pointer from the token object.
    pub at: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// For a URL: the host names and suffixes it may have, as `zohoapis.com`. Without them it never reaches a host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(ExtraField { name, at, kind as "type", hosts = Vec::new(), doc = None });

/// A second exchange after the code exchange.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Upgrade {
    /// Where.
    pub url: Template,
    /// `GET` or `POST`.
    pub method: Method,
    /// The `grant_type`.
    pub grant_type: String,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// The parameters beside `grant_type`, with `{access_token}`, `{client_id}` and `{client_secret}` as needed.
    pub params: Params,
}

fields!(Upgrade { url, method, grant_type, format, params });

/// Where the access token goes in a request to the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Placement {
    /// A header; with a scheme before the token (`Authorization: Bearer`, RFC 6750 section 2.1), or the bare token.
    Header {
        /// The header's name.
        name: String,
        /// The scheme; `None` sends the bare token.
        #[serde(skip_serializing_if = "Option::is_none")]
        scheme: Option<String>,
    },
    /// A query parameter (RFC 6750 section 2.3).
    Query {
        /// The parameter's name.
        name: String,
    },
    /// A parameter of the form body, or a member of the JSON body (RFC 6750 section 2.2).
    Body {
        /// The parameter's name.
        name: String,
        /// Whether a request without any body gets a JSON one; a form otherwise.
        #[serde(skip_serializing_if = "is_false")]
        json: bool,
    },
}

impl Decode for Placement {
    fn decode(member: Member<'_>) -> Self {
        let Some((name, variant)) = member.variant() else { return Self::default() };
        let mut object = variant.object();
        match name {
            "header" => fields!(read object => Self::Header { name, scheme = None }),
            "query" => fields!(read object => Self::Query { name }),
            "body" => fields!(read object => Self::Body { name, json = false }),
            _ => {
                object.unknown();
                Self::default()
            }
        }
    }
}

impl Default for Placement {
    fn default() -> Self {
        Self::Header { name: "Authorization".to_owned(), scheme: Some("Bearer".to_owned()) }
    }
}
