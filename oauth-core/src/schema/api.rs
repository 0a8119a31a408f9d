use serde::Deserialize;

use super::{Condition, Entries, ShortOr};

/// The provider's API, as far as the file describes it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["base_url"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// What relative paths are relative to. May hold settings, kept callback values and, at its very start, a `url` of
    /// the token response that has `hosts`: `"{token.api_domain}/v2"`.
    pub(crate) base_url: Option<String>,
    /// Headers that every request carries.
    pub(crate) headers: Entries<String>,
    /// Further hosts that may see the token: a name, or `*.example.com` for every name below one.
    pub(crate) hosts: Vec<String>,
    /// When a 2xx answer is an error all the same; what it says is where `token.response.error` points.
    pub(crate) fails_when: Option<Condition>,
    /// The name of the mechanism, a hook in Rust, that signs each request.
    pub(crate) sign: Option<String>,
    /// Described calls, by name: `list_repos`.
    pub(crate) operations: Entries<Operation>,
}

/// One described API call. It has exactly one of `get`, `post`, `put`, `patch` and `delete`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Operation {
    /// The path from the base URL, or a whole address on a host of the API; `{name}` is a parameter of `path`.
    pub(crate) get: Option<String>,
    /// As `get`, with the method POST.
    pub(crate) post: Option<String>,
    /// As `get`, with the method PUT.
    pub(crate) put: Option<String>,
    /// As `get`, with the method PATCH.
    pub(crate) patch: Option<String>,
    /// As `get`, with the method DELETE.
    pub(crate) delete: Option<String>,
    /// The parameters of the path, with their types: `owner: string`.
    pub(crate) path: Entries<ShortOr<ParameterFull>>,
    /// The query parameters, with their types; `u32?` may be left out.
    pub(crate) query: Entries<ShortOr<ParameterFull>>,
    /// The members of the JSON body, with their types.
    pub(crate) body: Entries<ShortOr<ParameterFull>>,
    /// Scopes of which the call needs each.
    pub(crate) scopes: Vec<String>,
    /// The result's shape. Without it the result is JSON.
    pub(crate) returns: Option<Returns>,
    /// What it does.
    pub(crate) doc: Option<String>,
    /// The generated Rust type, where the name does not make a good one.
    pub(crate) rust: Option<String>,
}

/// A parameter whose name does not make a good Rust name.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["type"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ParameterFull {
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// The generated argument or method.
    pub(crate) rust: Option<String>,
}

/// The shape of an operation's result.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["type", "fields"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Returns {
    /// The generated Rust type: `Repo`.
    #[serde(rename = "type")]
    pub(crate) rust: Option<String>,
    /// JSON pointer to the object or list. Default: `""`, the answer itself.
    pub(crate) at: Option<String>,
    /// Whether that is a list of such objects.
    pub(crate) list: bool,
    /// The members and their types.
    pub(crate) fields: Entries<ShortOr<ReturnsField>>,
}

/// A member of an operation's result that is not where its name says.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["type"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReturnsField {
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// JSON pointer from the object. Default: the member of that name.
    pub(crate) at: Option<String>,
}
