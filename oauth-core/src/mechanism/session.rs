use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::{ClientFacts, MechanismError};
use crate::client::{Context, Inner, fill};
use crate::error::{Error, ErrorKind, Result as StepResult, Scrub, ServerError, Step};
use crate::http::{Answer, BoxFuture, retry_after, send_bounded};
use crate::spec::{MechanismKind, Template, template};
use crate::token::TokenSet;

/// Logs a fresh token in: where the API takes a session that the OAuth token is exchanged for, by requests of the
/// provider's own.
///
/// The provider's file selects it with `token.session: NAME`. It is called after the code exchange, and again after each
/// refresh, because a session ends with the token it was opened with. The OAuth refresh token stays where it is: a
/// session that cannot be opened after a refresh loses no token, and is tried again before the account is next used.
///
/// ```
/// use oauth_core::http::BoxFuture;
/// use oauth_core::mechanism::{MechanismError, Session, SessionLogin, SessionRequest};
///
/// struct RestLogin;
///
/// impl SessionLogin for RestLogin {
///     fn open<'a>(&'a self, login: SessionRequest<'a>) -> BoxFuture<'a, Result<Session, MechanismError>> {
///         Box::pin(async move {
///             let answer = login.get("https://rest.acme.example/login").await?.json()?;
///             let session = answer["session"].as_str().ok_or(MechanismError::new("the answer has no session"))?;
///             Ok(Session::new(session).with_extra("rest_url", answer["restUrl"].clone()))
///         })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not log tokens in",
    label = "implement `mechanism::SessionLogin` for `{Self}`",
    note = "the provider's YAML file asks for one with `token.session`"
)]
pub trait SessionLogin: Send + Sync + 'static {
    /// Opens a session with the fresh tokens. All its requests together have the time of one OAuth request.
    fn open<'a>(&'a self, login: SessionRequest<'a>) -> BoxFuture<'a, Result<Session, MechanismError>>;
}

/// The fresh tokens, and the way to the provider.
#[derive(Clone, Copy)]
pub struct SessionRequest<'a> {
    client: ClientFacts<'a>,
    tokens: &'a TokenSet,
    heard: &'a Mutex<Vec<Bytes>>,
}

/// More than any login needs.
const MOST_REQUESTS: usize = 16;

impl<'a> SessionRequest<'a> {
    /// The client: its id, its secret, its clock.
    pub fn client(&self) -> ClientFacts<'a> {
        self.client
    }

    /// The tokens as the exchange or the refresh gave them.
    pub fn tokens(&self) -> &'a TokenSet {
        self.tokens
    }

    /// Sends a GET request with the access token as `Authorization: Bearer`; see [`send`](Self::send).
    pub async fn get(&self, url: &str) -> Result<SessionAnswer<'a>, MechanismError> {
        let token = self.tokens.access_token.expose_secret();
        let unwritable = || MechanismError::new("the request cannot be written as HTTP");
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| unwritable())?;
        bearer.set_sensitive(true);
        let request = Request::get(url).header(ACCEPT, "application/json").header(AUTHORIZATION, bearer);
        self.send(request.body(Bytes::new()).map_err(|_| unwritable())?).await
    }

    /// Sends a request under the rules of every OAuth request: https, no redirect, no compression, at most 1 MiB, in
    /// time, and to hosts of the provider's file only: those of its endpoints and its API, `api.hosts`, and the `hosts`
    /// of its extras.
    pub async fn send(&self, request: Request<Bytes>) -> Result<SessionAnswer<'a>, MechanismError> {
        let inner = self.client.inner;
        if self.heard().len() >= MOST_REQUESTS {
            return Err(MechanismError::new("it sends more requests than any login needs"));
        }
        let request = admitted(inner, self.tokens, request)?;
        let answer = send_bounded(inner.http()?, inner.spec(), Step::Session, inner.config.timeout, request).await?;
        self.heard().push(answer.body.clone());
        Ok(SessionAnswer { client: self.client, tokens: self.tokens, answer })
    }

    fn heard(&self) -> std::sync::MutexGuard<'a, Vec<Bytes>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRequest").field("client", &self.client).finish_non_exhaustive()
    }
}

