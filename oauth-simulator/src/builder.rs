use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth_core::spec::{ClientAuthMethod, SigningAlg};
use oauth_core::{Clock, OsRng, ProviderSpec, Rng, SystemClock};
use secrecy::SecretString;
use serde_json::Value;

use crate::api::Api;
use crate::clock::Advanced;
use crate::facts::{Chosen, Facts};
use crate::fetched::Fetched;
use crate::mechanisms;
use crate::minted::signing_alg;
use crate::openid::signing::private_key;
use crate::openid::{Issuer, Signing};
use crate::rng::random_text;
use crate::route::{Routes, callback_issuer};
use crate::sample::{sample, sample_setting};
use crate::server::{Shared, listen, serve};
use crate::state::State;
use crate::{Error, RegisteredClient, SimUser, Simulator};

/// How long an access token lives unless the test or the provider's file says otherwise.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The same of a refresh token, where the file says that one ends.
const REFRESH_LIFETIME: Duration = Duration::from_secs(60 * 24 * 3600);

/// What a simulator shall be like, before it starts: see [`Simulator::builder`].
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    spec: Arc<ProviderSpec>,
    settings: Vec<(String, String)>,
    clients: Vec<RegisteredClient>,
    users: Vec<SimUser>,
    kept: Vec<(String, String)>,
    extras: Vec<(String, Value)>,
    lifetime: Option<Duration>,
    refresh_lifetime: Option<Duration>,
    times_as_text: bool,
    scopes_as_list: bool,
    allow_unknown_scopes: bool,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Builder {
    pub(crate) fn new(spec: Arc<ProviderSpec>) -> Self {
        let lifetime = spec.token.response.expiry.default.map_or(LIFETIME, Duration::from_secs);
        let of_refresh = spec.refresh.as_ref().and_then(|refresh| refresh.expiry.as_ref());
        let refresh_lifetime = of_refresh.map(|expiry| expiry.default.map_or(REFRESH_LIFETIME, Duration::from_secs));
        Self {
            spec,
            settings: Vec::new(),
            clients: Vec::new(),
            users: Vec::new(),
            kept: Vec::new(),
            extras: Vec::new(),
            lifetime: Some(lifetime),
            refresh_lifetime,
            times_as_text: false,
            scopes_as_list: false,
            allow_unknown_scopes: false,
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
        }
    }

    /// Gives one of the provider's settings: a region, a tenant, a shop. One with a default may be left out.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Gives each setting that has no default and was not given a value that its type takes, so that a provider can be
    /// played whatever it asks for: the first of its values, or a made-up name, host or address.
    pub fn sample_settings(mut self) -> Self {
        for setting in self.spec.required_settings() {
            if self.settings.iter().all(|(name, _)| *name != setting.name) {
                self.settings.push((setting.name.clone(), sample_setting(setting)));
            }
        }
        self
    }

    /// Registers a client. Without any there is one with a random id and secret that may redirect to any `http`
    /// address on loopback; the first one given takes its place.
    pub fn client(mut self, client: RegisteredClient) -> Self {
        self.clients.push(client);
        self
    }

    /// Adds a person. Without any there is [`SimUser::default`]; the first one given takes its place.
    pub fn user(mut self, user: SimUser) -> Self {
        self.users.push(user);
        self
    }

    /// Says which value the callback carries under that name, where the provider's file keeps one. Otherwise it is
    /// the first of the file's values, or a sample.
    pub fn callback_value(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.kept.push((name.into(), value.into()));
        self
    }

    /// Says what the token answer carries in one of the file's extras; otherwise it is a sample of its type.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extras.push((name.into(), value.into()));
        self
    }

    /// How long an access token lives, and what the answer says of it: an hour unless the provider's file knows
    /// better. `None`: for ever, and the answer says nothing.
    pub fn access_token_lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.lifetime = lifetime.into();
        self
    }

    /// How long a refresh token lives: for ever, unless the provider's file says how its end is told.
    pub fn refresh_token_lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.refresh_lifetime = lifetime.into();
        self
    }

    /// Tells when a token ends as text and not as a number: a point in time as in RFC 3339, a span as digits.
    pub fn times_as_text(mut self) -> Self {
        self.times_as_text = true;
        self
    }

    /// Tells the granted scopes as a JSON list and not as a text.
    pub fn scopes_as_list(mut self) -> Self {
        self.scopes_as_list = true;
        self
    }

    /// Grants scopes that the provider's file does not know. Without this they are refused as `invalid_scope`, as
    /// most providers do.
    pub fn allow_unknown_scopes(mut self) -> Self {
        self.allow_unknown_scopes = true;
        self
    }

    /// Another clock than the machine's. See also [`Simulator::advance`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another source of random bytes than the machine's.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// Opens a free port on `127.0.0.1` and serves on a task of the current tokio runtime until the simulator is
    /// dropped.
    pub async fn start(self) -> Result<Simulator, Error> {
        let spec = Arc::clone(&self.spec);
        mechanisms::refuse(&spec)?;
        let (listener, port) = listen().await.map_err(|source| Error::Listen { provider: spec.label(), source })?;
        let spare_secret = spare_secret(&*self.rng);
        let shared = self.shared(port, &spare_secret).map_err(|problem| Error::setup(&spec, problem))?;
        let shared = Arc::new(shared);
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Simulator::new(shared, spare_secret, task))
    }

    fn shared(self, port: u16, spare_secret: &str) -> Result<Shared, String> {
        let facts = self.facts(spare_secret)?;
        let client = facts.clients.first().ok_or("there is no client")?;
        let issuer = Issuer::new(&facts, client)?;
        Ok(Shared {
            routes: Routes::new(&facts, &issuer)?,
            api: Api::new(&facts)?,
            fetched: Fetched::all(&facts)?,
            callback_issuer: callback_issuer(&facts, client)?,
            issuer,
            signing: Signing::default(),
            port,
            origin: format!("http://127.0.0.1:{port}"),
            cookie: format!("oauth_simulator_{port}"),
            allow_unknown_scopes: self.allow_unknown_scopes,
            lifetime: self.lifetime,
            refresh_lifetime: self.refresh_lifetime,
            clock: Arc::new(Advanced::new(self.clock)),
            rng: self.rng,
            state: Mutex::new(State::default()),
            facts,
        })
    }

    fn facts(&self, spare_secret: &str) -> Result<Facts, String> {
        let mut clients = self.clients.clone();
        if clients.is_empty() {
            let id = random_text(&*self.rng, "sim-client-").chars().take(24).collect::<String>();
            let assertion = self.spec.client_auth.assertion.as_ref();
            clients.push(match (self.spec.client_auth.method, &self.spec.client_auth.minted) {
                (ClientAuthMethod::None, _) => RegisteredClient::public(id),
                (_, Some(minted)) => RegisteredClient::confidential(id, private_key(signing_alg(minted.alg)?)?),
                (ClientAuthMethod::PrivateKeyJwt, _) if assertion.is_some() => {
                    let alg = assertion.map_or(SigningAlg::ES256, |assertion| assertion.alg);
                    RegisteredClient::confidential(id, private_key(alg)?)
                }
                _ => RegisteredClient::confidential(id, spare_secret),
            });
        }
        let users = if self.users.is_empty() { vec![SimUser::default()] } else { self.users.clone() };
        Ok(Facts {
            spec: Arc::clone(&self.spec),
            settings: self.settings()?,
            kept: self.kept()?,
            extras: self.extras()?,
            times_as_text: self.times_as_text,
            scopes_as_list: self.scopes_as_list,
            clients,
            users,
        })
    }

    fn settings(&self) -> Result<Vec<Chosen>, String> {
        if let Some((name, _)) = self.settings.iter().find(|(name, _)| self.spec.setting(name).is_none()) {
            return Err(format!("it has no setting `{name}`"));
        }
        let settings = self.spec.settings.iter().map(|setting| {
            let given = self.settings.iter().rev().find(|(name, _)| *name == setting.name).map(|(_, value)| value);
            let value = given.or(setting.default.as_ref());
            let value = value
                .ok_or_else(|| format!("the setting `{0}` has no default: add .setting(\"{0}\", ..)", setting.name))?;
            let meaning = setting
                .resolve(value)
                .map_err(|why| format!("the setting `{}` cannot be that: {why}", setting.name))?;
            Ok(Chosen { name: setting.name.clone(), value: value.clone(), meaning: meaning.into_owned() })
        });
        settings.collect()
    }

    fn kept(&self) -> Result<Vec<Chosen>, String> {
        let keep = &self.spec.callback.keep;
        if let Some((name, _)) = self.kept.iter().find(|(name, _)| keep.iter().all(|kept| kept.name != *name)) {
            return Err(format!("its callback has no value `{name}`"));
        }
        let kept = keep.iter().map(|kept| {
            let given = self.kept.iter().rev().find(|(name, _)| *name == kept.name).map(|(_, value)| value.clone());
            let sent = given.or_else(|| kept.values.first().map(|(value, _)| value.clone()));
            let sent = sent.unwrap_or_else(|| format!("sample-{}", kept.name.to_ascii_lowercase().replace('_', "-")));
            let meaning = kept
                .values
                .iter()
                .find(|(value, _)| *value == sent)
                .map_or_else(|| sent.clone(), |(_, meaning)| meaning.clone());
            Ok(Chosen { name: kept.name.clone(), value: sent, meaning })
        });
        kept.collect()
    }

    fn extras(&self) -> Result<Vec<(String, Value)>, String> {
        let extras = || self.spec.token.extras();
        if let Some((name, _)) = self.extras.iter().find(|(name, _)| extras().all(|extra| extra.name != *name)) {
            return Err(format!("its token answer has no extra `{name}`"));
        }
        let extras = extras().map(|extra| {
            let given = self.extras.iter().rev().find(|(name, _)| *name == extra.name).map(|(_, value)| value.clone());
            (extra.name.clone(), given.unwrap_or_else(|| sample(&extra.name, extra.kind, &extra.hosts, 1)))
        });
        Ok(extras.collect())
    }
}

/// Holds characters that mean something in a form, so that a client that forgets to encode it is found out always
/// and not once in a while.
fn spare_secret(rng: &dyn Rng) -> String {
    format!("{}+/%=", random_text(rng, "sim_secret_"))
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("provider", &self.spec.id)
            .field("clients", &self.clients)
            .field("users", &self.users.len())
            .finish_non_exhaustive()
    }
}

/// The secret as it is handed out.
pub(crate) fn secret_of(client: &RegisteredClient, spare: &str) -> SecretString {
    client.secret().cloned().unwrap_or_else(|| SecretString::from(spare.to_owned()))
}
