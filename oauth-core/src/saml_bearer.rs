//! A SAML assertion for a token (RFC 7522 section 2.1): somebody else has signed it.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use crate::account::Account;
use crate::client::{Client, Inner};
use crate::encode::base64url;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::grant::{self, Extra, Terms};
use crate::provider::{CanUseSamlBearer, Provider};
use crate::scopes::IntoScopes;
use crate::token::TokenSet;

/// What stands in the error of a provider that has no such grant.
const KEY: (&str, &str) = ("saml_bearer", "takes no SAML assertion for a grant");

impl<P: Provider> Client<P> {
    /// Asks for tokens with a SAML 2.0 assertion that somebody else has signed (RFC 7522 section 2.1): the XML of the one
    /// `<Assertion>` as it was signed, or that in base64url as the request has it. Nothing in it is looked at.
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client, assertion: &str) -> oauth_core::Result<()> {
    /// let account = client.saml_bearer(assertion).scopes(["read"]).account().await?;
    /// # Ok(()) }
    /// ```
    pub fn saml_bearer(&self, assertion: impl Into<SecretString>) -> SamlBearer<P>
    where
        P: CanUseSamlBearer,
    {
        SamlBearer { client: self.clone(), assertion: assertion.into(), extra: Extra::default() }
    }
}

/// A request with a SAML assertion: what is particular to it, and then [`account`](Self::account).
#[must_use = "nothing is sent before `account` or `tokens`"]
pub struct SamlBearer<P: Provider> {
    client: Client<P>,
    assertion: SecretString,
    extra: Extra,
}

impl<P: Provider> SamlBearer<P> {
    /// What the token is for; without this the scopes of `grants.saml_bearer` in the provider's file.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.extra.scopes = scopes.into_scopes();
        self
    }

    /// A further parameter, for what the provider's file does not know. The protocol's own cannot be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.extra.push(name.into(), value.into());
        self
    }

    /// Asks, and gives an account. Its token is renewed as long as there is a refresh token; without one, which RFC 7521
    /// section 4.1 advises, ask anew with a fresh assertion when it has ended.
    pub async fn account(self) -> Result<Account<P>> {
        let client = self.client.clone();
        Ok(client.account(self.tokens().await?))
    }

    /// Asks, and gives the tokens.
    ///
    /// # Errors
    ///
    /// [`Parameter`](ErrorKind::Parameter) for what is neither XML nor base64url, before anything is sent, and
    /// [`GrantRejected`](ErrorKind::GrantRejected) where the provider does not take the assertion.
    pub async fn tokens(self) -> Result<TokenSet> {
        let span = tracing::debug_span!("oauth.saml_bearer", provider = %self.client.spec().id);
        async { ask(&*self.client.inner().ready().await?, &self.assertion, &self.extra).await }.instrument(span).await
    }
}

impl<P: Provider> fmt::Debug for SamlBearer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SamlBearer").field("scopes", &self.extra.scopes).finish_non_exhaustive()
    }
}

async fn ask(inner: &Inner, assertion: &SecretString, extra: &Extra) -> Result<TokenSet> {
    let rule = grant::declared(inner, Step::Grant, KEY, |grants| grants.saml_bearer.as_ref())?;
    let terms = Terms::new((inner, Step::Grant), rule, &["assertion"], extra)?;
    let assertion = encoded(inner, assertion)?;
    terms.redeem(vec![("assertion", Cow::Borrowed(assertion.expose_secret()))], &terms.scopes).await
}

/// RFC 7522 section 2.1: the parameter "MUST contain a single SAML 2.0 Assertion", base64url without line wraps, and without
/// padding.
fn encoded(inner: &Inner, assertion: &SecretString) -> Result<SecretString> {
    let text = assertion.expose_secret().trim_start_matches('\u{feff}').trim();
    if text.starts_with('<') {
        return Ok(base64url(text.as_bytes()).into());
    }
    let text = text.trim_end_matches('=');
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Ok(text.into());
    }
    let error = Error::new(ErrorKind::Parameter, Step::Grant, "the assertion is neither XML nor base64url");
    let fix = "give the XML of the assertion, or that in base64url (RFC 4648 section 5): not in plain base64, whose `+` and `/` it does not have, and without line breaks";
    Err(error.fix(fix).of(inner.spec()))
}
