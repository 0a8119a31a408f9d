//! Logging the user out at the provider (OpenID Connect RP-Initiated Logout 1.0): where the browser goes, and what it
//! comes back with.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::callback::CallbackInput;
use crate::client::{Client, Context, Inner, fill, renamed};
use crate::encode::{base64url, push_pair};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::openid;
use crate::provider::{CanLogOut, Provider};
use crate::spec::{Logout, Template};
use crate::token::TokenSet;

/// What must not be guessed has 128 bits.
const STATE: usize = 16;

impl<P: Provider> Client<P> {
    /// Logs the user of these tokens out at the provider, in the browser. End your own session first: whether the user
    /// ever comes back is not yours to decide, and tokens are not revoked by it (see [`revoke`](Client::revoke)).
    ///
    /// Their ID token says who it is (`id_token_hint`) where it was verified ([`TokenSet::identity`]): one that was not, as of a
    /// provider whose file has no `openid`, is sent nowhere, and the provider may ask the user. Tokens of another issuer are an
    /// [error](ErrorKind::IssuerChanged).
    ///
    /// ```no_run
    /// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
    /// let logout = account.client().log_out(&account.tokens()).post_logout_redirect_uri("https://app.example/bye");
    /// let (url, pending) = logout.begin().await?.into_parts();
    /// // Keep `pending` in the visitor's session, send the browser to `url`; then, at /bye:
    /// # let query = "";
    /// account.client().logged_out(query, &pending)?;
    /// # Ok(()) }
    /// ```
    pub fn log_out(&self, tokens: &TokenSet) -> LogOut
    where
        P: CanLogOut,
    {
        LogOut {
            client: Arc::clone(self.inner()),
            tokens: tokens.clone(),
            redirect_uri: None,
            hint: None,
            locales: None,
            with_state: true,
        }
    }

    /// Whether this request at the `post_logout_redirect_uri` belongs to the logout that was started: its `state` is the
    /// one that was sent. `input` is the request's query or URL.
    pub fn logged_out(&self, input: impl Into<CallbackInput>, pending: &PendingLogout) -> Result<()>
    where
        P: CanLogOut,
    {
        returned(self.inner(), &input.into(), pending)
    }
}

/// A logout that is being put together.
#[must_use = "nothing happens before `begin`"]
pub struct LogOut {
    client: Arc<Inner>,
    tokens: TokenSet,
    redirect_uri: Option<String>,
    hint: Option<String>,
    locales: Option<String>,
    with_state: bool,
}

impl LogOut {
    /// Where the browser comes back to; it must equal a registered one. Without it the user stays at the provider.
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Whom it is about, in words that the provider knows: an e-mail address, a name, a session id (`logout_hint`).
    pub fn logout_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The languages of the provider's pages, the preferred first, separated by spaces: `fr-CA fr en` (`ui_locales`).
    pub fn ui_locales(mut self, locales: impl Into<String>) -> Self {
        self.locales = Some(locales.into());
        self
    }

    /// Sends no `state`. Whoever lures a browser to the `post_logout_redirect_uri` is not told from the provider then.
    pub fn without_state(mut self) -> Self {
        self.with_state = false;
        self
    }

    /// Where to send the browser, and what to remember until it comes back. Nothing is sent, but for the issuer's metadata
    /// where the provider's file says `endpoints.discovery`.
    pub async fn begin(self) -> Result<LogoutAttempt> {
        let inner = self.client.ready().await?;
        self.parts(&inner)
    }

    fn parts(&self, inner: &Inner) -> Result<LogoutAttempt> {
        let (rule, endpoint) = endpoint(inner)?;
        let config = &inner.config;
        openid::check_same_issuer(inner, &self.tokens, Step::Logout)?;
        let redirect_uri = self.redirect_uri.as_deref().map(|uri| checked(inner, uri)).transpose()?;
        // "If included in the logout request, the OP passes this value back to the RP using the state parameter": without
        // a way back there is nobody to read it.
        let state =
            (self.with_state && redirect_uri.is_some() && !rule.omits("state")).then(|| draw(inner)).transpose()?;
        let address = inner.prepared()?.address(config, Step::Logout, endpoint, Context::default())?;
        // Section 2: the hint is an ID token "previously issued by the OP". One that was not verified may be another's: it
        // would name the user to whoever is asked here.
        let verified = self.tokens.id_token.as_ref().filter(|_| self.tokens.identity().is_some());
        let id_token = verified.map(SecretString::expose_secret);
        let standard = [
            ("id_token_hint", id_token),
            ("logout_hint", self.hint.as_deref()),
            // "If both `client_id` and `id_token_hint` are included in the request, the OP MUST verify that the Client
            // Identifier matches". It lets a server that keeps no ID tokens know whose address the browser goes back to.
            ("client_id", Some(config.client_id.as_str())),
            ("post_logout_redirect_uri", redirect_uri),
            ("state", state.as_ref().map(SecretString::expose_secret)),
            ("ui_locales", self.locales.as_deref()),
        ];
        let mut fields: Vec<(String, SecretString)> = Vec::new();
        for (name, value) in standard {
            if let Some(value) = value.filter(|value| !value.is_empty() && !rule.omits(name)) {
                fields.push((renamed(&rule.rename, name).to_owned(), value.into()));
            }
        }
        for (name, value) in &rule.params {
            let value = fill(config, Step::Logout, value, Context::default())?;
            fields.push((name.clone(), value.into()));
        }
        tracing::debug!(provider = %config.spec.id, "logout started");
        Ok(LogoutAttempt { request: LogoutRequest { address, fields }, pending: PendingLogout { state } })
    }
}

