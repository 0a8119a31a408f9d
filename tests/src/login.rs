//! Short ways to a client and to a login against a server that a test controls.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use oauth_core::http::BoxFuture;
use oauth_core::{Account, Attempt, Browser, Client, Clock, Dynamic, PendingAttempt, ProviderSpec, Result, TokenSet};

use tokio::sync::watch;

use crate::canned::{Answer, Canned};

/// A provider without a single deviation, with an API.
pub const ACME: &str = "
id: acme
name: Acme
docs: https://acme.example/docs
console: https://acme.example/console
checked: 2026-11-21
endpoints: {authorization: https://id.acme.example/authorize, token: https://id.acme.example/token, issuer: https://id.acme.example}
client_auth: body
profile: {request: GET https://api.acme.example/me, map: {subject: /id, name: /name, email: /email, email_verified: /verified}}
api: {base_url: https://api.acme.example}
";

/// The client's secret, to be looked for where it must not be.
pub const SECRET: &str = "canary-client-secret-7f1c";

/// A token response without a fault.
pub const TOKENS: &str = r#"{"access_token":"canary-access-token","token_type":"Bearer","expires_in":3600,"refresh_token":"canary-refresh-token"}"#;

/// The spec of a provider file.
pub fn spec(yaml: &str) -> ProviderSpec {
    ProviderSpec::from_yaml(yaml).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A client of a provider file, its redirect URI set, at the moment at which a [`ManualClock`] starts.
pub fn client(yaml: &str) -> Client {
    spec(yaml)
        .client("my-client", SECRET)
        .redirect_uri("https://app.example/callback")
        .clock(Arc::new(ManualClock::new()))
}

/// A login at its turning point: the attempt, its browser, and the state to answer with.
pub struct Started {
    /// The attempt.
    pub pending: PendingAttempt,
    /// Its browser.
    pub browser: Browser,
    /// Its state.
    pub state: String,
    /// The authorization URL.
    pub url: String,
}

/// Starts a login.
pub async fn start(client: &Client) -> Started {
    started(client.authorize().begin().await.expect("a sound client starts a login"))
}

/// A login that a test started in a way of its own.
pub fn started(attempt: Attempt) -> Started {
    let (url, pending, browser) = attempt.into_parts();
    let url = String::from(url);
    Started { pending, browser: browser.into(), state: parameter(&url, "state").expect("a state"), url }
}

/// The value of a query parameter, or of a parameter of a form.
pub fn parameter(url_or_form: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url_or_form).ok();
    let pairs = url.as_ref().map_or(url_or_form, |url| url.query().unwrap_or_default());
    url::form_urlencoded::parse(pairs.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// A whole login of [`ACME`] whose code exchange is answered with `answers`.
pub async fn log_in(answers: impl IntoIterator<Item = Answer>) -> (Canned, Result<Account<Dynamic>>) {
    log_in_with(ACME, answers).await
}

/// A whole login of a provider file whose requests are answered with `answers`.
pub async fn log_in_with(yaml: &str, answers: impl IntoIterator<Item = Answer>) -> (Canned, Result<Account<Dynamic>>) {
    let server = Canned::start(answers).await;
    let client = client(yaml).dangerous_at(server.origin());
    let started = start(&client).await;
    let account =
        client.callback(format!("code=canary-code&state={}", started.state), started.pending, started.browser).await;
    (server, account)
}

/// An account of a provider file that has these tokens and whose requests are answered with `answers`.
pub async fn account_with(
    yaml: &str,
    tokens: TokenSet,
    answers: impl IntoIterator<Item = Answer>,
) -> (Canned, Account<Dynamic>) {
    let server = Canned::start(answers).await;
    let account = client(yaml).dangerous_at(server.origin()).account(tokens);
    (server, account)
}

/// A clock that a test moves.
#[derive(Clone)]
pub struct ManualClock(watch::Sender<SystemTime>);

impl ManualClock {
    /// A clock at a moment of 2026.
    pub fn new() -> Self {
        Self(watch::channel(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)).0)
    }

    /// Moves it.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by);
    }

    /// Sets it back.
    pub fn set_back(&self, by: Duration) {
        self.0.send_modify(|now| *now -= by);
    }

    /// How many wait for it to move.
    pub fn sleepers(&self) -> usize {
        self.0.receiver_count()
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.0.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let (until, mut moved) = (self.now() + duration, self.0.subscribe());
        Box::pin(async move {
            // The sender is borrowed: it cannot be gone.
            let _ = moved.wait_for(|now| *now >= until).await;
        })
    }
}
