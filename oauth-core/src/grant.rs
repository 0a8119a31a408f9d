//! What the token requests of all grants beside the authorization code have in common (RFC 6749 section 4.4.2 and 4.5).

use std::borrow::Cow;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::authorize;
use crate::client::{self, Context, Inner, checked_scopes, renamed};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::lookup;
use crate::mechanism;
use crate::openid::{self, Expected};
use crate::refresh::Progress;
use crate::spec::{GrantRequest, Grants, PROTOCOL_PARAMS, ProviderSpec, Template};
use crate::token::{self, TokenCall, TokenSet};

/// What a caller adds to a grant's request.
#[derive(Clone, Default)]
pub(crate) struct Extra {
    /// The scopes; the file's defaults without any.
    pub(crate) scopes: Option<Vec<String>>,
    /// Parameters that the provider's file does not know.
    pub(crate) params: Vec<(String, SecretString)>,
}

impl Extra {
    pub(crate) fn push(&mut self, name: String, value: SecretString) {
        self.params.retain(|(known, _)| *known != name);
        self.params.push((name, value));
    }
}

/// A grant's section, or the error that names its key.
pub(crate) fn declared<'a, T>(
    inner: &'a Inner,
    step: Step,
    (key, lacks): (&str, &str),
    section: impl FnOnce(&'a Grants) -> Option<&'a T>,
) -> Result<&'a T> {
    let spec = inner.spec();
    section(&spec.grants).ok_or_else(|| {
        let what = format!("provider `{}` {lacks}", spec.id);
        let fix = format!("add `grants.{key}` to the provider's YAML file if it has it");
        Error::new(ErrorKind::Unsupported, step, what).fix(fix).of(spec)
    })
}

/// The address of a grant's token request.
pub(crate) fn address<'a>(spec: &'a ProviderSpec, rule: &'a GrantRequest, step: Step) -> Result<&'a Template> {
    rule.url.as_ref().or(spec.endpoints.token.as_ref()).ok_or_else(|| {
        let what = format!("provider `{}` has no token endpoint", spec.id);
        Error::new(ErrorKind::Unsupported, step, what).of(spec)
    })
}

/// The provider's name of a standard parameter: the grant's own, else that of the token request.
pub(crate) fn name<'a>(spec: &'a ProviderSpec, rule: &'a GrantRequest, standard: &'a str) -> &'a str {
    let own = renamed(&rule.rename, standard);
    match standard {
        _ if own != standard => own,
        "scope" => renamed(&spec.token.request.rename, &spec.scopes.param),
        _ => renamed(&spec.token.request.rename, standard),
    }
}

/// RFC 6749 section 3.2: parameters "MUST NOT be included more than once". What the protocol or the file sets is no
/// caller's to set.
pub(crate) fn check_params(inner: &Inner, rule: &GrantRequest, own: &[&str], extra: &Extra, step: Step) -> Result<()> {
    let spec = inner.spec();
    for (given, _) in &extra.params {
        let taken = PROTOCOL_PARAMS.iter().chain(own).any(|known| given == known || given == name(spec, rule, known))
            || rule.params.iter().any(|(known, _)| known == given);
        if taken {
            let what = format!("`{}` is set by the client itself", crate::error::clean(given));
            let error = Error::new(ErrorKind::ReservedParameter, step, what);
            return Err(error.fix("leave it out; what can be chosen has a method of its own").of(spec));
        }
    }
    Ok(())
}

/// What is sent with a grant.
pub(crate) struct Asked<'a> {
    pub(crate) step: Step,
    pub(crate) rule: &'a GrantRequest,
    /// The grant's own parameters, by their standard names.
    pub(crate) params: Vec<(&'a str, Cow<'a, str>)>,
    /// The scopes to be named.
    pub(crate) scopes: &'a [String],
    /// The caller's further parameters.
    pub(crate) extra: &'a [(String, SecretString)],
    pub(crate) progress: Option<&'a dyn Progress>,
}

impl<'a> Asked<'a> {
    /// The token request.
    pub(crate) fn call(self, inner: &'a Inner) -> Result<TokenCall<'a>> {
        let (spec, rule) = (inner.spec(), self.rule);
        let mut params = vec![(name(spec, rule, "grant_type"), Cow::Borrowed(rule.grant_type.as_str()))];
        params.extend(self.params.into_iter().map(|(standard, value)| (name(spec, rule, standard), value)));
        if !self.scopes.is_empty() {
            params.push((name(spec, rule, "scope"), self.scopes.join(&spec.scopes.separator).into()));
        }
        params.extend(self.extra.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value.expose_secret()))));
        // An audience is another way to say whom a token is for (RFC 8693 section 2.1).
        if params.iter().all(|(name, _)| ![RESOURCE, "audience"].contains(name)) {
            params.extend(default_resources(inner)?.into_iter().map(|resource| (RESOURCE, Cow::Owned(resource))));
        }
        Ok(TokenCall {
            step: self.step,
            url: address(spec, rule, self.step)?,
            method: rule.method,
            format: rule.format,
            params,
            extra: &rule.params,
            query: &[],
            headers: &rule.headers,
            client_auth: rule.client_auth,
            context: Context { scopes: self.scopes, ..Context::default() },
            progress: self.progress,
        })
    }
}

