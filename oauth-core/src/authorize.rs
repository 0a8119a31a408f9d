//! The authorization request (RFC 6749 section 4.1.1) with PKCE (RFC 7636).

mod attempt;
mod details;
mod options;
mod redirect;
mod resource;
mod secrets;
mod step_up;
mod wire;

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use secrecy::SecretString;
use tracing::Instrument as _;

pub use self::attempt::{Attempt, AuthorizationUrl};
pub(crate) use self::details::are_details;
use self::options::second;
pub(crate) use self::redirect::check as check_redirect;
pub(crate) use self::resource::wanted as resources;
use self::secrets::Secrets;
use crate::browser::BrowserBinding;
use crate::client::{
    Client, Context, Inner, Prepared, fill, push_redirect_uri, push_scopes, push_second_scopes, renamed, scopes,
};
use crate::dpop::ProofKey;
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::pending::{ATTEMPT_LIFETIME, PendingAttempt};
use crate::provider::Provider;
use crate::pushed;
use crate::request_object;
use crate::scopes::IntoScopes;
use crate::spec::{PROTOCOL_PARAMS, Pkce, ProviderSpec, StatePlace, Template};

/// Browsers and servers agree on no limit; from here on some of them cut.
const MAX_URL: usize = 8 * 1024;

/// A login about to start.
///
/// ```no_run
/// # async fn run(client: oauth_core::Client) -> oauth_core::Result<()> {
/// let attempt = client.authorize().scopes(["read"]).redirect_uri("https://app.example/callback").begin().await?;
/// let (url, pending, browser) = attempt.into_parts();
/// // Redirect the browser to `url`, keep `pending`, set `browser` as a cookie.
/// # Ok(()) }
/// ```
#[must_use = "nothing happens before `begin`"]
pub struct Authorize<P: Provider> {
    client: Client<P>,
    scopes: Option<Vec<String>>,
    redirect_uri: Option<String>,
    params: Vec<(Cow<'static, str>, String)>,
    acr: Vec<String>,
    resources: Option<Vec<String>>,
    pushed: bool,
    /// Whether an API asked for this login.
    steps_up: bool,
    fault: Option<Error>,
}

impl<P: Provider> Authorize<P> {
    pub(crate) fn new(client: Client<P>) -> Self {
        Self {
            client,
            scopes: None,
            redirect_uri: None,
            params: Vec::new(),
            acr: Vec::new(),
            resources: None,
            pushed: false,
            steps_up: false,
            fault: None,
        }
    }

    /// What to ask for: `[Scope::ReadUser]`, or `()` for the defaults of the client, then of the provider's file.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.scopes = scopes.into_scopes();
        self
    }

