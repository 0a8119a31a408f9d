//! The authorization response (RFC 6749 section 4.1.2): whose it is, and what it says.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::account::Account;
use crate::browser::Browser;
use crate::client::{Client, Inner, renamed};
use crate::error::{Error, ErrorKind, Result, Scrub, Step, clean};
use crate::pending::{Found, PendingAttempt, PendingAttempts};
use crate::provider::{CanAuthorize, Provider};
use crate::signature;

/// No real callback is larger.
const MAX_CALLBACK: usize = 32 * 1024;
/// No real code is larger.
const MAX_CODE: usize = 8 * 1024;
/// Facts of a profile are smaller; larger ones are not kept.
const MAX_PROFILE: usize = 4 * 1024;

/// The parameters of a callback, in order, each as it came.
#[derive(Clone)]
pub struct CallbackInput {
    params: Vec<(String, String)>,
    too_large: bool,
}

impl CallbackInput {
    /// The query of the request, or the form of a POST: `code=..&state=..`.
    pub fn from_query(query: &str) -> Self {
        if query.len() > MAX_CALLBACK {
            return Self { params: Vec::new(), too_large: true };
        }
        let params =
            form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self { params: params.collect(), too_large: false }
    }

    /// The address of the request, whole (`https://app.example/callback?code=..`) or from its path on.
    pub fn from_url(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or_default();
        Self::from_query(url.split_once('?').map_or("", |(_, query)| query))
    }

    /// The value of a parameter that must not come twice (RFC 6749 section 3.1).
    fn once(&self, name: &str) -> Result<Option<&str>, ()> {
        let mut values = self.params.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() { Err(()) } else { Ok(first.filter(|value| !value.is_empty())) }
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

/// Where the attempt of a callback is: the attempt itself, perhaps none, or a store that is asked for it.
pub trait IntoPending: private::Sealed {
    #[doc(hidden)]
    fn take(
        self,
        state: &str,
        admit: &dyn Fn(&PendingAttempt) -> Result<()>,
    ) -> Result<Option<PendingAttempt>, TakeError>;
}

#[doc(hidden)]
#[derive(Debug)]
pub enum TakeError {
    AlreadyUsed,
    Refused(Error),
}

impl IntoPending for PendingAttempt {
    fn take(self, _: &str, admit: &dyn Fn(&PendingAttempt) -> Result<()>) -> Result<Option<PendingAttempt>, TakeError> {
        admit(&self).map_err(TakeError::Refused)?;
        Ok(Some(self))
    }
}

impl IntoPending for Option<PendingAttempt> {
    fn take(
        self,
        state: &str,
        admit: &dyn Fn(&PendingAttempt) -> Result<()>,
    ) -> Result<Option<PendingAttempt>, TakeError> {
        self.map_or(Ok(None), |attempt| attempt.take(state, admit))
    }
}

impl IntoPending for &PendingAttempts {
    fn take(
        self,
        state: &str,
        admit: &dyn Fn(&PendingAttempt) -> Result<()>,
    ) -> Result<Option<PendingAttempt>, TakeError> {
        match PendingAttempts::take(self, state, admit).map_err(TakeError::Refused)? {
            Found::Unknown => Ok(None),
            Found::Taken => Err(TakeError::AlreadyUsed),
            Found::Waiting(attempt) => Ok(Some(*attempt)),
        }
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for super::PendingAttempt {}
    impl Sealed for Option<super::PendingAttempt> {}
    impl Sealed for &super::PendingAttempts {}
}

/// A code that came back to the browser, provider and server that it was asked for with: the only thing that
/// [`Client::exchange`] takes.
pub struct VerifiedCode {
    pub(crate) code: SecretString,
    pub(crate) attempt: PendingAttempt,
    pub(crate) kept: Vec<(String, String)>,
}

impl fmt::Debug for VerifiedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCode").field("provider", &self.attempt.provider).finish_non_exhaustive()
    }
}

impl<P: Provider> Client<P> {
    /// Finishes a login: checks whose callback this is, exchanges the code, and gives the account.
    ///
    /// `input` is the request's query or URL, `pending` the attempt (or the [`PendingAttempts`] that hold it), and
    /// `browser` the cookie that was set when the login started. With a store, a refused callback leaves the attempt
    /// where it is, so that a forged one cannot end somebody's login.
    pub async fn callback(
        &self,
        input: impl Into<CallbackInput>,
        pending: impl IntoPending,
        browser: impl Into<Browser>,
    ) -> Result<Account<P>>
    where
        P: CanAuthorize,
    {
        let inner = self.inner().ready().await?;
        let code = verify(&inner, &input.into(), pending, &browser.into())?;
        Ok(self.account(self.exchange(code).await?))
    }

