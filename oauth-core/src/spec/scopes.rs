use serde::Serialize;

use super::decode::fields;
use super::endpoints::is_false;
use super::redirect::is_true;

/// How the provider takes scopes, and which it knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scopes {
    /// What stands between two scopes in the authorization request: `" "` (RFC 6749 section 3.3), or the provider's.
    pub separator: String,
    /// What stands between two scopes in the token response, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_separator: Option<String>,
    /// The parameter's name: `scope`.
    pub param: String,
    /// Scopes that are asked for when the caller names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default: Vec<String>,
    /// Scopes that are added to every request, because the login fails without them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// The scopes the file describes: the variants of the generated `Scope`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownScope>,
    /// Whether there is no scope parameter at all.
    #[serde(skip_serializing_if = "is_false")]
    pub none: bool,
    /// Whether the joined list is form-encoded.
    #[serde(skip_serializing_if = "is_true")]
    pub encode: bool,
    /// A second set with a parameter of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondScopes>,
}

fields!(Scopes {
    separator,
    response_separator = None,
    param,
    default = Vec::new(),
    required = Vec::new(),
    known = Vec::new(),
    none = false,
    encode = true,
    second = None,
});

impl Scopes {
    /// Splits what the provider says it granted.
    pub fn split_response<'a>(&'a self, granted: &'a str) -> impl Iterator<Item = &'a str> {
        let separator = self.response_separator.as_deref().unwrap_or(&self.separator);
        granted.split(|c: char| c == ' ' || separator.contains(c)).filter(|scope| !scope.is_empty())
    }
}

/// A second set of scopes: what is asked for beside the first, in a parameter of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SecondScopes {
    /// Whose scopes they are: `user`.
    pub name: String,
    /// The generated type: `UserScope`.
    pub rust: String,
    /// The parameter's name: `user_scope`.
    pub param: String,
    /// What stands between two of them.
    pub separator: String,
    /// Those that are asked for when the caller names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default: Vec<String>,
    /// Those that the file describes: the variants of the generated type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownScope>,
}

fields!(SecondScopes { name, rust, param, separator, default = Vec::new(), known = Vec::new() });

/// One scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KnownScope {
    /// What is sent: `read:user`.
    pub value: String,
    /// The variant of the generated `Scope`: `ReadUser`.
    pub rust: String,
    /// What it grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

fields!(KnownScope { value, rust, doc = None });
