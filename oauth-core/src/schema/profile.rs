use serde::Deserialize;

use super::{Entries, OneOrMany};

/// Where the user's profile comes from and which of its members mean what.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["request", "map"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Profile {
    /// The request: `GET https://api.example.com/user`. The address may hold settings, kept callback values and, at
    /// its very start, a `url` of the token response that has `hosts`.
    pub(crate) request: Option<String>,
    /// Query parameters.
    pub(crate) query: Entries<String>,
    /// Extra headers.
    pub(crate) headers: Entries<String>,
    /// JSON pointer to the object that holds the members, or a list of them, tried in order. Default: the answer itself.
    pub(crate) at: Option<OneOrMany>,
    /// The members, as JSON pointers (RFC 6901) into that object.
    pub(crate) map: ProfileMap,
    /// Whether an address that it calls verified is the user's beyond doubt: the provider owns its domain, or has had a
    /// mail answered, and users cannot change it without that. Default: `false`.
    pub(crate) email_authoritative: bool,
}

/// JSON pointers into the profile answer: `/id`, `/picture/data/url`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProfileMap {
    /// The stable, unique id of the user; text or a number. Not a name or an address, which may change hands.
    pub(crate) subject: Option<String>,
    /// The login name.
    pub(crate) username: Option<String>,
    /// The full name.
    pub(crate) name: Option<String>,
    /// The e-mail address.
    pub(crate) email: Option<String>,
    /// Whether the provider has verified that address.
    pub(crate) email_verified: Option<String>,
    /// The picture's address.
    pub(crate) avatar_url: Option<String>,
    /// The profile page's address.
    pub(crate) url: Option<String>,
}
