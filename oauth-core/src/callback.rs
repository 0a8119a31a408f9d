//! The authorization response (RFC 6749 section 4.1.2): whose it is, and what it says.

mod issuer;
mod kept;
mod signed;

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tracing::Instrument as _;

use self::issuer::check_issuer;
use self::kept::kept;
use crate::account::Account;
use crate::browser::Browser;
use crate::client::{Client, Inner, Prepared, renamed};
use crate::error::{Error, ErrorKind, Result, Scrub, Step, clean};
use crate::pending::{HeldPending, IntoPending, PendingAttempt, TakeError, TakeResult};
use crate::provider::{CanAuthorize, Provider};
use crate::signature;

/// No real callback is larger.
const MAX_CALLBACK: usize = 32 * 1024;
/// No real code is larger.
const MAX_CODE: usize = 8 * 1024;

/// The parameters of a callback, in order, each as it came.
#[derive(Clone)]
pub struct CallbackInput {
    params: Vec<(String, String)>,
    too_large: bool,
    /// Whether the provider has signed all of it.
    signed: bool,
}

impl CallbackInput {
    /// The query of the request, or the form of a POST: `code=..&state=..`.
    pub fn from_query(query: &str) -> Self {
        if query.len() > MAX_CALLBACK {
            return Self { params: Vec::new(), too_large: true, signed: false };
        }
        let params =
            form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self { params: params.collect(), too_large: false, signed: false }
    }

    /// The address of the request, whole (`https://app.example/callback?code=..`) or from its path on.
    pub fn from_url(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or_default();
        Self::from_query(url.split_once('?').map_or("", |(_, query)| query))
    }

    /// The value of a parameter that must not come twice (RFC 6749 section 3.1).
    pub(crate) fn once(&self, name: &str) -> Result<Option<&str>, ()> {
        let mut values = self.params.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() { Err(()) } else { Ok(first.filter(|value| !value.is_empty())) }
    }

    /// Whether it was too large to be read.
    pub(crate) fn is_too_large(&self) -> bool {
        self.too_large
    }

    /// All parameters, decoded, in order.
    pub(crate) fn params(&self) -> &[(String, String)] {
        &self.params
    }

    pub(crate) fn into_params(self) -> Vec<(String, String)> {
        self.params
    }

    /// A value as a message may show it: without state and code, should somebody have put them there.
    fn shown(&self, inner: &Inner, value: &str) -> String {
        let spec = &inner.config.spec;
        let is_secret = |name: &str| name == spec.callback.code || name == renamed(&spec.authorize.rename, "state");
        let secrets = self.params.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.as_str());
        clean(&Scrub::new(&inner.config, secrets).text(value))
    }
}

/// A query, a path with a query, or a whole URL.
impl From<&str> for CallbackInput {
    fn from(text: &str) -> Self {
        let is_address = text.starts_with(['/', '?'])
            || text.split(['?', '=', '&']).next().is_some_and(|start| start.contains("://"));
        if is_address { Self::from_url(text) } else { Self::from_query(text) }
    }
}

impl From<&String> for CallbackInput {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for CallbackInput {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Option<&str>> for CallbackInput {
    fn from(query: Option<&str>) -> Self {
        Self::from_query(query.unwrap_or_default())
    }
}

/// Shows the names only: values are secrets.
impl fmt::Debug for CallbackInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.params.iter().map(|(name, _)| clean(name))).finish()
    }
}

/// A code that came back to the browser, provider and server that it was asked for with: the only thing that
/// [`Client::exchange`] takes.
pub struct VerifiedCode {
    pub(crate) code: SecretString,
    pub(crate) attempt: PendingAttempt,
    pub(crate) kept: Vec<(String, String)>,
    /// The ID token that came beside it, not verified yet.
    pub(crate) id_token: Option<SecretString>,
}

impl fmt::Debug for VerifiedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCode").field("provider", &self.attempt.provider).finish_non_exhaustive()
    }
}

