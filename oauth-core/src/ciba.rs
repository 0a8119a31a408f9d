//! Login that the client initiates and the user approves on a device of their own (OpenID Connect Client-Initiated
//! Backchannel Authentication 1.0, poll mode): for a call centre, a counter, a payment terminal.

mod acknowledged;
mod hint;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use tracing::Instrument as _;

use self::acknowledged::Acknowledged;
pub use self::hint::UserHint;
use crate::account::Account;
use crate::client::{Client, Context, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::grant::{self, Aim, Extra};
use crate::polling::{DevicePoll, Polling};
use crate::provider::{CanUseBackchannel, Provider};
use crate::scopes::IntoScopes;
use crate::spec::{BodyFormat, CibaGrant, Method};
use crate::token::{self, TokenCall, TokenSet};

/// What stands in the error of a provider that has no such grant.
const KEY: (&str, &str) = ("ciba", "has no login that the client initiates");
/// The parameters that have methods of their own, or are none of this mode's.
const OWN: [&str; 11] = [
    "scope",
    "login_hint",
    "login_hint_token",
    "id_token_hint",
    "binding_message",
    "user_code",
    "requested_expiry",
    "acr_values",
    "client_notification_token",
    "request",
    "auth_req_id",
];
/// Section 10.3.1: what an ID token names that belongs to one request.
const REQUEST_CLAIM: &str = "urn:openid:params:jwt:claim:auth_req_id";

impl<P: Provider> Client<P> {
    /// Asks a user for their approval on a device of their own (OpenID Connect Client-Initiated Backchannel Authentication
    /// 1.0): the provider reaches them there, and this program asks until they have answered (poll mode).
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client) -> oauth_core::Result<()> {
    /// use oauth_core::UserHint;
    ///
    /// let login = client.backchannel(UserHint::login("ada@example.com")).binding_message("W4SCT").begin().await?;
    /// println!("Compare W4SCT with what your phone shows, and approve.");
    /// let account = login.account().await?; // waits until the user has answered
    /// # Ok(()) }
    /// ```
    pub fn backchannel(&self, user: UserHint) -> Backchannel<P>
    where
        P: CanUseBackchannel,
    {
        Backchannel { client: self.clone(), request: Request { user, own: Vec::new(), extra: Extra::default() } }
    }
}

/// A login that the client initiates before it starts: what is particular to it, and then [`begin`](Self::begin).
#[must_use = "nothing is sent before `begin`"]
pub struct Backchannel<P: Provider> {
    client: Client<P>,
    request: Request,
}

struct Request {
    user: UserHint,
    /// The standard's further parameters.
    own: Vec<(&'static str, SecretString)>,
    extra: Extra,
}

impl Request {
    fn set(&mut self, name: &'static str, value: SecretString) {
        self.own.retain(|(known, _)| *known != name);
        self.own.push((name, value));
    }
}

impl<P: Provider> Backchannel<P> {
    /// What to ask for; without this the scopes of `grants.ciba` in the provider's file, else those of a login. `openid` is
    /// always one of them.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.request.extra.scopes = scopes.into_scopes();
        self
    }

    /// A short text that is shown here and on the user's device, so that the user sees that both belong together
    /// (section 7.1). Providers take a few plain characters: `W4SCT`.
    pub fn binding_message(mut self, message: impl Into<String>) -> Self {
        self.request.set("binding_message", message.into().into());
        self
    }

    /// A secret that only the user and the provider know, where the provider wants one against unasked requests.
    pub fn user_code(mut self, code: impl Into<SecretString>) -> Self {
        self.request.set("user_code", code.into());
        self
    }

    /// How long the user shall have to approve, in whole seconds; the provider decides.
    pub fn requested_expiry(mut self, lifetime: Duration) -> Self {
        // Section 7.1: "a positive integer".
        self.request.set("requested_expiry", lifetime.as_secs().max(1).to_string().into());
        self
    }

    /// The ways to authenticate that are wished for, the preferred first. [`IdToken::acr`](crate::IdToken::acr) says which
    /// it was.
    pub fn acr_values<T: AsRef<str>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        self.request.set("acr_values", values.join(" ").into());
        self
    }

    /// A further parameter of the authentication request. The protocol's own cannot be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.request.extra.push(name.into(), value.into());
        self
    }

    /// Sends the authentication request (section 7.1).
    ///
    /// # Errors
    ///
    /// What the provider refuses with (section 13), `unknown_user_id` and `invalid_binding_message` among it: see
    /// [`Error::server`].
    pub async fn begin(self) -> Result<BackchannelLogin<P>> {
        let span = tracing::debug_span!("oauth.backchannel", provider = %self.client.spec().id);
        async {
            let inner = self.client.inner().ready().await?;
            let (acknowledged, aim) = begin(&inner, &self.request).await?;
            tracing::debug!("backchannel login started");
            let Acknowledged { request_id, lifetime, interval } = acknowledged;
            let polling = Polling::new((inner, Step::Backchannel), aim, (lifetime, interval))?;
            Ok(BackchannelLogin { client: self.client, request_id, polling })
        }
        .instrument(span)
        .await
    }
}

