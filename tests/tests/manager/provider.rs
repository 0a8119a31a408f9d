//! A provider within the test's process: it grants, rotates and revokes as a strict server does, and fails when it is told.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use oauth_core::http::{Body, BoxFuture, HttpClient, TransportError, TransportErrorKind};
use oauth_core::{ExposeSecret as _, TokenSet};
use oauth_tests::login::parameter;
use tokio::sync::Semaphore;

/// What the provider does with a request for new tokens.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Grants it.
    Grant,
    /// Grants it, with these further members in the answer, each beginning with a comma.
    GrantWith(&'static str),
    /// Grants it, and the answer waits until the test lets it pass.
    Held,
    /// Grants it once the test lets the request pass.
    Late,
    /// Grants it, and the answer never arrives: this is what the client sees instead.
    Lost(TransportErrorKind),
    /// Grants it, and answers nothing.
    Silent,
    /// Nothing is decided: this is what the client sees.
    Cut(TransportErrorKind),
    /// Nothing is decided: status and body of the answer, and its `Retry-After`.
    Refuse(u16, &'static str, Option<&'static str>),
    /// The transport panics.
    Panic,
}

/// A request to the provider.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) bearer: Option<String>,
}

impl Seen {
    pub(crate) fn refresh_token(&self) -> String {
        parameter(&self.body, "refresh_token").unwrap_or_default()
    }

    pub(crate) fn revoked(&self) -> String {
        parameter(&self.body, "token").unwrap_or_default()
    }
}

/// The provider. Tokens are called `canary-FAMILY-access-3` and `canary-FAMILY-refresh-3`.
pub(crate) struct Provider {
    state: Mutex<State>,
    /// Whether each refresh gives another refresh token and ends the one before.
    rotates: bool,
    /// Whether a refresh token that comes a second time ends everything that came of its login.
    strict: AtomicBool,
    arrived: AtomicUsize,
    pass: Semaphore,
    pub(crate) lifetime: AtomicUsize,
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    usual: Option<Reply>,
    seen: Vec<Seen>,
    /// The newest token of each family, by number.
    newest: HashMap<String, usize>,
    dead: HashSet<String>,
    /// Refresh tokens that came again after a rotation had replaced them.
    reused: Vec<String>,
    ended: HashSet<String>,
}

impl Provider {
    pub(crate) fn new(rotates: bool) -> Self {
        Self {
            state: Mutex::default(),
            rotates,
            strict: AtomicBool::new(true),
            arrived: AtomicUsize::new(0),
            pass: Semaphore::new(0),
            lifetime: AtomicUsize::new(3600),
        }
    }

    /// A refresh token that comes a second time is refused, and nothing else ends.
    pub(crate) fn lenient(&self) {
        self.strict.store(false, Ordering::SeqCst);
    }

    /// The first tokens of a login, the access token ending at that time.
    pub(crate) fn open(&self, family: &str, ends: SystemTime) -> TokenSet {
        self.with(|state| state.newest.insert(family.to_owned(), 0));
        TokenSet::new(access(family, 0)).with_refresh_token(refresh(family, 0)).with_expires_at(ends)
    }

    /// What the next request for tokens gets.
    pub(crate) fn next(&self, reply: Reply) {
        self.with(|state| state.replies.push_back(reply));
    }

    /// What all requests for tokens get that nothing else was said of.
    pub(crate) fn always(&self, reply: Reply) {
        self.with(|state| state.usual = Some(reply));
    }

    /// From now on it grants what it can.
    pub(crate) fn forget_replies(&self) {
        self.with(|state| {
            state.replies.clear();
            state.usual = None;
        });
    }