impl<P: Provider> Client<P> {
    /// Finishes a login: checks whose callback this is, exchanges the code, and gives the account.
    ///
    /// `input` is the request's query or URL. `pending` is the attempt, or whoever remembers it: [`&PendingAttempts`] in
    /// this process, [`&StoredAttempts`] in a store, [`SealedAttempts::cookie`] in the browser. `browser` is the cookie
    /// that was set when the login started. A refused callback leaves a remembered attempt where it is, so that a forged
    /// one cannot end somebody's login.
    ///
    /// A future that is dropped once the code was sent loses the tokens: the code is used up, they are not revoked, and the
    /// same callback is [`AlreadyUsed`](ErrorKind::AlreadyUsed). Web servers drop the handler of a browser that reloads the
    /// page. Have it all in a task of its own, until the tokens are kept:
    ///
    /// ```no_run
    /// # use oauth_core::{Browser, Client, PendingAttempt, TokenManager};
    /// # type Failed = Box<dyn std::error::Error + Send + Sync>;
    /// # async fn f(client: Client, manager: TokenManager, query: String, pending: PendingAttempt, browser: Browser) -> Result<(), Failed> {
    /// let login = tokio::spawn(async move {
    ///     let account = client.callback(query, pending, browser).await?;
    ///     manager.connect(&client, "alice", &account).await
    /// });
    /// let account = login.await??;
    /// # Ok(()) }
    /// ```
    ///
    /// [`&PendingAttempts`]: crate::PendingAttempts
    /// [`&StoredAttempts`]: crate::StoredAttempts
    /// [`SealedAttempts::cookie`]: crate::SealedAttempts::cookie
    pub async fn callback(
        &self,
        input: impl Into<CallbackInput>,
        pending: impl IntoPending,
        browser: impl Into<Browser>,
    ) -> Result<Account<P>>
    where
        P: CanAuthorize,
    {
        let (input, browser) = (input.into(), browser.into());
        let inner = self.inner().ready().await?;
        let verified = async {
            let input = signed::opened(&inner, input).await?;
            let reading = Reading::new(&inner, &input, &browser)?;
            let admit = |attempt: &PendingAttempt| reading.admit(attempt);
            let taken = pending.take(reading.state, &admit).await;
            reading.verified(taken)
        };
        let code = verified.instrument(span(&inner)).await?;
        Ok(self.account(self.exchange(code).await?))
    }

    /// The checks of [`callback`](Self::callback) alone; nothing is sent. The attempt is one that needs no waiting for.
    ///
    /// A callback that the provider signs (`authorize.response_mode: query.jwt` and its kin) takes the provider's keys, which
    /// may have to be asked for: it is [`ErrorKind::Unsupported`] here, and [`callback`](Self::callback) reads it.
    pub fn verify_callback(
        &self,
        input: impl Into<CallbackInput>,
        pending: impl HeldPending,
        browser: impl Into<Browser>,
    ) -> Result<VerifiedCode>
    where
        P: CanAuthorize,
    {
        let (input, browser) = (input.into(), browser.into());
        let inner = self.inner().ready_now()?;
        span(&inner).in_scope(|| {
            let reading = Reading::new(&inner, &input, &browser)?;
            let taken = pending.take_now(reading.state, &|attempt| reading.admit(attempt));
            reading.verified(taken)
        })
    }
}

fn span(inner: &Inner) -> tracing::Span {
    tracing::debug_span!("oauth.callback", provider = %inner.config.spec.id)
}

/// A callback, read and not yet believed.
struct Reading<'a> {
    inner: &'a Inner,
    prepared: &'a Prepared,
    input: &'a CallbackInput,
    browser: &'a Browser,
    state: &'a str,
    code: Option<&'a str>,
    error: Option<&'a str>,
    iss: Option<&'a str>,
}

impl<'a> Reading<'a> {
    fn new(inner: &'a Inner, input: &'a CallbackInput, browser: &'a Browser) -> Result<Self> {
        let prepared = inner.prepared()?;
        let rules = &inner.config.spec.callback;
        let fail = |kind, what: &str| inner.error(kind, Step::Callback, what);
        if input.too_large {
            return Err(fail(ErrorKind::CallbackTooLarge, "the callback is larger than any real one"));
        }
        if inner.spec().authorize.is_answer_signed() && !input.signed {
            signed::jwt(inner, input)?;
            let error = Error::new(ErrorKind::Unsupported, Step::Callback, "a signed callback is not verified at once");
            return Err(error.fix("use `callback`, which can ask for the provider's keys").of(inner.spec()));
        }
        let once = |name: &str| {
            input.once(name).map_err(|()| {
                fail(ErrorKind::AmbiguousCallback, &format!("the callback has `{}` more than once", clean(name)))
            })
        };
        let state = once(renamed(&inner.config.spec.authorize.rename, "state"))?;
        let code = once(&rules.code)?;
        let error =
            rules.error.iter().try_fold(None, |error: Option<&str>, name| Ok::<_, Error>(error.or(once(name)?)))?;
        let iss = once("iss")?;
        let state = state.ok_or_else(|| fail(ErrorKind::StateMissing, "the callback has no `state`"))?;
        Ok(Self { inner, prepared, input, browser, state, code, error, iss })
    }