    /// The checks of [`callback`](Self::callback) alone; nothing is sent.
    pub fn verify_callback(
        &self,
        input: impl Into<CallbackInput>,
        pending: impl IntoPending,
        browser: impl Into<Browser>,
    ) -> Result<VerifiedCode>
    where
        P: CanAuthorize,
    {
        verify(&*self.inner().ready_now()?, &input.into(), pending, &browser.into())
    }
}

fn verify(inner: &Inner, input: &CallbackInput, pending: impl IntoPending, browser: &Browser) -> Result<VerifiedCode> {
    let _span = tracing::debug_span!("oauth.callback", provider = %inner.config.spec.id).entered();
    let prepared = inner.prepared()?;
    let rules = &inner.config.spec.callback;
    let fail = |kind, what: &str| inner.error(kind, Step::Callback, what);
    if input.too_large {
        return Err(fail(ErrorKind::CallbackTooLarge, "the callback is larger than any real one"));
    }
    let once = |name: &str| {
        input.once(name).map_err(|()| {
            fail(ErrorKind::AmbiguousCallback, &format!("the callback has `{}` more than once", clean(name)))
        })
    };
    let state = once(renamed(&inner.config.spec.authorize.rename, "state"))?;
    let code = once(&rules.code)?;
    let error = rules.error.iter().try_fold(None, |error: Option<&str>, name| Ok::<_, Error>(error.or(once(name)?)))?;
    let iss = once("iss")?;
    let state = state.ok_or_else(|| fail(ErrorKind::StateMissing, "the callback has no `state`"))?;

    // Everything that shows whose callback this is comes before anything it says is believed: a forged refusal must not
    // end a login (RFC 6749 section 10.12, RFC 9700 section 4.7).
    let admit = |attempt: &PendingAttempt| {
        belongs(inner, &prepared.server, attempt, state, browser)?;
        check_issuer(inner, input, prepared.issuer.as_deref(), iss)?;
        rules.verify.as_ref().map_or(Ok(()), |rules| signature::check(inner, rules, input))
    };
    let attempt = match pending.take(state, &admit) {
        Ok(Some(attempt)) => attempt,
        Ok(None) => {
            return Err(fail(ErrorKind::NoPendingAttempt, "no login is under way that this callback belongs to"));
        }
        Err(TakeError::AlreadyUsed) => {
            return Err(fail(ErrorKind::AlreadyUsed, "this login has been completed already"));
        }
        Err(TakeError::Refused(error)) => return Err(error),
    };
    match (code, error) {
        (Some(_), Some(_)) => Err(fail(ErrorKind::AmbiguousCallback, "the callback has both a code and an error")),
        (_, Some(error)) => Err(refusal(inner, input, &attempt, error)),
        (None, None) => Err(fail(ErrorKind::MissingCode, "the callback has no code, only the code flow is accepted")),
        (Some(code), None) if code.len() > MAX_CODE => {
            Err(fail(ErrorKind::CallbackTooLarge, "the code is larger than any real one"))
        }
        (Some(code), None) => Ok(VerifiedCode { code: code.into(), kept: kept(inner, input)?, attempt }),
    }
}

/// Whether the attempt is this callback's, this browser's and this client's.
fn belongs(inner: &Inner, server: &str, attempt: &PendingAttempt, state: &str, browser: &Browser) -> Result<()> {
    let fail = |kind, what: &str| Err(inner.error(kind, Step::Callback, what));
    if !same(attempt.state_str(), state) {
        return fail(ErrorKind::StateMismatch, "the callback's `state` is not the one this login was started with");
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

/// RFC 9207 section 2.4: clients "MUST compare the result to the issuer identifier of the authorization server where the
/// authorization request was sent to" by simple string comparison; it counts whenever it is there.
fn check_issuer(inner: &Inner, input: &CallbackInput, expected: Option<&str>, iss: Option<&str>) -> Result<()> {
    match (expected, iss) {
        (Some(expected), Some(iss)) if expected != iss => {
            let what = format!("the callback names the issuer `{}`, expected `{expected}`", input.shown(inner, iss));
            Err(inner.error(ErrorKind::IssuerMismatch, Step::Callback, what))
        }
        (_, None) if inner.config.spec.endpoints.iss_in_callback => Err(inner.error(
            ErrorKind::IssuerMissing,
            Step::Callback,
            "the callback names no issuer although this provider always does",
        )),
        _ => Ok(()),
    }
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

/// The declared values; all others are ignored (RFC 6749 section 4.1.2).
fn kept(inner: &Inner, input: &CallbackInput) -> Result<Vec<(String, String)>> {
    let mut kept = Vec::new();
    for rule in &inner.config.spec.callback.keep {
        let fail = |what: String| inner.error(ErrorKind::CallbackValue, Step::Callback, what);
        let Some(value) =
            input.once(&rule.name).map_err(|()| fail(format!("the callback has `{}` more than once", rule.name)))?
        else {
            continue;
        };
        if !rule.values.is_empty() && !rule.values.iter().any(|(known, _)| known == value) {
            return Err(fail(format!(
                "the callback's `{}` is `{}`, which the provider's file does not list",
                rule.name,
                input.shown(inner, value)
            )));
        }
        kept.push((rule.name.clone(), value.to_owned()));
    }
    if let Some(facts) = &inner.config.spec.callback.profile {
        let value = input.once(&facts.param).ok().flatten().filter(|value| value.len() <= MAX_PROFILE);
        kept.extend(value.map(|value| (facts.param.clone(), value.to_owned())));
    }
    Ok(kept)
}
