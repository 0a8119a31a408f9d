use serde::Deserialize;

use super::Entries;

/// Other hosts on which the same provider runs: a sandbox, a test system.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["hosts"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Environment {
    /// What it is for.
    pub(crate) doc: Option<String>,
    /// The hosts of the file's addresses, each with the one that it is here: `login.acme.example: test.acme.example`.
    /// A host with holes is written with them: `"{shop}.acme.example": "{shop}.sandbox.acme.example"`.
    pub(crate) hosts: Entries<String>,
    /// The page on which a developer registers a client here (https), where that is another one.
    pub(crate) console: Option<String>,
    /// The generated variant, where the name does not make a good one.
    pub(crate) rust: Option<String>,
}
