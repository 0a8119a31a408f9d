use serde::Deserialize;

use super::WordOr;
use crate::spec::{DpopSupport, SigningAlg};

/// What the provider does with proofs of possession: a word, or a map with the algorithm.
pub(crate) type Dpop = WordOr<DpopSupport, DpopFull>;

/// Proofs of possession (RFC 9449).
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["support"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DpopFull {
    /// `required`: a token that is not bound to the key is discarded. `supported`: it is used as a Bearer token.
    pub(crate) support: Option<DpopSupport>,
    /// How proofs are signed. Default: `ES256`.
    pub(crate) alg: Option<SigningAlg>,
}
