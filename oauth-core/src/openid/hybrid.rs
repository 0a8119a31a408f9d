//! The ID token that comes beside the code (OpenID Connect Core section 3.3).

use secrecy::{ExposeSecret as _, SecretString};

use super::claims::IdToken;
use super::id_token::{Check, Expected, verified};
use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Scrub, Step};

/// Verifies it, before the code is sent anywhere: it came through the browser, and so did the code.
///
/// Section 3.3.2.12 has the checks of section 3.2.2.11, of which the nonce is one and those of section 3.1.3.7 are the others;
/// section 3.3.2.11: `c_hash` is "REQUIRED" where the ID token is issued with a code.
pub(crate) async fn accept_beside_code(
    inner: &Inner,
    text: &SecretString,
    code: &SecretString,
    expected: Expected<'_>,
) -> Result<IdToken> {
    let Some(openid) = &inner.spec().openid else {
        let what = "an ID token came beside the code, and the provider's file has no `openid` to verify it by";
        return Err(Error::new(ErrorKind::Unsupported, Step::IdToken, what).of(inner.spec()));
    };
    let secrets = [code, text].map(SecretString::expose_secret);
    let scrub = Scrub::new(&inner.config, secrets.into_iter().chain(expected.nonce.map(SecretString::expose_secret)));
    let (claims, alg) = verified(inner, openid, text, &scrub).await?;
    let check = Check { inner, claims: &claims };
    check.audience()?;
    check.times()?;
    check.nonce(expected.nonce, true)?;
    // Section 3.1.2.1: with `max_age` each ID token has an `auth_time`.
    check.auth_time(expected.max_age)?;
    // Section 3.3.3.6 only says that both "SHOULD" have the claims about the login: one that has no `acr` here has it there.
    if claims.acr().is_some() {
        check.acr(expected.acr)?;
    }
    let Some(hash) = claims.c_hash.as_deref() else {
        check.fail(ErrorKind::IdTokenHash, "the ID token beside the code does not say which code (`c_hash`)")?;
        return Ok(claims);
    };
    check.hash("c_hash", Some(hash), code.expose_secret(), alg)?;
    Ok(claims)
}

/// Section 3.3.3.6: "the `iss` and `sub` Claim Values MUST be identical in both ID Tokens". What both say of the login is
/// about one login.
pub(crate) fn check_same_login(inner: &Inner, front: &IdToken, back: Option<&IdToken>) -> Result<()> {
    let fail = |kind, what: &str| Err(inner.error(kind, Step::IdToken, what));
    let Some(back) = back else { return fail(ErrorKind::IdTokenMissing, "the answer has no ID token") };
    if (front.issuer(), front.subject()) != (back.issuer(), back.subject()) {
        let what = "the ID token beside the code is of another user or issuer than that of the token endpoint";
        return fail(ErrorKind::SubjectMismatch, what);
    }
    if front.acr().zip(back.acr()).is_some_and(|(front, back)| front != back) {
        let what = "the two ID tokens of the login say that the user logged in in different ways (`acr`)";
        return fail(ErrorKind::IdTokenAcr, what);
    }
    let is_of_login = inner.spec().openid.as_ref().is_none_or(|openid| openid.auth_time);
    let other_time = front.auth_time().zip(back.auth_time()).is_some_and(|(front, back)| front != back);
    if is_of_login && other_time {
        let what = "the two ID tokens of the login say that the user logged in at different times (`auth_time`)";
        return fail(ErrorKind::IdTokenAuthTime, what);
    }
    Ok(())
}
