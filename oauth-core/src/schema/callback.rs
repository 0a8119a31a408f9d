use serde::Deserialize;

use super::{Entries, ProfileMap};
use crate::spec::{SignatureAlgorithm, SignatureEncoding, SignedPart};

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
    /// The parameters that may carry the error code, in order. Default: `[error]`.
    pub(crate) error: Option<Vec<String>>,
    /// Those that may carry its description, in order. Default: `[error_description]`.
    pub(crate) error_description: Option<Vec<String>>,
    /// The signature over the callback, with the client secret as key. Without a right one nothing is believed.
    pub(crate) verify: Option<CallbackSignature>,
    /// A parameter with facts of the user's profile as JSON. They fill what the profile leaves empty.
    pub(crate) profile: Option<CallbackProfile>,
}

/// A signature over the callback's query, with the client secret as key.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["param"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallbackSignature {
    /// The parameter that carries it: `hmac`.
    pub(crate) param: Option<String>,
    /// How it is made. Default: `hmac-sha256`.
    pub(crate) algorithm: Option<SignatureAlgorithm>,
    /// What it is made over. Default: `sorted_query`: all other parameters sorted by name, `name=value` joined with `&`.
    pub(crate) over: Option<SignedPart>,
    /// How it is written. Default: `hex`.
    pub(crate) encoding: Option<SignatureEncoding>,
}

/// A JSON parameter of the callback with facts of the profile.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["param", "map"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallbackProfile {
    /// The parameter: `user`.
    pub(crate) param: Option<String>,
    /// The members, as JSON pointers (RFC 6901) into its value.
    pub(crate) map: ProfileMap,
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
