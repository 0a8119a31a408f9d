use serde::Deserialize;

use crate::spec::LoopbackRule;

/// What the provider takes for a redirect URI. A login with another one is refused before anything is sent.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Redirect {
    /// Whether only https is taken, even on loopback. Default: `false`.
    pub(crate) https: bool,
    /// Whether an address on this machine (127.0.0.1, `[::1]`, localhost) is taken. Default: `allowed`.
    pub(crate) loopback: Option<LoopbackRule>,
    /// Whether it may have a query. Default: `true`.
    pub(crate) query: Option<bool>,
    /// How many characters it may have.
    pub(crate) max_length: Option<u64>,
}
