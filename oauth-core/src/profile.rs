//! Who logged in.

mod fill;
mod origin;

use std::fmt;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::Instrument as _;

use self::fill::{fill, fill_from_callback, is_meant, lacks, pick};
pub(crate) use self::origin::{push_settings, untold};
use crate::account::Account;
use crate::client::Inner;
use crate::error::{ErrorKind, Result, ServerError, Step};
use crate::fetch::{self, Call};
use crate::json;
use crate::provider::{HasProfile, Provider};
use crate::spec::{Fetch, Profile as Rules, ProfileFrom, ProfileThen};
use crate::token::TokenSet;

/// A user as every provider tells it, and as this one does.
///
/// The key of a user is [`key`](Self::key), nothing else: who says so, and the [`subject`](Self::subject). The provider's
/// id alone does not tell two servers of one provider apart. Names and e-mail addresses change hands: never find an
/// account by them.
/// `Debug` shows who the user is to programs, and nothing personal.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Profile {
    /// The provider's id.
    pub provider: String,
    /// The issuer of the verified ID token of the login, else the provider's issuer with the client's settings in it, where
    /// the provider has one.
    pub issuer: Option<String>,
    /// The user's stable id at the provider, exactly as it came; numbers keep all their digits.
    pub subject: String,
    /// The login name.
    pub username: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// The e-mail address. Whether it is the user's is what
    /// [`verified_email`](Self::verified_email) says.
    pub email: Option<String>,
    /// Whether the provider says that it verified the address; `None` where it says nothing. Not every provider's word
    /// counts: some let their users type any address.
    pub email_verified: Option<bool>,
    /// The picture's address.
    pub avatar_url: Option<String>,
    /// The profile page's address.
    pub url: Option<String>,
    /// The answer as it came, or the claims of the ID token. Numbers above 2^64 lose digits here. It is null where the
    /// profile comes from the token response, which holds secrets: see [`Account::extras`].
    pub raw: Value,
    /// The server, where the issuer does not tell it from others of the same provider.
    pub(crate) server: Option<String>,
    /// Whether the address is the user's beyond doubt; see [`verified_email`](Self::verified_email).
    pub(crate) email_vouched: bool,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, issuer, subject, .. } = self;
        let mut shown = f.debug_struct("Profile");
        shown.field("provider", provider).field("issuer", issuer).field("subject", subject).finish_non_exhaustive()
    }
}

impl<P: Provider> Account<P> {
    /// Asks the provider who the account is. The token is renewed first when it has to be, and once more if the
    /// provider does not take it.
    pub async fn profile(&self) -> Result<Profile>
    where
        P: HasProfile,
    {
        let span = tracing::debug_span!("oauth.profile", provider = %self.spec().id);
        async {
            let tokens = self.fresh().await?;
            match fetch(self.inner(), &tokens).await {
                Err(error) if error.kind() == ErrorKind::Unauthorized => match self.newer_than(&tokens).await? {
                    Some(newer) => fetch(self.inner(), &newer).await.inspect(|_| newer.standing.accept()),
                    None => Err(error),
                },
                result => result.inspect(|_| tokens.standing.accept()),
            }
        }
        .instrument(span)
        .await
    }
}

