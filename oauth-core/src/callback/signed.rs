//! A callback that is a JWT (JWT Secured Authorization Response Mode): its parameters, once the provider's signature over them
//! has been checked.

use super::CallbackInput;
use crate::client::Inner;
use crate::error::{ErrorKind, Result, Step};
use crate::jose::JoseError;
use crate::json::{self, Members};
use crate::openid::SIGNED_CALLBACK as KIND;

/// The parameter that carries the JWT (section 2.3).
const RESPONSE: &str = "response";

/// What the callback says: as it came, or where the file says that it is signed, what is in the JWT.
///
/// Section 2.4 has the state checked before the signature, because a client of several servers finds out by it whose keys it
/// takes. This client has one server: keys, issuer and client are its own, so that the signature comes first, and nothing is
/// looked up by, compared with or taken from a JWT before it is known to be the provider's and for this client. The attempt is
/// found by the state in it, afterwards, and is held to provider, server and client as always.
///
/// Who sends a forged JWT makes this client ask for keys, and no more often than the cache of keys allows.
pub(super) async fn opened(inner: &Inner, input: CallbackInput) -> Result<CallbackInput> {
    if !inner.spec().authorize.is_answer_signed() || input.too_large {
        return Ok(input);
    }
    let jwt = jwt(inner, &input)?;
    let verified = KIND.verify(inner, jwt).await?;
    let params = params(inner, verified.payload()).map_err(|error| KIND.malformed(inner, error))?;
    Ok(CallbackInput { params, too_large: false, signed: true })
}

/// The JWT, and nothing that would be read if there were none: who puts a plain code beside a signed answer wants it to be
/// taken for one.
pub(super) fn jwt<'a>(inner: &Inner, input: &'a CallbackInput) -> Result<&'a str> {
    let response = input.once(RESPONSE).map_err(|()| {
        inner.error(ErrorKind::AmbiguousCallback, Step::Callback, "the callback has `response` more than once")
    })?;
    if input.params.iter().any(|(name, _)| is_read(inner, name)) {
        let what = "the callback has parameters that nobody signed, although this provider signs its answers";
        return Err(KIND.unsigned(inner, what));
    }
    response.ok_or_else(|| KIND.unsigned(inner, "the callback has no `response`, the provider's signed answer"))
}

/// Section 2.1: the JWT "contains the response parameters"; each is text. What else it has is not ours.
fn params(inner: &Inner, payload: &[u8]) -> Result<Vec<(String, String)>, JoseError> {
    let payload = std::str::from_utf8(payload).map_err(|_| JoseError::BadClaims)?;
    let members = Members::parse(payload).map_err(|_| JoseError::BadClaims)?;
    let mut params = Vec::new();
    for (name, value) in members.0 {
        match json::text(value) {
            Some(text) => params.push((name.into_owned(), text.into_owned())),
            None if is_read(inner, &name) => return Err(JoseError::BadClaim(name.into_owned())),
            None => {}
        }
    }
    Ok(params)
}

/// Whether the client reads that parameter of a callback.
fn is_read(inner: &Inner, name: &str) -> bool {
    let rules = &inner.spec().callback;
    let own = ["state", "iss", "error", "error_description", "error_uri", "id_token", "access_token"];
    own.contains(&name)
        || name == rules.code
        || rules.error.iter().chain(&rules.error_description).any(|known| known == name)
        || rules.keep.iter().any(|kept| kept.name == name)
        || rules.profile.as_ref().is_some_and(|facts| facts.param == name)
}
