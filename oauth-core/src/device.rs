//! Login on another device (RFC 8628): for programs on machines without a browser.

mod codes;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::SecretString;
use tracing::Instrument as _;

use self::codes::Codes;
use crate::account::Account;
use crate::client::{Client, Context, Inner};
use crate::error::{ErrorKind, Result, Step};
use crate::grant::{self, Aim, Extra};
use crate::polling::{DevicePoll, Polling};
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
            let (codes, aim) = begin(&inner, &self.extra).await?;
            tracing::debug!("device login started");
            let polling = Polling::new((inner, Step::Device), aim, (codes.lifetime, codes.interval))?;
            Ok(DeviceLogin { client: self.client, codes, polling })
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
    codes: Codes,
    polling: Polling,
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
        self.polling.expires_at()
    }

    /// What to do now, by the client's clock.
    pub fn poll(&self) -> DevicePoll {
        self.polling.poll()
    }

    /// Asks the provider once whether the user has finished (RFC 8628 section 3.4); `None` where not. Whatever keeps the
    /// answer away is none: the next look is later then.
    ///
    /// A question that comes early waits, by the client's clock, until [`poll`](Self::poll) says that it may be asked: the
    /// provider is never asked more often than it allows (RFC 8628 section 3.5), not even in a loop without a pause.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](ErrorKind::AccessDenied) where the user said no, [`AttemptExpired`](ErrorKind::AttemptExpired) when
    /// the codes have ended, [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) where an answer with tokens may have been lost,
    /// and what else the provider refuses with. Each is the last word: after it nothing is sent.
    pub async fn ask(&mut self) -> Result<Option<Account<P>>> {
        self.polling.due().await?;
        let span = tracing::debug_span!("oauth.device", provider = %self.client.spec().id);
        let tokens = self.look().instrument(span).await?;
        Ok(tokens.map(|tokens| self.client.account(tokens)))
    }

    /// Waits until the user has finished, and gives the account. A dropped future asks nothing more.
    ///
    /// # Errors
    ///
    /// Those of [`ask`](Self::ask).
    pub async fn account(mut self) -> Result<Account<P>> {
        loop {
            if let Some(account) = self.ask().await? {
                return Ok(account);
            }
        }
    }

    async fn look(&mut self) -> Result<Option<TokenSet>> {
        let inner = Arc::clone(self.polling.inner());
        let rule = &section(&inner)?.request;
        let answer = self.polling.look(rule, ("device_code", &self.codes.device_code)).await?;
        let Some(tokens) = answer else { return Ok(None) };
        tracing::debug!("device login finished");
        self.polling.settle(tokens, false).await.map(Some)
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

/// RFC 8628 section 3.1: the client asks with its id, its credentials and the scopes.
async fn begin(inner: &Inner, extra: &Extra) -> Result<(Codes, Aim)> {
    let rule = section(inner)?;
    let Some(url) = &inner.spec().endpoints.device_authorization else {
        let what = format!("provider `{}` has no device authorization endpoint", inner.spec().id);
        return Err(inner.error(ErrorKind::Unsupported, Step::Device, what));
    };
    grant::check_params(inner, &rule.request, &["scope", "device_code"], extra, Step::Device)?;
    let aim = Aim::new(inner, &rule.request, extra)?;
    let call = authorization(inner, (rule, url), &aim, extra);
    let answer = token::ask(inner, call, None).await?;
    Ok((Codes::read(inner, &rule.authorization, &answer)?, aim))
}

fn authorization<'a>(
    inner: &'a Inner,
    (rule, url): (&'a DeviceGrant, &'a Template),
    aim: &'a Aim,
    extra: &'a Extra,
) -> TokenCall<'a> {
    let form = &rule.authorization;
    let params = aim.scope(inner.spec()).into_iter().chain(aim.params(extra)).collect();
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
        context: Context { scopes: &aim.scopes, ..Context::default() },
        progress: None,
    }
}
