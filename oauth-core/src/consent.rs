//! Consent for others: an administrator approves the app for an organisation, or its owner installs it. The browser goes to
//! a page of the provider and comes back without a code.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::authorize::{AuthorizationUrl, check_redirect};
use crate::callback::CallbackInput;
use crate::client::{Client, Context, Inner, fill, own_address, renamed};
use crate::encode::{base64url, push_pair};
use crate::error::{Error, ErrorKind, Result, Scrub, Step, clean};
use crate::provider::{CanAskConsent, Provider};
use crate::spec;

/// What must not be guessed has 128 bits.
const STATE: usize = 16;

impl<P: Provider> Client<P> {
    /// Asks somebody who may to approve the app for others: the administrator of an organisation, the owner who installs it.
    /// There are no tokens in the answer; what was approved shows when a token is asked for, as with
    /// [`client_credentials`](Client::client_credentials).
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client) -> oauth_core::Result<()> {
    /// let (url, pending) = client.ask_consent().redirect_uri("https://app.example/approved").begin().await?.into_parts();
    /// // Keep `pending` in the visitor's session, send the browser to `url`; then, at /approved:
    /// # let query = "";
    /// let consented = client.consented(query, &pending)?;
    /// println!("approved for {}", consented.value("tenant").unwrap_or_default());
    /// # Ok(()) }
    /// ```
    pub fn ask_consent(&self) -> AskConsent
    where
        P: CanAskConsent,
    {
        AskConsent { client: Arc::clone(self.inner()), redirect_uri: None, params: Vec::new() }
    }

    /// Reads the request with which the browser comes back. `input` is its query or URL, `pending` what was kept when the
    /// question was asked: an answer with another `state` is somebody else's (RFC 6749 section 10.12).
    ///
    /// Nobody signs the answer: who holds the browser can write other values into it. What they name is believed when a
    /// token for it is issued.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](ErrorKind::AccessDenied) where consent was refused or not given,
    /// [`StateMissing`](ErrorKind::StateMissing) and [`StateMismatch`](ErrorKind::StateMismatch) where the answer is not
    /// this question's.
    pub fn consented(&self, input: impl Into<CallbackInput>, pending: &PendingConsent) -> Result<Consented>
    where
        P: CanAskConsent,
    {
        answered(self.inner(), &input.into(), pending)
    }
}

/// A question for consent that is being put together.
#[must_use = "nothing happens before `begin`"]
pub struct AskConsent {
    client: Arc<Inner>,
    redirect_uri: Option<String>,
    params: Vec<(String, String)>,
}

impl AskConsent {
    /// Where the browser comes back to; the client's redirect URI unless set. It must equal a registered one.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// A further parameter, for what the provider's file does not know. What the client or the file sets stays as it is.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Where to send the browser, and what to remember until it comes back. Nothing is sent.
    pub async fn begin(self) -> Result<ConsentAttempt> {
        let inner = self.client.ready().await?;
        self.attempt(&inner)
    }

    fn attempt(&self, inner: &Inner) -> Result<ConsentAttempt> {
        let rule = section(inner)?;
        let config = &inner.config;
        let redirect_uri = self.redirect_uri.as_deref().or(config.redirect_uri.as_deref());
        if let Some(uri) = redirect_uri {
            check_redirect(inner, uri)?;
        }
        let state: SecretString = draw(inner)?;
        let omits = |name: &str| rule.omit.iter().any(|omitted| omitted == name);
        let own = [
            ("client_id", Some(config.client_id.as_str())),
            ("redirect_uri", redirect_uri),
            ("state", Some(state.expose_secret())),
        ];
        let own = own.into_iter().filter(|(name, _)| !omits(name));
        let own = own.filter_map(|(name, value)| Some((renamed(&rule.rename, name).to_owned(), value?.to_owned())));
        let mut params: Vec<(String, String)> = own.collect();
        for (name, value) in &rule.params {
            params.push((name.clone(), fill(config, Step::Consent, value, Context::default())?));
        }
        for (name, value) in &self.params {
            if params.iter().any(|(known, _)| known == name) {
                let what = format!("`{}` is set by the client itself", clean(name));
                let error = Error::new(ErrorKind::ReservedParameter, Step::Consent, what);
                return Err(error.fix("leave it out; what can be chosen has a method of its own").of(inner.spec()));
            }
            params.push((name.clone(), value.clone()));
        }
        let own = own_address(config, Step::Consent, &rule.url, Context::default())?;
        let mut url = inner.prepared()?.detoured(own);
        for (name, value) in &params {
            url.push(if url.contains('?') { '&' } else { '?' });
            push_pair(&mut url, name, value);
        }
        tracing::debug!(provider = %config.spec.id, "consent asked for");
        Ok(ConsentAttempt { url: AuthorizationUrl::new(url), pending: PendingConsent { state } })
    }
}

