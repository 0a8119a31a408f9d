//! Revoking tokens (RFC 7009), so that a login that nobody needs any more is worth nothing to whoever finds it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid;
use crate::provider::{CanRevoke, Provider};
use crate::spec::{Revoke, RevokeEnds, RevokePlace, RevokedToken, Template};
use crate::token::{self, Ended, TokenCall, TokenSet};

impl<P: Provider> Client<P> {
    /// Revokes the tokens of a login at the provider, further tokens included: the refresh token before the access token,
    /// or as the provider's file says.
    ///
    /// A token that the provider does not know any more is revoked (RFC 7009 section 2.2). An error says that something may
    /// still be valid: after one that [is retryable](Error::is_retryable) the same call may be made again, once
    /// [`retry_after`](Error::retry_after) has passed. Where the provider takes the access token only, and it has ended, the
    /// error is [`TokenEnded`](ErrorKind::TokenEnded): refresh the tokens and revoke the new ones, or the refresh token lives
    /// on.
    ///
    /// ```no_run
    /// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
    /// account.client().revoke(&account.tokens()).await?;
    /// # Ok(()) }
    /// ```
    pub async fn revoke(&self, tokens: &TokenSet) -> Result<()>
    where
        P: CanRevoke,
    {
        revoke(self.inner(), tokens).await
    }
}

/// Revokes the tokens.
pub(crate) async fn revoke(inner: &Arc<Inner>, tokens: &TokenSet) -> Result<()> {
    let span = tracing::debug_span!("oauth.revoke", provider = %inner.config.spec.id);
    async { revoke_all(&*inner.ready().await?, tokens).await }.instrument(span).await
}

/// All of them, as far as the provider takes them; the first error when that was not possible.
async fn revoke_all(inner: &Inner, tokens: &TokenSet) -> Result<()> {
    let (rule, url) = endpoint(inner)?;
    openid::check_same_issuer(inner, tokens, Step::Revoke)?;
    let mut tried: Vec<SecretString> = Vec::new();
    let mut outcome = Outcome::default();
    for set in std::iter::once(tokens).chain(tokens.also.iter().map(|(_, also)| also)) {
        if needs_fresh(inner, set) {
            let what = "the access token has ended, and this provider takes no other to be revoked";
            let error = Error::new(ErrorKind::TokenEnded, Step::Revoke, what);
            let error = error.fix("refresh the tokens, and revoke the new ones").of(inner.spec());
            outcome.refused.get_or_insert(error);
            continue;
        }
        for (kind, token) in held(rule, set) {
            if tried.iter().any(|known| known.expose_secret() == token.expose_secret()) {
                continue;
            }
            tried.push(token.clone());
            match revoke_one(inner, (rule, url), (kind, token), set).await {
                // Whatever became of the tokens before, they have ended with this one.
                Ok(Ended::Revoked) if rule.ends == Some(RevokeEnds::Grant) => return Ok(()),
                Ok(_) => outcome.any = true,
                // The others would wait for the same server.
                Err(error) if error.is_retryable() => return Err(error),
                // RFC 7009 section 2: servers "MUST support the revocation of refresh tokens and SHOULD support the revocation
                // of access tokens".
                Err(error) if error.kind() == ErrorKind::Unsupported && kind == RevokedToken::Access => {
                    outcome.unsupported.get_or_insert(error);
                }
                Err(error) => {
                    outcome.refused.get_or_insert(error);
                }
            }
        }
    }
    tracing::debug!(requests = tried.len(), "tokens revoked");
    outcome.of(inner)
}

/// What became of the tokens so far.
#[derive(Default)]
struct Outcome {
    /// Whether one is over.
    any: bool,
    /// The provider does not take access tokens, which is no failure beside a refresh token that it took.
    unsupported: Option<Error>,
    refused: Option<Error>,
}

impl Outcome {
    fn of(self, inner: &Inner) -> Result<()> {
        match (self.refused, self.any, self.unsupported) {
            (Some(error), ..) | (None, false, Some(error)) => Err(error),
            (None, true, _) => Ok(()),
            (None, false, None) => {
                let what = "there is no token of the kind that this provider revokes";
                Err(inner.error(ErrorKind::Unsupported, Step::Revoke, what))
            }
        }
    }
}

/// Whether the access token of a set has to be renewed before the set can be revoked: it alone would be sent, it has ended,
/// and the refresh token would live on. That is the caller's to do, who can keep what the refresh gives.
pub(crate) fn needs_fresh(inner: &Inner, set: &TokenSet) -> bool {
    let spec = inner.spec();
    let by_refresh = spec.revoke.as_ref().is_none_or(|rule| rule.tokens.contains(&RevokedToken::Refresh));
    let lives_on = set.refresh_token.is_some() && spec.refresh.is_some();
    !by_refresh && lives_on && set.expires_within(Duration::ZERO, inner.now())
}

/// How and where tokens are revoked, for a provider that can.
fn endpoint(inner: &Inner) -> Result<(&Revoke, &Template)> {
    let spec = inner.spec();
    if let (Some(rule), Some(url)) = (&spec.revoke, &spec.endpoints.revocation) {
        return Ok((rule, url));
    }
    let what = format!("provider `{}` cannot revoke tokens", spec.id);
    let error = Error::new(ErrorKind::Unsupported, Step::Revoke, what);
    Err(error.fix("add `endpoints.revocation` to the provider's YAML file if it has one").of(spec))
}

/// The tokens of a set that are to be sent, in their order.
fn held<'a>(rule: &'a Revoke, set: &'a TokenSet) -> impl Iterator<Item = (RevokedToken, &'a SecretString)> {
    rule.tokens.iter().filter_map(|kind| {
        let token = match kind {
            RevokedToken::Refresh => set.refresh_token.as_ref(),
            RevokedToken::Access => Some(&set.access_token),
        };
        Some((*kind, token?))
    })
}

/// RFC 7009 section 2.1: "The client constructs the request by including the following parameters": `token` and
/// `token_type_hint`, and its credentials.
async fn revoke_one(
    inner: &Inner,
    (rule, url): (&Revoke, &Template),
    (kind, token): (RevokedToken, &SecretString),
    set: &TokenSet,
) -> Result<Ended> {
    let mut params = Vec::new();
    if rule.place == RevokePlace::Param {
        params.push((rule.param.as_str(), Cow::Borrowed(token.expose_secret())));
        if rule.hint {
            params.push(("token_type_hint", Cow::Borrowed(kind.hint())));
        }
    }
    let call = TokenCall {
        step: Step::Revoke,
        url,
        method: rule.method,
        format: rule.format,
        params,
        extra: &rule.params,
        query: &[],
        headers: &rule.headers,
        client_auth: rule.client_auth,
        context: token::context(set),
        progress: None,
    };
    token::end(inner, call, rule).await
}
