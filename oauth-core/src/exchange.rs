//! Exchanging the authorization code (RFC 6749 section 4.1.3), and what some providers want right after it.

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use crate::callback::VerifiedCode;
use crate::client::{Client, Context, Inner};
use crate::error::{ErrorKind, Result, Step};
use crate::introspect;
use crate::lookup;
use crate::mechanism;
use crate::openid::{self, Expected};
use crate::provider::{CanAuthorize, Provider};
use crate::spec::{RefreshAuth, Upgrade};
use crate::token::{self, TokenCall, TokenSet};

impl<P: Provider> Client<P> {
    /// Exchanges a code for tokens. The request is sent once: a code that may have arrived is not sent again, because
    /// a server takes a second use for theft and ends what the first one gave (RFC 6749 section 4.1.2). A future that is
    /// dropped meanwhile loses what the code gives: see [`callback`](Self::callback).
    pub async fn exchange(&self, code: VerifiedCode) -> Result<TokenSet>
    where
        P: CanAuthorize,
    {
        let span = tracing::debug_span!("oauth.exchange", provider = %self.spec().id);
        exchange(&*self.inner().ready().await?, code).instrument(span).await
    }
}

async fn exchange(inner: &Inner, code: VerifiedCode) -> Result<TokenSet> {
    let spec = &*inner.config.spec;
    // RFC 9700 section 4.4.2: another client may have verified the code, and this one may have learned of other endpoints
    // since. A code goes to nobody but the server that it was asked for from.
    let of = &code.attempt;
    if of.provider != spec.id || of.server != inner.prepared()?.server || of.client_id != inner.config.client_id {
        let what = "this code belongs to another provider, server or client";
        return Err(inner.error(ErrorKind::ProviderMismatch, Step::Exchange, what));
    }
    let Some(url) = &spec.endpoints.token else {
        return Err(inner.error(
            ErrorKind::Unsupported,
            Step::Exchange,
            format!("provider `{}` has no token endpoint", spec.id),
        ));
    };
    let VerifiedCode { code, attempt, kept, id_token } = code;
    let asked = attempt.scopes.iter().any(|scope| scope == "openid");
    let expected = Expected {
        nonce: attempt.nonce.as_ref(),
        code: Some(&code),
        max_age: attempt.max_age,
        acr: &attempt.acr,
        asked,
        without_nonce: false,
    };
    let front = match &id_token {
        Some(text) => Some(openid::accept_beside_code(inner, text, &code, expected).await?),
        None => None,
    };
    let verifier = attempt.verifier.as_ref().map(SecretString::expose_secret);
    let standard = [
        Some(("grant_type", spec.token.request.grant_type.as_str())),
        Some(("code", code.expose_secret())),
        Some(("redirect_uri", attempt.redirect_uri.as_str())),
        verifier.map(|verifier| ("code_verifier", verifier)),
    ];
    // RFC 8707 section 2.2: the same parameter "can be used in access token requests".
    let resources = attempt.resources.iter().map(|resource| ("resource", resource.as_str()));
    let standard = standard.into_iter().flatten().chain(resources);
    let call = TokenCall {
        step: Step::Exchange,
        url,
        method: spec.token.request.method,
        format: spec.token.request.format,
        params: token::named(inner, standard.map(|(name, value)| (name, Cow::Borrowed(value)))),
        extra: &spec.token.request.params,
        query: &spec.token.request.query,
        headers: &[],
        client_auth: RefreshAuth::Full,
        context: Context {
            callback: &kept,
            redirect_uri: Some(&attempt.redirect_uri),
            state: Some(attempt.state_str()),
            scopes: &attempt.scopes,
            proof_key: attempt.proof_key.as_ref(),
            ..Context::default()
        },
        progress: None,
    };
    let mut tokens = token::send(inner, call, &attempt.scopes).await?.tokens;
    tokens.brought(kept);
    tokens.resources.clone_from(&attempt.resources);
    tokens.withheld = attempt.scopes.iter().filter(|scope| !tokens.scopes.contains(scope)).cloned().collect();
    tokens.identity = openid::accept(inner, &tokens, expected).await?.map(Arc::new);
    if let Some(front) = &front {
        openid::check_same_login(inner, front, tokens.identity())?;
    }
    tracing::debug!("code exchanged");
    if let Some(rule) = &spec.token.upgrade {
        tokens = upgrade(inner, rule, tokens, &attempt.redirect_uri).await?;
    }
    tokens = Box::pin(introspect::with_expiry(inner, tokens)).await;
    tokens = mechanism::open(inner, &tokens).await?.unwrap_or(tokens);
    match &spec.token.lookup {
        Some(rule) => lookup::lookup(inner, rule, tokens).await,
        None => Ok(tokens),
    }
}

/// A short-lived token for a long-lived one.
async fn upgrade(inner: &Inner, upgrade: &Upgrade, tokens: TokenSet, redirect_uri: &str) -> Result<TokenSet> {
    let call = TokenCall {
        step: Step::Exchange,
        url: &upgrade.url,
        method: upgrade.method,
        format: upgrade.format,
        params: vec![("grant_type", Cow::Borrowed(upgrade.grant_type.as_str()))],
        extra: &upgrade.params,
        query: &[],
        headers: &[],
        client_auth: RefreshAuth::None,
        context: Context { redirect_uri: Some(redirect_uri), ..token::context(&tokens) },
        progress: None,
    };
    let scopes = tokens.scopes.clone();
    let longer = token::send(inner, call, &scopes).await?.tokens;
    tracing::debug!("token upgraded");
    Ok(tokens.renewed(longer))
}
