use serde::Deserialize;

use super::{Entries, Values};

/// What the authorization request has beyond RFC 6749 section 4.1.1.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Authorize {
    /// Parameters that every request carries: `access_type: offline`. Values may hold settings. One that is also under
    /// `options` is that option's default.
    pub(crate) params: Entries<String>,
    /// Standard parameters under the provider's own names: `client_id: client_key`.
    pub(crate) rename: Entries<String>,
    /// Parameters that a caller may add, by name.
    pub(crate) options: Entries<AuthorizeOption>,
}

/// A typed parameter of the authorization request.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuthorizeOption {
    /// The allowed values: a list, or a map from each to the name of its Rust variant. Without them any text goes.
    pub(crate) values: Option<Values>,
    /// What joins two values given one after the other. Without it the later value replaces the earlier.
    pub(crate) join: Option<String>,
    /// What it does.
    pub(crate) doc: Option<String>,
    /// The generated Rust type, where the name does not make a good one.
    pub(crate) rust: Option<String>,
}
