//! The authorization request (RFC 6749 section 4.1.1) with PKCE (RFC 7636).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};

use crate::client::{Client, Context, Inner, Prepared, fill, push_scopes, renamed, scopes};
use crate::encode::{base64url, push_base64url, push_pair};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::pending::{BrowserBinding, PendingAttempt};
use crate::provider::{Compiled, Dynamic, Provider};
use crate::scopes::IntoScopes;
use crate::spec::{AuthorizeOption, PROTOCOL_PARAMS, Pkce, ProviderSpec};
use crate::values::OptionValue;

/// RFC 6749 section 4.1.2 recommends that a code lives at most 10 minutes; so does the attempt.
const ATTEMPT_LIFETIME: Duration = Duration::from_secs(10 * 60);

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
    fault: Option<Error>,
}

/// A login that has started: where to send the browser, and what to remember.
#[derive(Debug)]
pub struct Attempt {
    url: AuthorizationUrl,
    pending: PendingAttempt,
    browser: BrowserBinding,
}

/// The address to send the browser to. `Debug` leaves the query out.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationUrl(String);

impl<P: Provider> Authorize<P> {
    pub(crate) fn new(client: Client<P>) -> Self {
        Self { client, scopes: None, redirect_uri: None, params: Vec::new(), acr: Vec::new(), fault: None }
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

    /// A further parameter, for what the provider's file does not know. The protocol's own cannot be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        let spec = self.client.spec();
        let own = |reserved: &&str| {
            name.eq_ignore_ascii_case(reserved)
                || name == renamed(&spec.authorize.rename, reserved)
                || name == spec.scopes.param
        };
        if PROTOCOL_PARAMS.iter().any(own) {
            let what = format!("`{}` is the protocol's own parameter", crate::error::clean(&name));
            let error = Error::new(ErrorKind::ReservedParameter, Step::Authorize, what);
            self.fault
                .get_or_insert(error.fix("leave it out; scopes and redirect URI have methods of their own").of(spec));
            return self;
        }
        self.push(name.into(), value.into(), None);
        self
    }

    /// Demands that the user logs in in one of these ways (`acr_values`): an ID token that names none of them is refused.
    pub fn require_acr<A: Into<String>>(mut self, classes: impl IntoIterator<Item = A>) -> Self {
        self.acr = classes.into_iter().map(Into::into).collect();
        let values = self.acr.join(" ");
        self.push("acr_values".into(), values, None);
        self
    }

    fn push(&mut self, name: Cow<'static, str>, value: String, join: Option<&str>) {
        match (self.params.iter_mut().find(|(known, _)| *known == name), join) {
            (Some((_, before)), Some(join)) => *before = format!("{before}{join}{value}"),
            (Some((_, before)), None) => *before = value,
            (None, _) => self.params.push((name, value)),
        }
    }

    /// Draws state and verifier and builds the URL. Nothing is sent yet where the provider takes plain requests.
    #[allow(clippy::unused_async, reason = "pushed requests (RFC 9126) and discovery send something here")]
    pub async fn begin(self) -> Result<Attempt> {
        let _span = tracing::debug_span!("oauth.authorize", provider = %self.client.spec().id).entered();
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let inner = &self.client.inner().ready().await?;
        let prepared = inner.prepared()?;
        let config = &inner.config;
        let spec = &*config.spec;
        let redirect_uri =
            self.redirect_uri.as_ref().or(config.redirect_uri.as_ref()).ok_or_else(|| no_redirect_uri(inner))?;
        check_redirect_uri(inner, redirect_uri)?;
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
            push_pair(&mut url, renamed(&spec.authorize.rename, "redirect_uri"), redirect_uri);
            push_scopes(&mut url, config, &scopes);
            self.params.iter().for_each(|(name, value)| push_pair(&mut url, name, value));
            (url, scopes)
        };
        let max_age = max_age(inner, &self.params)?;
        let secrets = Secrets::draw(inner)?;
        push_pair(&mut url, renamed(&spec.authorize.rename, "state"), &secrets.state);
        let nonce = secrets.nonce.filter(|_| asks_for_identity(spec, &scopes));
        if let Some(nonce) = &nonce {
            // OpenID Connect Core section 3.1.2.1: the value is "passed through unmodified from the Authentication Request
            // to the ID Token".
            push_pair(&mut url, "nonce", nonce);
        }
        let verifier = match spec.pkce {
            Pkce::Unsupported => None,
            Pkce::Required | Pkce::Supported => {
                // RFC 7636 section 4.2: "If the client is capable of using "S256", it MUST use "S256"".
                url.push_str("&code_challenge=");
                push_base64url(&mut url, digest(&SHA256, secrets.verifier.as_bytes()).as_ref());
                url.push_str("&code_challenge_method=S256");
                Some(SecretString::from(secrets.verifier))
            }
        };
        if url.len() > MAX_URL {
            let what = format!("the authorization URL has {} bytes, more than browsers and servers take", url.len());
            return Err(Error::new(ErrorKind::UrlTooLong, Step::Authorize, what)
                .fix("ask for fewer scopes at once")
                .of(spec));
        }
        let browser = BrowserBinding(SecretString::from(secrets.browser));
        let pending = PendingAttempt {
            state: secrets.state.into(),
            verifier,
            nonce: nonce.map(Into::into),
            max_age,
            acr: self.acr,
            browser: browser.0.clone(),
            provider: spec.id.clone(),
            server: prepared.server.clone(),
            client_id: config.client_id.clone(),
            redirect_uri: redirect_uri.clone(),
            scopes,
            expires_at: inner.now() + ATTEMPT_LIFETIME,
        };
        tracing::debug!("login started");
        Ok(Attempt { url: AuthorizationUrl(url), pending, browser })
    }
}

