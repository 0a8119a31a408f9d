use serde::Serialize;

use super::decode::{Decode, Member, fields, words};
use super::endpoints::is_false;
use super::{BodyFormat, Method, Params, Template};

/// How an access token is renewed (RFC 6749 section 6), where it can be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Refresh {
    /// What renews the token.
    pub with: RefreshWith,
    /// Where, if not at the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Template>,
    /// `POST`, or the provider's.
    pub method: Method,
    /// How the parameters are written.
    pub format: BodyFormat,
    /// The `grant_type`.
    pub grant_type: String,
    /// The parameter that carries the token.
    pub param: String,
    /// Whether client credentials go along.
    pub client_auth: bool,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Whether each refresh gives a new refresh token and ends the old one.
    #[serde(skip_serializing_if = "is_false")]
    pub rotates: bool,
    /// Whether the answer has no refresh token as a rule, so that the old one goes on (RFC 6749 section 6 allows it).
    #[serde(skip_serializing_if = "is_false")]
    pub keep_old: bool,
    /// What the authorization request must carry before a refresh token is given at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<RefreshNeeds>,
    /// Why there may be no refresh token, and what to do, in words for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

fields!(Refresh {
    with,
    url = None,
    method,
    format,
    grant_type,
    param,
    client_auth,
    params = Vec::new(),
    rotates = false,
    keep_old = false,
    needs = None,
    note = None,
});

/// What renews an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshWith {
    /// The refresh token (RFC 6749 section 6).
    RefreshToken,
    /// The access token itself, while it is valid.
    AccessToken,
}

words!(RefreshWith { RefreshToken = "refresh_token", AccessToken = "access_token" });

/// A parameter or a scope without which the provider issues no refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshNeeds {
    /// An authorization parameter with this value.
    Param(String, String),
    /// A scope.
    Scope(String),
}

impl Decode for RefreshNeeds {
    fn decode(member: Member<'_>) -> Self {
        match member.variant() {
            Some(("param", variant)) => {
                let (name, value) = Decode::decode(variant);
                Self::Param(name, value)
            }
            Some(("scope", variant)) => Self::Scope(Decode::decode(variant)),
            other => {
                if let Some((_, variant)) = other {
                    variant.unknown();
                }
                Self::Scope(String::new())
            }
        }
    }
}
