use serde::Deserialize;

use super::Entries;
use crate::spec::SettingKind;

/// Something that the user of a provider must or may choose.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["type"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Setting {
    /// What it may be. Each type admits only what cannot change the meaning of the address around it.
    #[serde(rename = "type")]
    pub(crate) kind: Option<SettingKind>,
    /// The value when the user gives none. Without a default the setting is required.
    pub(crate) default: Option<String>,
    /// For `enum`: the values, and what each stands for in an address or parameter.
    pub(crate) values: Entries<String>,
    /// What it is, and where the user finds it.
    pub(crate) doc: Option<String>,
    /// The generated Rust type, where the name does not make a good one.
    pub(crate) rust: Option<String>,
}
