//! Answers that the provider signs for this client: what each has to say of itself before it is read (RFC 7519 section 4.1,
//! RFC 8725 section 3).

use std::time::SystemTime;

use super::{check_issuer_text, verify_signed};
use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::jose::{Claims, JoseError, Verified};

/// One kind of signed answer.
pub(crate) struct SignedAnswer {
    step: Step,
    /// What it is, for messages.
    what: &'static str,
    /// The `typ` that it has. Without one it is a plain JWT, or says nothing.
    typ: Option<&'static str>,
    /// The date that it must have, beside those that are looked at where it has them.
    date: Option<&'static str>,
    /// Whether it may be for others as well whom this client does not trust.
    shared: bool,
    /// Claims that tokens of another kind have and this one has not.
    foreign: &'static [&'static str],
}

/// JWT Secured Authorization Response Mode section 2.1: `iss`, `aud` and `exp` are there. It has no `typ` of its own, so that
/// what else tells an ID token apart is looked at (RFC 8725 section 3.12).
pub(crate) const CALLBACK: SignedAnswer = SignedAnswer {
    step: Step::Callback,
    what: "the signed callback",
    typ: None,
    date: Some("exp"),
    shared: false,
    foreign: &["sub", "nonce", "at_hash", "c_hash", "events"],
};

/// OpenID Connect Core section 5.3.2: a signed answer "SHOULD contain the Claims iss (issuer) and aud (audience) as
/// members". What has neither is anybody's, so that both are demanded here.
pub(crate) const USERINFO: SignedAnswer = SignedAnswer {
    step: Step::Profile,
    what: "the signed profile",
    typ: None,
    date: None,
    shared: true,
    foreign: &["nonce", "at_hash", "c_hash", "events"],
};

/// RFC 9701 section 5: `typ`, `iss`, `aud` and `iat` are there.
pub(crate) const INTROSPECTION: SignedAnswer = SignedAnswer {
    step: Step::Introspect,
    what: "the signed answer",
    typ: Some("token-introspection+jwt"),
    date: Some("iat"),
    shared: true,
    foreign: &[],
};

impl SignedAnswer {
    /// Checks signature, kind, issuer, audience and dates; the caller reads the rest. Nothing of it is acted on before, and the
    /// issuer, the keys and the client are those of `inner`: nothing in the answer chooses any of them.
    pub(crate) async fn verify(&self, inner: &Inner, text: &str) -> Result<Verified> {
        let (verified, openid) = verify_signed(inner, text, self.step).await?;
        if !self.is_kind(verified.typ()) {
            return Err(self.fail(inner, ErrorKind::SignedAnswer, "says that it is something else (`typ`)"));
        }
        let claims = verified.claims().map_err(|error| self.malformed(inner, error))?;
        if let Some(name) = self.foreign.iter().find(|name| claims.has(name)) {
            let what = format!("has a claim of another kind of token (`{name}`)");
            return Err(self.fail(inner, ErrorKind::SignedAnswer, &what));
        }
        let missing = |name: &str| self.malformed(inner, JoseError::MissingClaim(name.to_owned()));
        let issuer = claims.text("iss").map_err(|error| self.malformed(inner, error))?;
        check_issuer_text(inner, openid, &issuer.ok_or_else(|| missing("iss"))?, self.step)?;
        self.audience(inner, &claims)?;
        if let Some(name) = self.date.filter(|name| !claims.has(name)) {
            return Err(missing(name));
        }
        self.times(inner, &claims)?;
        Ok(verified)
    }

    /// RFC 7515 section 4.1.9: `typ` is a media type, without "application/" where nothing else has a slash. RFC 8725 section
    /// 3.11: whoever has a type of its own is not mistaken for anything else.
    fn is_kind(&self, typ: Option<&str>) -> bool {
        let typ = typ.map(|typ| {
            let prefix = typ.get(.."application/".len()).filter(|start| start.eq_ignore_ascii_case("application/"));
            prefix.map_or(typ, |prefix| &typ[prefix.len()..])
        });
        match (self.typ, typ) {
            (Some(wanted), Some(given)) => given.eq_ignore_ascii_case(wanted),
            (Some(_), None) => false,
            (None, given) => given.is_none_or(|given| given.eq_ignore_ascii_case("JWT")),
        }
    }