/// What the provider answered to a request of a session login.
pub struct SessionAnswer<'a> {
    client: ClientFacts<'a>,
    tokens: &'a TokenSet,
    answer: Answer,
}

impl SessionAnswer<'_> {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.answer.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.answer.headers
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.answer.body
    }

    /// The body as JSON, if the provider agreed; its refusal as an error otherwise.
    pub fn json(&self) -> Result<Value, MechanismError> {
        let inner = self.client.inner;
        let status = self.answer.status.as_u16();
        if self.answer.status.is_success() {
            let json = serde_json::from_slice(&self.answer.body);
            return json.map_err(|_| MechanismError::new("the answer to the session login is not JSON"));
        }
        let (kind, what) = match status {
            429 => (ErrorKind::RateLimited, "the provider asks to wait".to_owned()),
            408 | 500.. => (ErrorKind::Unavailable, format!("the provider is not able to answer (status {status})")),
            _ => (ErrorKind::ProviderRefused, format!("the provider refused (status {status})")),
        };
        let wait = retry_after(&self.answer.headers, inner.now());
        let scrub = Scrub::tokens(&inner.config, self.tokens, std::iter::empty());
        let server =
            ServerError::of_api(&scrub, inner.spec().token.response.error.as_ref(), status, wait, &self.answer.body);
        Err(Error::new(kind, Step::Session, what).server(server).of(inner.spec()).into())
    }
}

/// The body may have secrets: only its size is shown.
impl fmt::Debug for SessionAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.answer.body.len();
        f.debug_struct("SessionAnswer").field("status", &self.status()).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// The request, if its address is one of the provider's.
fn admitted(inner: &Inner, tokens: &TokenSet, mut request: Request<Bytes>) -> StepResult<Request<Bytes>> {
    let prepared = inner.prepared()?;
    let malformed = |what| inner.error(ErrorKind::Config, Step::Session, what);
    let url =
        url::Url::parse(&request.uri().to_string()).map_err(|_| malformed("a request has no absolute address"))?;
    if !is_providers(inner, tokens, &url) && prepared.origins.admit(&inner.config, tokens, request.uri()).is_err() {
        let what = format!(
            "{} is not one of the provider's addresses, so nothing was sent",
            url.origin().ascii_serialization()
        );
        return Err(Error::new(ErrorKind::OriginRefused, Step::Session, what)
            .fix("list the host under `api.hosts` in the provider's file")
            .of(inner.spec()));
    }
    let address = prepared.detoured(request.uri().to_string());
    *request.uri_mut() = address.try_into().map_err(|_| malformed("an address cannot be written as HTTP"))?;
    Ok(request)
}

/// Whether it is at an endpoint's origin, or below a host that the file lists for an extra.
fn is_providers(inner: &Inner, tokens: &TokenSet, url: &url::Url) -> bool {
    let spec = inner.spec();
    if !template::is_secure(url) || !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    let endpoints = [&spec.endpoints.authorization, &spec.endpoints.token, &spec.endpoints.issuer];
    let others = [
        spec.refresh.as_ref().and_then(|refresh| refresh.url.as_ref()),
        spec.token.upgrade.as_ref().map(|upgrade| &upgrade.url),
    ];
    let own = |address: &Template| {
        let context = Context { tokens: Some(tokens), ..Context::default() };
        let filled = fill(&inner.config, Step::Session, address, context).ok();
        filled.and_then(|text| url::Url::parse(&text).ok()).is_some_and(|own| own.origin() == url.origin())
    };
    let below =
        |host: &str, suffix: &str| host == suffix || host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    let plain = url.host_str().filter(|_| url.scheme() == "https" && url.port().is_none());
    endpoints.into_iter().flatten().chain(others.into_iter().flatten()).any(own)
        || plain.is_some_and(|host| {
            let mut hosts = spec.token.extras().flat_map(|extra| &extra.hosts);
            hosts.any(|suffix| below(host, suffix))
        })
}

