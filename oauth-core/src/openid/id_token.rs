//! What makes an ID token worth believing (OpenID Connect Core section 3.1.3.7), in the order of that section.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::claims::{Fault, IdToken};
use super::{issuer, keys};
use crate::client::Inner;
use crate::encode::base64url;
use crate::error::{Error, ErrorKind, Result, Scrub, Step};
use crate::jose::{Alg, JoseError, Verified};
use crate::spec::OpenId;
use crate::token::TokenSet;

/// No login takes this long: an older token is from another one.
const OLDEST: Duration = Duration::from_secs(24 * 60 * 60);
/// No ID token is meant to last this long: its end is no date.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What this login expects of its ID token.
#[derive(Clone, Copy, Default)]
pub(crate) struct Expected<'a> {
    pub(crate) nonce: Option<&'a SecretString>,
    pub(crate) code: Option<&'a SecretString>,
    /// Seconds since the user last logged in, where the request had `max_age`.
    pub(crate) max_age: Option<u64>,
    /// The classes of which one was demanded.
    pub(crate) acr: &'a [String],
    /// Whether the scope `openid` was asked for.
    pub(crate) asked: bool,
    /// Whether the request had no place for a nonce.
    pub(crate) without_nonce: bool,
}

/// Checks the ID token of a login, where the provider's file says that it issues some.
pub(crate) async fn accept(inner: &Inner, tokens: &TokenSet, expected: Expected<'_>) -> Result<Option<IdToken>> {
    let Some(openid) = &inner.spec().openid else { return Ok(None) };
    let Some(text) = &tokens.id_token else {
        let demanded = expected.max_age.is_some() || !expected.acr.is_empty();
        if openid.required || expected.asked || demanded {
            let error = Error::new(ErrorKind::IdTokenMissing, Step::IdToken, "the answer has no ID token");
            return Err(error.fix("ask for the scope `openid`, and check that the app may use it").of(inner.spec()));
        }
        return Ok(None);
    };
    let (claims, alg) = verified(inner, openid, text, &Scrub::login(&inner.config, tokens, expected.code)).await?;
    Check { inner, claims: &claims }.login(tokens, alg, expected, openid)?;
    Ok(Some(claims))
}

/// Checks the ID token of a refresh (OpenID Connect Core section 12.2): it says again what the first one said.
///
/// The section lets an answer have none, and what cannot be read says as little: where the keys cannot be had, or the
/// algorithm, the encryption or the claims are others than this client takes, the token is not believed, and nothing else is
/// lost: the renewed tokens count. What is wrong and no accident is an error: a signature that is another's, or none; a hash of
/// another token; another identity.
pub(crate) async fn accept_renewed(
    inner: &Inner,
    before: Option<&IdToken>,
    tokens: &TokenSet,
) -> Result<Option<IdToken>> {
    let (Some(openid), Some(text), Some(before)) = (&inner.spec().openid, &tokens.id_token, before) else {
        return Ok(None);
    };
    if keys::is_signed_otherwise(openid, text.expose_secret()) {
        tracing::warn!("the renewed ID token is signed by an algorithm that is not listed, and is not believed");
        return Ok(None);
    }
    let (claims, alg) =
        match verified(inner, openid, text, &Scrub::tokens(&inner.config, tokens, std::iter::empty())).await {
            Ok(verified) => verified,
            Err(error) if is_about_keys(error.kind()) || is_unreadable(error.kind()) => {
                tracing::warn!(code = error.code(), "the renewed ID token cannot be read, and is not believed");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
    let is_same_login = check_unchanged(inner, openid, before, &claims)?;
    let check = Check { inner, claims: &claims };
    check.hash("at_hash", claims.at_hash.as_deref(), tokens.access_token.expose_secret(), alg)?;
    if !is_same_login {
        tracing::debug!("the renewed ID token names another login of the user: the identity stays the first one's");
        return Ok(None);
    }
    // Who it is has been shown; a clock that is wrong is no reason to lose the renewed tokens.
    if let Err(error) = check.times() {
        tracing::warn!(code = error.code(), "the renewed ID token is not believed");
        return Ok(None);
    }
    Ok(Some(claims))
}

/// OpenID Connect Core section 12.2: what a renewed ID token has in common with the first one. Whether it is of the same login
/// too, where the provider's file lets it be of another.
fn check_unchanged(inner: &Inner, openid: &OpenId, before: &IdToken, claims: &IdToken) -> Result<bool> {
    let changed = |what: &str| {
        let what = format!("the renewed ID token has another {what} than the first one; the new tokens are not used");
        Err(inner.error(ErrorKind::IdentityChanged, Step::Refresh, what))
    };
    if claims.issuer() != before.issuer() {
        return changed("issuer");
    }
    if claims.subject() != before.subject() {
        return changed("subject");
    }
    let has = |all: &IdToken, one: &String| all.audiences.contains(one);
    let same =
        claims.audiences.iter().all(|one| has(before, one)) && before.audiences.iter().all(|one| has(claims, one));
    if !same || !claims.audiences.contains(&inner.config.client_id) {
        return changed("audience");
    }
    // The section has no party named that was not named before. Naming this client is let pass: it says nothing new.
    let own = claims.authorized_party.as_ref().is_none_or(|party| *party == inner.config.client_id);
    if claims.authorized_party != before.authorized_party && !(own && before.authorized_party.is_none()) {
        return changed("authorized party");
    }
    // "it SHOULD NOT have a `nonce` Claim [...]; however, if it is present, its value MUST be the same".
    if openid.nonce && claims.nonce.is_some() && claims.nonce != before.nonce {
        return changed("nonce");
    }
    let other_login = matches!((claims.auth_time(), before.auth_time()), (Some(new), Some(old)) if new != old);
    if other_login && openid.auth_time {
        return changed("time of login");
    }
    if claims.issued_at() + inner.config.leeway < before.issued_at() {
        return changed("(earlier) time of issue");
    }
    Ok(!other_login)
}

/// Whether nothing is known of the token but that it is none of those that this client reads.
fn is_unreadable(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::IdTokenMalformed | ErrorKind::IdTokenEncrypted | ErrorKind::IdTokenClaim)
}

/// Whether it is the keys that are missing, now or among those that are published: then nothing is known of the token.
fn is_about_keys(kind: ErrorKind) -> bool {
    kind.is_retryable()
        || matches!(
            kind,
            ErrorKind::IdTokenKey
                | ErrorKind::NoKeys
                | ErrorKind::MetadataStatus
                | ErrorKind::MetadataFormat
                | ErrorKind::Tls
                | ErrorKind::RedirectRefused
                | ErrorKind::ResponseTooLarge
                | ErrorKind::ResponseEncoded
        )
}

/// A token that the provider signed, of whatever kind: the checks that are particular to its kind are the caller's.
pub(crate) async fn verify_signed<'a>(inner: &'a Inner, text: &str, step: Step) -> Result<(Verified, &'a OpenId)> {
    let Some(openid) = &inner.spec().openid else {
        let what = format!("provider `{}` signs nothing that could be verified", inner.spec().id);
        let error = Error::new(ErrorKind::Unsupported, step, what);
        return Err(error.fix("add `openid` to the provider's YAML file if it issues ID tokens").of(inner.spec()));
    };
    Ok((keys::verify(inner, openid, text, step).await?, openid))
}

