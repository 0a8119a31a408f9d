use serde::Deserialize;

use super::WordOr;
use crate::spec::{ChallengeEncoding, ChallengeMethod, Pkce as Support};

/// What the provider does with PKCE: a word, or a map with the form of its challenge.
pub(crate) type Pkce = WordOr<Support, PkceFull>;

/// PKCE (RFC 7636), and where the provider's challenge is not the RFC's.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PkceFull {
    /// What the provider does with a challenge. Default: `supported`; `unsupported` needs an entry in `quirks`.
    pub(crate) support: Option<Support>,
    /// How the challenge comes from the verifier. Default: `S256`; `plain` needs an entry in `quirks`.
    pub(crate) method: Option<ChallengeMethod>,
    /// How the hash of `S256` is written. Default: `base64url`; `hex` needs an entry in `quirks`.
    pub(crate) encoding: Option<ChallengeEncoding>,
    /// The value of `code_challenge_method`, where the provider has another word than `S256` or `plain`.
    pub(crate) method_name: Option<String>,
}
