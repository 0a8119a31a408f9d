use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;

use super::Standing;
use crate::client_credentials::Again;
use crate::dpop::ProofKey;
use crate::error::Error;
use crate::fields::{FieldReader, FromFields};
use crate::json;
use crate::mechanism::SessionDue;
use crate::openid::IdToken;
use crate::spec::{FieldKind, ProviderSpec, RefreshWith};

/// A token that ends within this time is renewed before it is used: clocks differ, and requests take time.
const MARGIN: Duration = Duration::from_secs(60);
/// For how long a token without a lifetime is used before it is renewed.
const SPACING: Duration = Duration::from_secs(30);

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
    /// The issuer that gave them, where its file names one.
    pub(crate) issuer: Option<Arc<str>>,
    pub(crate) scopes: Vec<String>,
    /// The scopes that the login asked for and did not get.
    pub(crate) withheld: Vec<String>,
    /// The resources that it was asked for.
    pub(crate) resources: Vec<String>,
    pub(crate) expires_at: Option<SystemTime>,
    /// When the answer came, where the set is from one.
    pub(crate) issued_at: Option<SystemTime>,
    /// When the refresh token ends, as the server says.
    pub(crate) refresh_expires_at: Option<SystemTime>,
    /// When it ends if it is not used before.
    pub(crate) refresh_idles_until: Option<SystemTime>,
    /// The members of the response that the standard does not know, as a JSON object. They may hold further tokens.
    pub(crate) extras: Option<SecretString>,
    /// The values that the callback brought beside the code.
    pub(crate) callback: Vec<(String, String)>,
    /// The further tokens that came in the same answer, by name.
    pub(crate) also: Vec<(String, TokenSet)>,
    /// Set while the session that belongs to the tokens is not open: they are good for nothing but opening it.
    pub(crate) session_due: Option<SessionDue>,
    /// What is asked for again where the token was issued to the client itself; there is nothing to refresh it with.
    pub(crate) again: Option<Arc<Again>>,
    /// The key that the tokens are bound to (RFC 9449).
    pub(crate) proof_key: Option<ProofKey>,
    /// What resource servers make of the access token.
    pub(crate) standing: Standing,
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
            issuer: None,
            scopes: Vec::new(),
            withheld: Vec::new(),
            resources: Vec::new(),
            expires_at: None,
            issued_at: None,
            refresh_expires_at: None,
            refresh_idles_until: None,
            extras: None,
            callback: Vec::new(),
            also: Vec::new(),
            session_due: None,
            again: None,
            proof_key: None,
            standing: Standing::default(),
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

    /// Whether the access token is worth nothing without a key that this set holds (RFC 9449): it goes nowhere but with a
    /// fresh proof for each request, which the client makes.
    pub fn is_bound(&self) -> bool {
        self.bound_key().is_some()
    }

    /// The key that the access token is bound to. RFC 9449 section 5: its type is `DPoP` then.
    pub(crate) fn bound_key(&self) -> Option<&ProofKey> {
        self.proof_key.as_ref().filter(|_| self.is_dpop())
    }

    /// Whether its type says that it is bound to a key, which may be missing.
    pub(crate) fn is_dpop(&self) -> bool {
        self.token_type.as_deref().is_some_and(|given| given.eq_ignore_ascii_case("dpop"))
    }

    /// Whether the answer says that it is on no request (RFC 8693 section 2.2.1).
    pub(crate) fn is_not_applied(&self) -> bool {
        self.token_type.as_deref().is_some_and(|given| given.eq_ignore_ascii_case("N_A"))
    }

    /// The granted scopes. Where the server names none they are the requested ones, as RFC 6749 section 5.1 defines.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The resources that the tokens were asked for (RFC 8707): each refresh names them again. None where the login named none.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// What was granted in detail (RFC 9396 section 7), a list of objects each of which has a `type`. `None` where the answer
    /// said nothing of that.
    pub fn authorization_details(&self) -> Option<serde_json::Value> {
        let extras: &RawValue = serde_json::from_str(self.extras.as_ref()?.expose_secret()).ok()?;
        let details = serde_json::from_str(json::pointer(extras, "/authorization_details")?.get()).ok()?;
        crate::authorize::are_details(&details).then_some(details)
    }

    /// When the access token ends; `None` where the server does not say, which is not "never".
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// When the refresh token ends, by what the server or its documentation says: the point in time that it names, or
    /// the one until which the token may lie unused, whichever comes first. `None` where neither is known.
    pub fn refresh_expires_at(&self) -> Option<SystemTime> {
        self.refresh_token.as_ref()?;
        [self.refresh_expires_at, self.refresh_idles_until].into_iter().flatten().min()
    }

    /// A further token that came in the same answer, by the name that the provider's file gives it.
    /// [`Account::also`](crate::Account::also) is an account of it.
    pub fn also(&self, name: &str) -> Option<&TokenSet> {
        self.also.iter().find(|(known, _)| known == name).map(|(_, tokens)| tokens)
    }

    /// Whether the access token ends before `now + margin`. Tokens whose session login failed count as ended: renewing
    /// them opens the session.
    pub fn expires_within(&self, margin: Duration, now: SystemTime) -> bool {
        self.session_due.is_some() || self.ends_within(margin, now)
    }

    /// Whether the access token itself ends before `now + margin`.
    pub(crate) fn ends_within(&self, margin: Duration, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|expires_at| now.checked_add(margin).is_none_or(|limit| expires_at <= limit))
    }

    /// Whether it did not last as long when it was new.
    pub(crate) fn never_lasts(&self, least: Duration) -> bool {
        let life = self.expires_at.zip(self.issued_at).and_then(|(ends, issued)| ends.duration_since(issued).ok());
        life.is_some_and(|life| life <= least)
    }

    /// Whether the access token is to be renewed before it is used: a minute before its end, or a tenth of its lifetime
    /// where that is less, so that a short-lived token is used at all.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        self.due_at().is_some_and(|due| due <= now)
    }

    /// From when on it is to be renewed before it is used; `None` where nobody knows of an end.
    pub(crate) fn due_at(&self) -> Option<SystemTime> {
        if self.session_due.is_some() {
            return Some(SystemTime::UNIX_EPOCH);
        }
        let ends = self.expires_at?;
        // A lifetime that was over when it began says nothing of when it ends: such a token is used until a server refuses it,
        // and not renewed for each request.
        if let Some(issued) = self.issued_at.filter(|issued| ends <= *issued) {
            return issued.checked_add(SPACING);
        }
        let lifetime = self.issued_at.and_then(|start| ends.duration_since(start).ok());
        let margin = lifetime.map_or(MARGIN, |lifetime| MARGIN.min(lifetime / 10));
        Some(ends.checked_sub(margin).unwrap_or(SystemTime::UNIX_EPOCH))
    }

    /// Whether there is a way and a token to renew these with.
    pub(crate) fn is_renewable(&self, spec: &ProviderSpec) -> bool {
        if self.again.is_some() {
            return spec.grants.client_credentials.is_some();
        }
        match spec.refresh.as_ref().map(|refresh| refresh.with) {
            Some(RefreshWith::RefreshToken) => self.refresh_token.is_some(),
            Some(RefreshWith::AccessToken) => true,
            None => false,
        }
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
        let (declared, at) = spec.token.kept_extras().find(|(extra, _)| extra.name == name)?;
        let raw: &RawValue = serde_json::from_str(self.extras.as_ref()?.expose_secret()).ok()?;
        let value = json::pointer(raw, &at)?;
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

    /// Takes the values that the callback brought, for itself and the further tokens.
    pub(crate) fn brought(&mut self, callback: Vec<(String, String)>) {
        for (_, also) in &mut self.also {
            also.callback.clone_from(&callback);
        }
        self.callback = callback;
    }

    /// A copy of this further token with the extras that came beside it, which addresses may need.
    pub(crate) fn beside(&self, main: &Self) -> Self {
        Self { extras: merged(main.extras.as_ref(), self.extras.clone()), ..self.clone() }
    }

    /// Adds members to the extras, in place of those of the same names.
    pub(crate) fn with_extras(mut self, members: SecretString) -> Self {
        self.extras = merged(self.extras.as_ref(), Some(members));
        self
    }

    /// The set after a refresh: what the answer left out goes on (RFC 6749 section 6).
    pub(crate) fn renewed(&self, answer: Self) -> Self {
        let mut also = self.also.clone();
        for (name, mut new) in answer.also {
            let Some((_, old)) = also.iter_mut().find(|(known, _)| *known == name) else {
                also.push((name, new));
                continue;
            };
            // Nobody knows what was asked for it: an answer without its scopes changes none.
            if new.scopes.is_empty() {
                new.scopes.clone_from(&old.scopes);
            }
            *old = old.renewed(new);
        }
        Self {
            also,
            // What was said of a refresh token goes for no other.
            refresh_expires_at: answer
                .refresh_expires_at
                .or_else(|| self.refresh_expires_at.filter(|_| answer.refresh_token.is_none())),
            refresh_token: answer.refresh_token.or_else(|| self.refresh_token.clone()),
            id_token: answer.id_token.or_else(|| self.id_token.clone()),
            identity: answer.identity.or_else(|| self.identity.clone()),
            issuer: answer.issuer.or_else(|| self.issuer.clone()),
            again: answer.again.or_else(|| self.again.clone()),
            extras: merged(self.extras.as_ref(), answer.extras),
            // A refresh token stays bound to its key, whatever the new access token is (RFC 9449 section 5).
            proof_key: answer.proof_key.or_else(|| self.proof_key.clone()),
            withheld: if answer.withheld.is_empty() { self.withheld.clone() } else { answer.withheld },
            resources: if answer.resources.is_empty() { self.resources.clone() } else { answer.resources },
            callback: if answer.callback.is_empty() { self.callback.clone() } else { answer.callback },
            ..answer
        }
    }

    /// The set, remembering why its session is not open.
    pub(crate) fn with_session_due(mut self, why: Error) -> Self {
        self.session_due = Some(SessionDue(Some(why)));
        self
    }
}

