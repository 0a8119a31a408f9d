use serde::Serialize;

use super::decode::fields;
use super::{Params, Renames, Template};

/// The page on which somebody approves the app for others, and its answer. There is no code in it, and there are no tokens:
/// what was approved shows when a token is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Consent {
    /// Where the page is.
    pub url: Template,
    /// Extra parameters of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
    /// Its own parameters under other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Renames,
    /// Those of its own parameters that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
    /// The parameters of an answer that says yes, and their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<(String, String)>,
    /// The values of the answer that are kept, and what each is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<(String, String)>,
}

fields!(Consent {
    url,
    params = Vec::new(),
    rename = Vec::new(),
    omit = Vec::new(),
    granted = Vec::new(),
    keep = Vec::new(),
});