async fn fetch(inner: &Arc<Inner>, tokens: &TokenSet) -> Result<Profile> {
    let inner = &*inner.ready().await?;
    let spec = inner.spec();
    let fail = |kind, what: String| inner.error(kind, Step::Profile, what);
    let Some(rules) = &spec.profile else {
        return Err(fail(ErrorKind::Unsupported, format!("provider `{}` has no profile request", spec.id)));
    };
    let wrong = |why: String| fail(ErrorKind::BadApiResponse, format!("the profile's {why}"));
    let mut profile = Profile::empty(&spec.id);
    profile.issuer = origin::issuer(inner, tokens)?;
    profile.server = origin::server(inner)?;
    match (rules.from, &rules.request) {
        (ProfileFrom::Token, _) => {
            let extras = tokens.extras.as_ref().map_or("{}", |extras| extras.expose_secret());
            // The response holds further tokens: it is for the map, not for the profile's reader.
            fill_from(&mut profile, rules, extras).map_err(wrong)?;
        }
        (ProfileFrom::IdToken, _) => {
            // Those of a token that was verified when it came (OpenID Connect Core section 3.1.3.7).
            let Some(identity) = tokens.identity() else {
                return Err(fail(
                    ErrorKind::BadResponse,
                    "the provider sent no ID token, which holds the profile".to_owned(),
                ));
            };
            profile.raw = serde_json::from_str(identity.json()).unwrap_or_default();
            fill_from(&mut profile, rules, identity.json()).map_err(wrong)?;
        }
        (ProfileFrom::Request, Some(request)) => {
            let fetched = Call { signed: rules.signed, ..call(rules, request, tokens) }.send(inner).await?;
            profile.raw = serde_json::from_str(fetched.text())
                .map_err(|_| fail(ErrorKind::BadApiResponse, "the profile is nested too deeply".to_owned()))?;
            fill_from(&mut profile, rules, fetched.text()).map_err(wrong)?;
        }
        (ProfileFrom::Request, None) => {
            return Err(fail(ErrorKind::Unsupported, format!("provider `{}` has no profile request", spec.id)));
        }
    }
    for then in &rules.then {
        if lacks(&profile, &then.map) {
            further(inner, (rules, then), tokens, &mut profile).await?;
        }
    }
    profile.email_vouched &= rules.email_authoritative;
    // Last: whatever the provider itself says comes before what came through the browser.
    if let Some(facts) = &spec.callback.profile
        && let Some((_, text)) = tokens.callback_values().iter().find(|(name, _)| *name == facts.param)
    {
        fill_from_callback(&mut profile, &facts.map, text);
    }
    if let Some(identity) = tokens.identity().filter(|_| rules.map.subject == ["/sub"]) {
        // OpenID Connect Core section 5.3.2: "The sub Claim in the UserInfo Response MUST be verified to exactly match the
        // sub Claim in the ID Token; if they do not match, the UserInfo Response values MUST NOT be used."
        if profile.subject != identity.subject() {
            return Err(inner.error(
                ErrorKind::SubjectMismatch,
                Step::Profile,
                "the profile is of another user than the ID token",
            ));
        }
    }
    if profile.subject.is_empty() {
        let pointer = rules.map.subject.first().map_or("subject", String::as_str);
        return Err(fail(ErrorKind::BadApiResponse, format!("the profile has no `{pointer}`, the user's id")));
    }
    Ok(profile)
}

fn call<'a>(rules: &'a Rules, fetch: &'a Fetch, tokens: &'a TokenSet) -> Call<'a> {
    Call { step: Step::Profile, fetch, tokens, fails_when: rules.fails_when.as_ref(), what: "profile", signed: false }
}

fn fill_from(profile: &mut Profile, rules: &Rules, text: &str) -> Result<(), String> {
    let root: &RawValue = serde_json::from_str(text).map_err(|_| "source is not JSON".to_owned())?;
    let object = fetch::object(root, &rules.at, |object| is_meant(object, &rules.map));
    fill(profile, &rules.map, object.unwrap_or(root))
}

/// One of the further requests. An account that may not make it (403), or that has nothing there (404), goes without.
async fn further(
    inner: &Inner,
    (rules, then): (&Rules, &ProfileThen),
    tokens: &TokenSet,
    profile: &mut Profile,
) -> Result<()> {
    let fetched = match call(rules, &then.request, tokens).send(inner).await {
        Err(error)
            if error.server().and_then(ServerError::status).is_some_and(|status| matches!(status, 403 | 404)) =>
        {
            tracing::debug!("a further request for the profile was refused");
            return Ok(());
        }
        result => result?,
    };
    let root = fetched.root();
    let object = match &then.pick {
        Some(condition) => then.at.iter().filter_map(|at| json::pointer(root, at)).find_map(|at| pick(at, condition)),
        None => fetch::object(root, &then.at, |object| is_meant(object, &then.map)),
    };
    object
        .map_or(Ok(()), |object| fill(profile, &then.map, object))
        .map_err(|why| inner.error(ErrorKind::BadApiResponse, Step::Profile, format!("the profile's {why}")))
}

impl Profile {
    /// What to find the user by, and to store: both parts, byte for byte.
    ///
    /// The first part is [`issuer`](Self::issuer), or else [`provider`](Self::provider). Where the client has a setting or
    /// an environment that leads to a server of its own and the issuer does not name it, the first part is the server:
    /// whoever runs one server chooses the ids of its users, and must not become a user of another one.
    ///
    /// A provider whose issuer is known from ID tokens only has one key for a user with such a token and another one
    /// without: ask for the scope `openid` in each login or in none.
    pub fn key(&self) -> (&str, &str) {
        let first = self.server.as_deref().or(self.issuer.as_deref()).unwrap_or(&self.provider);
        (first, &self.subject)
    }

    fn empty(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            issuer: None,
            server: None,
            subject: String::new(),
            username: None,
            name: None,
            email: None,
            email_verified: None,
            avatar_url: None,
            url: None,
            raw: Value::Null,
            email_vouched: false,
        }
    }
}
