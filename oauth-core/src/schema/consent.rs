use serde::Deserialize;

use super::Entries;

/// The page on which somebody approves the app for others: an administrator for an organisation, an owner who installs it.
/// Its answer has no code.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Consent {
    /// Where the page is.
    pub(crate) url: Option<String>,
    /// Extra parameters of the request. Values may hold settings and `{client_id}`.
    pub(crate) params: Entries<String>,
    /// `client_id`, `redirect_uri` and `state` under other names.
    pub(crate) rename: Entries<String>,
    /// Which of `client_id` and `redirect_uri` are left out.
    pub(crate) omit: Vec<String>,
    /// What the answer has where consent was given: `admin_consent: "True"`. Any other answer is a refusal.
    pub(crate) granted: Entries<String>,
    /// The values of the answer that are kept, by name, and what each is: `tenant: The organisation`.
    pub(crate) keep: Entries<String>,
}
