use serde::{Serialize, Serializer};

use super::decode::{Decode, Member, fields, words};
use super::endpoints::is_false;
use super::{BodyFormat, Expiry, Method, Params, Template};

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
    /// What the client says of itself.
    pub client_auth: RefreshAuth,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Whether each refresh gives a new refresh token and ends the old one.
    #[serde(skip_serializing_if = "is_false")]
    pub rotates: bool,
    /// Whether the answer has no refresh token as a rule, so that the old one goes on (RFC 6749 section 6 allows it).
    #[serde(skip_serializing_if = "is_false")]
    pub keep_old: bool,
    /// What the provider does when a refresh token is used again that a rotation has replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reuse: Option<RefreshReuse>,
    /// Whether a refresh token is used once more when the answer to its first use was lost.
    #[serde(skip_serializing_if = "RefreshReplay::is_once")]
    pub replay: RefreshReplay,
    /// How the provider tells when the refresh token itself ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    /// The seconds after which an unused refresh token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_lifetime: Option<u64>,
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
    reuse = None,
    replay = RefreshReplay::Once,
    expiry = None,
    idle_lifetime = None,
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

/// What a provider does when a refresh token is used again that a rotation has replaced (RFC 9700 section 4.14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshReuse {
    /// It ends all tokens of the login: one of the two who hold the token is taken for a thief.
    EndsFamily,
    /// It refuses, and the newer tokens go on.
    Refused,
}

words!(RefreshReuse { EndsFamily = "ends_family", Refused = "refused" });

/// Whether a refresh token is used once more when the answer to its first use was lost on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshReplay {
    /// Once: the login may be saved by it, and is lost without it.
    #[default]
    Once,
    /// Never: the vendor documents that more than this login would suffer.
    Never,
}

words!(RefreshReplay { Once = "once", Never = "never" });

impl RefreshReplay {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_once(&self) -> bool {
        *self == Self::Once
    }
}

/// What the client says of itself in a request beside the code exchange; written as `true`, `false`, `"id"` or `"basic"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshAuth {
    /// It proves itself as at the code exchange.
    Full,
    /// It names its id and shows no secret.
    Id,
    /// It proves itself in the `Authorization: Basic` header, however it does so at the code exchange.
    Basic,
    /// Nothing.
    None,
}

impl Serialize for RefreshAuth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Full => serializer.serialize_bool(true),
            Self::Id => serializer.serialize_str("id"),
            Self::Basic => serializer.serialize_str("basic"),
            Self::None => serializer.serialize_bool(false),
        }
    }
}

impl Decode for RefreshAuth {
    fn decode(member: Member<'_>) -> Self {
        match member.boolean() {
            Some(true) => Self::Full,
            Some(false) => Self::None,
            None => match member.text() {
                "basic" => Self::Basic,
                word => {
                    if word != "id" {
                        member.unknown();
                    }
                    Self::Id
                }
            },
        }
    }
}

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
