use serde::Deserialize;

use super::Entries;

/// How a browser is logged out at `endpoints.end_session`. What is left out is as OpenID Connect RP-Initiated Logout 1.0
/// has it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Logout {
    /// Standard parameters under other names: `post_logout_redirect_uri: returnTo`.
    pub(crate) rename: Entries<String>,
    /// Standard parameters that are left out: `id_token_hint`, `client_id`, `state`.
    pub(crate) omit: Vec<String>,
    /// Extra parameters. Values may hold settings and `{client_id}`.
    pub(crate) params: Entries<String>,
}
