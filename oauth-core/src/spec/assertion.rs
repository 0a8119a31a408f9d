use serde::{Serialize, Serializer};

use super::decode::{Decode, Member, fields};
use super::{SigningAlg, Template};

/// A JWT by which the client proves itself (RFC 7523 section 2.2, OpenID Connect Core section 9), made for each request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Assertion {
    /// How it is signed: with the private key or, by `HS256` and its kin, with the client's secret.
    pub alg: SigningAlg,
    /// The header's `kid` (RFC 7515 section 4.1.4), where the client has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<Template>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "AssertionAudience::is_issuer")]
    pub audience: AssertionAudience,
    /// The seconds between `iat` and `exp`.
    #[serde(skip_serializing_if = "is_usual")]
    pub lifetime: u64,
}

/// No longer than a request takes to arrive, on clocks that are a little apart.
pub(crate) const ASSERTION_LIFETIME: u64 = 60;

fields!(Assertion { alg, kid = None, audience = AssertionAudience::Issuer, lifetime = ASSERTION_LIFETIME });

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_usual(lifetime: &u64) -> bool {
    *lifetime == ASSERTION_LIFETIME
}

/// The `aud` of a client's assertion: always one text, never a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AssertionAudience {
    /// The provider's issuer. The header's `typ` is `client-authentication+jwt` then.
    Issuer,
    /// The address of the token endpoint, for servers that came before.
    TokenEndpoint,
    /// What the provider asks for instead.
    Text(Template),
}

impl AssertionAudience {
    pub(crate) const ISSUER: &'static str = "issuer";
    pub(crate) const TOKEN_ENDPOINT: &'static str = "token_endpoint";

    /// What the provider file says.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Issuer => Self::ISSUER,
            Self::TokenEndpoint => Self::TOKEN_ENDPOINT,
            Self::Text(text) => text.as_str(),
        }
    }

    fn is_issuer(&self) -> bool {
        *self == Self::Issuer
    }
}

impl Serialize for AssertionAudience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Decode for AssertionAudience {
    fn decode(member: Member<'_>) -> Self {
        match member.text() {
            Self::ISSUER => Self::Issuer,
            Self::TOKEN_ENDPOINT => Self::TokenEndpoint,
            _ => Self::Text(Template::decode(member)),
        }
    }
}
