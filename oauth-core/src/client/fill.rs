//! What stands in a provider's templates once their holes are filled.

use super::Config;
use crate::dpop::ProofKey;
use crate::encode::push_segment;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{FieldKind, Hole, Template};
use crate::token::TokenSet;

/// What holes are filled from, beside settings.
#[derive(Clone, Copy, Default)]
pub(crate) struct Context<'a> {
    pub(crate) tokens: Option<&'a TokenSet>,
    pub(crate) callback: &'a [(String, String)],
    /// The redirect URI of the login that this is a step of; the client's own without one.
    pub(crate) redirect_uri: Option<&'a str>,
    /// The state of that login.
    pub(crate) state: Option<&'a str>,
    /// The scopes that were asked for; without any those of `tokens`.
    pub(crate) scopes: &'a [String],
    /// Whether this is a parameter of a token request, where secrets may stand.
    pub(crate) secrets: bool,
    /// What was drawn for this parameter of this authorization request.
    pub(crate) random: Option<&'a str>,
    /// The key that the tokens are bound to, or shall be.
    pub(crate) proof_key: Option<&'a ProofKey>,
    /// Whether this is an address: there a value that anybody may have written is one segment of a path, whatever is in it
    /// (RFC 3986 section 2.4).
    pub(crate) in_address: bool,
}

/// Fills a template's holes, each from its one place.
pub(crate) fn fill(config: &Config, step: Step, template: &Template, context: Context<'_>) -> Result<String> {
    template.render(|hole, text| {
        let missing = |what: String| Error::new(ErrorKind::Setting, step, what).of(&config.spec);
        match hole {
            Hole::Name(name) => {
                let setting = config.spec.setting(name).zip(config.setting(name));
                let (setting, value) = setting.ok_or_else(|| missing(format!("the setting `{name}` is missing")))?;
                let value = setting
                    .resolve(value)
                    .map_err(|why| missing(format!("the setting `{name}` is not usable: {why}")))?;
                text.push_str(&value);
            }
            Hole::Callback(name) => {
                let value = callback_value(config, context, name);
                let value = value.and_then(|value| foreign(value, context.in_address && is_open(config, name)));
                text.push_str(&value.ok_or_else(|| missing(format!("the callback brought no usable `{name}`")))?);
            }
            Hole::Token(name) => {
                let value = context.tokens.and_then(|tokens| tokens.extra(&config.spec, name));
                let value = value.and_then(|value| foreign(value, context.in_address && !is_url(config, name)));
                text.push_str(&value.ok_or_else(|| missing(format!("the token response brought no usable `{name}`")))?);
            }
            Hole::ClientId if context.in_address => push_segment(text, &config.client_id),
            Hole::ClientId => text.push_str(&config.client_id),
            Hole::ClientSecret if context.secrets => text.push_str(config.auth.as_secret().unwrap_or_default()),
            Hole::AccessToken if context.secrets => {
                text.push_str(context.tokens.map(TokenSet::access_token_str).unwrap_or_default());
            }
            Hole::RedirectUri => text.push_str(
                context
                    .redirect_uri
                    .or(config.redirect_uri.as_deref())
                    .ok_or_else(|| missing("the client has no redirect URI, which the request needs".to_owned()))?,
            ),
            Hole::State if context.state.is_some() => text.push_str(context.state.unwrap_or_default()),
            Hole::Scope => text.push_str(&joined_scopes(config, context)),
            Hole::Random if context.random.is_some() => text.push_str(context.random.unwrap_or_default()),
            _ => return Err(missing(format!("{hole} may not stand here"))),
        }
        Ok(())
    })
}

/// What stands in these templates beside the client's id and its settings, for an answer's error not to repeat it. A
/// template that cannot be filled was not sent.
pub(crate) fn held<'t>(
    config: &Config,
    step: Step,
    templates: impl Iterator<Item = &'t Template>,
    context: Context<'_>,
) -> Vec<String> {
    let is_plain = |hole: &Hole| matches!(hole, Hole::Name(_) | Hole::ClientId | Hole::RedirectUri | Hole::Scope);
    let telling = templates.filter(|template| !template.holes().all(is_plain));
    telling.filter_map(|template| fill(config, step, template, context).ok()).collect()
}

fn joined_scopes(config: &Config, context: Context<'_>) -> String {
    let granted = || context.tokens.map_or(&[][..], TokenSet::scopes);
    let scopes = if context.scopes.is_empty() { granted() } else { context.scopes };
    scopes.join(&config.spec.scopes.separator)
}

/// A value that somebody else has written: in an address as one segment, which no dots lead out of.
fn foreign(value: String, as_segment: bool) -> Option<String> {
    if !as_segment {
        return Some(value);
    }
    let mut segment = String::with_capacity(value.len());
    push_segment(&mut segment, &value);
    Some(segment).filter(|segment| !matches!(segment.as_str(), "" | "." | ".."))
}

/// Whether a kept callback value may be any text: its file has no closed list.
fn is_open(config: &Config, name: &str) -> bool {
    config.spec.callback.keep.iter().any(|kept| kept.name == name && kept.values.is_empty())
}

/// Whether an extra of the token response is an address itself, on hosts that the file lists.
fn is_url(config: &Config, name: &str) -> bool {
    config.spec.token.kept_extras().any(|(extra, _)| extra.name == name && extra.kind.kind == FieldKind::Url)
}

/// What the callback brought: the meaning of the value, where the file has a closed list.
fn callback_value(config: &Config, context: Context<'_>, name: &str) -> Option<String> {
    let given = context.tokens.map_or(context.callback, |tokens| tokens.callback_values());
    let value = &given.iter().find(|(known, _)| known == name)?.1;
    let kept = config.spec.callback.keep.iter().find(|kept| kept.name == name)?;
    if kept.values.is_empty() {
        return Some(value.clone());
    }
    kept.values.iter().find(|(known, _)| known == value).map(|(_, meaning)| meaning.clone())
}
