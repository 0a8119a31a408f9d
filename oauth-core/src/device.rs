//! Login on another device (RFC 8628): for programs on machines without a browser.

mod codes;
mod pace;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use self::codes::Codes;
pub use self::pace::DevicePoll;
use self::pace::{Pace, Told};
use crate::account::Account;
use crate::client::{self, Client, Context, Inner, renamed};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::grant::{self, Asked, Extra};
use crate::provider::{CanUseDevice, Provider};
use crate::scopes::IntoScopes;
use crate::spec::{DeviceGrant, Template};
use crate::token::{self, TokenCall, TokenSet};

/// What stands in the error of a provider that has no such grant.
const KEY: (&str, &str) = ("device", "has no login on another device");

impl<P: Provider> Client<P> {
    /// Starts a login that the user finishes on another device (RFC 8628): the program shows a code and an address.
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client) -> oauth_core::Result<()> {
    /// let login = client.device().scopes(["read"]).begin().await?;
    /// println!("Open {} and enter {}", login.verification_uri(), login.user_code());
    /// let account = login.account().await?; // waits until the user has finished
    /// # Ok(()) }
    /// ```
    pub fn device(&self) -> Device<P>
    where
        P: CanUseDevice,
    {
        Device { client: self.clone(), extra: Extra::default() }
    }
}

/// A login on another device before it starts: what is particular to it, and then [`begin`](Self::begin).
#[must_use = "nothing is sent before `begin`"]
pub struct Device<P: Provider> {
    client: Client<P>,
    extra: Extra,
}

impl<P: Provider> Device<P> {
    /// What to ask for; without this the scopes of `grants.device` in the provider's file, else those of a login.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.extra.scopes = scopes.into_scopes();
        self
    }

    /// A further parameter of the device authorization request. The protocol's own cannot be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.extra.push(name.into(), value.into());
        self
    }

    /// Asks for the codes (RFC 8628 section 3.1).
    pub async fn begin(self) -> Result<DeviceLogin<P>> {
        let span = tracing::debug_span!("oauth.device", provider = %self.client.spec().id);
        async {
            let inner = self.client.inner().ready().await?;
            let (codes, scopes) = begin(&inner, &self.extra).await?;
            tracing::debug!("device login started");
            let pace = Pace::new(inner.now(), codes.lifetime, codes.interval);
            Ok(DeviceLogin { client: self.client, inner, codes, scopes, pace })
        }
        .instrument(span)
        .await
    }
}

/// A login that waits for the user on another device.
///
/// [`account`](Self::account) waits for the end. A program with its own loop does what [`poll`](Self::poll) says: waits,
/// or calls [`ask`](Self::ask). There is one of each login, and it cannot be cloned: two that ask would be told to slow
/// down.
///
/// ```compile_fail,E0382
/// # async fn run(login: oauth_core::DeviceLogin) {
/// let first = login.account();
/// let second = login.account();
/// # }
/// ```
#[must_use = "the user's approval comes to nothing unless it is asked for"]
pub struct DeviceLogin<P: Provider = crate::Dynamic> {
    client: Client<P>,
    inner: Arc<Inner>,
    codes: Codes,
    scopes: Vec<String>,
    pace: Pace,
}

impl<P: Provider> DeviceLogin<P> {
    /// The code that the user enters: visible ASCII, 64 characters at most.
    pub fn user_code(&self) -> &str {
        &self.codes.user_code
    }

    /// The address at which the user enters it: https (or this machine), in visible ASCII.
    pub fn verification_uri(&self) -> &str {
        &self.codes.verification_uri
    }

    /// The same address with the code in it, for a QR code or a link, where the provider gives one of the same origin.
    /// The user compares the code all the same (RFC 8628 section 5.4).
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.codes.verification_uri_complete.as_deref()
    }

    /// When the codes end; an hour after the start at the latest.
    pub fn expires_at(&self) -> SystemTime {
        self.pace.expires_at()
    }

    /// What to do now, by the client's clock.
    pub fn poll(&self) -> DevicePoll {
        self.pace.poll(self.inner.now())
    }

    /// Asks the provider once whether the user has finished (RFC 8628 section 3.4); `None` where not. Whatever keeps the
    /// answer away is none: the next look is later then.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](ErrorKind::AccessDenied) where the user said no, [`AttemptExpired`](ErrorKind::AttemptExpired) when
    /// the codes have ended, [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) where an answer with tokens may have been lost,
    /// and what else the provider refuses with. Each is the last word: after it nothing is sent.
    pub async fn ask(&mut self) -> Result<Option<Account<P>>> {
        let span = tracing::debug_span!("oauth.device", provider = %self.inner.spec().id);
        let tokens = self.look().instrument(span).await?;
        Ok(tokens.map(|tokens| Account::new(Arc::clone(self.client.inner()), tokens)))
    }

    /// Waits until the user has finished, and gives the account. A dropped future asks nothing more.
    ///
    /// # Errors
    ///
    /// Those of [`ask`](Self::ask).
    pub async fn account(mut self) -> Result<Account<P>> {
        loop {
            match self.poll() {
                DevicePoll::Wait(wait) => {
                    let clock = Arc::clone(&self.inner.config.clock);
                    clock.sleep(wait).await;
                    self.pace.slept(self.inner.now(), wait);
                }
                DevicePoll::Ask => {
                    if let Some(account) = self.ask().await? {
                        return Ok(account);
                    }
                }
                DevicePoll::Over => return Err(expired(&self.inner)),
            }
        }
    }

    async fn look(&mut self) -> Result<Option<TokenSet>> {
        if self.poll() == DevicePoll::Over {
            return Err(expired(&self.inner));
        }
        let rule = section(&self.inner)?;
        let error = match redeem(&self.inner, rule, &self.codes.device_code, &self.scopes).await {
            Ok(tokens) => {
                self.pace.end();
                tracing::debug!("device login finished");
                let asked = self.scopes.iter().any(|scope| scope == "openid");
                return grant::settle(&self.inner, tokens, asked).await.map(Some);
            }
            Err(error) => error,
        };
        if let Some(told) = verdict(&self.inner, &error) {
            self.pace.told(told, self.inner.now());
            return Ok(None);
        }
        self.pace.end();
        Err(self.last_word(error))
    }

    /// The error that ends the login.
    fn last_word(&self, error: Error) -> Error {
        match standard_code(&self.inner, &error) {
            Some("expired_token") => expired(&self.inner),
            // A code is taken once (RFC 8628 section 3.5 by RFC 6749 section 5.2): what came before may have been the tokens.
            Some("invalid_grant") if self.pace.is_silent() => {
                let what = "the provider may have issued the tokens in an answer that never arrived";
                self.inner.error(ErrorKind::OutcomeUnknown, Step::Device, what)
            }
            _ => error,
        }
    }
}

