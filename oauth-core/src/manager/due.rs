//! When an account is refreshed although nobody has to wait for it.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::time::{Duration, SystemTime};

use super::record::Record;
use super::trouble::Until;
use crate::store::RecordKey;
use crate::token::TokenSet;

/// How far ahead of its end a token is renewed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    /// The most, in time.
    pub(crate) most: Duration,
}

/// Ten minutes, or a fifth of a token's life where that is less.
pub(crate) const AHEAD: Ahead = Ahead { most: Duration::from_secs(10 * 60) };

/// What lives less than this is renewed when somebody asks for it. It is worth nothing ahead; and a life that was over when it
/// began, by a wrong clock or an `expires_in` of 0, would be renewed without end (RFC 6749 section 5.1: the end is a hint).
const SHORT: Duration = Duration::from_secs(60);

impl Ahead {
    /// When the access token is renewed in the background: a fifth of its life before its end, and up to half of that
    /// later, so that the tokens of many accounts which were issued together are not renewed together. Never where its life
    /// is [`SHORT`].
    pub(crate) fn soon(self, key: &RecordKey, tokens: &TokenSet) -> Option<SystemTime> {
        let ends = tokens.expires_at()?;
        let life = match tokens.issued_at {
            Some(issued) => ends.duration_since(issued).ok().filter(|life| *life >= SHORT)?,
            None => self.most.saturating_mul(5),
        };
        let ahead = (life / 5).min(self.most);
        let spread = self.spread(key, ends, ahead / 2);
        ends.checked_sub(ahead)?.checked_add(spread)
    }

    /// When a worker should look at the account: to renew its token ahead of its end, to use a refresh token that ends
    /// when it lies idle, or to try again.
    pub(crate) fn due(self, key: &RecordKey, record: &Record) -> Option<SystemTime> {
        if let Some(trouble) = &record.own.trouble {
            return match trouble.until {
                Until::Time(until) => Some(until),
                Until::Login | Until::Revoked => None,
            };
        }
        let tokens = &record.tokens;
        [self.soon(key, tokens), self.idle(key, tokens)].into_iter().flatten().min()
    }

    /// When a refresh token that ends if it is not used is used: at half of the time that it may lie idle, unless that is
    /// [`SHORT`].
    pub(crate) fn idle(self, key: &RecordKey, tokens: &TokenSet) -> Option<SystemTime> {
        let (ends, issued) = tokens.refresh_expires_at().zip(tokens.issued_at)?;
        let half = ends.duration_since(issued).ok().filter(|life| *life >= SHORT)? / 2;
        let spread = self.spread(key, ends, half / 5);
        issued.checked_add(half)?.checked_add(spread)
    }

    /// A part of `most` that is the same for the same account and token, in every process.
    fn spread(self, key: &RecordKey, ends: SystemTime, most: Duration) -> Duration {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((key, ends, self.most));
        most / 256 * u32::from(hash.to_le_bytes()[0])
    }
}
