//! Who logged in.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, HeaderName, HeaderValue};
use serde_json::Value;
use serde_json::value::RawValue;
use tracing::Instrument as _;

use crate::account::Account;
use crate::apply;
use crate::client::{Inner, fill};
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Scrub, ServerError, Step};
use crate::http::{Answer, send_bounded};
use crate::json;
use crate::provider::{HasProfile, Provider};
use crate::spec::{Profile as Rules, ProfileField};
use crate::token::{self, TokenSet};

/// A user as every provider tells it, and as this one does.
///
/// The key of a user is the provider (or its issuer) and [`subject`](Self::subject), nothing else. Names and e-mail
/// addresses change hands: never find an account by them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Profile {
    /// The provider's id.
    pub provider: String,
    /// The user's stable id at the provider, exactly as it came; numbers keep all their digits.
    pub subject: String,
    /// The login name.
    pub username: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// The e-mail address. Whether it is the user's is what `email_verified` says, where it says anything.
    pub email: Option<String>,
    /// Whether the provider says that it verified the address; `None` where it says nothing.
    pub email_verified: Option<bool>,
    /// The picture's address.
    pub avatar_url: Option<String>,
    /// The profile page's address.
    pub url: Option<String>,
    /// The answer as it came. Numbers above 2^64 lose digits here.
    pub raw: Value,
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
                Err(error) if error.kind() == ErrorKind::Unauthorized && self.can_renew(&tokens) => {
                    let renewed = self.renew(&tokens).await?;
                    fetch(self.inner(), &renewed).await
                }
                result => result,
            }
        }
        .instrument(span)
        .await
    }
}

async fn fetch(inner: &Arc<Inner>, tokens: &TokenSet) -> Result<Profile> {
    let inner = &*inner.ready().await?;
    let spec = inner.spec();
    let Some(rules) = &spec.profile else {
        return Err(inner.error(
            ErrorKind::Unsupported,
            Step::Profile,
            format!("provider `{}` has no profile request", spec.id),
        ));
    };
    let request = build(inner, rules, tokens)?;
    let answer = send_bounded(inner.http()?, spec, Step::Profile, inner.config.timeout, request).await?;
    read(inner, rules, tokens, &answer)
}

fn build(inner: &Inner, rules: &Rules, tokens: &TokenSet) -> Result<Request<Bytes>> {
    let config = &inner.config;
    let context = token::context(tokens);
    let rules = rules.request.as_ref().unwrap();
    let mut url = fill(config, Step::Profile, &rules.url, context)?;
    for (at, (name, value)) in rules.query.iter().enumerate() {
        if at == 0 && !url.contains('?') {
            url.push('?');
        }
        push_pair(&mut url, name, &fill(config, Step::Profile, value, context)?);
    }
    let malformed = |error: http::Error| {
        Error::new(ErrorKind::Config, Step::Profile, "the request cannot be written as HTTP")
            .source(error)
            .of(inner.spec())
    };
    let mut request =
        Request::builder().method(rules.method.as_str()).uri(url).body(Bytes::new()).map_err(malformed)?;
    apply::to_request(inner, tokens, &mut request)?;
    request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
    for (name, value) in &rules.headers {
        let value = fill(config, Step::Profile, value, context)?;
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.try_into()) {
            request.headers_mut().insert(name, value);
        }
    }
    Ok(request)
}

fn read(inner: &Inner, rules: &Rules, tokens: &TokenSet, answer: &Answer) -> Result<Profile> {
    let spec = inner.spec();
    let status = answer.status.as_u16();
    if !answer.status.is_success() {
        let (kind, what) = match status {
            401 => (ErrorKind::Unauthorized, "the provider does not take the token".to_owned()),
            429 => (ErrorKind::RateLimited, "the provider asks to wait".to_owned()),
            500.. => (ErrorKind::Unavailable, format!("the provider is not able to answer (status {status})")),
            _ => (ErrorKind::ApiStatus, format!("the provider refused (status {status})")),
        };
        let wait = crate::http::retry_after(&answer.headers, inner.now());
        let server = ServerError::of_api(&Scrub::tokens(&inner.config, tokens), status, wait, &answer.body);
        return Err(Error::new(kind, Step::Profile, what).server(server).of(spec));
    }
    let fail = |what: String| inner.error(ErrorKind::BadApiResponse, Step::Profile, what);
    let text = std::str::from_utf8(&answer.body).map_err(|_| fail("the profile is not UTF-8".to_owned()))?;
    let root: &RawValue = serde_json::from_str(text)
        .map_err(|_| fail(format!("the profile is not JSON (status {status}, {} bytes)", text.len())))?;
    let raw: Value = serde_json::from_str(text).map_err(|_| fail("the profile is nested too deeply".to_owned()))?;
    let mut profile = Profile {
        provider: spec.id.clone(),
        subject: String::new(),
        username: None,
        name: None,
        email: None,
        email_verified: None,
        avatar_url: None,
        url: None,
        raw,
    };
    let object = rules
        .at
        .iter()
        .filter_map(|at| json::pointer(root, at))
        .find(|object| json::pointer(object, &rules.map.subject[0]).is_some());
    let root = object.unwrap_or(root);
    for (field, pointer) in rules.map.fields() {
        let pointer = &pointer[0];
        let Some(value) = json::pointer(root, pointer).filter(|value| !json::is_null(value)) else { continue };
        let text = || text_or_digits(value).ok_or_else(|| fail(format!("the profile's `{pointer}` is not text")));
        match field {
            ProfileField::Subject => profile.subject = text()?,
            ProfileField::Username => profile.username = Some(text()?),
            ProfileField::Name => profile.name = Some(text()?),
            ProfileField::Email => profile.email = Some(text()?).filter(|email| !email.is_empty()),
            // Only a true that is a boolean, or the one word, counts as verified.
            ProfileField::EmailVerified => profile.email_verified = Some(matches!(value.get(), "true" | "\"true\"")),
            ProfileField::AvatarUrl => profile.avatar_url = Some(text()?),
            ProfileField::Url => profile.url = Some(text()?),
        }
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
        return Err(fail(format!("the profile has no `{}`, the user's id", rules.map.subject[0])));
    }
    Ok(profile)
}

/// Text, or a whole number as the digits that the answer has: an id must not pass through a float.
fn text_or_digits(value: &RawValue) -> Option<String> {
    let digits = || value.get().bytes().all(|byte| byte.is_ascii_digit()).then(|| value.get().to_owned());
    json::text(value).map(std::borrow::Cow::into_owned).or_else(digits)
}
