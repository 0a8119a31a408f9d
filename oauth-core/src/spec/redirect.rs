use serde::Serialize;

use super::decode::{fields, words};
use super::endpoints::is_false;

/// What the provider takes for a redirect URI, beyond RFC 6749 section 3.1.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Redirect {
    /// Only https, even on loopback.
    #[serde(skip_serializing_if = "is_false")]
    pub https: bool,
    /// Whether an address on this machine is taken (RFC 8252 section 7.3).
    #[serde(skip_serializing_if = "LoopbackRule::is_default")]
    pub loopback: LoopbackRule,
    /// Whether it may have a query.
    #[serde(skip_serializing_if = "is_true")]
    pub query: bool,
    /// How many characters it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
}

fields!(Redirect { https = false, loopback = LoopbackRule::Allowed, query = true, max_length = None });

impl Default for Redirect {
    fn default() -> Self {
        Self { https: false, loopback: LoopbackRule::Allowed, query: true, max_length: None }
    }
}

impl Redirect {
    /// Whether every redirect URI of RFC 6749 is taken.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
pub(super) fn is_true(value: &bool) -> bool {
    *value
}

/// Whether a redirect URI on this machine is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoopbackRule {
    /// It is taken like any other.
    #[default]
    Allowed,
    /// It is refused: the app needs a public address.
    Refused,
    /// Nothing else is taken.
    Only,
}

words!(LoopbackRule { Allowed = "allowed", Refused = "refused", Only = "only" });

impl LoopbackRule {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