/// Shows where it comes back to.
impl fmt::Debug for AskConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskConsent").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

fn section(inner: &Inner) -> Result<&spec::Consent> {
    let spec = inner.spec();
    spec.consent.as_ref().ok_or_else(|| {
        let what = format!("provider `{}` has no page for consent", spec.id);
        let error = Error::new(ErrorKind::Unsupported, Step::Consent, what);
        error.fix("add `consent` to the provider's YAML file if it has one").of(spec)
    })
}

fn draw(inner: &Inner) -> Result<SecretString> {
    let mut bytes = [0; STATE];
    inner.config.rng.fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Random, Step::Consent, "the system gave no random bytes; nobody was asked")
            .source(error)
            .of(inner.spec())
    })?;
    Ok(base64url(&bytes).into())
}

/// A question that is on its way: where to send the browser, and what to remember.
#[derive(Debug)]
pub struct ConsentAttempt {
    url: AuthorizationUrl,
    pending: PendingConsent,
}

impl ConsentAttempt {
    /// Where to send the browser.
    pub fn url(&self) -> &AuthorizationUrl {
        &self.url
    }

    /// The URL to redirect to, and what to remember.
    pub fn into_parts(self) -> (AuthorizationUrl, PendingConsent) {
        (self.url, self.pending)
    }
}

/// What is remembered of a question for consent, in the visitor's session, until the browser comes back.
#[derive(Clone)]
pub struct PendingConsent {
    state: SecretString,
}

impl PendingConsent {
    /// The state, to be kept.
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// A question of which the state was kept.
    pub fn from_state(state: impl Into<SecretString>) -> Self {
        Self { state: state.into() }
    }
}

impl fmt::Debug for PendingConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingConsent([redacted])")
    }
}

/// Consent that was given: what the answer says of it, as far as the provider's file declares it (`consent.keep`).
#[derive(Clone, PartialEq, Eq)]
pub struct Consented {
    values: Vec<(String, String)>,
}

impl Consented {
    /// A declared value of the answer: `tenant`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Shows the names only.
impl fmt::Debug for Consented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

/// Whose answer it is comes before anything it says is believed.
fn answered(inner: &Inner, input: &CallbackInput, pending: &PendingConsent) -> Result<Consented> {
    let rule = section(inner)?;
    let fail = |kind, what: &str| inner.error(kind, Step::Consent, what);
    if input.is_too_large() {
        return Err(fail(ErrorKind::CallbackTooLarge, "the answer is larger than any real one"));
    }
    let once = |name: &str| {
        let twice =
            |()| fail(ErrorKind::AmbiguousCallback, &format!("the answer has `{}` more than once", clean(name)));
        input.once(name).map_err(twice)
    };
    let state = once(renamed(&rule.rename, "state"))?;
    let state = state.ok_or_else(|| fail(ErrorKind::StateMissing, "the answer has no `state`"))?;
    if !bool::from(pending.state.expose_secret().as_bytes().ct_eq(state.as_bytes())) {
        return Err(fail(ErrorKind::StateMismatch, "the answer's `state` is not the one this question was asked with"));
    }
    if let Some(code) = once("error")? {
        let scrub = Scrub::new(&inner.config, [state]);
        let server = scrub.server(Some(code), once("error_description")?, once("error_uri")?);
        let (kind, what) = match renamed(&inner.spec().callback.errors, code) {
            "access_denied" => (ErrorKind::AccessDenied, "consent was denied".to_owned()),
            _ => (
                ErrorKind::AuthorizationRefused,
                format!("the provider refused with {}", server.code().unwrap_or_default()),
            ),
        };
        return Err(Error::new(kind, Step::Consent, what).server(server).of(inner.spec()));
    }
    for (name, wanted) in &rule.granted {
        if once(name)? != Some(wanted) {
            let what = format!("the answer's `{name}` does not say that consent was given");
            return Err(fail(ErrorKind::AccessDenied, &what));
        }
    }
    let mut values = Vec::new();
    for (name, _) in &rule.keep {
        values.extend(once(name)?.map(|value| (name.clone(), value.to_owned())));
    }
    Ok(Consented { values })
}
