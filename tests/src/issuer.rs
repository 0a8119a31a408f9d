//! An OpenID provider on loopback that says and signs whatever a test wants, and counts what it is asked.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use oauth_core::{Account, Client, Clock as _, Discovered, Error, ErrorKind, ExposeSecret as _, Result};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::canned::{self, Answer, Received};
use crate::keys::{Key, key_set};
use crate::login::{self, ManualClock, SECRET, Started};

/// Where the metadata is.
pub const METADATA: &str = "/.well-known/openid-configuration";
/// Where the keys are.
pub const KEYS: &str = "/keys";
/// The token endpoint.
pub const TOKEN: &str = "/token";
/// The `UserInfo` endpoint.
pub const USERINFO: &str = "/userinfo";

/// A provider file with the same endpoints, for clients that are led to the server by `dangerous_at`.
pub const ACME_ID: &str = include_str!("acme_id.yaml");

/// The user.
pub const SUBJECT: &str = "248289761001";
/// The client.
pub const CLIENT_ID: &str = "my-client";
/// The access token of every login.
pub const ACCESS_TOKEN: &str = "canary-access-token";

const CODE: &str = "canary-code";
const REFRESH_TOKEN: &str = "canary-refresh-token";

/// The provider. It ends when it is dropped.
pub struct Issuer {
    origin: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    /// Its clock, and that of its clients.
    pub clock: ManualClock,
    /// The key that signs where a test says nothing else: of RSA, named `rsa-1`.
    pub key: Key,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    received: Mutex<Vec<Received>>,
}

/// What a login came to.
pub struct Outcome {
    /// The account, or why there is none.
    pub account: Result<Account>,
    /// How often the login asked the token endpoint.
    pub exchanges: usize,
    /// The texts that nobody may see in an error.
    secrets: Vec<String>,
}