impl<P: Provider> fmt::Debug for DeviceLogin<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLogin")
            .field("verification_uri", &self.codes.verification_uri)
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl<P: Provider> fmt::Debug for Device<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("scopes", &self.extra.scopes).finish_non_exhaustive()
    }
}

fn section(inner: &Inner) -> Result<&DeviceGrant> {
    grant::declared(inner, Step::Device, KEY, |grants| grants.device.as_ref())
}

fn expired(inner: &Inner) -> Error {
    inner.error(ErrorKind::AttemptExpired, Step::Device, "the code ended before the user had finished")
}

/// RFC 8628 section 3.1: the client asks with its id, its credentials and the scopes.
async fn begin(inner: &Inner, extra: &Extra) -> Result<(Codes, Vec<String>)> {
    let rule = section(inner)?;
    let Some(url) = &inner.spec().endpoints.device_authorization else {
        let what = format!("provider `{}` has no device authorization endpoint", inner.spec().id);
        return Err(inner.error(ErrorKind::Unsupported, Step::Device, what));
    };
    grant::check_params(inner, &rule.request, &["scope", "device_code"], extra, Step::Device)?;
    let own = Some(rule.request.scopes.as_slice()).filter(|scopes| !scopes.is_empty());
    let scopes = client::scopes(&inner.config, extra.scopes.as_deref().or(own))?;
    let call = authorization(inner, (rule, url), &scopes, extra);
    let answer = token::ask(inner, call, None).await?;
    Ok((Codes::read(inner, &rule.authorization, &answer)?, scopes))
}

fn authorization<'a>(
    inner: &'a Inner,
    (rule, url): (&'a DeviceGrant, &'a Template),
    scopes: &'a [String],
    extra: &'a Extra,
) -> TokenCall<'a> {
    let (spec, form) = (inner.spec(), &rule.authorization);
    let mut params: Vec<(&str, Cow<'_, str>)> = Vec::new();
    if !scopes.is_empty() {
        let name = renamed(&spec.authorize.rename, &spec.scopes.param);
        params.push((name, scopes.join(&spec.scopes.separator).into()));
    }
    params.extend(extra.params.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value.expose_secret()))));
    TokenCall {
        step: Step::Device,
        url,
        method: form.method,
        format: form.format,
        params,
        extra: &form.params,
        query: &[],
        headers: &form.headers,
        client_auth: form.client_auth,
        context: Context { scopes, ..Context::default() },
        progress: None,
    }
}

/// RFC 8628 section 3.4: the token request with the device code.
async fn redeem(inner: &Inner, rule: &DeviceGrant, code: &SecretString, scopes: &[String]) -> Result<TokenSet> {
    let params = vec![("device_code", Cow::Borrowed(code.expose_secret()))];
    let asked = Asked { step: Step::Device, rule: &rule.request, params, scopes: &[], extra: &[], progress: None };
    // The scopes are no parameter of this request (RFC 8628 section 3.4); a file that wants them has the hole.
    let call = TokenCall { context: Context { scopes, ..Context::default() }, ..asked.call(inner)? };
    Ok(token::send(inner, call, scopes).await?.tokens)
}

/// The error's code in the standard's words.
fn standard_code<'a>(inner: &'a Inner, error: &'a Error) -> Option<&'a str> {
    let code = error.server()?.code()?;
    let codes = inner.spec().token.response.error.as_ref().map(|fields| &fields.codes);
    Some(codes.map_or(code, |codes| renamed(codes, code)))
}

/// What an error says of the login; none where it is the last word (RFC 8628 section 3.5).
fn verdict(inner: &Inner, error: &Error) -> Option<Told> {
    match standard_code(inner, error) {
        Some("authorization_pending") => return Some(Told::Pending),
        Some("slow_down") => return Some(Told::SlowDown),
        _ => {}
    }
    // What is no answer of the token endpoint is no last word either: the user's approval is not lost to a gateway.
    let is_page =
        error.server().is_some_and(|server| server.code().is_none()) && error.kind() == ErrorKind::ProviderRefused;
    let is_silence = error.is_retryable() || is_page || error.kind() == ErrorKind::BadResponse;
    is_silence.then(|| Told::Nothing(error.retry_after()))
}