    /// Everything that shows whose callback this is comes before anything it says is believed: a forged refusal must not
    /// end a login (RFC 6749 section 10.12, RFC 9700 section 4.7).
    fn admit(&self, attempt: &PendingAttempt) -> Result<()> {
        let inner = self.inner;
        belongs(inner, &self.prepared.server, attempt, self.state, self.browser)?;
        // The issuer in a signed callback is the one whose signature it has.
        if !self.input.signed {
            check_issuer(inner, self.prepared, (self.input, self.iss), self.has_id_token())?;
        }
        inner.config.spec.callback.verify.as_ref().map_or(Ok(()), |rules| signature::check(inner, rules, self.input))
    }

    /// Whether there is a code with an ID token beside it, which is verified, issuer and all, before the code is sent.
    fn has_id_token(&self) -> bool {
        let is_there = matches!(self.input.once("id_token"), Ok(Some(_)));
        self.inner.spec().authorize.is_hybrid() && self.code.is_some() && is_there
    }

    /// OpenID Connect Core section 3.3.2.5: with `code id_token` the answer has both. It is verified before the code is sent
    /// anywhere, which takes the provider's keys. Where none was asked for none is looked at.
    fn id_token(&self) -> Result<Option<SecretString>> {
        if !self.inner.spec().authorize.is_hybrid() {
            return Ok(None);
        }
        let fail = |kind, what: &str| self.inner.error(kind, Step::Callback, what);
        let token = self
            .input
            .once("id_token")
            .map_err(|()| fail(ErrorKind::AmbiguousCallback, "the callback has `id_token` more than once"))?;
        let missing = || fail(ErrorKind::IdTokenMissing, "the callback has no ID token beside the code");
        token.map(Into::into).map(Some).ok_or_else(missing)
    }

    fn verified(&self, taken: TakeResult) -> Result<VerifiedCode> {
        let (inner, input) = (self.inner, self.input);
        let fail = |kind, what: &str| Err(inner.error(kind, Step::Callback, what));
        let attempt = taken.map_err(|error| not_taken(inner, error))?;
        let Some(attempt) = attempt else {
            return fail(ErrorKind::NoPendingAttempt, NO_ATTEMPT);
        };
        match (self.code, self.error) {
            (Some(_), Some(_)) => fail(ErrorKind::AmbiguousCallback, "the callback has both a code and an error"),
            (_, Some(error)) => Err(refusal(inner, input, &attempt, error)),
            (None, None) => fail(ErrorKind::MissingCode, "the callback has no code, only the code flow is accepted"),
            (Some(code), None) if code.len() > MAX_CODE => {
                fail(ErrorKind::CallbackTooLarge, "the code is larger than any real one")
            }
            (Some(code), None) => {
                let (kept, id_token) = (kept(inner, input)?, self.id_token()?);
                Ok(VerifiedCode { code: code.into(), kept, id_token, attempt })
            }
        }
    }
}

const NO_ATTEMPT: &str = "no login is under way that this callback belongs to";
const OTHER_STATE: &str = "the callback's `state` is not the one this login was started with";

fn not_taken(inner: &Inner, error: TakeError) -> Error {
    let new = |kind, what| Error::new(kind, Step::Callback, what);
    match error {
        TakeError::AlreadyUsed => new(ErrorKind::AlreadyUsed, "this login has been completed already"),
        TakeError::OtherState => new(ErrorKind::StateMismatch, OTHER_STATE),
        TakeError::Refused(error) => return error,
        // Whoever sends a cookie of their own making gets the answer of those who send none.
        TakeError::Unreadable(cause) => new(ErrorKind::NoPendingAttempt, NO_ATTEMPT).source(cause),
        TakeError::Store(cause) => new(ErrorKind::Store, "what remembers the logins under way failed").source(cause),
    }
    .of(inner.spec())
}

