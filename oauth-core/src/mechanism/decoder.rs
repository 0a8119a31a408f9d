use std::fmt;

use http::header;
use serde_json::value::RawValue;

use super::MechanismError;
use crate::client::Inner;
use crate::error::{ErrorKind, Result as StepResult, Scrub, Step};
use crate::http::Answer;
use crate::spec::MechanismKind;

/// Makes JSON of an answer of the token endpoint that is none: XML, JSONP, a text of the provider's own.
///
/// The provider's file selects it with `token.response.decode: NAME`. What the other keys of `token.response` say (`at`,
/// `rename`, `fails_when`, ...) is about the JSON that comes out.
///
/// ```
/// use oauth_core::mechanism::{AnswerDecoder, MechanismError, RawAnswer};
///
/// /// `callback({"access_token": ..});`
/// struct Jsonp;
///
/// impl AnswerDecoder for Jsonp {
///     fn decode(&self, answer: &RawAnswer<'_>) -> Result<String, MechanismError> {
///         let text = answer.text()?.trim().trim_end_matches(';');
///         let inside = text.strip_prefix("callback(").and_then(|rest| rest.strip_suffix(')'));
///         Ok(inside.ok_or(MechanismError::new("the answer is no JSONP"))?.to_owned())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decode answers of the token endpoint",
    label = "implement `mechanism::AnswerDecoder` for `{Self}`",
    note = "the provider's YAML file asks for one with `token.response.decode`"
)]
pub trait AnswerDecoder: Send + Sync + 'static {
    /// The answer as the text of a JSON object, of at most 1 MiB.
    ///
    /// Refusals come here, too. Where one cannot be decoded it is read as if there were no decoder: gateways answer with
    /// JSON or HTML of their own.
    fn decode(&self, answer: &RawAnswer<'_>) -> Result<String, MechanismError>;
}

/// An answer of the token endpoint as it came, at most 1 MiB of it.
pub struct RawAnswer<'a> {
    answer: &'a Answer,
}

/// As much as an answer itself may have.
const MAX_JSON: usize = 1024 * 1024;

impl<'a> RawAnswer<'a> {
    /// The status.
    pub fn status(&self) -> u16 {
        self.answer.status.as_u16()
    }

    /// The header `Content-Type`, where it is one.
    pub fn content_type(&self) -> Option<&'a str> {
        self.answer.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// The body.
    pub fn bytes(&self) -> &'a [u8] {
        &self.answer.body
    }

    /// The body as UTF-8.
    pub fn text(&self) -> Result<&'a str, MechanismError> {
        std::str::from_utf8(self.bytes()).map_err(|_| MechanismError::new("the answer is not UTF-8"))
    }
}

/// The body may have tokens: only its size is shown.
impl fmt::Debug for RawAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.answer.body.len();
        f.debug_struct("RawAnswer").field("status", &self.status()).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// The answer's JSON; none for a refusal that is not in the provider's own format.
pub(crate) fn decode(
    inner: &Inner,
    decoder: &dyn AnswerDecoder,
    step: Step,
    answer: &Answer,
    scrub: impl FnOnce() -> Scrub,
) -> StepResult<Option<String>> {
    match decoder.decode(&RawAnswer { answer }).and_then(object) {
        Ok(json) => Ok(Some(json)),
        Err(_) if !answer.status.is_success() => Ok(None),
        Err(error) => {
            let at = (inner.spec(), step, MechanismKind::AnswerDecoder);
            Err(error.into_error(ErrorKind::BadResponse, at, &scrub(), std::slice::from_ref(&answer.body)))
        }
    }
}

fn object(json: String) -> Result<String, MechanismError> {
    if json.len() > MAX_JSON {
        return Err(MechanismError::new("what it made of the answer is larger than any real one"));
    }
    let is_object = json.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(&json).is_ok();
    if is_object { Ok(json) } else { Err(MechanismError::new("what it made of the answer is not a JSON object")) }
}
