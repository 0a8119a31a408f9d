//! The ID token that comes beside the code (OpenID Connect Core section 3.3).

use secrecy::{ExposeSecret as _, SecretString};

use super::claims::IdToken;
use super::id_token::{Check, verified};
use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Scrub, Step};

/// Verifies it, before the code is sent anywhere: it came through the browser, and so did the code.
///
/// Section 3.3.2.12 has the checks of section 3.2.2.11, of which the nonce is one; section 3.3.2.11: `c_hash` is "REQUIRED"
/// where the ID token is issued with a code.
pub(crate) async fn accept_beside_code(
    inner: &Inner,
    text: &SecretString,
    code: &SecretString,
    nonce: Option<&SecretString>,
) -> Result<IdToken> {
    let Some(openid) = &inner.spec().openid else {
        let what = "an ID token came beside the code, and the provider's file has no `openid` to verify it by";
        return Err(Error::new(ErrorKind::Unsupported, Step::IdToken, what).of(inner.spec()));
    };
    let secrets = [code, text].map(SecretString::expose_secret);
    let scrub = Scrub::new(&inner.config, secrets.into_iter().chain(nonce.map(SecretString::expose_secret)));
    let (claims, alg) = verified(inner, openid, text, &scrub).await?;
    let check = Check { inner, claims: &claims };
    check.audience()?;
    check.times()?;
    check.nonce(nonce, true)?;
    let Some(hash) = claims.c_hash.as_deref() else {
        check.fail(ErrorKind::IdTokenHash, "the ID token beside the code does not say which code (`c_hash`)")?;
        return Ok(claims);
    };
    check.hash("c_hash", Some(hash), code.expose_secret(), alg)?;
    Ok(claims)
}

/// Section 3.3.3.6: "the `iss` and `sub` Claim Values MUST be identical in both ID Tokens".
pub(crate) fn check_same_user(inner: &Inner, front: &IdToken, back: Option<&IdToken>) -> Result<()> {
    let Some(back) = back else {
        return Err(inner.error(ErrorKind::IdTokenMissing, Step::IdToken, "the answer has no ID token"));
    };
    if (front.issuer(), front.subject()) == (back.issuer(), back.subject()) {
        return Ok(());
    }
    let what = "the ID token beside the code is of another user or issuer than that of the token endpoint";
    Err(inner.error(ErrorKind::SubjectMismatch, Step::IdToken, what))
}
