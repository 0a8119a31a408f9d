use serde::Serialize;

use super::decode::{fields, words};

/// What the provider does with PKCE (RFC 7636).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pkce {
    /// A request without a challenge is refused.
    Required,
    /// A challenge is honoured. Also right where the provider ignores it.
    Supported,
    /// A request with a challenge fails: it is left out. Needs a quirk with the vendor's words.
    Unsupported,
}

words!(Pkce { Required = "required", Supported = "supported", Unsupported = "unsupported" });

impl Pkce {
    /// The word the provider file uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Supported => "supported",
            Self::Unsupported => "unsupported",
        }
    }
}

/// The form of the PKCE challenge; that of RFC 7636 unless the file says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Challenge {
    /// How it comes from the verifier.
    #[serde(skip_serializing_if = "ChallengeMethod::is_default")]
    pub method: ChallengeMethod,
    /// How the hash is written.
    #[serde(skip_serializing_if = "ChallengeEncoding::is_default")]
    pub encoding: ChallengeEncoding,
    /// The provider's own word for the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method_name: Option<String>,
}

fields!(Challenge { method = ChallengeMethod::S256, encoding = ChallengeEncoding::Base64Url, method_name = None });

impl Challenge {
    /// The value of `code_challenge_method`.
    pub fn method_name(&self) -> &str {
        self.method_name.as_deref().unwrap_or(self.method.as_str())
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How the challenge comes from the verifier (RFC 7636 section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ChallengeMethod {
    /// The verifier's SHA-256.
    #[default]
    S256,
    /// The verifier itself. Needs a quirk: who reads the authorization request can redeem the code.
    #[serde(rename = "plain")]
    Plain,
}

words!(ChallengeMethod { S256 = "S256", Plain = "plain" });

impl ChallengeMethod {
    /// The word of RFC 7636, which the provider file uses as well.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How the hash of an `S256` challenge is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ChallengeEncoding {
    /// Base64url without padding (RFC 7636 appendix A).
    #[default]
    Base64Url,
    /// Lower-case hexadecimal digits. Needs a quirk.
    Hex,
}

words!(ChallengeEncoding { Base64Url = "base64url", Hex = "hex" });

impl ChallengeEncoding {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
