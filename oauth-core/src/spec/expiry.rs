use serde::Serialize;

use super::decode::{fields, words};

/// How the provider tells when a token expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Expiry {
    /// The member: `expires_in`.
    pub field: String,
    /// A span from now, or a point in time.
    pub kind: ExpiryKind,
    /// Seconds or milliseconds.
    pub unit: ExpiryUnit,
    /// The lifetime in seconds where the answer says none though the token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<u64>,
    /// What 0 means.
    #[serde(skip_serializing_if = "ZeroExpiry::is_over")]
    pub zero: ZeroExpiry,
}

fields!(Expiry { field, kind, unit, default = None, zero = ZeroExpiry::Over });

/// What the expiry member counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpiryKind {
    /// Time from the answer on (RFC 6749 section 5.1).
    In,
    /// Time since 1970-01-01T00:00:00Z, or text in the form of RFC 3339.
    At,
}

words!(ExpiryKind { In = "in", At = "at" });

/// The unit of the number in the expiry member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ExpiryUnit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

words!(ExpiryUnit { Seconds = "s", Milliseconds = "ms" });

/// What an expiry of 0 means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ZeroExpiry {
    /// That the token has ended.
    #[default]
    Over,
    /// That the token does not end.
    Never,
}

words!(ZeroExpiry { Over = "over", Never = "never" });

impl ZeroExpiry {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_over(&self) -> bool {
        *self == Self::Over
    }
}