impl<P: Compiled> Authorize<P> {
    /// One of the provider's own options: `.option(google::Prompt::Consent)`.
    pub fn option<O: OptionValue<P>>(mut self, option: O) -> Self {
        let join = declared(&self.client, O::NAME).and_then(|option| option.join.clone());
        self.push(O::NAME.into(), option.into_value().into_owned(), join.as_deref());
        self
    }
}

impl Authorize<Dynamic> {
    /// One of the options that the provider's file declares, or an error from `begin` when it declares none such.
    pub fn option(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        let fault = match declared(&self.client, name) {
            None => Some(format!("`{}` is not an option in the provider's file", crate::error::clean(name))),
            Some(option) if !option.values.is_empty() && !option.values.iter().any(|(known, _)| *known == value) => {
                let known: Vec<&str> = option.values.iter().map(|(known, _)| known.as_str()).collect();
                Some(format!("`{name}` cannot be `{}`; it is one of {}", crate::error::clean(&value), known.join(", ")))
            }
            Some(_) => None,
        };
        if let Some(what) = fault {
            let error = Error::new(ErrorKind::Parameter, Step::Authorize, what);
            let error = error.fix("use `.param(..)` for a parameter that the file does not know");
            self.fault.get_or_insert(error.of(self.client.spec()));
            return self;
        }
        let join = declared(&self.client, name).and_then(|option| option.join.clone());
        self.push(name.to_owned().into(), value, join.as_deref());
        self
    }
}

fn declared<'a, P: Provider>(client: &'a Client<P>, name: &str) -> Option<&'a AuthorizeOption> {
    client.spec().authorize.options.iter().find(|option| option.name == name)
}

/// How old the user's login may be, where this request or the provider's file says so: what the ID token is held to.
fn max_age(inner: &Inner, params: &[(Cow<'static, str>, String)]) -> Result<Option<u64>> {
    let given = params.iter().find(|(name, _)| name == "max_age").map(|(_, value)| value.as_str());
    let own = inner.spec().authorize.params.iter().find(|(name, _)| name == "max_age");
    let value = match (given, own) {
        (Some(value), _) => Cow::Borrowed(value),
        (None, Some((_, value))) => fill(&inner.config, Step::Authorize, value, Context::default())?.into(),
        (None, None) => return Ok(None),
    };
    value.parse().map(Some).map_err(|_| {
        Error::new(ErrorKind::Parameter, Step::Authorize, "`max_age` is not a whole number of seconds")
            .fix("write it as `300`")
            .of(inner.spec())
    })
}

fn base(inner: &Inner, prepared: &Prepared, endpoint: &crate::spec::Template, replaced: &[&str]) -> Result<String> {
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

/// RFC 6749 section 3.1.2: the redirect URI "MUST be an absolute URI" and "MUST NOT include a fragment component".
fn check_redirect_uri(inner: &Inner, uri: &str) -> Result<()> {
    let parsed = url::Url::parse(uri)
        .ok()
        .filter(|parsed| parsed.fragment().is_none() && !uri.chars().any(|c| c.is_control() || c == ' '));
    if parsed.is_some() {
        return Ok(());
    }
    let what = "the redirect URI is not an absolute address without fragment";
    Err(Error::new(ErrorKind::Config, Step::Authorize, what)
        .fix("write it in full, as https://app.example/callback")
        .of(inner.spec()))
}

/// What is new for each attempt, from one call to the source of random bytes.
struct Secrets {
    state: String,
    verifier: String,
    browser: String,
    nonce: Option<String>,
}

/// Whether an ID token will come that has to name this login.
fn asks_for_identity(spec: &ProviderSpec, scopes: &[String]) -> bool {
    spec.openid
        .as_ref()
        .is_some_and(|openid| openid.nonce && (openid.required || scopes.iter().any(|scope| scope == "openid")))
}

impl Secrets {
    /// RFC 7636 section 4.1: 32 octets make a verifier of 43 characters; RFC 6749 section 10.10: guessing `state` must
    /// be hopeless (128 bits).
    fn draw(inner: &Inner) -> Result<Self> {
        let mut bytes = [0; 80];
        inner.config.rng.fill(&mut bytes).map_err(|error| {
            Error::new(ErrorKind::Random, Step::Authorize, "the system gave no random bytes; no login was started")
                .source(error)
                .of(inner.spec())
        })?;
        let secrets = Self {
            verifier: base64url(&bytes[..32]),
            state: base64url(&bytes[32..48]),
            browser: base64url(&bytes[48..64]),
            nonce: inner.spec().openid.is_some().then(|| base64url(&bytes[64..])),
        };
        secrecy::zeroize::Zeroize::zeroize(&mut bytes);
        Ok(secrets)
    }
}

impl Attempt {
    /// Where to send the browser.
    pub fn url(&self) -> &AuthorizationUrl {
        &self.url
    }

    /// The URL to redirect to, the attempt to remember, and the tie to set as a cookie.
    pub fn into_parts(self) -> (AuthorizationUrl, PendingAttempt, BrowserBinding) {
        (self.url, self.pending, self.browser)
    }
}

impl AuthorizationUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for AuthorizationUrl {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<AuthorizationUrl> for String {
    fn from(url: AuthorizationUrl) -> Self {
        url.0
    }
}

impl fmt::Display for AuthorizationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AuthorizationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationUrl({}?..)", self.0.split('?').next().unwrap_or_default())
    }
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

impl PendingAttempt {
    pub(crate) fn state_str(&self) -> &str {
        self.state.expose_secret()
    }
}
