use serde::Deserialize;

use super::{Condition, Entries, OneOrMany};
use crate::spec::{BodyFormat, ProfileFrom};

/// Where the user's profile comes from and which of its members mean what.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["map"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Profile {
    /// What holds the members: the answer to a `request` of its own (the default), the `token` response as far as it
    /// is not the standard's members, or the verified claims of the `id_token`.
    pub(crate) from: Option<ProfileFrom>,
    /// The request: `GET https://api.example.com/user`, or POST. The address may hold settings, kept callback values
    /// and, at its very start, a `url` of the token response that has `hosts`.
    pub(crate) request: Option<String>,
    /// Query parameters.
    pub(crate) query: Entries<String>,
    /// Extra headers.
    pub(crate) headers: Entries<String>,
    /// The parameters of the body of a POST.
    pub(crate) body: Entries<String>,
    /// How they are written: `json`, the default, or `form`.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the object that holds the members, or a list of them, tried in order. Default: the answer itself.
    pub(crate) at: Option<OneOrMany>,
    /// When a 200 answer is an error all the same; what it says is where `token.response.error` points.
    pub(crate) fails_when: Option<Condition>,
    /// The members, as JSON pointers (RFC 6901) into that object. `subject` is required, here or in one of `then`.
    pub(crate) map: ProfileMap,
    /// Further requests, in order, that fill what is still empty. One that is refused (403, 404) fills nothing.
    pub(crate) then: Vec<ProfileThen>,
    /// Whether an address that it calls verified is the user's beyond doubt: the provider owns its domain, or has had a
    /// mail answered, and users cannot change it without that. Default: `false`.
    pub(crate) email_authoritative: bool,
    /// `true` where the answer to `request` is a JWT that the provider signs (OpenID Connect Core section 5.3.2): it is asked
    /// for and verified by `openid`, and an answer that is none is refused.
    pub(crate) signed: bool,
}

/// A further request for what the profile leaves empty.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "json-schema", schemars(extend("required" = ["request", "map"])))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProfileThen {
    /// The request: `GET https://api.example.com/user/emails`.
    pub(crate) request: Option<String>,
    /// Query parameters.
    pub(crate) query: Entries<String>,
    /// Extra headers.
    pub(crate) headers: Entries<String>,
    /// The parameters of the body of a POST.
    pub(crate) body: Entries<String>,
    /// How they are written: `json`, the default, or `form`.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the object that holds the members, or a list of them, tried in order. Default: the answer itself.
    pub(crate) at: Option<OneOrMany>,
    /// Where that is a list: the first item of which this is true is meant.
    pub(crate) pick: Option<Condition>,
    /// The members, as JSON pointers (RFC 6901) into that object.
    pub(crate) map: ProfileMap,
}

/// JSON pointers into an answer: `/id`, `/picture/data/url`. For `name` and `username` also a list: the texts are joined
/// by a space, those that are missing left out.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProfileMap {
    /// The stable, unique id of the user; text or a number. Not a name or an address, which may change hands.
    pub(crate) subject: Option<OneOrMany>,
    /// The login name.
    pub(crate) username: Option<OneOrMany>,
    /// The full name.
    pub(crate) name: Option<OneOrMany>,
    /// The e-mail address.
    pub(crate) email: Option<OneOrMany>,
    /// Whether the provider has verified that address.
    pub(crate) email_verified: Option<OneOrMany>,
    /// The picture's address.
    pub(crate) avatar_url: Option<OneOrMany>,
    /// The profile page's address.
    pub(crate) url: Option<OneOrMany>,
}
