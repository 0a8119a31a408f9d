use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;

use crate::crypto::CryptoError;
use crate::error::{Error, ErrorKind, Scrub, Step, clean};
use crate::rng::RngError;
use crate::spec::{MechanismKind, ProviderSpec};

/// Why a mechanism could not do its work.
///
/// A fixed text is shown as it is. Of a text that was put together, secrets of the request are blotted out, and so is
/// every longer word that the provider's answer has: nothing that was secret a moment ago gets into a log.
///
/// ```
/// use oauth_core::mechanism::MechanismError;
///
/// let error = MechanismError::new("the answer has no element `access_token`");
/// assert_eq!(error.to_string(), "the answer has no element `access_token`");
/// ```
#[derive(Clone, Debug)]
pub struct MechanismError {
    what: Cow<'static, str>,
    cause: Option<Error>,
}

/// Shorter words are those of ordinary sentences.
const SHORTEST: usize = 8;

impl MechanismError {
    /// An error with these words: what was being done and what went wrong.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), cause: None }
    }

    /// The error of the step in which it happened. `heard` is what the provider answered.
    pub(super) fn into_error(
        self,
        kind: ErrorKind,
        at: (&ProviderSpec, Step, MechanismKind),
        scrub: &Scrub,
        heard: &[Bytes],
    ) -> Error {
        let (spec, step, mechanism) = at;
        if let Some(cause) = self.cause {
            return cause;
        }
        let text = match self.what {
            Cow::Borrowed(text) => clean(text),
            Cow::Owned(text) => clean(&without(&scrub.text(&text), heard)),
        };
        let name = spec.mechanisms.iter().find(|(known, _)| *known == mechanism).map_or("", |(_, name)| name);
        let what = format!("the mechanism `{name}` ({}) failed: {text}", mechanism.key());
        Error::new(kind, step, what).of(spec)
    }
}

/// The text without longer words that an answer has.
fn without(text: &str, heard: &[Bytes]) -> String {
    let heard: Vec<Cow<'_, str>> = heard.iter().map(|body| String::from_utf8_lossy(body)).collect();
    let ends = |c: char| c.is_whitespace() || "\"'`<>=,;()[]{}".contains(c);
    let mut cleaned = String::with_capacity(text.len());
    for piece in text.split_inclusive(ends) {
        let word = piece.trim_end_matches(ends);
        if word.len() >= SHORTEST && heard.iter().any(|body| body.contains(word)) {
            cleaned.push_str("[redacted]");
            cleaned.push_str(&piece[word.len()..]);
        } else {
            cleaned.push_str(piece);
        }
    }
    cleaned
}

impl fmt::Display for MechanismError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for MechanismError {}

/// An error of the engine passes through a mechanism as it is: a timeout stays a timeout.
impl From<Error> for MechanismError {
    fn from(error: Error) -> Self {
        Self { what: error.to_string().into(), cause: Some(error) }
    }
}

impl From<CryptoError> for MechanismError {
    fn from(error: CryptoError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<RngError> for MechanismError {
    fn from(error: RngError) -> Self {
        Self::new(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_had_is_not_said_again() {
        let heard = [Bytes::from_static(b"<token>canary-4711</token>")];
        let text = without("no end after <token>canary-4711 in `canary-4711`, line 3", &heard);
        assert_eq!(text, "no end after <token>[redacted] in `[redacted]`, line 3");
    }
}
