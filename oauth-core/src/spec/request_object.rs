use serde::Serialize;

use super::decode::{fields, words};
use super::{MintedAlg, Template};

/// The signed request object that the parameters of the authorization request travel in (RFC 9101).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RequestObject {
    /// How it is signed.
    pub alg: MintedAlg,
    /// The header's `kid` (RFC 7515 section 4.1.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<Template>,
    /// The claim `aud`, where it is not the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<Template>,
    /// The seconds between `iat` and `exp`.
    #[serde(skip_serializing_if = "RequestObject::is_usual_lifetime")]
    pub lifetime: u64,
}

fields!(RequestObject { alg, kid = None, audience = None, lifetime = RequestObject::LIFETIME });

impl RequestObject {
    /// The seconds that a request object is valid unless the file says otherwise.
    pub(crate) const LIFETIME: u64 = 300;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_usual_lifetime(lifetime: &u64) -> bool {
        *lifetime == Self::LIFETIME
    }
}

/// Which authorization requests are pushed (RFC 9126).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Push {
    /// All: the provider takes no others.
    Required,
    /// All, where the file has the endpoint; where the issuer's metadata has it, those of a caller who asks.
    #[default]
    Supported,
    /// Those of a caller who asks.
    Asked,
}

words!(Push { Required = "required", Supported = "supported", Asked = "asked" });

impl Push {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
