//! A login that has started.

use std::fmt;

use crate::browser::BrowserBinding;
use crate::pending::PendingAttempt;

/// A login that has started: where to send the browser, and what to remember.
#[derive(Debug)]
pub struct Attempt {
    pub(super) url: AuthorizationUrl,
    pub(super) pending: PendingAttempt,
    pub(super) browser: BrowserBinding,
}

/// The address to send the browser to. `Debug` leaves the query out.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationUrl(pub(super) String);

impl Attempt {
    /// Where to send the browser.
    pub fn url(&self) -> &AuthorizationUrl {
        &self.url
    }

    /// The URL to redirect to, the attempt to remember, and the tie to set as a cookie.
    pub fn into_parts(self) -> (AuthorizationUrl, PendingAttempt, BrowserBinding) {
        (self.url, self.pending, self.browser)
    }
}

impl AuthorizationUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for AuthorizationUrl {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<AuthorizationUrl> for String {
    fn from(url: AuthorizationUrl) -> Self {
        url.0
    }
}

impl fmt::Display for AuthorizationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AuthorizationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationUrl({}?..)", self.0.split('?').next().unwrap_or_default())
    }
}