/// Shows where it comes back to; whom it is about is personal data.
impl fmt::Debug for LogOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogOut").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// How and where a browser is logged out, for a provider that has that.
fn endpoint(inner: &Inner) -> Result<(&Logout, &Template)> {
    let spec = inner.spec();
    if let (Some(rule), Some(url)) = (&spec.logout, &spec.endpoints.end_session) {
        return Ok((rule, url));
    }
    let what = format!("provider `{}` has no logout by redirect", spec.id);
    let error = Error::new(ErrorKind::Unsupported, Step::Logout, what);
    Err(error.fix("add `endpoints.end_session` to the provider's YAML file if it has one").of(spec))
}

/// The address to come back to, which is a whole one.
fn checked<'a>(inner: &Inner, uri: &'a str) -> Result<&'a str> {
    let sound = url::Url::parse(uri).is_ok_and(|url| url.fragment().is_none())
        && !uri.chars().any(|c| c.is_control() || c == ' ');
    if sound {
        return Ok(uri);
    }
    let what = "the `post_logout_redirect_uri` is not an absolute address without fragment";
    let error = Error::new(ErrorKind::Config, Step::Logout, what);
    Err(error.fix("write it in full, as https://app.example/bye").of(inner.spec()))
}

fn draw(inner: &Inner) -> Result<SecretString> {
    let mut bytes = [0; STATE];
    inner.config.rng.fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Random, Step::Logout, "the system gave no random bytes; no logout was started")
            .source(error)
            .of(inner.spec())
    })?;
    Ok(base64url(&bytes).into())
}

/// A logout that has started: where to send the browser, and what to remember.
#[derive(Debug)]
pub struct LogoutAttempt {
    request: LogoutRequest,
    pending: PendingLogout,
}

impl LogoutAttempt {
    /// Where to send the browser.
    pub fn request(&self) -> &LogoutRequest {
        &self.request
    }

    /// The request, and what to remember.
    pub fn into_parts(self) -> (LogoutRequest, PendingLogout) {
        (self.request, self.pending)
    }
}

/// The request that logs a browser out. It holds the ID token: `Debug` shows none of it.
///
/// OpenID Connect RP-Initiated Logout 1.0 section 2: "OPs MUST support the use of the HTTP GET and POST methods". A redirect
/// to [`url`](Self::url) leaves the ID token in histories and logs; a form that posts [`fields`](Self::fields) to
/// [`action`](Self::action) does not.
#[derive(Clone)]
pub struct LogoutRequest {
    address: String,
    fields: Vec<(String, SecretString)>,
}

impl LogoutRequest {
    /// The address to redirect the browser to.
    pub fn url(&self) -> SecretString {
        let mut url = self.address.clone();
        for (name, value) in &self.fields {
            url.push(if url.contains('?') { '&' } else { '?' });
            push_pair(&mut url, name, value.expose_secret());
        }
        url.into()
    }

    /// The address that a form posts to.
    pub fn action(&self) -> &str {
        &self.address
    }

    /// The form's fields, to be escaped like any other text.
    pub fn fields(&self) -> &[(String, SecretString)] {
        &self.fields
    }
}

/// Shows where it goes, and the names.
impl fmt::Debug for LogoutRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.fields.iter().map(|(name, _)| name).collect();
        let address = self.address.split('?').next().unwrap_or_default();
        f.debug_struct("LogoutRequest").field("address", &address).field("fields", &names).finish()
    }
}

/// What is remembered of a logout, in the visitor's session, until the browser comes back.
#[derive(Clone)]
pub struct PendingLogout {
    state: Option<SecretString>,
}

impl PendingLogout {
    /// The state, to be kept; `None` where none was sent.
    pub fn state(&self) -> Option<&SecretString> {
        self.state.as_ref()
    }

    /// A logout of which the state was kept.
    pub fn from_state(state: Option<SecretString>) -> Self {
        Self { state }
    }
}

impl fmt::Debug for PendingLogout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.as_ref().map(|_| "[redacted]");
        f.debug_struct("PendingLogout").field("state", &state).finish()
    }
}

/// OpenID Connect RP-Initiated Logout 1.0 section 3: the browser comes back "with the `state` parameter, if supplied".
fn returned(inner: &Inner, input: &CallbackInput, pending: &PendingLogout) -> Result<()> {
    let fail = |kind, what: &str| Err(inner.error(kind, Step::Logout, what));
    if input.is_too_large() {
        return fail(ErrorKind::CallbackTooLarge, "the request is larger than any real one");
    }
    let empty = Vec::new();
    let rename = inner.spec().logout.as_ref().map_or(&empty, |rule| &rule.rename);
    let Ok(given) = input.once(renamed(rename, "state")) else {
        return fail(ErrorKind::AmbiguousCallback, "the request has `state` twice");
    };
    match (&pending.state, given) {
        (None, None) => Ok(()),
        (Some(sent), Some(given)) if bool::from(sent.expose_secret().as_bytes().ct_eq(given.as_bytes())) => Ok(()),
        (Some(_), None) => fail(ErrorKind::StateMissing, "the request has no `state`, and one was sent"),
        (Some(_), Some(_)) => fail(ErrorKind::StateMismatch, "the `state` is not this logout's"),
        (None, Some(_)) => fail(ErrorKind::StateMismatch, "the request has a `state`, and none was sent"),
    }
}