    /// All requests.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.with(|state| state.seen.clone())
    }

    /// The refresh tokens that came in, in order.
    pub(crate) fn refreshes(&self) -> Vec<String> {
        let seen = self.seen();
        seen.iter().filter(|seen| seen.path.ends_with("/token")).map(Seen::refresh_token).collect()
    }

    /// The refresh tokens that were to be revoked, in order.
    pub(crate) fn revoked(&self) -> Vec<String> {
        let seen = self.seen();
        let revoked = seen.iter().filter(|seen| seen.path.ends_with("/revoke")).map(Seen::revoked);
        revoked.filter(|token| token.contains("-refresh-")).collect()
    }

    /// Whether a token of the family is good for anything.
    pub(crate) fn is_alive(&self, family: &str) -> bool {
        self.with(|state| !state.dead.contains(family))
    }

    /// The refresh tokens that came again after a rotation had replaced them, as often as they did.
    pub(crate) fn reused(&self) -> Vec<String> {
        self.with(|state| state.reused.clone())
    }

    /// The user takes the login back in the provider's settings.
    pub(crate) fn end(&self, family: &str) {
        self.with(|state| state.dead.insert(family.to_owned()));
    }

    /// This access token has ended, whatever its holder thinks.
    pub(crate) fn end_access(&self, token: &str) {
        self.with(|state| state.ended.insert(token.to_owned()));
    }

    /// Waits until so many requests for tokens have come in.
    pub(crate) async fn arrived(&self, count: usize) {
        let arrived = async {
            while self.arrived.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        };
        let arrived = tokio::time::timeout(Duration::from_secs(20), arrived).await;
        assert!(arrived.is_ok(), "{} of {count} requests came", self.arrived.load(Ordering::SeqCst));
    }

    /// Lets one held request or answer pass.
    pub(crate) fn pass(&self) {
        self.pass.add_permits(1);
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().expect("no test panics while it holds this"))
    }

    /// Decides about a refresh token, once and for all.
    fn decide(&self, token: &str, more: &str) -> (u16, String) {
        let refused = (400, r#"{"error":"invalid_grant"}"#.to_owned());
        let Some((family, number)) = parsed(token) else { return refused };
        self.with(|state| {
            if self.rotates && state.newest.get(&family).is_some_and(|newest| *newest != number) {
                state.reused.push(token.to_owned());
            }
            if state.dead.contains(&family) || state.ended.contains(token) {
                return refused.clone();
            }
            let Some(newest) = state.newest.get_mut(&family) else { return refused.clone() };
            if self.rotates && *newest != number {
                if self.strict.load(Ordering::SeqCst) {
                    state.dead.insert(family);
                }
                return refused.clone();
            }
            *newest += 1;
            let mut body = format!(
                r#"{{"access_token":"{}","token_type":"Bearer","expires_in":{}"#,
                access(&family, *newest),
                self.lifetime.load(Ordering::SeqCst)
            );
            if self.rotates {
                body += &format!(r#","refresh_token":"{}""#, refresh(&family, *newest));
            }
            (200, body + more + "}")
        })
    }

    async fn tokens(&self, token: &str) -> Result<http::Response<Body>, TransportError> {
        let reply = self.with(|state| state.replies.pop_front().or_else(|| state.usual.clone()));
        self.arrived.fetch_add(1, Ordering::SeqCst);
        match reply.unwrap_or(Reply::Grant) {
            Reply::Grant => answer(self.decide(token, "")),
            Reply::GrantWith(more) => answer(self.decide(token, more)),
            Reply::Held => {
                let decided = self.decide(token, "");
                self.pass.acquire().await.expect("it is never closed").forget();
                answer(decided)
            }
            Reply::Late => {
                self.pass.acquire().await.expect("it is never closed").forget();
                answer(self.decide(token, ""))
            }
            Reply::Lost(kind) => {
                self.decide(token, "");
                Err(TransportError::new(kind, "the connection is gone"))
            }
            Reply::Silent => {
                self.decide(token, "");
                std::future::pending().await
            }
            Reply::Cut(kind) => Err(TransportError::new(kind, "the connection is gone")),
            Reply::Refuse(status, body, retry_after) => {
                let mut refusal = answer((status, body.to_owned()))?;
                if let Some(wait) = retry_after {
                    refusal.headers_mut().insert("retry-after", http::HeaderValue::from_static(wait));
                }
                Ok(refusal)
            }
            Reply::Panic => panic!("the transport panics, as the test wants"),
        }
    }

    fn revoke(&self, token: &str) {
        self.with(|state| {
            if let Some((family, number)) = parsed(token) {
                // A token that has been replaced is unknown: RFC 7009 section 2.2 answers 200 all the same.
                if state.newest.get(&family) == Some(&number) || !self.rotates {
                    state.dead.insert(family);
                }
            }
            state.ended.insert(token.to_owned());
        });
    }

    fn is_good(&self, bearer: Option<&str>) -> bool {
        let family = bearer.and_then(parsed).map(|(family, _)| family);
        self.with(|state| {
            family.is_some_and(|family| !state.dead.contains(&family))
                && bearer.is_some_and(|bearer| !state.ended.contains(bearer))
        })
    }
}

impl HttpClient for Provider {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
            let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(ToOwned::to_owned);
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let seen = Seen { path: request.uri().path().to_owned(), body, bearer };
            self.with(|state| state.seen.push(seen.clone()));
            match seen.path.as_str() {
                path if path.ends_with("/token") => self.tokens(&seen.refresh_token()).await,
                path if path.ends_with("/revoke") => {
                    self.revoke(&seen.revoked());
                    answer((200, String::new()))
                }
                _ if self.is_good(seen.bearer.as_deref()) => answer((200, r#"{"id":"7"}"#.to_owned())),
                _ => answer((401, "{}".to_owned())),
            }
        })
    }
}

fn answer((status, body): (u16, String)) -> Result<http::Response<Body>, TransportError> {
    let response = http::Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(Bytes::from(body))).map_err(|error| TransportError::new(TransportErrorKind::Broken, error))
}

pub(crate) fn access(family: &str, number: usize) -> String {
    format!("canary-{family}-access-{number}")
}

pub(crate) fn refresh(family: &str, number: usize) -> String {
    format!("canary-{family}-refresh-{number}")
}

/// The access token of a set, in clear.
pub(crate) fn text(tokens: &TokenSet) -> &str {
    tokens.access_token().expose_secret()
}

fn parsed(token: &str) -> Option<(String, usize)> {
    let (rest, number) = token.strip_prefix("canary-")?.rsplit_once('-')?;
    let (family, _) = rest.rsplit_once('-')?;
    Some((family.to_owned(), number.parse().ok()?))
}
