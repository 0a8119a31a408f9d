use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::ExposeSecret;

use crate::token::TokenSet;

/// A fresh access token (RFC 6749 section 1.4).
///
/// It points into the account's tokens: to get one copies nothing.
///
/// ```
/// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
/// let token = account.token().await?;
/// assert!(!format!("{token:?}").contains(token.expose_secret()));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct AccessToken(pub(super) Arc<TokenSet>);

impl AccessToken {
    /// The token itself. It is a secret: it belongs in a request, and in no log.
    pub fn expose_secret(&self) -> &str {
        self.0.access_token_str()
    }

    /// When it ends; `None` where the server does not say, which is not "never".
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at()
    }

    /// The set that it is from.
    pub fn tokens(&self) -> &Arc<TokenSet> {
        &self.0
    }
}

impl ExposeSecret<str> for AccessToken {
    fn expose_secret(&self) -> &str {
        self.0.access_token_str()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}
