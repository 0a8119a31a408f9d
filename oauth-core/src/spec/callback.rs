use serde::Serialize;

use super::decode::{fields, words};
use super::{ProfileMap, Renames};

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
    /// The parameters that may carry the error code, in order: `error`.
    #[serde(skip_serializing_if = "is_error")]
    pub error: Vec<String>,
    /// Those that may carry its description, in order: `error_description`.
    #[serde(skip_serializing_if = "is_description")]
    pub error_description: Vec<String>,
    /// The signature over the callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<CallbackSignature>,
    /// A parameter with facts of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<CallbackProfile>,
}

fields!(Callback {
    code,
    keep = Vec::new(),
    errors = Vec::new(),
    error = error(),
    error_description = description(),
    verify = None,
    profile = None,
});

/// RFC 6749 section 4.1.2.1.
pub(crate) fn error() -> Vec<String> {
    vec!["error".to_owned()]
}

pub(crate) fn description() -> Vec<String> {
    vec!["error_description".to_owned()]
}

fn is_error(names: &[String]) -> bool {
    matches!(names, [only] if only == "error")
}

fn is_description(names: &[String]) -> bool {
    matches!(names, [only] if only == "error_description")
}

/// A signature over the callback's query, with the client secret as key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallbackSignature {
    /// The parameter that carries it.
    pub param: String,
    /// How it is made.
    pub algorithm: SignatureAlgorithm,
    /// What it is made over.
    pub over: SignedPart,
    /// How it is written.
    pub encoding: SignatureEncoding,
}

fields!(CallbackSignature { param, algorithm, over, encoding });

/// How a signature over the callback is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// HMAC (RFC 2104) with SHA-256.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

words!(SignatureAlgorithm { HmacSha256 = "hmac-sha256" });

/// What a signature over the callback is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignedPart {
    /// All other parameters sorted by name, `name=value` joined with `&`; `%` and `&` are `%25` and `%26` there, and
    /// `=` in a name is `%3D`.
    SortedQuery,
}

words!(SignedPart { SortedQuery = "sorted_query" });

/// How a signature over the callback is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignatureEncoding {
    /// Hexadecimal digits of either case.
    Hex,
}

words!(SignatureEncoding { Hex = "hex" });

/// A JSON parameter of the callback with facts of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallbackProfile {
    /// The parameter; its text is kept with the tokens under this name.
    pub param: String,
    /// The members. There is no subject among them as a rule, which is an empty pointer then.
    pub map: ProfileMap,
}

fields!(CallbackProfile { param, map });

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
