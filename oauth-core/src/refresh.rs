//! Renewing the access token (RFC 6749 section 6).

use std::borrow::Cow;
use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use crate::authorize;
use crate::client::{Client, Inner, renamed};
use crate::client_credentials;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::BoxFuture;
use crate::introspect;
use crate::mechanism;
use crate::openid;
use crate::provider::{CanRefresh, Provider};
use crate::spec::{Refresh, RefreshWith};
use crate::token::{self, TokenCall, TokenSet};

/// A refresh that gave no new set.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// The set that was asked with, and the refresh token of an answer that counts for nothing else: the one before it may
    /// have ended with it.
    pub(crate) kept: Option<Box<TokenSet>>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, kept: None }
    }
}

impl<P: Provider> Client<P> {
    /// Renews the token and gives the new set; what the answer leaves out goes on from the old one.
    ///
    /// Where several tasks share an account use [`Account::token`](crate::Account::token): it makes one request for
    /// all of them. A provider that rotates refresh tokens ends the old one here: store the new set before anything else.
    /// An answer whose ID token is refused gives no set, and its refresh token is lost; an account keeps it.
    ///
    /// Where the provider has [sessions](crate::mechanism::SessionLogin) and one could not be opened, the new set is here
    /// all the same: it is to be stored, it cannot be applied, and refreshing it opens the session.
    pub async fn refresh(&self, tokens: &TokenSet) -> Result<TokenSet>
    where
        P: CanRefresh,
    {
        refresh(self.inner(), tokens, None).await.map_err(|failed| failed.error)
    }
}

/// Who is told how far a refresh has come, so that a crash can be told from an answer that never came.
pub(crate) trait Progress: Send + Sync {
    /// The request is ready, and nothing of it has been sent; an error keeps it from being sent.
    fn sending(&self) -> BoxFuture<'_, Result<()>>;

    /// A good answer is here, and what is left to do with it takes a request of its own.
    fn answered<'a>(&'a self, answer: &'a TokenSet) -> BoxFuture<'a, ()>;
}

pub(crate) async fn refresh(
    inner: &Arc<Inner>,
    tokens: &TokenSet,
    progress: Option<&dyn Progress>,
) -> Result<TokenSet, Failed> {
    let span = tracing::debug_span!("oauth.refresh", provider = %inner.config.spec.id);
    async { renew(&*inner.ready().await?, tokens, progress).await }.instrument(span).await
}

/// Goes on with an answer that was kept when the process that had asked for it ended.
pub(crate) async fn finish(inner: &Arc<Inner>, tokens: &TokenSet, answer: TokenSet) -> Result<TokenSet, Failed> {
    let span = tracing::debug_span!("oauth.refresh", provider = %inner.config.spec.id);
    async { complete(&*inner.ready().await?, tokens, answer).await }.instrument(span).await
}

/// A refresh, and the session login that belongs to it where the provider has sessions.
///
/// What the refresh gave is never lost to a session that cannot be opened: the old refresh token may have ended with it.
/// The set then says so, and this opens the session when it is next called, without another refresh.
async fn renew(inner: &Inner, tokens: &TokenSet, progress: Option<&dyn Progress>) -> Result<TokenSet, Failed> {
    if tokens.session_due.is_some() && !tokens.ends_within(Duration::ZERO, inner.now()) {
        match mechanism::open(inner, tokens).await {
            Ok(Some(opened)) => return Ok(opened),
            Err(error) if error.is_retryable() => return Err(error.into()),
            // The token may have ended without saying so: a new one is the way on.
            Ok(None) | Err(_) => {}
        }
    }
    let answer = send(inner, tokens, progress).await?;
    let Some(progress) = progress else { return Box::pin(complete(inner, tokens, answer)).await };
    let kept = answer.clone();
    let mut completing = Box::pin(complete(inner, tokens, answer));
    // What needs no request of its own is done at the first poll: then there is nothing to remember on the way.
    if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(completing.as_mut().poll(context))).await {
        return done;
    }
    progress.answered(&kept).await;
    completing.await
}