/// What the one request of a grant without a page asks for, checked.
pub(crate) struct Terms<'a> {
    inner: &'a Inner,
    step: Step,
    rule: &'a GrantRequest,
    extra: &'a Extra,
    /// The caller's scopes, or those of the grant's section. Those of logins are none of its own.
    pub(crate) scopes: Vec<String>,
}

impl<'a> Terms<'a> {
    /// What the caller adds to a grant that has these parameters beside `scope`.
    pub(crate) fn new(
        (inner, step): (&'a Inner, Step),
        rule: &'a GrantRequest,
        own: &[&str],
        extra: &'a Extra,
    ) -> Result<Self> {
        check_params(inner, rule, &[own, &["scope"]].concat(), extra, step)?;
        let given = extra.scopes.as_deref().unwrap_or(&rule.scopes);
        Ok(Self { inner, step, rule, extra, scopes: checked_scopes(&inner.config, given, &[], step)? })
    }

    /// What is sent with the grant's own parameters; it names these scopes.
    pub(crate) fn asked<'b>(&'b self, params: Vec<(&'b str, Cow<'b, str>)>, scopes: &'b [String]) -> Asked<'b> {
        Asked { step: self.step, rule: self.rule, params, scopes, extra: &self.extra.params, progress: None }
    }

    /// Sends that, and gives the user's tokens.
    pub(crate) async fn redeem(&self, params: Vec<(&str, Cow<'_, str>)>, scopes: &[String]) -> Result<TokenSet> {
        let inner = self.inner;
        let mut tokens = token::send(inner, self.asked(params, scopes).call(inner)?, &self.scopes).await?.tokens;
        tracing::debug!("token issued");
        let resources = resources(inner, self.extra)?;
        // RFC 7523 section 2.1, RFC 7522 section 2.1, RFC 6749 section 4.3: these are no OpenID Connect logins, and no ID token
        // has to come with them. One that comes all the same is checked.
        if tokens.id_token.is_none() {
            tokens.resources = resources;
            return equip(inner, tokens).await;
        }
        settle(inner, tokens, (false, resources)).await
    }
}

/// What every request of one login that a user finishes elsewhere is about.
pub(crate) struct Aim {
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
}

impl Aim {
    /// With the caller's scopes, else those of the grant's section, else those of logins.
    pub(crate) fn new(inner: &Inner, rule: &GrantRequest, extra: &Extra) -> Result<Self> {
        let own = Some(rule.scopes.as_slice()).filter(|scopes| !scopes.is_empty());
        let scopes = client::scopes(&inner.config, extra.scopes.as_deref().or(own))?;
        Ok(Self { scopes, resources: resources(inner, extra)? })
    }

    /// The parameter of its first request that names the scopes.
    pub(crate) fn scope<'a>(&'a self, spec: &'a ProviderSpec) -> Option<(&'a str, Cow<'a, str>)> {
        let name = renamed(&spec.authorize.rename, &spec.scopes.param);
        (!self.scopes.is_empty()).then(|| (name, self.scopes.join(&spec.scopes.separator).into()))
    }

    /// Its resources, and the further parameters of its first request.
    pub(crate) fn params<'a>(&'a self, extra: &'a Extra) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let further = extra.params.iter().filter(|(name, _)| name != RESOURCE);
        let further = further.map(|(name, value)| (name.as_str(), Cow::Borrowed(value.expose_secret())));
        self.named().chain(further)
    }

    /// Its resources. RFC 8707 section 2.2: a token request names them, too.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.resources.iter().map(|resource| (RESOURCE, Cow::Borrowed(resource.as_str())))
    }

    pub(crate) fn asks_identity(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }
}

/// RFC 8707 section 2.
const RESOURCE: &str = "resource";

/// The resources that the file names for every token (RFC 8707 section 2.2).
pub(crate) fn default_resources(inner: &Inner) -> Result<Vec<String>> {
    authorize::resources(inner, None)
}

/// What a grant's tokens are for: the caller's resource, else those of the file. Each refresh names them again.
fn resources(inner: &Inner, extra: &Extra) -> Result<Vec<String>> {
    match extra.params.iter().find(|(name, _)| name == RESOURCE) {
        Some((_, own)) => Ok(vec![own.expose_secret().to_owned()]),
        None => default_resources(inner),
    }
}

/// What belongs to a user's tokens after they came by another way than a redirect: the ID token is checked, the session
/// opened, and what the file looks up looked up.
pub(crate) async fn settle(
    inner: &Inner,
    mut tokens: TokenSet,
    (asked_identity, resources): (bool, Vec<String>),
) -> Result<TokenSet> {
    tokens.resources = resources;
    // OpenID Connect Core section 2: a nonce is one that the authentication request had, and there was none.
    let expected = Expected { asked: asked_identity, without_nonce: true, ..Expected::default() };
    tokens.identity = openid::accept(inner, &tokens, expected).await?.map(Arc::new);
    equip(inner, tokens).await
}

/// The session and the lookup of fresh tokens.
pub(crate) async fn equip(inner: &Inner, mut tokens: TokenSet) -> Result<TokenSet> {
    tokens = mechanism::open(inner, &tokens).await?.unwrap_or(tokens);
    match &inner.spec().token.lookup {
        Some(rule) => lookup::lookup(inner, rule, tokens).await,
        None => Ok(tokens),
    }
}
