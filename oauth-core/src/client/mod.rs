//! A configured client of one provider.

mod at;
mod auth;
mod config;
mod env;
mod fill;
mod identity;
mod prepared;
mod source;

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

pub use self::auth::ClientAuth;
pub(crate) use self::config::{Config, Inner};
pub(crate) use self::env::variable;
pub(crate) use self::fill::{Context, fill, held};
pub(crate) use self::identity::check_certificate;
pub(crate) use self::prepared::{
    Prepared, checked_scopes, own_address, push_redirect_uri, push_scopes, push_second_scopes, renamed, scopes,
};
pub(crate) use self::source::Sourced;
pub use self::source::{SecretSource, SourceError};
use crate::account::Account;
use crate::authorize::Authorize;
use crate::clock::Clock;
use crate::crypto::Crypto;
use crate::error::{Error, Result, Step};
use crate::http::{Guard, HttpClient};
use crate::mechanism::Mechanisms;
use crate::openid::{Demands, Discovery, WellKnown};
use crate::provider::{CanAuthorize, Compiled, Dynamic, Provider};
use crate::request_object;
use crate::rng::Rng;
use crate::scopes::IntoScopes;
use crate::spec::ProviderSpec;
use crate::token::TokenSet;
use crate::values::{EnvironmentValue, SettingValue};

/// A client of one provider: who you are there, and how you want to be called back.
///
/// It is cheap to clone, and clones share the connection pool. Compiled and run-time providers have the same client
/// over the same engine; `P` only says which scopes, options and calls compile.
///
/// ```
/// use oauth_core::{Client, ProviderSpec};
///
/// fn connect(acme: ProviderSpec) -> Client {
///     acme.client("my-client-id", "my-client-secret").redirect_uri("https://app.example/callback")
/// }
/// ```
pub struct Client<P: Provider = Dynamic> {
    inner: Arc<Inner>,
    provider: PhantomData<fn() -> P>,
}

/// More than this is a broken clock.
const MOST_LEEWAY: Duration = Duration::from_secs(5 * 60);

impl<P: Compiled> Client<P> {
    /// A client of a compiled provider; the constructors on the provider's marker call it.
    pub fn new(id: impl Into<String>, credentials: impl Into<ClientAuth>) -> Self {
        Self::over(Inner::new(Config::new(Arc::clone(P::spec()), id.into(), credentials.into())))
    }

    /// Gives a setting its value: `.set(zoho::Region::Eu)`.
    pub fn set<S: SettingValue<P>>(self, setting: S) -> Self {
        let value = setting.into_value().into_owned();
        self.configured(|config| config.set(S::NAME, value))
    }

    /// The same provider on other hosts: `.environment(salesforce::Environment::Sandbox)`.
    pub fn environment<E: EnvironmentValue<P>>(self, environment: E) -> Self {
        let name = environment.into_name();
        self.configured(|config| {
            if let Err(fault) = config.choose(name) {
                config.fault = Some(fault);
            }
        })
    }

    /// A client whose id, secret and required settings come from the environment: `GITHUB_CLIENT_ID`,
    /// `GITHUB_CLIENT_SECRET` (absent for a public client), and one variable per setting, as `SHOPIFY_SHOP`.
    pub fn from_env() -> Result<Self> {
        env::config(Arc::clone(P::spec())).map(|config| Self::over(Inner::new(config)))
    }
}

impl Client<Dynamic> {
    /// A client of a provider known only at run time.
    pub fn dynamic(
        spec: impl Into<Arc<ProviderSpec>>,
        id: impl Into<String>,
        credentials: impl Into<ClientAuth>,
    ) -> Self {
        Self::over(Inner::new(Config::new(spec.into(), id.into(), credentials.into())))
    }

    /// A client of a provider known only at run time, whose id, secret and settings come from the environment.
    pub fn dynamic_from_env(spec: impl Into<Arc<ProviderSpec>>) -> Result<Self> {
        env::config(spec.into()).map(|config| Self::over(Inner::new(config)))
    }

    /// Gives a setting its value, or says why it cannot have it.
    pub fn set(self, setting: &str, value: impl Into<String>) -> Result<Self> {
        let value = value.into();
        self.inner.config.check_setting(setting, &value)?;
        Ok(self.configured(|config| config.set(setting, value)))
    }

    /// The same provider on other hosts: one of the environments that its file names, or an error that lists them.
    pub fn environment(self, name: &str) -> Result<Self> {
        let mut chosen = Ok(());
        let client = self.configured(|config| chosen = config.choose(name));
        chosen.map(|()| client)
    }
}

