use serde::Deserialize;

/// A deviation and its reason.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["field", "because", "source"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Quirk {
    /// The key that deviates: `token.placement.scheme`.
    pub(crate) field: Option<String>,
    /// Why.
    pub(crate) because: Option<String>,
    /// The page on which the vendor says so (https).
    pub(crate) source: Option<String>,
    /// The day that page was read.
    pub(crate) checked: Option<String>,
}
