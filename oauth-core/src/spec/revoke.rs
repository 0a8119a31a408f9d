use serde::Serialize;

use super::decode::{fields, words};
use super::{BodyFormat, Condition, Method, Params, RefreshAuth};

/// How tokens are revoked at `endpoints.revocation` (RFC 7009 section 2.1, and the provider's deviations).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Revoke {
    /// `POST`, or the provider's.
    pub method: Method,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// The tokens that are sent, as far as there are any, in this order; one request each.
    pub tokens: Vec<RevokedToken>,
    /// Where the token stands in the request.
    #[serde(rename = "in")]
    pub place: RevokePlace,
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
    /// When a 2xx answer is an error all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_when: Option<Condition>,
    /// Error codes and statuses that say that the token had ended before, which is a success (RFC 7009 section 2.2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// What ends with the token that is sent, where the vendor says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<RevokeEnds>,
}

fields!(Revoke {
    method,
    format,
    tokens,
    place as "in",
    param,
    hint,
    client_auth,
    params = Vec::new(),
    headers = Vec::new(),
    fails_when = None,
    gone = Vec::new(),
    ends = None,
});

impl Revoke {
    /// As RFC 7009 section 2.1 has it: what an endpoint without a further word takes.
    #[cfg(any(feature = "schema", feature = "client"))]
    pub(crate) fn standard() -> Self {
        Self {
            method: Method::Post,
            format: BodyFormat::Form,
            tokens: vec![RevokedToken::Refresh, RevokedToken::Access],
            place: RevokePlace::Param,
            param: "token".to_owned(),
            hint: true,
            client_auth: RefreshAuth::Full,
            params: Vec::new(),
            headers: Vec::new(),
            fails_when: None,
            gone: Vec::new(),
            ends: None,
        }
    }
}

/// A token that is sent to be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevokedToken {
    /// The refresh token.
    Refresh,
    /// The access token.
    Access,
}

words!(RevokedToken { Refresh = "refresh", Access = "access" });

impl RevokedToken {
    /// The `token_type_hint` (RFC 7009 section 2.1).
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Refresh => "refresh_token",
            Self::Access => "access_token",
        }
    }
}

/// Where the token stands in the request that revokes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevokePlace {
    /// In a parameter (RFC 7009 section 2.1).
    Param,
    /// Where requests to the API carry it: the access token, without a parameter of its own.
    Api,
}

words!(RevokePlace { Param = "param", Api = "api" });

/// What ends with the token that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevokeEnds {
    /// All tokens of the login: one request is enough.
    Grant,
    /// That token alone.
    Token,
}

words!(RevokeEnds { Grant = "grant", Token = "token" });
