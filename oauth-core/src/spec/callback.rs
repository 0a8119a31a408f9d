use serde::Serialize;

use super::Renames;
use super::decode::fields;

/// How the provider answers at the redirect URI (RFC 6749 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Callback {
    /// The parameter that carries the authorization code: `code`.
    pub code: String,
    /// Values that arrive beside the code and are kept with the tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<KeptValue>,
    /// The provider's own error codes and the RFC's they mean: `user_denied` is `access_denied`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Renames,
}

fields!(Callback { code, keep = Vec::new(), errors = Vec::new() });

/// A value of the callback that later steps need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeptValue {
    /// The parameter's name.
    pub name: String,
    /// The field of the generated `CallbackExtras`.
    pub rust: String,
    /// What each allowed value stands for in a template, a host mostly. Empty: any value, but none that may reach a host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(String, String)>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(KeptValue { name, rust, values = Vec::new(), doc = None });
