//! What an endpoint answers that starts a login elsewhere (RFC 8628 section 3.2, OpenID Connect Client-Initiated Backchannel
//! Authentication 1.0 section 7.3), member by member.

use std::borrow::Cow;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;

use super::pace::{INTERVAL, LONGEST_INTERVAL};
use crate::client::{Inner, renamed};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::json::{self, Members};

/// The answer, its members under the provider's own names.
pub(crate) struct Answer<'a> {
    about: (&'a Inner, Step),
    rename: &'a [(String, String)],
    members: Members<'a>,
}

impl<'a> Answer<'a> {
    /// Reads an answer; one that is no object lacks the member that the login goes by.
    pub(crate) fn read(
        about: (&'a Inner, Step),
        rename: &'a [(String, String)],
        (answer, code): (&'a SecretString, &str),
    ) -> Result<Self> {
        let members = Members::parse(answer.expose_secret()).map_err(|_| wrong(about, code, "is missing"))?;
        Ok(Self { about, rename, members })
    }

    /// A member that is a text, by its standard name.
    pub(crate) fn text(&self, standard: &str) -> Option<String> {
        self.member(standard).and_then(json::text).map(Cow::into_owned)
    }

    /// A member that is a text, by its very name.
    pub(crate) fn text_as_named(&self, name: &str) -> Option<String> {
        self.members.get(name).and_then(json::text).map(Cow::into_owned)
    }

    /// How long there is something to ask for, in seconds: `expires_in`, else what the file says, and no longer than that.
    pub(crate) fn lifetime(&self, usual: Option<u64>, longest: f64) -> Result<Duration> {
        let lifetime = match self.member("expires_in") {
            Some(value) => number(value).filter(|seconds| *seconds > 0.0),
            // Nobody writes a number of seconds that a float cannot hold.
            None => usual.map(|seconds| f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))),
        };
        let lifetime = lifetime.ok_or_else(|| self.wrong("expires_in", "is missing, or not above zero"))?;
        Ok(Duration::from_secs_f64(lifetime.min(longest)))
    }

    /// The time between two questions: the server's, unless it is none, within what can be waited for.
    pub(crate) fn interval(&self) -> Duration {
        let seconds = self.member("interval").and_then(number).filter(|seconds| *seconds > 0.0);
        seconds.map_or(INTERVAL, |seconds| Duration::from_secs_f64(seconds.min(LONGEST_INTERVAL.as_secs_f64())))
    }

    /// The error of a member that is not what it has to be.
    pub(crate) fn wrong(&self, member: &str, why: &str) -> Error {
        wrong(self.about, member, why)
    }

    fn member(&self, standard: &str) -> Option<&'a RawValue> {
        self.members.get(renamed(self.rename, standard)).filter(|value| !json::is_null(value))
    }
}

fn wrong((inner, step): (&Inner, Step), member: &str, why: &str) -> Error {
    inner.error(ErrorKind::BadResponse, step, format!("the answer's `{member}` {why}"))
}

/// A number, also as text; JSON knows no infinity.
fn number(value: &RawValue) -> Option<f64> {
    let text = json::text(value).unwrap_or(Cow::Borrowed(value.get()));
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}
