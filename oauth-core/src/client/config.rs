use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use super::{ClientAuth, Prepared, Sourced};
use crate::clock::{Clock, SystemClock};
use crate::crypto::{self, Crypto, CryptoError};
use crate::dpop::Nonces;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::{Guard, HttpClient, ReqwestClient, TransportErrorKind, transport_error};
use crate::mechanism::Mechanisms;
use crate::openid::{Demands, Discovery, KeyCache, WellKnown};
use crate::rng::{OsRng, Rng};
use crate::spec::ProviderSpec;

/// What a client was told.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) spec: Arc<ProviderSpec>,
    /// The spec as the file has it, where an environment has been chosen.
    file: Option<Arc<ProviderSpec>>,
    /// What was wrong with a choice that could not say so at once.
    pub(super) fault: Option<Error>,
    pub(crate) client_id: String,
    pub(crate) auth: ClientAuth,
    /// The private key that signs authorization requests, where it is not the secret.
    pub(crate) request_key: Option<SecretString>,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) redirect_uri: Option<String>,
    /// Whether the redirect URI may be plain http to another machine.
    pub(crate) allow_plain_redirect: bool,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) http: OnceLock<Result<Arc<dyn HttpClient>, Error>>,
    /// Which addresses the default transport reaches, where somebody else may have named them.
    pub(crate) guard: Option<Guard>,
    /// Whether the transport is the user's.
    pub(crate) has_own_http: bool,
    pub(crate) timeout: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) crypto: Option<Arc<dyn Crypto>>,
    pub(crate) at: Option<String>,
    /// How far clocks may differ (RFC 7519 section 4.1.4).
    pub(crate) leeway: Duration,
    /// Audiences of ID tokens that are trusted beside this client.
    pub(crate) audiences: Vec<String>,
    pub(crate) keys: Arc<KeyCache>,
    pub(crate) mechanisms: Mechanisms,
    pub(crate) well_known: WellKnown,
    /// Whether all that is known of the provider is its metadata.
    pub(crate) without_file: bool,
    /// What the issuer's metadata has to say, each time it is read.
    pub(crate) demands: Demands,
    /// When the client's secret ends, where the registration said so (RFC 7591 section 3.2.1).
    pub(crate) secret_expires_at: Option<SystemTime>,
    /// What servers want in the next proof of possession; clones share it.
    pub(crate) nonces: Arc<Nonces>,
}

/// What a client was told, and what follows from it, worked out at first use.
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) prepared: OnceLock<Result<Prepared, Error>>,
    /// The spec as it was before the metadata filled it, where the endpoints are the metadata's.
    pub(crate) raw: Option<Arc<ProviderSpec>>,
    pub(crate) discovery: Discovery,
    pub(crate) sourced: Sourced,
}

/// RFC 6749 names no limit; 30 seconds is what people wait.
const TIMEOUT: Duration = Duration::from_secs(30);

/// RFC 7519 section 4.1.4: "some small leeway, usually no more than a few minutes, to account for clock skew".
const LEEWAY: Duration = Duration::from_secs(60);

impl Config {
    pub(crate) fn new(spec: Arc<ProviderSpec>, client_id: String, auth: ClientAuth) -> Self {
        Self {
            spec,
            file: None,
            fault: None,
            client_id,
            auth,
            request_key: None,
            settings: Vec::new(),
            redirect_uri: None,
            allow_plain_redirect: false,
            scopes: None,
            http: OnceLock::new(),
            guard: None,
            has_own_http: false,
            timeout: TIMEOUT,
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            crypto: crypto::default_backend(),
            at: None,
            leeway: LEEWAY,
            audiences: Vec::new(),
            keys: Arc::default(),
            mechanisms: Mechanisms::new(),
            well_known: WellKnown::default(),
            without_file: false,
            demands: Demands::default(),
            secret_expires_at: None,
            nonces: Arc::default(),
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value));
    }

    /// Goes to the hosts of that environment, from whichever was chosen before.
    pub(super) fn choose(&mut self, environment: &str) -> Result<()> {
        let file = self.file.as_ref().unwrap_or(&self.spec);
        let Some(spec) = file.in_environment(environment) else {
            let known: Vec<&str> = file.environments.iter().map(|known| known.name.as_str()).collect();
            let what = format!(
                "there is no environment `{}`; it has {}",
                crate::error::clean(environment),
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            );
            return Err(Error::new(ErrorKind::Setting, Step::Configure, what).of(file));
        };
        let file = Arc::clone(file);
        self.file = Some(file);
        self.spec = Arc::new(spec);
        self.fault = None;
        Ok(())
    }

    /// From here on keys come in another way. Those that another server, transport or backend vouched for are no keys of
    /// this client's, and this client's are none of the clients that it was cloned from.
    pub(super) fn forget_keys(&mut self) {
        self.keys = Arc::default();
    }

    /// Whether an environment was chosen that has a token endpoint of its own.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.endpoints.token != self.spec.endpoints.token)
    }

    /// The same where the issuer does not tell it from the file's own server. `own` is the spec without the issuer's metadata.
    pub(crate) fn is_elsewhere_untold(&self, own: &ProviderSpec) -> bool {
        self.file.as_ref().is_some_and(|file| {
            file.endpoints.issuer == own.endpoints.issuer && file.endpoints.token != own.endpoints.token
        })
    }

    pub(crate) fn check_setting(&self, name: &str, value: &str) -> Result<()> {
        let fail = |what: String| Err(Error::new(ErrorKind::Setting, Step::Configure, what).of(&self.spec));
        let Some(setting) = self.spec.setting(name) else {
            let known: Vec<&str> = self.spec.settings.iter().map(|setting| setting.name.as_str()).collect();
            return fail(format!(
                "there is no setting `{}`; it has {}",
                name.escape_debug(),
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            ));
        };
        match setting.resolve(value) {
            Ok(_) => Ok(()),
            Err(why) => fail(format!("`{}` cannot be the setting `{name}`: {why}", crate::error::clean(value))),
        }
    }

    /// The value of a setting, its default where none is given.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        let given = self.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        given.or_else(|| self.spec.setting(name)?.default.as_deref())
    }
}

