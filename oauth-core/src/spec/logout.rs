use serde::Serialize;

use super::decode::fields;
use super::{Params, Renames};

/// How a browser is logged out at `endpoints.end_session` (OpenID Connect RP-Initiated Logout 1.0 section 2, and the
/// provider's deviations).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Logout {
    /// Standard parameters under other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// Standard parameters that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
    /// Extra parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
}

fields!(Logout { rename = Vec::new(), omit = Vec::new(), params = Vec::new() });

impl Logout {
    /// Whether a standard parameter is left out.
    #[cfg(feature = "client")]
    pub(crate) fn omits(&self, name: &str) -> bool {
        self.omit.iter().any(|omitted| omitted == name)
    }
}
