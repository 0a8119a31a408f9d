use super::CallbackInput;
use crate::client::Inner;
use crate::error::{ErrorKind, Result, Step};

/// RFC 9207 section 2.4: clients "MUST compare the result to the issuer identifier of the authorization server where the
/// authorization request was sent to" by simple string comparison; it counts whenever it is there. Section 4: it may be left
/// out where an ID token in the same answer names the issuer.
pub(super) fn check_issuer(
    inner: &Inner,
    input: &CallbackInput,
    (expected, iss): (Option<&str>, Option<&str>),
    named_otherwise: bool,
) -> Result<()> {
    match (expected, iss) {
        (Some(expected), Some(iss)) if expected != iss => {
            let what = format!("the callback names the issuer `{}`, expected `{expected}`", input.shown(inner, iss));
            Err(inner.error(ErrorKind::IssuerMismatch, Step::Callback, what))
        }
        (_, None) if inner.config.spec.endpoints.iss_in_callback && !named_otherwise => Err(inner.error(
            ErrorKind::IssuerMissing,
            Step::Callback,
            "the callback names no issuer although this provider always does",
        )),
        _ => Ok(()),
    }
}
