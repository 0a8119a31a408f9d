use serde::Serialize;

use super::decode::{fields, words};

/// How sure the catalog is of a provider's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Confidence {
    /// Read on the vendor's own pages.
    Vendor,
    /// Several public catalogs agree; the vendor's page was not seen.
    Catalogs,
    /// A private or local server: whoever runs it knows.
    Own,
}

words!(Confidence { Vendor = "vendor", Catalogs = "catalogs", Own = "own" });

impl Confidence {
    /// The word the provider file uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Catalogs => "catalogs",
            Self::Own => "own",
        }
    }
}

/// A deviation and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Quirk {
    /// The key that deviates: `token.placement.scheme`.
    pub field: String,
    /// Why.
    pub because: String,
    /// Where the vendor says so.
    pub source: String,
    /// The day that page was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
}

fields!(Quirk { field, because, source, checked = None });
