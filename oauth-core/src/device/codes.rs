//! What the device authorization endpoint answers (RFC 8628 section 3.2). Parts of it are shown to a person, so nothing
//! is in them that a terminal or a browser would take for more than text.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::client::Inner;
use crate::error::{Result, Step};
use crate::polling::Answer;
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
        let answer = Answer::read((inner, Step::Device), &rule.rename, (answer, "device_code"))?;
        let device_code =
            answer.text("device_code").filter(|code| !code.is_empty() && !code.chars().any(char::is_control));
        let device_code = device_code.ok_or_else(|| answer.wrong("device_code", "is missing, or no code"))?;
        // RFC 8628 section 6.1 has short codes of letters and digits.
        let user_code = answer.text("user_code").filter(|code| is_showable(code, LONGEST_CODE));
        let user_code =
            user_code.ok_or_else(|| answer.wrong("user_code", "is missing, or nothing that can be shown"))?;
        // Drafts of the RFC had the second name, and some providers still have it.
        let uri = answer.text("verification_uri").or_else(|| answer.text_as_named("verification_url"));
        let uri = uri.and_then(|uri| Some((page(&uri)?, uri)));
        let (page_of, verification_uri) =
            uri.ok_or_else(|| answer.wrong("verification_uri", "is missing, or no https address that can be shown"))?;
        // Whoever follows it has not compared anything: it leads where the other one leads, or nowhere.
        let complete = answer
            .text("verification_uri_complete")
            .filter(|complete| page(complete).is_some_and(|complete| complete.origin() == page_of.origin()));
        Ok(Self {
            device_code: device_code.into(),
            user_code,
            verification_uri,
            verification_uri_complete: complete,
            lifetime: answer.lifetime(rule.lifetime, LONGEST_LIFETIME)?,
            interval: answer.interval(),
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
    template::is_bare(&url).then_some(url)
}
