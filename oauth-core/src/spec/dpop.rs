use serde::Serialize;

use super::SigningAlg;
use super::decode::{fields, words};

/// Proof of possession (RFC 9449): tokens that are bound to a key of this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Dpop {
    /// Whether a token that is not bound is discarded.
    pub support: DpopSupport,
    /// How proofs are signed.
    pub alg: SigningAlg,
}

fields!(Dpop { support, alg });

impl Dpop {
    /// Whether a token that is not bound to the key is refused.
    pub fn is_required(&self) -> bool {
        self.support == DpopSupport::Required
    }
}

/// What the provider does with proofs of possession.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DpopSupport {
    /// Every token is bound; one that is not is an error, and discarded.
    Required,
    /// A token may be bound; one that is not is used as a Bearer token.
    Supported,
}

words!(DpopSupport { Required = "required", Supported = "supported" });
