//! What the backchannel authentication endpoint answers (OpenID Connect Client-Initiated Backchannel Authentication 1.0
//! section 7.3).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::client::Inner;
use crate::device::{interval, number};
use crate::error::{ErrorKind, Result, Step};
use crate::json::{self, Members};

/// No real id is longer.
const LONGEST_ID: usize = 16 * 1024;
/// Nobody waits for an approval for longer, in seconds.
const LONGEST_LIFETIME: f64 = 24.0 * 3600.0;

/// A request that the provider has taken.
pub(super) struct Acknowledged {
    pub(super) request_id: SecretString,
    pub(super) lifetime: Duration,
    pub(super) interval: Duration,
}

impl Acknowledged {
    pub(super) fn read(inner: &Inner, answer: &SecretString) -> Result<Self> {
        let wrong = |member: &str, why: &str| {
            let what = format!("the answer's `{member}` {why}");
            inner.error(ErrorKind::BadResponse, Step::Backchannel, what)
        };
        let members = Members::parse(answer.expose_secret()).map_err(|_| wrong("auth_req_id", "is missing"))?;
        let member = |name: &str| members.get(name).filter(|value| !json::is_null(value));
        // The standard has letters, digits, `.`, `-` and `_`; a server that takes more is not refused for it.
        let sound = |id: &str| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let request_id = member("auth_req_id").and_then(json::text).filter(|id| sound(id));
        let request_id = request_id.ok_or_else(|| wrong("auth_req_id", "is missing, or no id"))?;
        // "expires_in REQUIRED"; "interval OPTIONAL [...] If no value is provided, clients MUST use 5 as the default value."
        let lifetime = member("expires_in").and_then(number).filter(|seconds| *seconds > 0.0);
        let lifetime = lifetime.ok_or_else(|| wrong("expires_in", "is missing, or not above zero"))?;
        Ok(Self {
            request_id: request_id.into_owned().into(),
            lifetime: Duration::from_secs_f64(lifetime.min(LONGEST_LIFETIME)),
            interval: interval(member("interval")),
        })
    }
}