    /// RFC 7519 section 4.1.3: whoever does not find itself among the audiences refuses the token.
    fn audience(&self, inner: &Inner, claims: &Claims<'_>) -> Result<()> {
        let config = &inner.config;
        let audiences = claims.texts("aud").map_err(|error| self.malformed(inner, error))?;
        let audiences = audiences.ok_or_else(|| self.malformed(inner, JoseError::MissingClaim("aud".to_owned())))?;
        if !audiences.iter().any(|audience| **audience == *config.client_id) {
            return Err(self.fail(inner, ErrorKind::IdTokenAudience, "is for another client (`aud`)"));
        }
        let trusted =
            |audience: &str| audience == config.client_id || config.audiences.iter().any(|known| known == audience);
        if self.shared || audiences.iter().all(|audience| trusted(audience)) {
            return Ok(());
        }
        Err(self.fail(inner, ErrorKind::IdTokenAudience, "is for others as well (`aud`), who are not trusted"))
    }

    /// RFC 7519 sections 4.1.4 to 4.1.6, each where it is there.
    fn times(&self, inner: &Inner, claims: &Claims<'_>) -> Result<()> {
        let (now, leeway) = (inner.now(), inner.config.leeway);
        let date = |name: &str| claims.date(name).map_err(|error| self.malformed(inner, error));
        // "the current date/time MUST be before the expiration date/time listed in the exp claim".
        if date("exp")?.is_some_and(|end| now >= end + leeway) {
            return Err(self.fail(inner, ErrorKind::IdTokenExpired, "has expired"));
        }
        let is_later = |date: Option<SystemTime>| date.is_some_and(|date| date > now + leeway);
        if is_later(date("iat")?) || is_later(date("nbf")?) {
            return Err(self.fail(inner, ErrorKind::IdTokenNotYetValid, "is from the future; a clock is wrong"));
        }
        Ok(())
    }

    /// The error of an answer that had to be signed and is not.
    pub(crate) fn unsigned(&self, inner: &Inner, what: &str) -> Error {
        inner.error(ErrorKind::AnswerUnsigned, self.step, what)
    }

    /// The error of an answer that lacks something or has it in another form.
    pub(crate) fn malformed(&self, inner: &Inner, source: JoseError) -> Error {
        let what = format!("{} lacks what each has, or has it in another form", self.what);
        Error::new(ErrorKind::SignedAnswer, self.step, what).source(source).of(inner.spec())
    }

    fn fail(&self, inner: &Inner, kind: ErrorKind, what: &str) -> Error {
        inner.error(kind, self.step, format!("{} {what}", self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_its_own_is_demanded_and_another_ones_refused() {
        for typ in ["token-introspection+jwt", "application/token-introspection+jwt", "Token-Introspection+JWT"] {
            assert!(INTROSPECTION.is_kind(Some(typ)), "{typ}");
            assert!(!CALLBACK.is_kind(Some(typ)) && !USERINFO.is_kind(Some(typ)), "{typ}");
        }
        for typ in [None, Some("JWT"), Some("jwt"), Some("application/jwt")] {
            assert!(CALLBACK.is_kind(typ) && USERINFO.is_kind(typ), "{typ:?}");
            assert!(!INTROSPECTION.is_kind(typ), "{typ:?}");
        }
        for typ in ["", "at+jwt", "logout+jwt", "dpop+jwt", "applicationé/jwt", "application/"] {
            assert!(!CALLBACK.is_kind(Some(typ)) && !INTROSPECTION.is_kind(Some(typ)), "{typ}");
        }
    }
}
