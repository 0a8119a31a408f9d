//! Who says who the user is.

use crate::client::{Config, Context, Inner, fill};
use crate::error::{Result, Step};
use crate::openid::IdToken;
use crate::spec::{Hole, ProviderSpec, Setting, SettingKind, Template};
use crate::token::TokenSet;

/// The issuer of the verified ID token, else the provider's own. Further spellings of an issuer are the same issuer: a
/// user must not have another key because of one.
pub(super) fn issuer(inner: &Inner, tokens: &TokenSet) -> Result<Option<String>> {
    let openid = inner.spec().openid.as_ref();
    let own = match template(inner).filter(|template| !has_claim(template)) {
        Some(template) => Some(fill(&inner.config, Step::Profile, template, Context::default())?),
        None => inner.prepared()?.issuer.clone(),
    };
    let is_spelling = |given: &str| openid.is_some_and(|openid| openid.also_issuers.iter().any(|known| known == given));
    Ok(match tokens.identity().map(IdToken::issuer) {
        Some(given) if own.is_none() || !is_spelling(given) => Some(given.to_owned()),
        _ => own,
    })
}

/// The server, where the client chose one and the issuer does not say which.
pub(super) fn server(inner: &Inner) -> Result<Option<String>> {
    let config = &inner.config;
    let (issuer, token) = (template(inner), inner.spec().endpoints.token.as_ref());
    let untold = untold(inner.spec(), issuer);
    if untold.is_empty() && (issuer.is_some() || !config.is_elsewhere()) {
        return Ok(None);
    }
    let mut server = inner.prepared()?.server.clone();
    push_settings(&mut server, config, &untold, token);
    Ok(Some(server))
}

/// The settings that lead to a server and that the issuer does not tell.
pub(crate) fn untold<'s>(spec: &'s ProviderSpec, issuer: Option<&Template>) -> Vec<&'s Setting> {
    let leads = |setting: &&Setting| matches!(setting.kind, SettingKind::Host | SettingKind::Url | SettingKind::Label);
    spec.settings.iter().filter(leads).filter(|setting| !names(issuer, setting)).collect()
}

/// Those that the token endpoint does not tell either, as the API's host.
pub(crate) fn push_settings(server: &mut String, config: &Config, untold: &[&Setting], token: Option<&Template>) {
    for setting in untold.iter().filter(|setting| !names(token, setting)) {
        let value = config.setting(&setting.name).and_then(|value| setting.resolve(value).ok());
        server.extend([" ", &value.unwrap_or_default()]);
    }
}

fn names(template: Option<&Template>, setting: &Setting) -> bool {
    let is_it = |hole: &Hole| matches!(hole, Hole::Name(name) if *name == setting.name);
    template.is_some_and(|template| template.holes().any(is_it))
}

/// The issuer of ID tokens, which is the provider's where the file does not say otherwise.
fn template(inner: &Inner) -> Option<&Template> {
    let own = inner.spec().openid.as_ref().and_then(|openid| openid.issuer.as_ref());
    own.or(inner.spec().endpoints.issuer.as_ref())
}

fn has_claim(template: &Template) -> bool {
    template.holes().any(|hole| matches!(hole, Hole::Claim(_)))
}
