use serde::Deserialize;

use super::Entries;

/// How the provider answers at the redirect URI (RFC 6749 section 4.1.2).
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Callback {
    /// The parameter that carries the authorization code. Default: `code`.
    pub(crate) code: Option<String>,
    /// Parameters that arrive beside the code and are kept with the tokens, by name. `{callback.NAME}` is their place
    /// in addresses and parameters of later requests.
    pub(crate) keep: Entries<KeptValue>,
    /// The provider's own error codes and the RFC's they mean: `user_denied: access_denied`.
    pub(crate) errors: Entries<String>,
}

/// A value of the callback that later steps need.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeptValue {
    /// The allowed values, and what each stands for in a template. Only a value with such a list may reach a host.
    pub(crate) values: Entries<String>,
    /// What it is.
    pub(crate) doc: Option<String>,
    /// The generated Rust field, where the name does not make a good one.
    pub(crate) rust: Option<String>,
}
