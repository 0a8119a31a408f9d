//! What the backchannel authentication endpoint answers (OpenID Connect Client-Initiated Backchannel Authentication 1.0
//! section 7.3).

use std::time::Duration;

use secrecy::SecretString;

use crate::client::Inner;
use crate::error::{Result, Step};
use crate::polling::Answer;

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
        let answer = Answer::read((inner, Step::Backchannel), &[], (answer, "auth_req_id"))?;
        // The standard has letters, digits, `.`, `-` and `_`; a server that takes more is not refused for it.
        let sound = |id: &str| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let request_id = answer.text("auth_req_id").filter(|id| sound(id));
        let request_id = request_id.ok_or_else(|| answer.wrong("auth_req_id", "is missing, or no id"))?;
        // "expires_in REQUIRED"; "interval OPTIONAL [...] If no value is provided, clients MUST use 5 as the default value."
        Ok(Self {
            request_id: request_id.into(),
            lifetime: answer.lifetime(None, LONGEST_LIFETIME)?,
            interval: answer.interval(),
        })
    }
}