    /// Where the provider sends the browser back to; it must equal a registered one byte for byte.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// A further parameter, for what the provider's file does not know. The protocol's own cannot be replaced; `resource` and
    /// `authorization_details` are [`resource`](Self::resource) and [`authorization_details`](Self::authorization_details).
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match name.to_ascii_lowercase().as_str() {
            "resource" => return self.resource(value),
            "authorization_details" => return self.authorization_details(value),
            _ => {}
        }
        let spec = self.client.spec();
        let own = |reserved: &&str| {
            name.eq_ignore_ascii_case(reserved)
                || name == renamed(&spec.authorize.rename, reserved)
                || name == spec.scopes.param
                || spec.scopes.second.as_ref().is_some_and(|second| name == second.param)
        };
        if PROTOCOL_PARAMS.iter().any(own) {
            let what = format!("`{}` is the protocol's own parameter", crate::error::clean(&name));
            let error = Error::new(ErrorKind::ReservedParameter, Step::Authorize, what);
            self.fault.get_or_insert(
                error.fix("leave it out; scopes, options and redirect URI have methods of their own").of(spec),
            );
            return self;
        }
        self.push(name.into(), value, None);
        self
    }

    /// Demands that the user logs in in one of these ways (`acr_values`): an ID token that names none of them is refused.
    pub fn require_acr<A: Into<String>>(mut self, classes: impl IntoIterator<Item = A>) -> Self {
        self.acr = classes.into_iter().map(Into::into).collect();
        let values = self.acr.join(" ");
        self.push("acr_values".into(), values, None);
        self
    }

    /// A resource that the token is to be for (RFC 8707): an absolute URI without fragment. Each call adds one; they take the
    /// place of those that the provider's file names. The code exchange and each refresh name them again.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.resources.get_or_insert_default().push(uri.into());
        self
    }

    /// Sends the request to the provider first (RFC 9126), so that the browser carries nothing but a reference to it. Where
    /// the provider's file has `endpoints.pushed_authorization`, or its metadata demands it, that is done anyway; a provider
    /// that has no such endpoint is an error from [`begin`](Self::begin).
    pub fn pushed(mut self) -> Self {
        self.pushed = true;
        self
    }

    fn fail(&mut self, kind: ErrorKind, what: impl Into<String>, fix: &str) {
        let error = Error::new(kind, Step::Authorize, what).fix(fix).of(self.client.spec());
        self.fault.get_or_insert(error);
    }

    fn push(&mut self, name: Cow<'static, str>, value: String, join: Option<&str>) {
        match (self.params.iter_mut().find(|(known, _)| *known == name), join) {
            (Some((_, before)), Some(join)) => *before = format!("{before}{join}{value}"),
            (Some((_, before)), None) => *before = value,
            (None, _) => self.params.push((name, value)),
        }
    }

    /// Draws state and verifier and builds the URL. Nothing is sent yet, unless the request is [pushed](Self::pushed) or the
    /// provider's metadata is still to be asked for.
    pub async fn begin(self) -> Result<Attempt> {
        let span = tracing::debug_span!("oauth.authorize", provider = %self.client.spec().id);
        self.start().instrument(span).await
    }

    async fn start(self) -> Result<Attempt> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let inner = &self.client.inner().ready().await?;
        if !self.acr.is_empty() && inner.spec().openid.is_none() {
            let what = "the provider's file has no `openid`, so no ID token will say how the user logged in";
            return Err(inner.error(ErrorKind::Unsupported, Step::Authorize, what));
        }
        inner.check_bound(Step::Authorize)?;
        let prepared = inner.prepared()?;
        let config = &inner.config;
        let spec = &*config.spec;
        let redirect_uri =
            self.redirect_uri.as_ref().or(config.redirect_uri.as_ref()).ok_or_else(|| no_redirect_uri(inner))?;
        let is_plain_loopback = redirect::check(inner, redirect_uri)?;
        let endpoint = spec.endpoints.authorization.as_ref().ok_or_else(|| {
            inner.error(
                ErrorKind::Unsupported,
                Step::Authorize,
                format!("provider `{}` has no login by redirect", spec.id),
            )
        })?;

        let usual = self.scopes.is_none() && self.redirect_uri.is_none() && self.params.is_empty();
        let (mut url, scopes) = if let (Some(prefix), true) = (&prepared.authorize_usual, usual) {
            let mut url = String::with_capacity(prefix.len() + 160);
            url.push_str(prefix);
            (url, prepared.scopes.clone())
        } else {
            let scopes = scopes(config, self.scopes.as_deref())?;
            let replaced: Vec<&str> = self.params.iter().map(|(name, _)| &**name).collect();
            let mut url = base(inner, prepared, endpoint, &replaced)?;
            push_redirect_uri(&mut url, spec, redirect_uri);
            push_scopes(&mut url, config, &scopes);
            if let Some(second) = &spec.scopes.second {
                let given = self.params.iter().find(|(name, _)| *name == second.param).map(|(_, value)| value.as_str());
                push_second_scopes(&mut url, spec, given);
            }
            push_params(&mut url, spec, &self.params);
            (url, scopes)
        };
        let resources = resources(inner, self.resources)?;
        for resource in &resources {
            push_pair(&mut url, renamed(&spec.authorize.rename, "resource"), resource);
        }
        let identifies = asks_for_identity(spec, &scopes);
        check_hybrid(inner, &scopes)?;
        // RFC 9470 section 5: whether the login was recent enough is the API's to judge where no ID token tells.
        let max_age = if self.steps_up && !identifies { None } else { max_age(inner, &self.params)? };
        let nonced = usize::from(identifies);
        let secrets = Secrets::draw(inner, spec.authorize.fresh_params().count() + nonced)?;
        for ((name, value), random) in spec.authorize.fresh_params().zip(&secrets.fresh) {
            if !self.params.iter().any(|(replaced, _)| replaced == name) {
                let context = Context { random: Some(random), ..Context::default() };
                push_pair(&mut url, name, &fill(config, Step::Authorize, value, context)?);
            }
        }
        let nonce = secrets.fresh.last().filter(|_| nonced > 0).cloned();
        if let Some(nonce) = &nonce {
            // OpenID Connect Core section 3.1.2.1: the value is "passed through unmodified from the Authentication Request
            // to the ID Token".
            push_pair(&mut url, renamed(&spec.authorize.rename, "nonce"), nonce);
        }
        let redirect_uri = redirect::with_state(inner, redirect_uri, &secrets.state)?;
        match spec.authorize.state.place {
            StatePlace::Param => push_pair(&mut url, renamed(&spec.authorize.rename, "state"), &secrets.state),
            StatePlace::RedirectUri => {
                push_pair(&mut url, renamed(&spec.authorize.rename, "redirect_uri"), &redirect_uri);
            }
        }
        let verifier = match spec.pkce {
            Pkce::Unsupported => None,
            Pkce::Required | Pkce::Supported => {
                wire::push_challenge(&mut url, spec, &**inner.crypto(Step::Authorize)?, &secrets.verifier);
                Some(SecretString::from(secrets.verifier))
            }
        };
        let proof_key = proof_key(inner, &mut url)?;
        let url = carried(inner, (endpoint, url), self.pushed, proof_key.as_ref()).await?;
        let binding = SecretString::from(secrets.browser);
        let pending = PendingAttempt {
            state: secrets.state.into(),
            verifier,
            nonce: nonce.map(Into::into),
            max_age,
            acr: self.acr,
            proof_key,
            browser: binding.clone(),
            provider: spec.id.clone(),
            server: prepared.server.clone(),
            client_id: config.client_id.clone(),
            redirect_uri: redirect_uri.into_owned(),
            scopes,
            resources,
            expires_at: inner.now() + ATTEMPT_LIFETIME,
        };
        let browser = BrowserBinding::new(binding, spec.authorize.is_form_post(), is_plain_loopback);
        tracing::debug!("login started");
        Ok(Attempt { url: AuthorizationUrl(url.text), url_expires_at: url.expires_at, pending, browser })
    }
}

