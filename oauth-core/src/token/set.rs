use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::fields::{FieldReader, FromFields};
use crate::json;
use crate::openid::IdToken;
use crate::spec::{FieldKind, ProviderSpec};

/// What a successful token response gave (RFC 6749 section 5.1), with everything that later steps need.
///
/// Secrets are wiped from memory when the set is dropped, and `Debug` shows none of them.
#[derive(Clone)]
pub struct TokenSet {
    pub(crate) access_token: SecretString,
    pub(crate) token_type: Option<String>,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) id_token: Option<SecretString>,
    /// The claims of the ID token, once it has been verified.
    pub(crate) identity: Option<Arc<IdToken>>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_at: Option<SystemTime>,
    /// The members of the response that the standard does not know, as a JSON object. They may hold further tokens.
    pub(crate) extras: Option<SecretString>,
    /// The values that the callback brought beside the code.
    pub(crate) callback: Vec<(String, String)>,
}

impl TokenSet {
    /// A set around an access token that came from elsewhere.
    ///
    /// ```
    /// let tokens = oauth_core::TokenSet::new("an-access-token").with_refresh_token("a-refresh-token");
    /// assert!(tokens.refresh_token().is_some());
    /// assert!(!format!("{tokens:?}").contains("an-access-token"));
    /// ```
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: None,
            refresh_token: None,
            id_token: None,
            identity: None,
            scopes: Vec::new(),
            expires_at: None,
            extras: None,
            callback: Vec::new(),
        }
    }

    /// Adds a refresh token.
    pub fn with_refresh_token(mut self, refresh_token: impl Into<SecretString>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// Adds the time at which the access token ends.
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// The access token (RFC 6749 section 1.4).
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// The refresh token (RFC 6749 section 1.5).
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// Who logged in, according to the ID token, which has been verified. `None` where the provider's file has no `openid`,
    /// or no ID token came.
    pub fn identity(&self) -> Option<&IdToken> {
        self.identity.as_deref()
    }

    /// The ID token (OpenID Connect Core section 2) as it came, for whoever needs to pass it on. What is in it is read by
    /// [`identity`](Self::identity), after it has been verified.
    pub fn id_token(&self) -> Option<&SecretString> {
        self.id_token.as_ref()
    }

    /// The token type as the server wrote it: `Bearer`, `bearer`.
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// The granted scopes. Where the server names none they are the requested ones, as RFC 6749 section 5.1 defines.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// When the access token ends; `None` where the server does not say, which is not "never".
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Whether the access token ends before `now + margin`.
    pub fn expires_within(&self, margin: Duration, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|expires_at| now.checked_add(margin).is_none_or(|limit| expires_at <= limit))
    }

    pub(crate) fn access_token_str(&self) -> &str {
        self.access_token.expose_secret()
    }

    pub(crate) fn callback_values(&self) -> &[(String, String)] {
        &self.callback
    }

    /// The extras as the provider's struct.
    pub(crate) fn read_extras<T: FromFields>(&self) -> Result<T, String> {
        let text = self.extras.as_ref().map_or("{}", |extras| extras.expose_secret());
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| "the extras are not JSON".to_owned())?;
        FieldReader::read(raw)
    }

    /// The kept callback values as the provider's struct.
    pub(crate) fn read_callback<T: FromFields>(&self) -> Result<T, String> {
        let object: serde_json::Map<String, serde_json::Value> =
            self.callback.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let text = serde_json::to_string(&object).map_err(|error| error.to_string())?;
        let raw: &RawValue = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        FieldReader::read(raw)
    }

    /// A declared extra as text for a template. A URL passes only under the hosts that its file lists, so that an
    /// answer cannot send the token somewhere else.
    pub(crate) fn extra(&self, spec: &ProviderSpec, name: &str) -> Option<String> {
        let declared = spec.token.response.extras.iter().find(|extra| extra.name == name)?;
        let raw: &RawValue = serde_json::from_str(self.extras.as_ref()?.expose_secret()).ok()?;
        let value = json::pointer(raw, &declared.at)?;
        let text = json::text(value).map_or_else(|| value.get().to_owned(), Cow::into_owned);
        if declared.kind.kind != FieldKind::Url {
            return Some(text);
        }
        let url = url::Url::parse(&text).ok()?;
        let host = url.host_str()?;
        let plain = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let listed = declared
            .hosts
            .iter()
            .any(|suffix| host == suffix || host.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.')));
        (plain && listed).then(|| text.trim_end_matches('/').to_owned())
    }

    /// The set after a refresh: what the answer left out goes on (RFC 6749 section 6).
    pub(crate) fn renewed(&self, answer: Self) -> Self {
        Self {
            refresh_token: answer.refresh_token.or_else(|| self.refresh_token.clone()),
            id_token: answer.id_token.or_else(|| self.id_token.clone()),
            identity: answer.identity.or_else(|| self.identity.clone()),
            extras: merged(self.extras.as_ref(), answer.extras),
            callback: if answer.callback.is_empty() { self.callback.clone() } else { answer.callback },
            ..answer
        }
    }

    /// Writes the set, secrets in clear, for a store of your own; [`from_exposed_json`](Self::from_exposed_json) reads it.
    pub fn expose_json(&self) -> SecretString {
        let stored = Stored {
            access_token: self.access_token.expose_secret().into(),
            token_type: self.token_type.as_deref().map(Into::into),
            refresh_token: self.refresh_token.as_ref().map(|token| token.expose_secret().into()),
            id_token: self.id_token.as_ref().map(|token| token.expose_secret().into()),
            identity: self.identity.as_ref().map(|identity| identity.json().into()),
            scopes: self.scopes.clone(),
            expires_at_ms: self
                .expires_at
                .and_then(|at| u64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()),
            extras: self.extras.as_ref().map(|extras| extras.expose_secret().into()),
            callback: self.callback.clone(),
        };
        // Strings, numbers and lists of strings: serde_json can write each of them.
        serde_json::to_string(&stored).unwrap_or_default().into()
    }

    /// Reads what [`expose_json`](Self::expose_json) wrote.
    pub fn from_exposed_json(json: &SecretString) -> Result<Self, serde_json::Error> {
        let stored: Stored<'_> = serde_json::from_str(json.expose_secret())?;
        Ok(Self {
            access_token: stored.access_token.into_owned().into(),
            token_type: stored.token_type.map(Cow::into_owned),
            refresh_token: stored.refresh_token.map(|token| token.into_owned().into()),
            id_token: stored.id_token.map(|token| token.into_owned().into()),
            identity: stored.identity.map(|claims| IdToken::restore(&claims)).transpose()?.map(Arc::new),
            scopes: stored.scopes,
            expires_at: stored
                .expires_at_ms
                .and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at))),
            extras: stored.extras.map(|extras| extras.into_owned().into()),
            callback: stored.callback,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    access_token: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_type: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extras: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    callback: Vec<(String, String)>,
}

/// The members of both objects, the newer winning.
fn merged(old: Option<&SecretString>, new: Option<SecretString>) -> Option<SecretString> {
    let (Some(old), Some(new)) = (old, &new) else { return new.or_else(|| old.cloned()) };
    let mut members = json::Members::parse(old.expose_secret()).ok()?.0;
    for (name, value) in json::Members::parse(new.expose_secret()).ok()?.0 {
        members.retain(|(known, _)| *known != name);
        members.push((name, value));
    }
    Some(super::response::object(&members))
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet")
            .field("access_token", &"[redacted]")
            .field("refresh_token", &self.refresh_token.as_ref().map(|_| "[redacted]"))
            .field("id_token", &self.id_token.as_ref().map(|_| "[redacted]"))
            .field("identity", &self.identity)
            .field("token_type", &self.token_type)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