/// What a session login gave: what is sent in the access token's place, how long, and what else later requests need.
#[must_use = "it is the result of `SessionLogin::open`"]
pub struct Session {
    token: Option<SecretString>,
    expires_at: Option<SystemTime>,
    extras: serde_json::Map<String, Value>,
}

impl Session {
    /// A session whose token takes the access token's place: it goes where `token.placement` says.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self { token: Some(token.into()), ..Self::beside_token() }
    }

    /// A session beside the access token, which is sent as before; what the session is goes into extras.
    pub fn beside_token() -> Self {
        Self { token: None, expires_at: None, extras: serde_json::Map::new() }
    }

    /// When the session ends. Without it the session ends with the OAuth token that it was opened with.
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Adds a member, as if the token response had had it: where `token.response.extras` declares it, it is
    /// `{token.NAME}` in addresses and headers, under the rules of the file.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extras.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extras: Vec<&String> = self.extras.keys().collect();
        f.debug_struct("Session").field("expires_at", &self.expires_at).field("extras", &extras).finish_non_exhaustive()
    }
}

/// A set of tokens whose session could not be opened: what kept it from that, where that is still known.
#[derive(Clone)]
pub(crate) struct SessionDue(pub(crate) Option<Error>);

impl SessionDue {
    pub(crate) fn error(&self, inner: &Inner) -> Error {
        self.0.clone().unwrap_or_else(|| {
            Error::new(ErrorKind::Mechanism, Step::Session, "the session that belongs to the token is not open")
                .fix("renew the token: that opens the session")
                .of(inner.spec())
        })
    }
}

/// The tokens with their session open; none where the provider has no sessions.
pub(crate) async fn open(inner: &Inner, tokens: &TokenSet) -> StepResult<Option<TokenSet>> {
    let Some(login) = &inner.prepared()?.hooks.session_login else { return Ok(None) };
    let heard = Mutex::new(Vec::new());
    let request = SessionRequest { client: ClientFacts { inner, step: Step::Session }, tokens, heard: &heard };
    let opened = tokio::time::timeout(inner.config.timeout, login.open(request)).await.map_err(|_| {
        let what = format!("the session login took longer than {} s", inner.config.timeout.as_secs());
        inner.error(ErrorKind::Timeout, Step::Session, what)
    })?;
    let failed = |error: MechanismError| {
        let scrub = Scrub::tokens(&inner.config, tokens, std::iter::empty());
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (inner.spec(), Step::Session, MechanismKind::SessionLogin);
        error.into_error(ErrorKind::Mechanism, at, &scrub, &heard)
    };
    let set = opened.and_then(|session| logged_in(tokens, session)).map_err(failed)?;
    tracing::debug!("session opened");
    Ok(Some(set))
}

fn logged_in(tokens: &TokenSet, session: Session) -> Result<TokenSet, MechanismError> {
    let mut set = tokens.clone();
    set.session_due = None;
    if let Some(token) = session.token {
        // RFC 6749 appendix A.12: `1*VSCHAR`. An empty one would be sent as no token at all.
        let text = token.expose_secret();
        if text.trim().is_empty() || !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(MechanismError::new("the session's token is empty or has characters that no token has"));
        }
        set.access_token = token;
    }
    set.expires_at = session.expires_at.or(set.expires_at);
    if session.extras.is_empty() {
        return Ok(set);
    }
    // Names and JSON values: serde_json can write each of them.
    Ok(set.with_extras(serde_json::to_string(&session.extras).unwrap_or_default().into()))
}
