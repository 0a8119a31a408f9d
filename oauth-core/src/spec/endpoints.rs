use serde::Serialize;

use super::Template;
use super::decode::{fields, words};

/// Where the provider's OAuth endpoints are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Endpoints {
    /// The authorization endpoint (RFC 6749 section 3.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Template>,
    /// The token endpoint (RFC 6749 section 3.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Template>,
    /// The revocation endpoint (RFC 7009 section 2), or what the provider has in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Template>,
    /// The device authorization endpoint (RFC 8628 section 3.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_authorization: Option<Template>,
    /// The backchannel authentication endpoint (OpenID Connect Client-Initiated Backchannel Authentication section 7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_authentication: Option<Template>,
    /// The introspection endpoint (RFC 7662 section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection: Option<Template>,
    /// The pushed authorization request endpoint (RFC 9126 section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization: Option<Template>,
    /// The end session endpoint (OpenID Connect RP-Initiated Logout section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_session: Option<Template>,
    /// The client registration endpoint (RFC 7591 section 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<Template>,
    /// The issuer identifier (RFC 8414 section 2): the exact value of `iss` in callbacks (RFC 9207) and ID tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Template>,
    /// Whether the provider always sends `iss` in the callback (RFC 9207 section 3): a callback without is refused.
    #[serde(skip_serializing_if = "is_false")]
    pub iss_in_callback: bool,
    /// Whether the issuer's metadata says where the endpoints are (RFC 8414, OpenID Connect Discovery section 4).
    #[serde(skip_serializing_if = "is_false")]
    pub discovery: bool,
    /// The hosts that the metadata may lead to beside the issuer's: names, `*.example.com`, or `*` for any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

fields!(Endpoints {
    authorization = None,
    token = None,
    revocation = None,
    device_authorization = None,
    backchannel_authentication = None,
    introspection = None,
    pushed_authorization = None,
    end_session = None,
    registration = None,
    issuer = None,
    iss_in_callback = false,
    discovery = false,
    hosts = Vec::new(),
});

impl Endpoints {
    /// Whether people log in here by redirect: the file says where, or the issuer's metadata will.
    pub fn authorizes(&self) -> bool {
        self.authorization.is_some() || self.discovery
    }

    /// Whether there is a token endpoint, or will be one once the issuer's metadata is known.
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.discovery
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

/// How the client authenticates at the token endpoint (RFC 6749 section 2.3.1, OpenID Connect Core section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthMethod {
    /// `client_secret_basic`: the `Authorization: Basic` header, id and secret form-encoded first.
    Basic,
    /// `client_secret_post`: `client_id` and `client_secret` among the request's parameters.
    Body,
    /// Public client: `client_id` among the parameters, no secret.
    None,
    /// Id and secret stand only where the token request's holes `{client_id}` and `{client_secret}` put them.
    Custom,
    /// The secret is a JWT, made for each request.
    Minted,
    /// `private_key_jwt`: a JWT signed with the client's private key (OpenID Connect Core section 9).
    PrivateKeyJwt,
    /// `client_secret_jwt`: a JWT signed with the client's secret.
    ClientSecretJwt,
    /// A certificate of the client's (RFC 8705 section 2); `client_id` is among the parameters.
    Mtls,
    /// A hook in Rust makes something of the secret; `client_id` is among the parameters.
    Mechanism,
}

words!(ClientAuthMethod {
    Basic = "basic",
    Body = "body",
    None = "none",
    Custom = "custom",
    Minted = "minted",
    PrivateKeyJwt = "private_key_jwt",
    ClientSecretJwt = "client_secret_jwt",
    Mtls = "mtls",
    Mechanism = "mechanism",
});

impl ClientAuthMethod {
    /// The word the provider file uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Body => "body",
            Self::None => "none",
            Self::Custom => "custom",
            Self::Minted => "minted",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::Mtls => "mtls",
            Self::Mechanism => "mechanism",
        }
    }

    /// Whether nothing of what the client proves itself with is ever sent.
    #[cfg(feature = "client")]
    pub(crate) const fn shows_no_secret(self) -> bool {
        matches!(self, Self::None | Self::Mtls | Self::Minted | Self::PrivateKeyJwt)
    }
}