impl ProviderSpec {
    /// A client of this provider.
    pub fn client(self, id: impl Into<String>, credentials: impl Into<ClientAuth>) -> Client<Dynamic> {
        Client::dynamic(self, id, credentials)
    }

    /// A client of this provider, which needs [mechanisms](crate::mechanism): an error here when one of them is missing,
    /// and not at the first request.
    pub fn client_with(
        self,
        id: impl Into<String>,
        credentials: impl Into<ClientAuth>,
        mechanisms: Mechanisms,
    ) -> Result<Client<Dynamic>> {
        mechanisms.hooks(&self)?;
        Ok(Client::dynamic(self, id, credentials).mechanisms(mechanisms))
    }

    /// A public client of this provider: one that has no secret (RFC 6749 section 2.1).
    pub fn public(self, id: impl Into<String>) -> Client<Dynamic> {
        Client::dynamic(self, id, ClientAuth::none())
    }

    /// A client whose id and secret come from the environment: `ACME_CLIENT_ID`, `ACME_CLIENT_SECRET`.
    pub fn client_from_env(self) -> Result<Client<Dynamic>> {
        Client::dynamic_from_env(self)
    }
}

impl<P: Provider> Client<P> {
    pub(crate) fn over(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), provider: PhantomData }
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner, provider: PhantomData }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Every change goes through here: what was worked out before it is forgotten. What the issuer said stays for a client
    /// of the same issuer only.
    fn configured(mut self, change: impl FnOnce(&mut Config)) -> Self {
        let place = |config: &Config| (Arc::clone(&config.spec), config.settings.clone(), config.at.clone());
        let discovery = self.inner.discovery.kept();
        let inner = Arc::make_mut(&mut self.inner);
        // The endpoints of a filled spec are those of the settings and the environment before.
        if let Some(raw) = inner.raw.take() {
            inner.config.spec = raw;
        }
        let before = place(&inner.config);
        change(&mut inner.config);
        let after = place(&inner.config);
        let same = Arc::ptr_eq(&before.0, &after.0) && (before.1, before.2) == (after.1, after.2);
        inner.prepared = OnceLock::new();
        inner.sourced = Sourced::default();
        inner.discovery = if same { discovery } else { Discovery::default() };
        self
    }

    pub(crate) fn demanding(self, demands: Demands) -> Self {
        self.configured(|config| config.demands = demands)
    }

    /// The provider is what its metadata says: no file says more.
    pub(crate) fn without_file(self) -> Self {
        self.configured(|config| config.without_file = true)
    }

    /// The order of the issuer's well-known addresses.
    pub(crate) fn well_known(self, order: WellKnown) -> Self {
        self.configured(|config| config.well_known = order)
    }

    /// What a registration gave in the place of what the client had.
    pub(crate) fn identified(self, id: String, auth: ClientAuth, expires_at: Option<SystemTime>) -> Self {
        self.configured(|config| (config.client_id, config.auth, config.secret_expires_at) = (id, auth, expires_at))
    }

    /// Where the provider sends the browser back to; it must equal a registered one byte for byte.
    pub fn redirect_uri(self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        self.configured(|config| config.redirect_uri = Some(uri))
    }

    /// Allows a redirect URI of plain http to another machine than this one, for a test network: whoever is between reads the
    /// code and the state. RFC 9700 section 2.6 forbids it.
    pub fn dangerous_allow_http_redirect(self) -> Self {
        self.configured(|config| config.allow_plain_redirect = true)
    }

    /// What a login asks for when the call itself names no scopes.
    pub fn scopes(self, scopes: impl IntoScopes<P>) -> Self {
        let scopes = scopes.into_scopes();
        self.configured(|config| config.scopes = scopes)
    }

    /// The transport, shared with other clients or your own.
    pub fn http_client(self, http: Arc<dyn HttpClient>) -> Self {
        self.configured(|config| {
            config.http = OnceLock::from(Ok(http));
            config.has_own_http = true;
            config.forget_keys();
        })
    }

    /// Connects to public addresses only ([`Guard`](crate::http::Guard)), in the place of the transport that it has: for
    /// providers whose addresses somebody else has written. A [transport](Self::http_client) that it is given later answers for
    /// itself.
    pub fn guarded(self) -> Self {
        self.guarded_by(Guard::new())
    }

    /// As [`guarded`](Self::guarded), with that guard.
    pub(crate) fn guarded_by(self, guard: Guard) -> Self {
        self.configured(|config| {
            config.guard = Some(guard);
            config.http = OnceLock::new();
            config.has_own_http = false;
            config.forget_keys();
        })
    }

    /// The transport that another client of the same program has made, which is nobody's own.
    pub(crate) fn sharing(self, http: Arc<dyn HttpClient>) -> Self {
        self.configured(|config| {
            config.http = OnceLock::from(Ok(http));
            config.forget_keys();
        })
    }

    /// How long an OAuth request may take in all; 30 seconds unless set.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.configured(|config| config.timeout = timeout)
    }

    /// The clock; the system's unless set.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        self.configured(|config| config.clock = clock)
    }

    /// How far the provider's clock may be from this one where ID tokens are checked: a minute unless set, five at most.
    pub fn leeway(self, leeway: Duration) -> Self {
        self.configured(|config| config.leeway = leeway.min(MOST_LEEWAY))
    }

    /// Audiences that an ID token may have beside this client (OpenID Connect Core section 3.1.3.7): none unless set.
    pub fn trusted_audiences<A: Into<String>>(self, audiences: impl IntoIterator<Item = A>) -> Self {
        let audiences = audiences.into_iter().map(Into::into).collect();
        self.configured(|config| config.audiences = audiences)
    }

    /// The private key (PKCS#8 PEM) that signs authorization requests (RFC 9101), for a provider whose file says
    /// `authorize.request_object`. Without one it is the client's secret, where that is a private key.
    pub fn request_key(self, pem: impl Into<SecretString>) -> Self {
        let pem = pem.into();
        self.configured(|config| config.request_key = Some(pem))
    }

    /// The source of random bytes; the operating system's unless set.
    pub fn rng(self, rng: Arc<dyn Rng>) -> Self {
        self.configured(|config| config.rng = rng)
    }

    /// The [mechanisms](crate::mechanism) that the provider's file selects by name. Those that the client has already stay,
    /// unless one of these has their name.
    ///
    /// One that is missing is an error at first use; [`validate`](Self::validate) finds it at once.
    pub fn mechanisms(self, mechanisms: Mechanisms) -> Self {
        self.configured(|config| config.mechanisms = mechanisms.over(std::mem::take(&mut config.mechanisms)))
    }

    /// The cryptography backend; the compiled one unless set (see [`crypto`](crate::crypto)). The default transport is
    /// always on the compiled one.
    pub fn crypto(self, crypto: Arc<dyn Crypto>) -> Self {
        self.configured(|config| {
            config.crypto = Some(crypto);
            config.forget_keys();
        })
    }

    /// Sends everything that was meant for the provider to a server on this machine instead: `http://127.0.0.1:4000`.
    ///
    /// An address `https://HOST/PATH` becomes `{origin}/HOST/PATH`, for the OAuth endpoints and the API alike. The
    /// checks of which host may see a token are made before, on the provider's own addresses. An origin that is not
    /// loopback is refused when the client is first used.
    pub fn dangerous_at(self, loopback_origin: impl Into<String>) -> Self {
        let origin = loopback_origin.into();
        self.configured(|config| {
            config.at = Some(origin);
            config.forget_keys();
        })
    }

    /// The same client, its provider known only at run time: for lists of clients of several providers.
    pub fn erase(self) -> Client<Dynamic> {
        Client::from_inner(self.inner)
    }

    /// The provider's facts.
    pub fn spec(&self) -> &ProviderSpec {
        &self.inner.config.spec
    }

    /// Who you are at the provider.
    pub fn client_id(&self) -> &str {
        &self.inner.config.client_id
    }

    /// Starts a login: [`Authorize`] takes what is particular to this one.
    pub fn authorize(&self) -> Authorize<P>
    where
        P: CanAuthorize,
    {
        Authorize::new(self.clone())
    }

    /// An account over tokens from elsewhere.
    pub fn account(&self, tokens: TokenSet) -> Account<P> {
        Account::new(Arc::clone(&self.inner), tokens)
    }

    /// Checks that everything is there and well formed, without sending anything. Every step does this first.
    pub fn validate(&self) -> Result<(), Error> {
        self.inner.prepared()?;
        check_certificate(&self.inner.config)?;
        request_object::check(&self.inner.config, Step::Configure)
    }
}

impl<P: Provider> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), provider: PhantomData }
    }
}

impl<P: Provider> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.inner.config;
        f.debug_struct("Client")
            .field("provider", &config.spec.id)
            .field("client_id", &config.client_id)
            .field("auth", &config.auth)
            .field("settings", &config.settings)
            .field("redirect_uri", &config.redirect_uri)
            .finish_non_exhaustive()
    }
}