impl Inner {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            prepared: OnceLock::new(),
            raw: None,
            discovery: Discovery::default(),
            sourced: Sourced::default(),
        }
    }

    pub(crate) fn spec(&self) -> &ProviderSpec {
        &self.config.spec
    }

    /// The spec without what the issuer's metadata adds.
    pub(crate) fn unfilled(&self) -> &Arc<ProviderSpec> {
        self.raw.as_ref().unwrap_or(&self.config.spec)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.config.clock.now()
    }

    /// Everything that can be worked out once; the first use pays, and finds what is missing.
    pub(crate) fn prepared(&self) -> Result<&Prepared> {
        self.prepared.get_or_init(|| Prepared::new(&self.config)).as_ref().map_err(Clone::clone)
    }

    /// The transport, for another client of the same program.
    pub(crate) fn shared_http(&self) -> Result<Arc<dyn HttpClient>> {
        self.http()?;
        match self.config.http.get() {
            Some(Ok(http)) => Ok(Arc::clone(http)),
            Some(Err(error)) => Err(error.clone()),
            None => Err(self.no_backend(Step::Configure)),
        }
    }

    pub(crate) fn http(&self) -> Result<&dyn HttpClient> {
        let connect = || match &self.config.guard {
            Some(guard) => ReqwestClient::guarded_with(guard.clone(), |builder| builder),
            None => ReqwestClient::new(),
        };
        let made = self.config.http.get_or_init(|| match connect() {
            Ok(client) => Ok(Arc::new(client) as Arc<dyn HttpClient>),
            Err(error) if error.kind() == TransportErrorKind::NoBackend => Err(self.no_backend(Step::Configure)),
            Err(error) => Err(transport_error(Step::Configure, "the provider", error).of(self.spec())),
        });
        match made {
            Ok(client) => Ok(&**client),
            Err(error) => Err(error.clone()),
        }
    }

    /// The cryptography backend: the client's own, else the compiled one.
    pub(crate) fn crypto(&self, step: Step) -> Result<&Arc<dyn Crypto>> {
        self.config.crypto.as_ref().ok_or_else(|| self.no_backend(step))
    }

    fn no_backend(&self, step: Step) -> Error {
        Error::new(ErrorKind::Config, step, CryptoError::NoBackend.to_string())
            .fix("add the feature in Cargo.toml; a backend of your own goes in by `.crypto(..)`, a transport by `.http_client(..)`")
            .of(self.spec())
    }

    /// Whether another client is the same one at the same place, made again.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        // What an issuer says of itself changes, and its clients stay what they are.
        let same_spec = Arc::ptr_eq(self.unfilled(), other.unfilled()) || self.unfilled() == other.unfilled();
        let (own, other) = (&self.config, &other.config);
        same_spec
            && own.client_id == other.client_id
            && own.auth.is_as(&other.auth)
            && own.request_key.as_ref().map(ExposeSecret::expose_secret)
                == other.request_key.as_ref().map(ExposeSecret::expose_secret)
            && (&own.settings, &own.at, &own.scopes) == (&other.settings, &other.at, &other.scopes)
    }

    /// An error builder's last step, with this client's provider.
    pub(crate) fn error(&self, kind: ErrorKind, step: Step, what: impl Into<String>) -> Error {
        Error::new(kind, step, what).of(self.spec())
    }
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            prepared: self.prepared.clone(),
            raw: self.raw.clone(),
            discovery: Discovery::default(),
            sourced: Sourced::default(),
        }
    }
}