/// What belongs to a refresh after its answer: the ID token is checked, and the session opened.
async fn complete(inner: &Inner, tokens: &TokenSet, mut answer: TokenSet) -> Result<TokenSet, Failed> {
    if inner.config.spec.openid.is_some() {
        answer.identity = match openid::accept_renewed(inner, tokens.identity(), &answer).await {
            Ok(identity) => identity.map(Arc::new),
            // What another user was given is not kept.
            Err(error) if error.is_of_another_identity() => return Err(error.into()),
            Err(error) => return Err(Failed { error, kept: with_refresh_token(tokens, answer) }),
        };
        // A token that nobody vouches for is not kept in the place of one that was verified.
        answer.id_token = answer.id_token.filter(|_| answer.identity.is_some());
    }
    let renewed = Box::pin(introspect::with_expiry(inner, tokens.renewed(answer))).await;
    match mechanism::open(inner, &renewed).await {
        Ok(opened) => Ok(opened.unwrap_or(renewed)),
        Err(error) => {
            tracing::warn!(code = error.code(), "the token was refreshed, and its session could not be opened");
            Ok(renewed.with_session_due(error))
        }
    }
}

/// The old set with the refresh token of an answer, where that is another one. RFC 9700 section 4.14.2: the one before it is
/// "invalidated", and who sends it again may lose the whole login.
fn with_refresh_token(tokens: &TokenSet, answer: TokenSet) -> Option<Box<TokenSet>> {
    let text = SecretString::expose_secret;
    if tokens.again.is_some() || answer.refresh_token.as_ref().map(text) == tokens.refresh_token.as_ref().map(text) {
        return None;
    }
    Some(Box::new(TokenSet {
        refresh_token: Some(answer.refresh_token?),
        refresh_expires_at: answer.refresh_expires_at,
        refresh_idles_until: answer.refresh_idles_until,
        issuer: answer.issuer.or_else(|| tokens.issuer.clone()),
        ..tokens.clone()
    }))
}

async fn send(inner: &Inner, tokens: &TokenSet, progress: Option<&dyn Progress>) -> Result<TokenSet> {
    let spec = &*inner.config.spec;
    openid::check_same_issuer(inner, tokens, Step::Refresh)?;
    // RFC 6749 section 4.4.3: what the client was issued for itself has no refresh token; it asks again.
    if let Some(again) = &tokens.again {
        return client_credentials::send(inner, Arc::clone(again), tokens.proof_key.as_ref(), progress).await;
    }
    let Some(rule) = &spec.refresh else {
        return Err(inner.error(
            ErrorKind::Unsupported,
            Step::Refresh,
            format!("provider `{}` cannot refresh tokens", spec.id),
        ));
    };
    let Some(url) = rule.url.as_ref().or(spec.endpoints.token.as_ref()) else {
        return Err(inner.error(
            ErrorKind::Unsupported,
            Step::Refresh,
            format!("provider `{}` has no token endpoint", spec.id),
        ));
    };
    let with = match rule.with {
        RefreshWith::AccessToken => tokens.access_token.expose_secret(),
        RefreshWith::RefreshToken => match &tokens.refresh_token {
            Some(refresh_token) => refresh_token.expose_secret(),
            None => return Err(no_refresh_token(inner, rule)),
        },
    };
    let grant_type = renamed(&spec.token.request.rename, "grant_type");
    let mut params =
        vec![(grant_type, Cow::Borrowed(rule.grant_type.as_str())), (rule.param.as_str(), Cow::Borrowed(with))];
    // RFC 8707 section 2.2: without them a refresh may give a token for other resources.
    let named = resources(inner, tokens)?;
    let values = named.iter().map(|resource| ("resource", Cow::Borrowed(resource.as_str())));
    params.extend(token::named(inner, values));
    let call = TokenCall {
        step: Step::Refresh,
        url,
        method: rule.method,
        format: rule.format,
        params,
        extra: &rule.params,
        query: &[],
        headers: &[],
        client_auth: rule.client_auth,
        context: token::context(tokens),
        progress,
    };
    let mut answer = token::send(inner, call, &tokens.scopes).await?.tokens;
    answer.resources = named.into_owned();
    tracing::debug!("token refreshed");
    Ok(answer)
}

/// What the tokens were asked for, so that they are asked for the same again. Tokens that came from elsewhere say nothing of
/// it: they are for what each login here is for.
fn resources<'a>(inner: &Inner, tokens: &'a TokenSet) -> Result<Cow<'a, [String]>> {
    if tokens.resources.is_empty() && tokens.issued_at.is_none() {
        authorize::resources(inner, None).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(&tokens.resources))
    }
}

fn no_refresh_token(inner: &Inner, rule: &Refresh) -> Error {
    let error = Error::new(ErrorKind::NoRefreshToken, Step::Refresh, "there is no refresh token");
    match &rule.note {
        Some(note) => error.fix(note.clone()),
        None => error,
    }
    .of(inner.spec())
}