/// A login that waits for the user's approval on a device of their own.
///
/// [`account`](Self::account) waits for the end. A program with its own loop does what [`poll`](Self::poll) says: waits,
/// or calls [`ask`](Self::ask). There is one of each login, and it cannot be cloned: two that ask would be told to slow
/// down.
///
/// ```compile_fail,E0382
/// # async fn run(login: oauth_core::BackchannelLogin) {
/// let first = login.account();
/// let second = login.account();
/// # }
/// ```
#[must_use = "the user's approval comes to nothing unless it is asked for"]
pub struct BackchannelLogin<P: Provider = crate::Dynamic> {
    client: Client<P>,
    request_id: SecretString,
    polling: Polling,
}

impl<P: Provider> BackchannelLogin<P> {
    /// When the request ends; a day after the start at the latest.
    pub fn expires_at(&self) -> SystemTime {
        self.polling.expires_at()
    }

    /// What to do now, by the client's clock.
    pub fn poll(&self) -> DevicePoll {
        self.polling.poll()
    }

    /// Asks the provider once whether the user has answered (section 10.1); `None` where not. Whatever keeps the answer away
    /// is none: the next look is later then.
    ///
    /// A question that comes early waits, by the client's clock, until [`poll`](Self::poll) says that it may be asked: the
    /// provider is never asked more often than it allows (section 7.3), not even in a loop without a pause.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](ErrorKind::AccessDenied) where the user said no, [`AttemptExpired`](ErrorKind::AttemptExpired) when
    /// the request has ended, [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) where an answer with tokens may have been lost,
    /// what is wrong with the ID token, and what else the provider refuses with. Each is the last word: after it nothing is
    /// sent.
    pub async fn ask(&mut self) -> Result<Option<Account<P>>> {
        self.polling.due().await?;
        let span = tracing::debug_span!("oauth.backchannel", provider = %self.client.spec().id);
        let tokens = self.look().instrument(span).await?;
        Ok(tokens.map(|tokens| self.client.account(tokens)))
    }

    /// Waits until the user has answered, and gives the account. A dropped future asks nothing more.
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
        let Some(tokens) = self.polling.look(rule, ("auth_req_id", &self.request_id)).await? else { return Ok(None) };
        // Section 10.1.1: the answer has an ID token, which is verified before anything is believed.
        let tokens = self.polling.settle(tokens, true).await?;
        check_request(&inner, &tokens, &self.request_id)?;
        tracing::debug!("backchannel login finished");
        Ok(Some(tokens))
    }
}

impl<P: Provider> fmt::Debug for BackchannelLogin<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackchannelLogin").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}

/// Without whom it is about.
impl<P: Provider> fmt::Debug for Backchannel<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backchannel").field("scopes", &self.request.extra.scopes).finish_non_exhaustive()
    }
}

fn section(inner: &Inner) -> Result<&CibaGrant> {
    grant::declared(inner, Step::Backchannel, KEY, |grants| grants.ciba.as_ref())
}

/// Section 7.1: the client asks with its credentials, the scopes, and exactly one hint of who the user is.
async fn begin(inner: &Inner, request: &Request) -> Result<(Acknowledged, Aim)> {
    let rule = section(inner)?;
    let spec = inner.spec();
    let Some(url) = &spec.endpoints.backchannel_authentication else {
        let what = format!("provider `{}` has no backchannel authentication endpoint", spec.id);
        let error = Error::new(ErrorKind::Unsupported, Step::Backchannel, what);
        let fix = "add `endpoints.backchannel_authentication` to the provider's YAML file if it has one";
        return Err(error.fix(fix).of(spec));
    };
    grant::check_params(inner, &rule.request, &OWN, &request.extra, Step::Backchannel)?;
    let hint = request.user.checked(inner)?;
    let mut aim = Aim::new(inner, &rule.request, &request.extra)?;
    // Section 7.1: requests "MUST therefore contain the openid scope value".
    if !aim.asks_identity() {
        aim.scopes.insert(0, "openid".to_owned());
    }
    let mut params: Vec<_> = aim.scope(spec).into_iter().collect();
    params.push((hint.0, Cow::Borrowed(hint.1.expose_secret())));
    params.extend(request.own.iter().map(|(name, value)| (*name, Cow::Borrowed(value.expose_secret()))));
    params.extend(aim.params(&request.extra));
    let form = &rule.authentication;
    let call = TokenCall {
        step: Step::Backchannel,
        url,
        method: Method::Post,
        format: BodyFormat::Form,
        params,
        extra: &form.params,
        query: &[],
        headers: &form.headers,
        client_auth: form.client_auth,
        context: Context { scopes: &aim.scopes, ..Context::default() },
        progress: None,
    };
    let answer = token::ask(inner, call, None).await?;
    Ok((Acknowledged::read(inner, &answer)?, aim))
}

/// Section 10.3.1: the claim binds an ID token to a request. Who polls need not get it; one of another request is refused.
fn check_request(inner: &Inner, tokens: &TokenSet, id: &SecretString) -> Result<()> {
    let named = tokens.identity().and_then(|identity| identity.claim(REQUEST_CLAIM));
    let is_own = match &named {
        None => true,
        Some(Value::String(named)) => named.as_bytes().ct_eq(id.expose_secret().as_bytes()).into(),
        Some(_) => false,
    };
    if is_own {
        return Ok(());
    }
    let what = "the ID token belongs to another request: its `auth_req_id` differs";
    Err(inner.error(ErrorKind::IdTokenHash, Step::IdToken, what))
}
