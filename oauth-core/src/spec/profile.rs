use serde::Serialize;

use super::decode::fields;
use super::endpoints::is_false;
use super::{Method, Params, Template};

/// Where the user's profile comes from and which of its members mean what.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// `GET` or `POST`.
    pub method: Method,
    /// The address.
    pub url: Template,
    /// Query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Params,
    /// Extra headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Params,
    /// JSON pointers to the object that holds the members, tried in order; `[""]` is the answer itself.
    #[serde(skip_serializing_if = "is_whole")]
    pub at: Vec<String>,
    /// The members.
    pub map: ProfileMap,
    /// Whether an address that the provider calls verified is the user's beyond doubt.
    #[serde(skip_serializing_if = "is_false")]
    pub email_authoritative: bool,
}

fields!(Profile { method, url, query = Vec::new(), headers = Vec::new(), at = whole(), map, email_authoritative = false });

impl Profile {
    /// The `UserInfo` endpoint (OpenID Connect Core section 5.3) with the standard claims.
    #[cfg(feature = "client")]
    pub(crate) fn userinfo(url: Template) -> Self {
        let claim = |name: &str| Some(format!("/{name}"));
        Self {
            method: Method::Get,
            url,
            query: Vec::new(),
            headers: Vec::new(),
            at: whole(),
            map: ProfileMap {
                subject: "/sub".to_owned(),
                username: claim("preferred_username"),
                name: claim("name"),
                email: claim("email"),
                email_verified: claim("email_verified"),
                avatar_url: claim("picture"),
                url: claim("profile"),
            },
            email_authoritative: false,
        }
    }
}

fn whole() -> Vec<String> {
    vec![String::new()]
}

fn is_whole(at: &[String]) -> bool {
    matches!(at, [only] if only.is_empty())
}

/// JSON pointers (RFC 6901) into the profile answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProfileMap {
    /// The stable, unique id of the user; text or a number.
    pub subject: String,
    /// The login name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the provider has verified that address: a boolean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<String>,
    /// The picture's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// The profile page's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

fields!(ProfileMap {
    subject,
    username = None,
    name = None,
    email = None,
    email_verified = None,
    avatar_url = None,
    url = None,
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

impl ProfileMap {
    /// The members that are mapped, with their pointers.
    pub fn fields(&self) -> impl Iterator<Item = (ProfileField, &str)> {
        [
            (ProfileField::Subject, Some(&self.subject)),
            (ProfileField::Username, self.username.as_ref()),
            (ProfileField::Name, self.name.as_ref()),
            (ProfileField::Email, self.email.as_ref()),
            (ProfileField::EmailVerified, self.email_verified.as_ref()),
            (ProfileField::AvatarUrl, self.avatar_url.as_ref()),
            (ProfileField::Url, self.url.as_ref()),
        ]
        .into_iter()
        .filter_map(|(field, pointer)| Some((field, pointer?.as_str())))
    }
}
