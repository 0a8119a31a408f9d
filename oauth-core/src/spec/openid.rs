use serde::Serialize;

use super::Template;
use super::decode::{fields, words};
use super::endpoints::is_false;

/// ID tokens (OpenID Connect Core section 2), for a provider that issues them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OpenId {
    /// The exact `iss` of ID tokens, where it is not `endpoints.issuer`. `{claim.NAME}` in it is filled from the token's
    /// own claim, which must be a GUID then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Template>,
    /// Further spellings of the issuer that the provider documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_issuers: Vec<String>,
    /// Where the provider's keys are (RFC 7517); without it the issuer's metadata says so (`endpoints.discovery`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Template>,
    /// The algorithms that an ID token may be signed with. The token's own header never adds one.
    pub algs: Vec<SigningAlg>,
    /// Whether the provider puts our `nonce` into the ID token (OpenID Connect Core section 2).
    #[serde(skip_serializing_if = "is_true")]
    pub nonce: bool,
    /// Whether a renewed ID token names the time of the login that it is renewed from (OpenID Connect Core section 12.2).
    #[serde(skip_serializing_if = "is_true")]
    pub auth_time: bool,
    /// Whether an ID token comes even where the scope `openid` is not asked for.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
}

fields!(OpenId {
    issuer = None,
    also_issuers = Vec::new(),
    jwks = None,
    algs,
    nonce = true,
    auth_time = true,
    required = false,
});

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_true(value: &bool) -> bool {
    *value
}

/// A signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1). There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names of RFC 7518 section 3.1")]
pub enum SigningAlg {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
    HS256,
    HS384,
    HS512,
}

impl SigningAlg {
    /// The name in a token's header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }
}

words!(SigningAlg {
    RS256 = "RS256",
    RS384 = "RS384",
    RS512 = "RS512",
    PS256 = "PS256",
    PS384 = "PS384",
    PS512 = "PS512",
    ES256 = "ES256",
    ES384 = "ES384",
    ES512 = "ES512",
    EdDSA = "EdDSA",
    HS256 = "HS256",
    HS384 = "HS384",
    HS512 = "HS512",
});
