//! What keeps an account from being refreshed: for a while, or until somebody logs in again.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::record::{millis, time};
use crate::client::Inner;
use crate::crypto::Hash;
use crate::encode::hex;
use crate::error::{Error, ErrorKind, ServerError, Step};
use crate::token::TokenSet;

/// How the last refresh failed, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) until: Until,
    /// How long the wait was when it began.
    waits: Duration,
    /// How many refreshes in a row have failed.
    pub(crate) attempts: u32,
    kind: ErrorKind,
    what: String,
    fix: Option<String>,
    server: Option<ServerTold>,
    /// A digest of the credentials that were refused: others are tried at once.
    credentials: Option<String>,
}

/// When the account may be refreshed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Not before this time.
    Time(SystemTime),
    /// Not before somebody has logged in again.
    Login,
    /// Never: its tokens are revoked, and it is being disconnected.
    Revoked,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ServerTold {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// The first wait after a failure that may pass, and the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// The first wait after a failure that somebody has to mend.
const MENDING: Duration = Duration::from_secs(10);

impl Trouble {
    /// After a refresh that failed and may be tried again: the wait doubles with each, `jitter` (0 to 255) spreads it over
    /// a quarter, and the provider's own `Retry-After` is the least, spread over another eighth.
    pub(crate) fn wait(inner: &Inner, error: &Error, before: Option<&Self>, jitter: u8) -> Self {
        let attempts = before.map_or(0, |before| before.attempts).saturating_add(1);
        let first = if error.is_retryable() { FIRST } else { MENDING };
        let wait = first.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST);
        let wait = wait * (1024 - u32::from(jitter)) / 1024;
        // The same word to many is no reason for all of them to come back at once.
        let told = error.retry_after().unwrap_or_default();
        let wait = wait.max(told + told / 2048 * u32::from(jitter));
        // In whole milliseconds, as it is stored: all processes have the same.
        let now = time(millis(inner.now()));
        let wait = Duration::from_millis(u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX));
        let until = Until::Time(now.checked_add(wait).unwrap_or(now));
        let credentials = (error.kind() == ErrorKind::ClientRejected).then(|| credentials(inner)).flatten();
        Self { attempts, waits: wait, credentials, ..Self::of(error, until) }
    }

    /// After a refusal that only a new login mends.
    pub(crate) fn login(error: &Error) -> Self {
        Self::of(error, Until::Login)
    }

    /// While an account is being disconnected.
    pub(crate) fn revoked(inner: &Inner) -> Self {
        let error = inner.error(ErrorKind::Revoked, Step::Refresh, "the account is being disconnected");
        Self::of(&error, Until::Revoked)
    }

    fn of(error: &Error, until: Until) -> Self {
        let server = error.server().map(|server| ServerTold {
            code: server.code().map(ToOwned::to_owned),
            description: server.description().map(ToOwned::to_owned),
            status: server.status(),
        });
        Self {
            until,
            waits: Duration::ZERO,
            attempts: 1,
            kind: error.kind(),
            what: error.what().to_owned(),
            fix: error.fix().map(ToOwned::to_owned),
            server,
            credentials: None,
        }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Not before that time, at the earliest.
    pub(crate) fn not_before(mut self, at: SystemTime) -> Self {
        if let Until::Time(until) = &mut self.until
            && let Ok(later) = at.duration_since(*until)
        {
            *until = at;
            self.waits += later;
        }
        self
    }

    /// How much longer there is to wait. Longer than at its beginning is the doing of a clock that was set back, and is not
    /// waited for; the clocks of two processes may differ by a little.
    pub(crate) fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let Until::Time(until) = self.until else { return None };
        let left = until.duration_since(now).ok().filter(|left| !left.is_zero())?;
        (left <= self.waits.saturating_add(LONGEST)).then_some(left)
    }

    /// Whether a refresh token was taken for ended that has not: nothing was sent, and the clock was wrong.
    pub(crate) fn is_of_a_wrong_clock(&self, tokens: &TokenSet, now: SystemTime) -> bool {
        let lives = || tokens.refresh_expires_at().is_none_or(|ends| ends > now);
        self.until == Until::Login && self.kind == ErrorKind::RefreshExpired && self.server.is_none() && lives()
    }

    /// The error for whoever wants a refresh of these tokens now, if it stands in the way.
    pub(crate) fn stands(&self, inner: &Inner, tokens: &TokenSet) -> Option<Error> {
        let now = inner.now();
        if self.is_of_a_wrong_clock(tokens, now) {
            return None;
        }
        let builder = match self.until {
            Until::Login | Until::Revoked => Error::new(self.kind, Step::Refresh, self.what.clone()),
            Until::Time(_) => {
                let wait = self.remaining(now)?;
                if self.credentials.is_some() && self.credentials != credentials(inner) {
                    return None;
                }
                let what = format!(
                    "{} (attempt {}; the next in {} s)",
                    self.what,
                    self.attempts,
                    wait.as_millis().div_ceil(1000)
                );
                Error::new(self.kind, Step::Refresh, what).retry_after(wait)
            }
        };
        let builder = match &self.server {
            Some(told) => builder.server(
                ServerError::new(told.code.as_deref(), told.description.as_deref(), None)
                    .with_status(told.status.unwrap_or_default(), None),
            ),
            None => builder,
        };
        let builder = match &self.fix {
            Some(fix) => builder.fix(fix.clone()),
            None => builder,
        };
        Some(builder.of(inner.spec()))
    }

    pub(crate) fn stored(&self) -> TroubleAs {
        TroubleAs {
            until: match self.until {
                Until::Time(_) => "time",
                Until::Login => "login",
                Until::Revoked => "revoked",
            }
            .to_owned(),
            until_ms: match self.until {
                Until::Time(until) => Some(millis(until)),
                Until::Login | Until::Revoked => None,
            },
            waits_ms: u64::try_from(self.waits.as_millis()).unwrap_or(u64::MAX),
            attempts: self.attempts,
            code: self.kind.code().to_owned(),
            what: self.what.clone(),
            fix: self.fix.clone(),
            server: self.server.clone(),
            credentials: self.credentials.clone(),
        }
    }

    pub(crate) fn restored(stored: TroubleAs) -> Self {
        Self {
            until: match (stored.until.as_str(), stored.until_ms) {
                ("time", Some(until)) => Until::Time(time(until)),
                ("revoked", _) => Until::Revoked,
                _ => Until::Login,
            },
            waits: Duration::from_millis(stored.waits_ms),
            attempts: stored.attempts,
            kind: ErrorKind::from_code(&stored.code),
            what: stored.what,
            fix: stored.fix,
            server: stored.server,
            credentials: stored.credentials,
        }
    }
}

/// What tells one set of credentials from another, and says nothing of either.
fn credentials(inner: &Inner) -> Option<String> {
    let crypto = inner.config.crypto.as_ref()?;
    let text = format!("oauth-credentials/1 {} {}", inner.config.client_id, inner.config.auth.signing_key()?);
    let digest = crypto.digest(Hash::Sha256, text.as_bytes());
    Some(hex(&digest.as_ref()[..8]))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// [`Trouble`] in a record.
#[derive(Serialize, Deserialize)]
pub(crate) struct TroubleAs {
    until: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    waits_ms: u64,
    attempts: u32,
    code: String,
    what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<ServerTold>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<String>,
}