/// Signature, form and issuer; nothing is readable before.
pub(super) async fn verified(
    inner: &Inner,
    openid: &OpenId,
    text: &SecretString,
    scrub: &Scrub,
) -> Result<(IdToken, Alg)> {
    let verified = keys::verify(inner, openid, text.expose_secret(), Step::IdToken).await?;
    let claims = IdToken::read(verified.payload()).map_err(|fault| unreadable(inner, &fault))?;
    issuer::check(inner, openid, &claims, scrub)?;
    Ok((claims, verified.alg()))
}

fn unreadable(inner: &Inner, fault: &Fault) -> Error {
    let (kind, what) = match fault {
        Fault::Subject => {
            (ErrorKind::IdTokenSubject, "the ID token's `sub` is missing, or not text of 1 to 255 ASCII characters")
        }
        Fault::Claim(JoseError::MissingClaim(_) | JoseError::BadClaim(_)) => {
            (ErrorKind::IdTokenClaim, "the ID token lacks what every ID token has, or has it in another form")
        }
        Fault::Claim(_) => (ErrorKind::IdTokenMalformed, "the ID token is none"),
    };
    let error = Error::new(kind, Step::IdToken, what);
    match fault {
        Fault::Claim(source) => error.source(source.clone()),
        Fault::Subject => error,
    }
    .of(inner.spec())
}

pub(super) struct Check<'a> {
    pub(super) inner: &'a Inner,
    pub(super) claims: &'a IdToken,
}