impl Issuer {
    /// A provider without a fault.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    let Some(received) = canned::read(&mut stream).await else { return };
                    let answer = shared.answers.lock().expect("no poison").get(path(&received.target)).cloned();
                    shared.received.lock().expect("no poison").push(received);
                    canned::write(&mut stream, answer.unwrap_or_else(|| canned::status(404, "not here"))).await;
                });
            }
        });
        let issuer = Self { origin, shared, task, clock: ManualClock::new(), key: Key::rsa("rsa-1") };
        issuer.metadata(|_| ());
        issuer.keys(&[&issuer.key]);
        issuer.user(&json!({"sub": SUBJECT, "name": "Ada", "email": "ada@example.com", "email_verified": true}));
        issuer
    }

    /// `http://127.0.0.1:PORT`: the issuer, for clients that discover it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Answers a path with this from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.shared.answers.lock().expect("no poison").insert(path.to_owned(), answer);
    }

    /// Answers nothing but 404 at a path from now on.
    pub fn forget(&self, path: &str) {
        self.shared.answers.lock().expect("no poison").remove(path);
    }

    /// Publishes sound metadata with a change.
    pub fn metadata(&self, change: impl FnOnce(&mut Value)) {
        let at = |path: &str| format!("{}{path}", self.origin);
        let mut metadata = json!({
            "issuer": self.origin,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at(TOKEN),
            "userinfo_endpoint": at(USERINFO),
            "jwks_uri": at(KEYS),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        });
        change(&mut metadata);
        self.answer(METADATA, canned::json(&metadata.to_string()));
    }

    /// Publishes these keys.
    pub fn keys(&self, keys: &[&Key]) {
        self.answer(KEYS, canned::json(&key_set(keys)));
    }

    /// Answers the `UserInfo` request with this.
    pub fn user(&self, claims: &Value) {
        self.answer(USERINFO, canned::json(&claims.to_string()));
    }

    /// Answers token requests with a sound answer that has this ID token.
    pub fn tokens(&self, id_token: Option<&str>) {
        let mut tokens = json!({
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": REFRESH_TOKEN,
        });
        if let Some(id_token) = id_token {
            tokens["id_token"] = id_token.into();
        }
        self.answer(TOKEN, canned::json(&tokens.to_string()));
    }

    /// How often a path was asked for.
    pub fn asked(&self, wanted: &str) -> usize {
        self.requests(wanted).len()
    }

    /// The requests to a path.
    pub fn requests(&self, wanted: &str) -> Vec<Received> {
        let received = self.shared.received.lock().expect("no poison");
        received.iter().filter(|request| path(&request.target) == wanted).cloned().collect()
    }

    /// The paths that were asked for, in order.
    pub fn paths(&self) -> Vec<String> {
        let received = self.shared.received.lock().expect("no poison");
        received.iter().map(|request| path(&request.target).to_owned()).collect()
    }

    /// A provider that is known by its issuer.
    pub fn discovered(&self) -> Discovered {
        Discovered::at(&self.origin).expect("loopback is an issuer").clock(Arc::new(self.clock.clone()))
    }

    /// A client that discovered the provider.
    pub async fn client(&self) -> Client {
        let client = self.discovered().client(CLIENT_ID, SECRET).await;
        client.unwrap_or_else(|error| panic!("{}", error.explain())).redirect_uri("https://app.example/callback")
    }

    /// A client of a provider file, led here.
    pub fn client_of(&self, yaml: &str) -> Client {
        login::client(yaml).clock(Arc::new(self.clock.clone())).dangerous_at(&self.origin)
    }

    /// The seconds of its clock.
    pub fn now(&self) -> u64 {
        self.clock.now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
    }

    /// The claims of a sound ID token for this client.
    pub fn claims(&self, client: &Client, nonce: Option<&str>) -> Value {
        let issuer = client.spec().endpoints.issuer.as_ref().expect("the client has an issuer").as_str().to_owned();
        let now = self.now();
        let mut claims = json!({"iss": issuer, "sub": SUBJECT, "aud": CLIENT_ID, "exp": now + 300, "iat": now});
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        claims
    }

    /// A whole login whose ID token has these changes.
    pub async fn log_in(&self, client: &Client, change: impl FnOnce(&mut Value)) -> Outcome {
        let sign = |mut claims| {
            change(&mut claims);
            Some(self.key.sign(&claims))
        };
        self.log_in_with(client, sign).await
    }

    /// A whole login whose ID token is made from its sound claims.
    pub async fn log_in_with(&self, client: &Client, sign: impl FnOnce(Value) -> Option<String>) -> Outcome {
        let started = login::start(client).await;
        self.finish(client, started, sign).await
    }

    /// The second half of a login.
    pub async fn finish(
        &self,
        client: &Client,
        started: Started,
        sign: impl FnOnce(Value) -> Option<String>,
    ) -> Outcome {
        let id_token = sign(self.claims(client, login::parameter(&started.url, "nonce").as_deref()));
        self.tokens(id_token.as_deref());
        let attempt: Value = serde_json::from_str(started.pending.expose_json().expose_secret()).expect("JSON");
        let mut secrets: Vec<String> = [SECRET, CODE, ACCESS_TOKEN, REFRESH_TOKEN].map(str::to_owned).to_vec();
        for name in ["state", "verifier", "nonce", "browser"] {
            secrets.extend(attempt[name].as_str().map(str::to_owned));
        }
        // Payload and signature; a header is the same in all tokens.
        let parts = id_token.iter().flat_map(|token| token.split('.').skip(1)).filter(|part| part.len() > 8);
        secrets.extend(parts.map(str::to_owned));
        let before = self.asked(TOKEN);
        let query = format!("code={CODE}&state={}", started.state);
        let account = client.callback(query, started.pending, started.browser).await;
        Outcome { account, exchanges: self.asked(TOKEN) - before, secrets }
    }

    /// Answers the next refresh with a token of these claims, changed, and refreshes.
    pub async fn refresh(&self, account: &Account, change: impl FnOnce(&mut Value)) -> Result<()> {
        self.clock.advance(Duration::from_secs(60));
        let mut claims = self.claims(&account.client(), None);
        change(&mut claims);
        self.tokens(Some(&self.key.sign(&claims)));
        account.refresh().await.map(|_| ())
    }
}

impl Outcome {
    /// The account of a login that went well.
    pub fn account(self) -> Account {
        assert_eq!(self.exchanges, 1, "a code is exchanged once");
        self.account.unwrap_or_else(|error| panic!("{}", error.explain()))
    }

    /// The error of a login that must fail for that reason, after one exchange, and without telling a secret.
    pub fn refused(self, kind: ErrorKind) -> Error {
        let error = self.account.expect_err("the login must be refused");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(self.exchanges, 1, "a code is exchanged once");
        tells_nothing(&error, &self.secrets);
        error
    }
}

/// Holds that no form of an error has one of the texts.
pub fn tells_nothing(error: &Error, secrets: &[impl AsRef<str>]) {
    let mut text = format!("{error}\n{error:?}\n{}", error.explain());
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}\n{cause}\n{cause:?}");
        source = cause.source();
    }
    for secret in secrets {
        assert!(!text.contains(secret.as_ref()), "`{}` is told in {text}", secret.as_ref());
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The path of a request, without the host that `dangerous_at` puts before it.
fn path(target: &str) -> &str {
    let path = target.split('?').next().unwrap_or_default();
    let mut rest = path.splitn(3, '/').skip(1);
    match rest.next() {
        Some(host) if host.contains('.') && !host.starts_with('.') => &path[host.len() + 1..],
        _ => path,
    }
}