/// Whether the attempt is this callback's, this browser's and this client's.
fn belongs(inner: &Inner, server: &str, attempt: &PendingAttempt, state: &str, browser: &Browser) -> Result<()> {
    let fail = |kind, what: &str| Err(inner.error(kind, Step::Callback, what));
    if !same(attempt.state_str(), state) {
        return fail(ErrorKind::StateMismatch, OTHER_STATE);
    }
    if inner.now() >= attempt.expires_at {
        return fail(ErrorKind::AttemptExpired, "this login took too long and is no longer valid");
    }
    match browser.0.as_ref().map(SecretString::expose_secret).filter(|cookie| !cookie.is_empty()) {
        None => return Err(browser_missing(inner)),
        Some(cookie) if !same(attempt.browser.expose_secret(), cookie) => {
            return fail(ErrorKind::BrowserMismatch, "this login was started in another browser");
        }
        Some(_) => {}
    }
    // RFC 9700 section 4.4.2: what an attempt was made for is compared with what the callback is about to be used for.
    if attempt.provider != inner.config.spec.id
        || attempt.server != server
        || attempt.client_id != inner.config.client_id
    {
        return fail(ErrorKind::ProviderMismatch, "this login was started with another provider or another client");
    }
    Ok(())
}

fn browser_missing(inner: &Inner) -> Error {
    let what = "the cookie that ties this login to its browser did not come back";
    let error = |what: &str| Error::new(ErrorKind::BrowserMissing, Step::Callback, what);
    if inner.config.spec.authorize.is_form_post() {
        // A browser sends a cookie with a POST from another site only if it is SameSite=None, and keeps such a one only
        // if it is Secure.
        return error(&format!("{what} with the provider's cross-site POST (form_post)"))
            .fix("set the cookie as `BrowserBinding::set_cookie` writes it, with SameSite=None; Secure and a path that covers the callback, over https")
            .of(inner.spec());
    }
    error(what).of(inner.spec())
}

/// Equal texts, in a time that depends on their length only.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && !one.is_empty() && bool::from(one.as_bytes().ct_eq(other.as_bytes()))
}

/// RFC 6749 section 4.1.2.1.
fn refusal(inner: &Inner, input: &CallbackInput, attempt: &PendingAttempt, error: &str) -> Error {
    let text = |name: &str| input.once(name).ok().flatten();
    let description = inner.config.spec.callback.error_description.iter().find_map(|name| text(name));
    let secrets = [Some(&attempt.state), attempt.verifier.as_ref(), Some(&attempt.browser)];
    let scrub = Scrub::new(&inner.config, secrets.into_iter().flatten().map(SecretString::expose_secret));
    let server = scrub.server(Some(error), description, text("error_uri"));
    let (kind, what) = match renamed(&inner.config.spec.callback.errors, error) {
        "access_denied" => (ErrorKind::AccessDenied, "access was denied".to_owned()),
        "invalid_scope" => (ErrorKind::Scope, "the provider refused the scopes".to_owned()),
        "server_error" | "temporarily_unavailable" => {
            (ErrorKind::Unavailable, "the provider is not able to log anybody in right now".to_owned())
        }
        _ => (
            ErrorKind::AuthorizationRefused,
            format!("the provider refused with {}", server.code().unwrap_or_default()),
        ),
    };
    let error = Error::new(kind, Step::Callback, what).server(server);
    match scope_hint(inner, attempt).filter(|_| kind == ErrorKind::Scope) {
        Some(hint) => error.fix(hint),
        None => error,
    }
    .of(inner.spec())
}

/// The scopes that were asked for and that the provider's file does not know: most likely the misspelt ones.
fn scope_hint(inner: &Inner, attempt: &PendingAttempt) -> Option<String> {
    let known = &inner.config.spec.scopes.known;
    let unknown = attempt.scopes.iter().filter(|scope| known.iter().all(|known| known.value != **scope));
    let unknown: Vec<String> = unknown.map(|scope| format!("`{scope}`")).collect();
    (!known.is_empty() && !unknown.is_empty()).then(|| {
        let known: Vec<&str> = known.iter().map(|known| known.value.as_str()).collect();
        format!("check {}, which the provider's file does not know; it knows {}", unknown.join(", "), known.join(", "))
    })
}
