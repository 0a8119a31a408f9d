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
    /// Whether the joined list is form-encoded like any other value. Default: `true`; with `false` separator and scopes
    /// are written as they are, except what cannot stand in a query.
    pub(crate) encode: Option<bool>,
    /// A second set of scopes with a parameter of its own.
    pub(crate) second: Option<SecondScopes>,
}

/// A second set of scopes: what is asked for beside the first, in a parameter of its own.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["name", "param"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SecondScopes {
    /// Whose scopes they are: `user` names the generated type `UserScope`.
    pub(crate) name: Option<String>,
    /// The parameter's name: `user_scope`.
    pub(crate) param: Option<String>,
    /// What stands between two of them. Default: as for the first set.
    pub(crate) separator: Option<String>,
    /// Those that are asked for when the caller names none.
    pub(crate) default: Vec<String>,
    /// Those that get a name in Rust: what is sent, and what it grants (text, or `{doc, rust}`).
    pub(crate) known: Entries<ShortOr<KnownScope>>,
    /// The generated type, where the name does not make a good one.
    pub(crate) rust: Option<String>,
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
