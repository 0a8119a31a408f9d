use std::fmt;
use std::time::{Duration, SystemTime};

use super::AccountId;
use super::record::{Mark, Record};
use super::trouble::{Trouble, Until};
use crate::error::ErrorKind;

/// How an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Its token is fresh, or will be renewed when it is asked for.
    Active,
    /// Its token ends soon, or has ended, and the next caller or worker renews it.
    Expiring,
    /// The last refresh failed, and the next is not tried before this time.
    Backoff {
        /// Not before then.
        until: SystemTime,
    },
    /// Only a new login helps.
    NeedsReauth(Reason),
    /// Its tokens have been revoked, and its record is about to be deleted.
    Revoked,
}

/// Why only a new login helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The provider refused the refresh token: revoked by the user, a changed password, or ended.
    GrantRejected,
    /// The answer with the new refresh token was lost, and the old one has been used.
    LostRotation,
    /// The refresh token has ended.
    RefreshExpired,
    /// The access token has ended and there is no refresh token.
    NoRefreshToken,
    /// The provider's answer was about another user or of another issuer.
    IdentityChanged,
}

impl Reason {
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::LostRotation => Self::LostRotation,
            ErrorKind::RefreshExpired => Self::RefreshExpired,
            ErrorKind::NoRefreshToken => Self::NoRefreshToken,
            ErrorKind::IdentityChanged | ErrorKind::IdTokenIssuer | ErrorKind::IssuerChanged => Self::IdentityChanged,
            _ => Self::GrantRejected,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GrantRejected => "the provider refused the refresh token",
            Self::LostRotation => "the answer with the new refresh token was lost",
            Self::RefreshExpired => "the refresh token has ended",
            Self::NoRefreshToken => "the token has ended and there is no refresh token",
            Self::IdentityChanged => "the provider's answer was about another user",
        })
    }
}

/// What is known of a connected account, without its tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccountInfo {
    /// Which account it is.
    pub id: AccountId,
    /// How it is.
    pub status: Status,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// When its access token ends, where the provider says so.
    pub expires_at: Option<SystemTime>,
    /// When its refresh token ends, where that is known.
    pub refresh_expires_at: Option<SystemTime>,
    /// Whether it has a refresh token, or is the client's own and renewed by asking again.
    pub can_refresh: bool,
    /// When somebody last logged in for it.
    pub connected_at: SystemTime,
    /// When its token was last renewed.
    pub refreshed_at: Option<SystemTime>,
    /// Whether a refresh is under way, or was when its process ended.
    pub refreshing: bool,
}

impl Record {
    pub(crate) fn status(&self, now: SystemTime) -> Status {
        let trouble = self.own.trouble.as_ref().filter(|trouble| !trouble.is_of_a_wrong_clock(&self.tokens, now));
        match trouble.map(|trouble| (trouble, trouble.until)) {
            Some((trouble, Until::Login)) => return Status::NeedsReauth(Reason::of(Trouble::kind(trouble))),
            Some((_, Until::Revoked)) => return Status::Revoked,
            Some((trouble, Until::Time(until))) if trouble.remaining(now).is_some() => {
                return Status::Backoff { until };
            }
            Some((_, Until::Time(_))) | None => {}
        }
        let renewable = self.tokens.refresh_token().is_some() || self.tokens.again.is_some();
        if self.tokens.expires_within(Duration::ZERO, now) && !renewable {
            return Status::NeedsReauth(Reason::NoRefreshToken);
        }
        if self.tokens.is_due(now) { Status::Expiring } else { Status::Active }
    }

    pub(crate) fn info(&self, now: SystemTime) -> AccountInfo {
        AccountInfo {
            id: self.id.clone(),
            status: self.status(now),
            scopes: self.tokens.scopes().to_vec(),
            expires_at: self.tokens.expires_at(),
            refresh_expires_at: self.tokens.refresh_expires_at(),
            can_refresh: self.tokens.refresh_token().is_some() || self.tokens.again.is_some(),
            connected_at: self.connected_at,
            refreshed_at: self.refreshed_at,
            refreshing: self.intents().any(|intent| !matches!(intent.mark, Mark::Prepared)),
        }
    }
}
