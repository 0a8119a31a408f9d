use serde::Serialize;

use super::decode::{fields, words};
use super::endpoints::is_false;
use super::fetch::{is_whole, whole};
use super::{Condition, Fetch};

/// Where the user's profile comes from and which of its members mean what.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// What holds the members.
    #[serde(skip_serializing_if = "ProfileFrom::is_request")]
    pub from: ProfileFrom,
    /// The request; there for sure with [`ProfileFrom::Request`], and never otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Fetch>,
    /// JSON pointers to the object that holds the members, tried in order; `[""]` is the answer itself.
    #[serde(skip_serializing_if = "is_whole")]
    pub at: Vec<String>,
    /// When a 200 answer of one of the requests is an error all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_when: Option<Condition>,
    /// The members.
    pub map: ProfileMap,
    /// Further requests, in order, that fill what is still empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<ProfileThen>,
    /// Whether an address that the provider calls verified is the user's beyond doubt.
    #[serde(skip_serializing_if = "is_false")]
    pub email_authoritative: bool,
    /// Whether the answer to the request is a JWT that the provider signs (OpenID Connect Core section 5.3.2).
    #[serde(skip_serializing_if = "is_false")]
    pub signed: bool,
}

fields!(Profile {
    from = ProfileFrom::Request,
    request = None,
    at = whole(),
    fails_when = None,
    map,
    then = Vec::new(),
    email_authoritative = false,
    signed = false,
});

/// What holds the members of a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(serde::Deserialize))]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProfileFrom {
    /// The answer to a request of its own.
    #[default]
    Request,
    /// The token response, as far as it is not the standard's members.
    Token,
    /// The verified claims of the ID token (OpenID Connect Core section 2).
    IdToken,
}

words!(ProfileFrom { Request = "request", Token = "token", IdToken = "id_token" });

impl ProfileFrom {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_request(&self) -> bool {
        *self == Self::Request
    }
}

/// A further request for what the profile leaves empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProfileThen {
    /// The request.
    pub request: Fetch,
    /// JSON pointers to the object that holds the members, tried in order; `[""]` is the answer itself.
    #[serde(skip_serializing_if = "is_whole")]
    pub at: Vec<String>,
    /// Where that is a list: which item is meant. The first of which this is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<Condition>,
    /// The members.
    pub map: ProfileMap,
}

fields!(ProfileThen { request, at = whole(), pick = None, map });

impl Profile {
    /// The `UserInfo` endpoint (OpenID Connect Core section 5.3) with the standard claims.
    #[cfg(feature = "client")]
    pub(crate) fn userinfo(url: super::Template) -> Self {
        let request = Fetch {
            method: super::Method::Get,
            url,
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            format: super::BodyFormat::Json,
        };
        let map = ProfileMap::standard_claims();
        Self {
            from: ProfileFrom::Request,
            request: Some(request),
            at: whole(),
            fails_when: None,
            map,
            then: Vec::new(),
            email_authoritative: false,
            signed: false,
        }
    }
}

#[cfg(any(feature = "schema", feature = "client"))]
impl Profile {
    /// The verified claims of the ID token.
    pub(crate) fn id_token() -> Self {
        Self {
            from: ProfileFrom::IdToken,
            request: None,
            at: whole(),
            fails_when: None,
            map: ProfileMap::standard_claims(),
            email_authoritative: false,
            signed: false,
            then: Vec::new(),
        }
    }
}

#[cfg(any(feature = "schema", feature = "client"))]
impl ProfileMap {
    /// The claims of OpenID Connect Core section 5.1.
    pub(crate) fn standard_claims() -> Self {
        let claim = |name: &str| vec![format!("/{name}")];
        Self {
            subject: claim("sub"),
            username: claim("preferred_username"),
            name: claim("name"),
            email: claim("email"),
            email_verified: claim("email_verified"),
            avatar_url: claim("picture"),
            url: claim("profile"),
        }
    }
}

/// JSON pointers (RFC 6901) into an answer, by the member of the profile that they are for. Empty: it is not there. The
/// texts at several pointers are joined by a space, those that are missing left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProfileMap {
    /// The stable, unique id of the user; text or a number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject: Vec<String>,
    /// The login name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub username: Vec<String>,
    /// The full name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub name: Vec<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<String>,
    /// Whether the provider has verified that address: a boolean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email_verified: Vec<String>,
    /// The picture's address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub avatar_url: Vec<String>,
    /// The profile page's address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub url: Vec<String>,
}

fields!(ProfileMap {
    subject = Vec::new(),
    username = Vec::new(),
    name = Vec::new(),
    email = Vec::new(),
    email_verified = Vec::new(),
    avatar_url = Vec::new(),
    url = Vec::new(),
});

/// The members of a normalised profile, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names of ProfileMap's fields, which say what they are")]
pub enum ProfileField {
    Subject,
    Username,
    Name,
    Email,
    EmailVerified,
    AvatarUrl,
    Url,
}

impl ProfileField {
    /// The word the provider file uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Username => "username",
            Self::Name => "name",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::AvatarUrl => "avatar_url",
            Self::Url => "url",
        }
    }
}

impl ProfileMap {
    /// The members that are mapped, with their pointers, of which each has at least one.
    pub fn fields(&self) -> impl Iterator<Item = (ProfileField, &[String])> {
        [
            (ProfileField::Subject, &self.subject),
            (ProfileField::Username, &self.username),
            (ProfileField::Name, &self.name),
            (ProfileField::Email, &self.email),
            (ProfileField::EmailVerified, &self.email_verified),
            (ProfileField::AvatarUrl, &self.avatar_url),
            (ProfileField::Url, &self.url),
        ]
        .into_iter()
        .filter_map(|(field, pointers)| (!pointers.is_empty()).then_some((field, pointers.as_slice())))
    }
}