/// The members of both objects, the newer winning.
fn merged(old: Option<&SecretString>, new: Option<SecretString>) -> Option<SecretString> {
    let (Some(old), Some(new)) = (old, &new) else { return new.or_else(|| old.cloned()) };
    let old = json::Members::parse(old.expose_secret()).ok()?.0;
    let new = json::Members::parse(new.expose_secret()).ok()?.0;
    let names: HashSet<&str> = new.iter().map(|(name, _)| name.as_ref()).collect();
    let kept = old.iter().filter(|(name, _)| !names.contains(name.as_ref()));
    Some(super::response::object(kept.chain(&new).map(|(name, value)| (name.as_ref(), value.get()))))
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
            .field("also", &self.also.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_members_take_the_place_of_older_ones_however_many_there_are() {
        let object = |from: usize, to: usize, value: u8| {
            let members: Vec<String> = (from..to).map(|n| format!("\"k{n}\":{value}")).collect();
            SecretString::from(format!("{{{}}}", members.join(",")))
        };
        let (old, new) = (object(0, 50_000, 1), object(25_000, 75_000, 2));
        let both = merged(Some(&old), Some(new)).unwrap();
        let members = json::Members::parse(both.expose_secret()).unwrap().0;
        assert_eq!(members.len(), 75_000);
        assert!(members[..25_000].iter().all(|(_, value)| value.get() == "1"));
        assert!(members[25_000..].iter().all(|(_, value)| value.get() == "2"));
        assert_eq!((members[24_999].0.as_ref(), members[25_000].0.as_ref()), ("k24999", "k25000"));
    }
}
