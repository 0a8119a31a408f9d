use serde::Deserialize;

use super::{Entries, ShortOr};

/// How the provider takes scopes (RFC 6749 section 3.3), and which it knows.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scopes {
    /// What stands between two scopes in the authorization request. Default: a space.
    pub(crate) separator: Option<String>,
    /// What stands between two scopes in the token response, where that differs.
    pub(crate) response_separator: Option<String>,
    /// The parameter's name. Default: `scope`.
    pub(crate) param: Option<String>,
    /// Scopes that are asked for when the caller names none.
    pub(crate) default: Vec<String>,
    /// Scopes that are added to every request, because the login fails without them.
    pub(crate) required: Vec<String>,
    /// The scopes that get a name in Rust: what is sent, and what it grants (text, or `{doc, rust}`).
    pub(crate) known: Entries<ShortOr<KnownScope>>,
}

/// One scope.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KnownScope {
    /// What it grants.
    pub(crate) doc: Option<String>,
    /// The generated variant, where the scope does not make a good one: `DriveReadonly`.
    pub(crate) rust: Option<String>,
}
