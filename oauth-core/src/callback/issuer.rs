use super::CallbackInput;
use crate::client::{Inner, Prepared};
use crate::error::{Error, ErrorKind, Result, Step};

/// RFC 9207 section 2.4: clients "MUST compare the result to the issuer identifier of the authorization server where the
/// authorization request was sent to" by simple string comparison; it counts whenever it is there. Section 4: it may be left
/// out where an ID token in the same answer names the issuer.
pub(super) fn check_issuer(
    inner: &Inner,
    prepared: &Prepared,
    (input, iss): (&CallbackInput, Option<&str>),
    named_otherwise: bool,
) -> Result<()> {
    let Some(iss) = iss else {
        if inner.config.spec.endpoints.iss_in_callback && !named_otherwise {
            let what = "the callback names no issuer although this provider always does";
            return Err(inner.error(ErrorKind::IssuerMissing, Step::Callback, what));
        }
        return Ok(());
    };
    let mismatch = |what: String| Error::new(ErrorKind::IssuerMismatch, Step::Callback, what);
    let shown = || input.shown(inner, iss);
    match (&prepared.issuer, &prepared.id_issuer) {
        (Some(expected), _) if expected == iss => Ok(()),
        (Some(expected), _) => {
            let what = format!("the callback names the issuer `{}`, expected `{expected}`", shown());
            Err(mismatch(what).of(inner.spec()))
        }
        // Section 4: the `iss` of an ID token is the same identifier.
        (None, Some(expected)) => {
            let also = inner.spec().openid.iter().flat_map(|openid| &openid.also_issuers);
            if expected.may_be(iss) || also.into_iter().any(|known| known == iss) {
                return Ok(());
            }
            let what =
                format!("the callback names the issuer `{}`, which is none of the provider's ID tokens", shown());
            Err(mismatch(what).of(inner.spec()))
        }
        // Section 2.4: without metadata clients "MUST use deployment-specific ways (for example, a static configuration)". A
        // provider whose file names no issuer may have sent the browser on to an honest one, to be given its code.
        (None, None) if is_of(iss, &prepared.server) => Ok(()),
        (None, None) => {
            let what = format!("the callback names the issuer `{}`, and the code would go to another origin", shown());
            let fix = "if it is the provider's issuer, add `endpoints.issuer` to its YAML file; if not, somebody mixes two \
                       providers up: do not log in";
            Err(mismatch(what).fix(fix).of(inner.spec()))
        }
    }
}

/// Whether an issuer is at the origin of the token endpoint.
fn is_of(issuer: &str, token_endpoint: &str) -> bool {
    let origin = |address: &str| url::Url::parse(address).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    origin(issuer).is_some_and(|origin_of| origin(token_endpoint) == Some(origin_of))
}
