//! The user's password for tokens (RFC 6749 section 4.3): only where the provider has no other way.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use crate::account::Account;
use crate::client::{Client, Inner};
use crate::error::{Result, Step};
use crate::grant::{self, Extra, Terms};
use crate::provider::{CanUsePassword, Provider};
use crate::scopes::IntoScopes;
use crate::token::TokenSet;

/// What stands in the error of a provider that has no such grant.
const KEY: (&str, &str) = ("password", "takes no passwords");

impl<P: Provider> Client<P> {
    /// Asks for tokens with the user's name and password. RFC 9700 section 2.4: this grant "MUST NOT be used"; it is here
    /// for servers that know nothing else, whose file says so under `grants.password` and why under `quirks`. The password
    /// is sent once and not kept.
    pub fn dangerous_password(&self, username: impl Into<String>, password: impl Into<SecretString>) -> Password<P>
    where
        P: CanUsePassword,
    {
        let (username, secret) = (username.into(), password.into());
        Password { client: self.clone(), username, secret, extra: Extra::default() }
    }
}

/// A request with a password: what is particular to it, and then [`account`](Self::account).
#[must_use = "nothing is sent before `account` or `tokens`"]
pub struct Password<P: Provider> {
    client: Client<P>,
    username: String,
    secret: SecretString,
    extra: Extra,
}

impl<P: Provider> Password<P> {
    /// What the token is for; without this the scopes of `grants.password` in the provider's file.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.extra.scopes = scopes.into_scopes();
        self
    }

    /// A further parameter, for what the provider's file does not know. The protocol's own cannot be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.extra.push(name.into(), value.into());
        self
    }

    /// Asks, and gives the user's account.
    pub async fn account(self) -> Result<Account<P>> {
        let client = self.client.clone();
        Ok(client.account(self.tokens().await?))
    }

    /// Asks, and gives the tokens.
    pub async fn tokens(self) -> Result<TokenSet> {
        let span = tracing::debug_span!("oauth.password", provider = %self.client.spec().id);
        let user = (self.username.as_str(), &self.secret);
        async { ask(&*self.client.inner().ready().await?, user, &self.extra).await }.instrument(span).await
    }
}

impl<P: Provider> fmt::Debug for Password<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password").field("scopes", &self.extra.scopes).finish_non_exhaustive()
    }
}

/// RFC 6749 section 4.3.2: `username` and `password`, and the scopes.
async fn ask(inner: &Inner, (username, password): (&str, &SecretString), extra: &Extra) -> Result<TokenSet> {
    let rule = grant::declared(inner, Step::Grant, KEY, |grants| grants.password.as_ref())?;
    let terms = Terms::new((inner, Step::Grant), rule, &["username", "password"], extra)?;
    let params = vec![("username", Cow::Borrowed(username)), ("password", Cow::Borrowed(password.expose_secret()))];
    terms.redeem(params, &terms.scopes).await
}
