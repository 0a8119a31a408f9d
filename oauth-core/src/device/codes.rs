//! What the device authorization endpoint answers (RFC 8628 section 3.2). Parts of it are shown to a person, so nothing
//! is in them that a terminal or a browser would take for more than text.

use std::borrow::Cow;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;
use url::Url;

use super::pace::{INTERVAL, LONGEST_INTERVAL};
use crate::client::{Inner, renamed};
use crate::error::{ErrorKind, Result, Step};
use crate::json::{self, Members};
use crate::spec::{DeviceAuthorization, template};

/// Nobody types more.
const LONGEST_CODE: usize = 64;
/// Nobody reads more.
const LONGEST_URI: usize = 2048;
/// Nobody looks for another device for longer, in seconds.
const LONGEST_LIFETIME: f64 = 3600.0;

pub(super) struct Codes {
    pub(super) device_code: SecretString,
    pub(super) user_code: String,
    pub(super) verification_uri: String,
    pub(super) verification_uri_complete: Option<String>,
    pub(super) lifetime: Duration,
    pub(super) interval: Duration,
}

impl Codes {
    pub(super) fn read(inner: &Inner, rule: &DeviceAuthorization, answer: &SecretString) -> Result<Self> {
        let wrong = |member: &str, why: &str| {
            let what = format!("the answer's `{member}` {why}");
            inner.error(ErrorKind::BadResponse, Step::Device, what)
        };
        let members = Members::parse(answer.expose_secret()).map_err(|_| wrong("device_code", "is missing"))?;
        let member =
            |standard: &str| members.get(renamed(&rule.rename, standard)).filter(|value| !json::is_null(value));
        let text = |standard: &str| member(standard).and_then(json::text).map(Cow::into_owned);

        let device_code = text("device_code").filter(|code| !code.is_empty() && !code.chars().any(char::is_control));
        let device_code = device_code.ok_or_else(|| wrong("device_code", "is missing, or no code"))?;
        // RFC 8628 section 6.1 has short codes of letters and digits.
        let user_code = text("user_code").filter(|code| is_showable(code, LONGEST_CODE));
        let user_code = user_code.ok_or_else(|| wrong("user_code", "is missing, or nothing that can be shown"))?;
        // Drafts of the RFC had the second name, and some providers still have it.
        let uri = text("verification_uri")
            .or_else(|| members.get("verification_url").and_then(json::text).map(Cow::into_owned));
        let uri = uri.and_then(|uri| Some((page(&uri)?, uri)));
        let (page_of, verification_uri) =
            uri.ok_or_else(|| wrong("verification_uri", "is missing, or no https address that can be shown"))?;
        // Whoever follows it has not compared anything: it leads where the other one leads, or nowhere.
        let complete = text("verification_uri_complete")
            .filter(|complete| page(complete).is_some_and(|complete| complete.origin() == page_of.origin()));
        let lifetime = match (member("expires_in"), rule.lifetime) {
            (Some(value), _) => number(value).filter(|seconds| *seconds > 0.0),
            // Nobody writes a number of seconds that a float cannot hold.
            (None, Some(seconds)) => Some(f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))),
            (None, None) => None,
        };
        let lifetime = lifetime.ok_or_else(|| wrong("expires_in", "is missing, or not above zero"))?;
        Ok(Self {
            device_code: device_code.into(),
            user_code,
            verification_uri,
            verification_uri_complete: complete,
            lifetime: Duration::from_secs_f64(lifetime.min(LONGEST_LIFETIME)),
            interval: interval(member("interval")),
        })
    }
}

/// Visible ASCII, and spaces between.
fn is_showable(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.len() <= most && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// A page that a person may be sent to (RFC 8628 section 3.3.1): https, or on this machine.
fn page(uri: &str) -> Option<Url> {
    if !is_showable(uri, LONGEST_URI) || uri.contains([' ', '\\', '"', '<', '>', '^', '`', '{', '|', '}']) {
        return None;
    }
    let url = Url::parse(uri).ok()?;
    (template::is_secure(&url) && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// The time between two questions: the server's, unless it is none, within what can be waited for.
pub(crate) fn interval(member: Option<&RawValue>) -> Duration {
    let seconds = member.and_then(number).filter(|seconds| *seconds > 0.0);
    seconds.map_or(INTERVAL, |seconds| Duration::from_secs_f64(seconds.min(LONGEST_INTERVAL.as_secs_f64())))
}

/// A number, also as text; JSON knows no infinity.
pub(crate) fn number(value: &RawValue) -> Option<f64> {
    let text = json::text(value).unwrap_or(Cow::Borrowed(value.get()));
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}
