//! Renewing the access token (RFC 6749 section 6).

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tracing::Instrument as _;

use crate::client::{Client, Inner, renamed};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid;
use crate::provider::{CanRefresh, Provider};
use crate::spec::{Refresh, RefreshWith};
use crate::token::{self, TokenCall, TokenSet};

impl<P: Provider> Client<P> {
    /// Renews the token and gives the new set; what the answer leaves out goes on from the old one.
    ///
    /// Where several tasks share an account use [`Account::token`](crate::Account::token): it makes one request for
    /// all of them. A provider that rotates refresh tokens ends the old one here: store the new set before anything else.
    pub async fn refresh(&self, tokens: &TokenSet) -> Result<TokenSet>
    where
        P: CanRefresh,
    {
        refresh(self.inner(), tokens).await
    }
}

pub(crate) async fn refresh(inner: &Arc<Inner>, tokens: &TokenSet) -> Result<TokenSet> {
    let span = tracing::debug_span!("oauth.refresh", provider = %inner.config.spec.id);
    async { send(&*inner.ready().await?, tokens).await }.instrument(span).await
}

async fn send(inner: &Inner, tokens: &TokenSet) -> Result<TokenSet> {
    let spec = &*inner.config.spec;
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
    let params =
        vec![(grant_type, Cow::Borrowed(rule.grant_type.as_str())), (rule.param.as_str(), Cow::Borrowed(with))];
    let call = TokenCall {
        step: Step::Refresh,
        url,
        method: rule.method,
        format: rule.format,
        params,
        extra: &rule.params,
        client_auth: rule.client_auth == crate::spec::RefreshAuth::Full,
        context: token::context(tokens),
    };
    let mut answer = token::send(inner, call, &tokens.scopes).await?.tokens;
    if spec.openid.is_some() {
        answer.identity = openid::accept_renewed(inner, tokens.identity(), &answer).await?.map(Arc::new);
        // A token that nobody vouches for is not kept in the place of one that was verified.
        answer.id_token = answer.id_token.filter(|_| answer.identity.is_some());
    }
    tracing::debug!("token refreshed");
    Ok(tokens.renewed(answer))
}

fn no_refresh_token(inner: &Inner, rule: &Refresh) -> Error {
    let error = Error::new(ErrorKind::NoRefreshToken, Step::Refresh, "there is no refresh token");
    match &rule.note {
        Some(note) => error.fix(note.clone()),
        None => error,
    }
    .of(inner.spec())
}
