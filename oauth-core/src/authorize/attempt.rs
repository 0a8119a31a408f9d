//! A login that has started.

use std::fmt;
use std::time::SystemTime;

use crate::browser::BrowserBinding;
use crate::pending::PendingAttempt;

/// A login that has started: where to send the browser, and what to remember.
#[derive(Debug)]
pub struct Attempt {
    pub(super) url: AuthorizationUrl,
    pub(super) url_expires_at: Option<SystemTime>,
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

    /// Until when the browser has to be there, where the request was [pushed](crate::Authorize::pushed): the provider forgets
    /// it then (RFC 9126 section 2.2), and only a new attempt, with a state and a verifier of its own, goes on. How long the
    /// user may take from there on is another matter, which [`PendingAttempt::expires_at`] tells.
    pub fn url_expires_at(&self) -> Option<SystemTime> {
        self.url_expires_at
    }

    /// The URL to redirect to, the attempt to remember, and the tie to set as a cookie.
    pub fn into_parts(self) -> (AuthorizationUrl, PendingAttempt, BrowserBinding) {
        (self.url, self.pending, self.browser)
    }
}

impl AuthorizationUrl {
    pub(crate) fn new(url: String) -> Self {
        Self(url)
    }

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
