//! The issuer that tokens name: which it has to be, and whether it is that one.

use super::claims::IdToken;
use crate::client::{Config, Context, Inner, fill};
use crate::error::{ErrorKind, Result, Scrub, Step};
use crate::spec::{Hole, OpenId, Template};
use crate::token::TokenSet;

/// Whether tokens may be sent where this client leads: those that another issuer vouched for are not (RFC 9700 section
/// 4.4). An issuer changes when a provider's file is edited, or when tokens are given to the wrong client.
pub(crate) fn check_same_issuer(inner: &Inner, tokens: &TokenSet, step: Step) -> Result<()> {
    // Tokens that name nobody are of the issuer that gave them.
    let is_given = match (tokens.issuer.as_deref(), inner.prepared()?.issuer.as_deref()) {
        (Some(given), Some(own)) => given == own,
        _ => true,
    };
    let is_named = match tokens.identity() {
        Some(identity) => inner.spec().openid.is_some() && is_issuer(inner, identity)?,
        None => true,
    };
    if is_given && is_named {
        return Ok(());
    }
    let what = "the tokens are of another issuer than this client's, so they were not sent";
    Err(inner.error(ErrorKind::IssuerChanged, step, what))
}

/// Whether an ID token is of this client's provider.
pub(crate) fn is_own(inner: &Inner, identity: &IdToken) -> bool {
    inner.spec().openid.is_some() && is_issuer(inner, identity).unwrap_or_default()
}

/// Whether a verified token of another kind is from the provider. Where the issuer is one of many tenants, nothing in such a
/// token says which, so none is believed.
pub(crate) fn check_issuer_text(inner: &Inner, openid: &OpenId, given: &str, step: Step) -> Result<()> {
    let is_expected = match &inner.prepared()?.id_issuer {
        Some(ExpectedIssuer::Exact(expected)) => expected == given,
        Some(ExpectedIssuer::Around(..)) | None => false,
    };
    if is_expected || openid.also_issuers.iter().any(|known| known == given) {
        return Ok(());
    }
    let expected = template_of(inner, openid).map(Template::as_str).unwrap_or_default();
    let what = format!("the token is from `{}`, expected `{expected}`", crate::error::clean(given));
    Err(inner.error(ErrorKind::IdTokenIssuer, step, what))
}

/// Section 3.1.3.7 (2): the issuer identifier "MUST exactly match the value of the `iss` (issuer) Claim".
pub(super) fn check(inner: &Inner, openid: &OpenId, claims: &IdToken, scrub: &Scrub) -> Result<()> {
    if is_issuer(inner, claims)? {
        return Ok(());
    }
    let given = crate::error::clean(&scrub.text(claims.issuer()));
    let expected = template_of(inner, openid).map(Template::as_str).unwrap_or_default();
    let what = format!("the ID token is from `{given}`, expected `{expected}`");
    Err(inner.error(ErrorKind::IdTokenIssuer, Step::IdToken, what))
}

fn is_issuer(inner: &Inner, claims: &IdToken) -> Result<bool> {
    let Some(expected) = &inner.prepared()?.id_issuer else {
        return Err(inner.error(ErrorKind::IdTokenIssuer, Step::IdToken, "there is no issuer to compare with"));
    };
    let given = claims.issuer();
    let also = inner.spec().openid.iter().flat_map(|openid| &openid.also_issuers);
    Ok(expected.is(claims) || also.into_iter().any(|known| known == given))
}

fn template_of<'a>(inner: &'a Inner, openid: &'a OpenId) -> Option<&'a Template> {
    openid.issuer.as_ref().or(inner.spec().endpoints.issuer.as_ref())
}

/// The issuer that ID tokens name, with the client's settings.
#[derive(Clone, Debug)]
pub(crate) enum ExpectedIssuer {
    Exact(String),
    /// Text, the claim of that name, and text again. Only a claim that is a GUID may stand there, so that nothing but the
    /// tenant can differ.
    Around(String, String, String),
}

impl ExpectedIssuer {
    pub(crate) fn new(config: &Config) -> Result<Option<Self>> {
        let spec = &*config.spec;
        let Some(openid) = &spec.openid else { return Ok(None) };
        let Some(template) = openid.issuer.as_ref().or(spec.endpoints.issuer.as_ref()) else { return Ok(None) };
        let claim = template.holes().find_map(|hole| match hole {
            Hole::Claim(name) => Some(name.clone()),
            _ => None,
        });
        let mark = "00000000-0000-0000-0000-000000000000";
        let filled = fill(config, Step::Configure, &template.fill_claims(mark), Context::default())?;
        Ok(Some(match (claim, filled.split_once(mark)) {
            (Some(claim), Some((before, after))) => Self::Around(before.to_owned(), claim, after.to_owned()),
            _ => Self::Exact(filled),
        }))
    }

    fn is(&self, claims: &IdToken) -> bool {
        match self {
            Self::Exact(expected) => expected == claims.issuer(),
            Self::Around(_, claim, _) => self.tenant(claims.issuer()).is_some_and(|named| claims.names(claim, named)),
        }
    }

    /// Whether it is one of those that ID tokens may name: which tenant's nobody knows before there is one.
    pub(crate) fn may_be(&self, given: &str) -> bool {
        match self {
            Self::Exact(expected) => expected == given,
            Self::Around(..) => self.tenant(given).is_some(),
        }
    }

    fn tenant<'t>(&self, given: &'t str) -> Option<&'t str> {
        let Self::Around(before, _, after) = self else { return None };
        let named = given.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
        Some(named).filter(|named| is_guid(named))
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_guid_stands_in_for_a_tenant() {
        assert!(is_guid("9188040d-6c67-4c5b-b112-36a304b66dad"));
        for wrong in [
            "",
            "common",
            "9188040d-6c67-4c5b-b112-36a304b66da",
            "9188040d/6c67-4c5b-b112-36a304b66dad",
            "evil.example/x",
        ] {
            assert!(!is_guid(wrong), "{wrong}");
        }
    }
}