impl Check<'_> {
    pub(super) fn fail(&self, kind: ErrorKind, what: impl Into<String>) -> Result<()> {
        Err(self.inner.error(kind, Step::IdToken, what))
    }

    fn login(&self, tokens: &TokenSet, alg: Alg, expected: Expected<'_>, openid: &OpenId) -> Result<()> {
        self.audience()?;
        self.times()?;
        if openid.nonce {
            self.nonce(expected.nonce, !expected.without_nonce && (openid.required || expected.asked))?;
        }
        self.hash("at_hash", self.claims.at_hash.as_deref(), tokens.access_token.expose_secret(), alg)?;
        if let Some(code) = expected.code {
            self.hash("c_hash", self.claims.c_hash.as_deref(), code.expose_secret(), alg)?;
        }
        self.auth_time(expected.max_age)?;
        self.acr(expected.acr)
    }

    /// Section 3.1.3.7 (12): "the Client SHOULD check that the asserted Claim Value is appropriate".
    pub(super) fn acr(&self, wanted: &[String]) -> Result<()> {
        let named = self.claims.acr();
        if wanted.is_empty() || wanted.iter().any(|wanted| Some(wanted.as_str()) == named) {
            return Ok(());
        }
        self.fail(ErrorKind::IdTokenAcr, "the user did not log in in the way that was asked for (`acr`)")
    }

    /// Section 3.1.3.7 (3) to (5): the audience is this client; "if it contains additional audiences not trusted by the
    /// Client" the token is refused; the authorized party is this client.
    pub(super) fn audience(&self) -> Result<()> {
        let config = &self.inner.config;
        let claims = self.claims;
        if !claims.audiences.contains(&config.client_id) {
            return self.fail(ErrorKind::IdTokenAudience, "the ID token is for another client (`aud`)");
        }
        let trusted = |audience: &String| *audience == config.client_id || config.audiences.contains(audience);
        if !claims.audiences.iter().all(trusted) {
            return self
                .fail(ErrorKind::IdTokenAudience, "the ID token is for others as well (`aud`), who are not trusted");
        }
        match &claims.authorized_party {
            Some(party) if *party != config.client_id => {
                self.fail(ErrorKind::IdTokenAudience, "the ID token was issued to another client (`azp`)")
            }
            None if claims.audiences.len() > 1 => self
                .fail(ErrorKind::IdTokenAudience, "the ID token is for several and does not say whose it is (`azp`)"),
            _ => Ok(()),
        }
    }

    /// Section 3.1.3.7 (9) and (10), RFC 7519 section 4.1.5.
    pub(super) fn times(&self) -> Result<()> {
        let (now, leeway, claims) = (self.inner.now(), self.inner.config.leeway, self.claims);
        if now >= claims.expires_at() + leeway {
            return self.fail(ErrorKind::IdTokenExpired, "the ID token has expired");
        }
        if claims.issued_at() > now + leeway || claims.not_before.is_some_and(|from| from > now + leeway) {
            return self.fail(ErrorKind::IdTokenNotYetValid, "the ID token is from the future; a clock is wrong");
        }
        if claims.issued_at() + OLDEST + leeway < now {
            return self.fail(ErrorKind::IdTokenTooOld, "the ID token was issued more than a day ago");
        }
        if claims.expires_at() < claims.issued_at() {
            return self.fail(ErrorKind::IdTokenClaim, "the ID token ends before it begins");
        }
        if claims.expires_at() > claims.issued_at() + LONGEST {
            return self.fail(ErrorKind::IdTokenClaim, "the ID token would last for more than ten years");
        }
        Ok(())
    }

    /// Section 3.1.3.7 (11): the value "MUST be present and its value checked to verify that it is the same value". A
    /// login that sent none gets none: a token that has one is another login's.
    pub(super) fn nonce(&self, expected: Option<&SecretString>, sent: bool) -> Result<()> {
        let what = match (expected, self.claims.nonce.as_deref()) {
            (Some(expected), Some(nonce))
                if bool::from(nonce.as_bytes().ct_eq(expected.expose_secret().as_bytes())) =>
            {
                return Ok(());
            }
            (None, None) if !sent => return Ok(()),
            (_, Some(_)) => "the ID token's `nonce` is not this login's",
            (Some(_), None) => "the ID token has no `nonce`",
            (None, None) => "this login was started without a `nonce`, so no ID token can be its own",
        };
        self.fail(ErrorKind::IdTokenNonce, what)
    }

    /// Section 3.1.3.6: the left half of the hash "used in the `alg` Header Parameter", "base64url encoded".
    pub(super) fn hash(&self, name: &str, given: Option<&str>, of: &str, alg: Alg) -> Result<()> {
        let Some(given) = given else { return Ok(()) };
        let digest = self.inner.crypto(Step::IdToken)?.digest(alg.hash(), of.as_bytes());
        let digest = digest.as_ref();
        let expected = base64url(&digest[..digest.len() / 2]);
        if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
            return Ok(());
        }
        self.fail(ErrorKind::IdTokenHash, format!("the ID token belongs to something else: its `{name}` differs"))
    }

    /// Section 3.1.2.1, `max_age`: "when `max_age` is used, the ID Token returned MUST include an `auth_time` Claim".
    pub(super) fn auth_time(&self, max_age: Option<u64>) -> Result<()> {
        let Some(max_age) = max_age else { return Ok(()) };
        let (now, leeway) = (self.inner.now(), self.inner.config.leeway);
        let limit = Duration::from_secs(max_age).saturating_add(leeway);
        match self.claims.auth_time() {
            None => {
                self.fail(ErrorKind::IdTokenAuthTime, "the ID token does not say when the user logged in (`auth_time`)")
            }
            Some(at) if at.checked_add(limit).is_some_and(|end| end < now) => {
                self.fail(ErrorKind::IdTokenAuthTime, "the user logged in longer ago than was asked for (`auth_time`)")
            }
            Some(at) if at > now + leeway => {
                self.fail(ErrorKind::IdTokenAuthTime, "the user would log in later than now (`auth_time`)")
            }
            Some(_) => Ok(()),
        }
    }
}
