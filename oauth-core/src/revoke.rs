//! Revoking tokens (RFC 7009), so that a login that nobody needs any more is worth nothing to whoever finds it.

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid;
use crate::provider::{CanRevoke, Provider};
use crate::spec::{Revoke, RevokeEnds, RevokePlace, RevokedToken, Template};
use crate::token::{self, TokenCall, TokenSet};

impl<P: Provider> Client<P> {
    /// Revokes the tokens of a login at the provider, further tokens included: the refresh token before the access token,
    /// or as the provider's file says.
    ///
    /// A token that the provider does not know any more is revoked (RFC 7009 section 2.2). An error says that something may
    /// still be valid: after one that [is retryable](Error::is_retryable) the same call may be made again, once
    /// [`retry_after`](Error::retry_after) has passed.
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
    let mut sent: Vec<&SecretString> = Vec::new();
    let (mut revoked, mut refused) = (false, None);
    let sets = std::iter::once(tokens).chain(tokens.also.iter().map(|(_, also)| also));
    for (kind, token, set) in sets.flat_map(|set| held(rule, set)) {
        if sent.iter().any(|known| known.expose_secret() == token.expose_secret()) {
            continue;
        }
        sent.push(token);
        match revoke_one(inner, (rule, url), (kind, token), set).await {
            Ok(()) => revoked = true,
            // RFC 7009 section 2.2.1: a server that ends refresh tokens need not take access tokens.
            Err(error) if error.kind() == ErrorKind::Unsupported && revoked => {}
            // The others would wait for the same server.
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => refused = refused.or(Some(error)),
        }
        if revoked && rule.ends == Some(RevokeEnds::Grant) {
            break;
        }
    }
    match refused {
        Some(error) if !(revoked && error.kind() == ErrorKind::Unsupported) => Err(error),
        None if sent.is_empty() => {
            let what = "there is no token of the kind that this provider revokes";
            Err(inner.error(ErrorKind::Unsupported, Step::Revoke, what))
        }
        _ => {
            tracing::debug!(requests = sent.len(), "tokens revoked");
            Ok(())
        }
    }
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
fn held<'a>(
    rule: &Revoke,
    set: &'a TokenSet,
) -> impl Iterator<Item = (RevokedToken, &'a SecretString, &'a TokenSet)> + use<'a> {
    let wanted = rule.tokens.clone();
    wanted.into_iter().filter_map(move |kind| {
        let token = match kind {
            RevokedToken::Refresh => set.refresh_token.as_ref(),
            RevokedToken::Access => Some(&set.access_token),
        };
        Some((kind, token?, set))
    })
}

/// RFC 7009 section 2.1: "The client constructs the request by including the following parameters": `token` and
/// `token_type_hint`, and its credentials.
async fn revoke_one(
    inner: &Inner,
    (rule, url): (&Revoke, &Template),
    (kind, token): (RevokedToken, &SecretString),
    set: &TokenSet,
) -> Result<()> {
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