/// What the call adds. A value that is empty leaves its parameter out, also where the file has one for it.
fn push_params(url: &mut String, spec: &ProviderSpec, params: &[(Cow<'static, str>, String)]) {
    for (name, value) in params {
        if !value.is_empty() && second(spec, name).is_none() {
            push_pair(url, name, value);
        }
    }
}

/// How old the user's login may be, where this request or the provider's file says so: what the ID token is held to.
fn max_age(inner: &Inner, params: &[(Cow<'static, str>, String)]) -> Result<Option<u64>> {
    let given = params.iter().find(|(name, _)| name == "max_age").map(|(_, value)| value.as_str());
    let own = inner.spec().authorize.params.iter().find(|(name, _)| name == "max_age");
    let value = match (given, own) {
        // An empty value leaves the parameter out.
        (Some(""), _) | (None, None) => return Ok(None),
        (Some(value), _) => Cow::Borrowed(value),
        (None, Some((_, value))) => fill(&inner.config, Step::Authorize, value, Context::default())?.into(),
    };
    value.parse().map(Some).map_err(|_| {
        Error::new(ErrorKind::Parameter, Step::Authorize, "`max_age` is not a whole number of seconds")
            .fix("write it as `300`")
            .of(inner.spec())
    })
}

/// A key for the tokens of this login, where the provider binds them. RFC 9449 section 10: the thumbprint as `dpop_jkt` binds
/// the code as well, so that nobody redeems it with a key of their own.
fn proof_key(inner: &Inner, url: &mut String) -> Result<Option<ProofKey>> {
    let Some(key) = ProofKey::wanted(inner, Step::Authorize)? else { return Ok(None) };
    let thumbprint = key.thumbprint(&**inner.crypto(Step::Authorize)?).map_err(|error| {
        Error::new(ErrorKind::Config, Step::Authorize, "the new proof key cannot be used")
            .source(error)
            .of(inner.spec())
    })?;
    push_pair(url, "dpop_jkt", &thumbprint);
    Ok(Some(key))
}

fn base(inner: &Inner, prepared: &Prepared, endpoint: &Template, replaced: &[&str]) -> Result<String> {
    if inner.config.spec.authorize.params.iter().any(|(name, _)| replaced.contains(&name.as_str())) {
        prepared.authorize_url(&inner.config, endpoint, replaced)
    } else {
        Ok(prepared.authorize.clone())
    }
}

fn no_redirect_uri(inner: &Inner) -> Error {
    Error::new(ErrorKind::Config, Step::Authorize, "there is no redirect URI")
        .fix("give the client or this call `.redirect_uri(..)`, equal to one that is registered with the provider")
        .of(inner.spec())
}

/// What the browser is sent to.
struct Carried {
    text: String,
    /// When the provider forgets what it refers to.
    expires_at: Option<SystemTime>,
}

/// The URL that carries the request: in its query, in a signed object, or by a reference to what was pushed.
async fn carried(
    inner: &Inner,
    (endpoint, url): (&Template, String),
    pushed: bool,
    key: Option<&ProofKey>,
) -> Result<Carried> {
    let rules = &inner.spec().authorize;
    let push = pushed::endpoint(inner, pushed)?;
    if push.is_none() && rules.request_object.is_none() {
        let text = wire::finish(url, rules);
        return check_length(inner, text).map(|text| Carried { text, expires_at: None });
    }
    let mut short = inner.prepared()?.address(&inner.config, Step::Authorize, endpoint, Context::default())?;
    let mut params = wire::params(&url[short.len()..]);
    let id = renamed(&rules.rename, "client_id");
    if let Some(object) = &rules.request_object {
        let request = request_object::sign(inner, object, &params)?;
        params.retain(|(name, _)| name == id);
        params.push(("request".to_owned(), request));
    }
    let mut expires_at = None;
    if let Some(push) = push {
        let pushed = pushed::push(inner, push, &params, key).await?;
        // RFC 9126 section 4: the authorization request has `client_id` and the `request_uri` that was given for it.
        params.retain(|(name, _)| name == id);
        params.push(("request_uri".to_owned(), pushed.request_uri));
        expires_at = inner.now().checked_add(pushed.lifetime);
    }
    if !short.ends_with(['?', '&']) {
        short.push(if short.contains('?') { '&' } else { '?' });
    }
    for (name, value) in &params {
        push_pair(&mut short, name, value);
    }
    check_length(inner, wire::finish(short, rules)).map(|text| Carried { text, expires_at })
}

fn check_length(inner: &Inner, url: String) -> Result<String> {
    if url.len() <= MAX_URL {
        return Ok(url);
    }
    let what = format!("the authorization URL has {} bytes, more than browsers and servers take", url.len());
    let can_push = inner.spec().endpoints.pushed_authorization.is_some();
    let fix = if can_push { "push it: `.pushed()`" } else { "ask for fewer scopes at once" };
    Err(Error::new(ErrorKind::UrlTooLong, Step::Authorize, what).fix(fix).of(inner.spec()))
}

/// OpenID Connect Core section 3.1.2.1: without the scope `openid` nobody has to issue an ID token.
fn check_hybrid(inner: &Inner, scopes: &[String]) -> Result<()> {
    if !inner.spec().authorize.is_hybrid() || scopes.iter().any(|scope| scope == "openid") {
        return Ok(());
    }
    let what = "the provider answers with an ID token beside the code, and the scope `openid` was not asked for";
    Err(Error::new(ErrorKind::Scope, Step::Authorize, what).fix("add the scope `openid`").of(inner.spec()))
}

/// Whether an ID token will come that has to name this login.
fn asks_for_identity(spec: &ProviderSpec, scopes: &[String]) -> bool {
    spec.openid.as_ref().is_some_and(|openid| {
        openid.nonce && (openid.required || spec.authorize.is_hybrid() || scopes.iter().any(|scope| scope == "openid"))
    })
}

impl<P: Provider> fmt::Debug for Authorize<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorize")
            .field("provider", &self.client.spec().id)
            .field("scopes", &self.scopes)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}
