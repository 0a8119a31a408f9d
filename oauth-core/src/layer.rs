//! An account's token on every request of a tower service.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response, StatusCode, Uri};
use tower_layer::Layer;
use tower_service::Service;

use crate::account::Account;
use crate::applied::Verdict;
use crate::apply;
use crate::dpop;
use crate::error::{ErrorKind, Result, Step};
use crate::provider::{Dynamic, Provider};
use crate::token::TokenSet;

/// The error of a service with a token: the inner service's, or an [`Error`](crate::Error) of the account's.
pub type BoxError = Box<dyn StdError + Send + Sync>;

type Answering<R> = Pin<Box<dyn Future<Output = Result<R, BoxError>> + Send>>;

impl<P: Provider> Account<P> {
    /// A tower layer that puts this account's token on every request, as [`apply`](Self::apply) does. An answer of 401 is
    /// worth one refresh and one more request, with the limits of [`refused`](Self::refused); every other answer, a second
    /// 401 among them, is the caller's. No body of an answer is read.
    ///
    /// It works with services over `http::Request<B>` whose bodies can be cloned (hyper-util's client, tower-http's
    /// middleware), and with reqwest's client, where a body that is a stream is sent once. The inner service must not follow
    /// redirects with the request that it was given: its token is for that address.
    ///
    /// ```no_run
    /// use tower_layer::Layer as _;
    /// use tower_service::Service as _;
    ///
    /// # async fn run(account: oauth_core::Account) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    /// let mut api = account.layer().layer(http);
    ///
    /// let request = reqwest::Request::new(http::Method::GET, "https://api.acme.example/things".parse()?);
    /// std::future::poll_fn(|cx| api.poll_ready(cx)).await?;
    /// let answer = api.call(request).await?;
    /// # Ok(()) }
    /// ```
    pub fn layer(&self) -> TokenLayer {
        TokenLayer { account: self.erased() }
    }
}

/// Puts an account's token on every request: see [`Account::layer`].
#[derive(Clone, Debug)]
pub struct TokenLayer {
    account: Account<Dynamic>,
}

impl TokenLayer {
    /// The same for bodies that cannot be cloned: a request is made once, and a 401 is the caller's. The token is renewed all
    /// the same, so that the next request has a newer one.
    pub fn once(self) -> TokenOnceLayer {
        TokenOnceLayer { account: self.account }
    }
}

impl<S> Layer<S> for TokenLayer {
    type Service = TokenService<S>;

    fn layer(&self, inner: S) -> TokenService<S> {
        TokenService { account: self.account.clone(), inner }
    }
}

/// Puts an account's token on every request, which is made once: see [`TokenLayer::once`].
#[derive(Clone, Debug)]
pub struct TokenOnceLayer {
    account: Account<Dynamic>,
}

impl<S> Layer<S> for TokenOnceLayer {
    type Service = TokenOnceService<S>;

    fn layer(&self, inner: S) -> TokenOnceService<S> {
        TokenOnceService { account: self.account.clone(), inner }
    }
}

/// A service whose requests have an account's token: see [`Account::layer`].
#[derive(Clone)]
pub struct TokenService<S> {
    account: Account<Dynamic>,
    inner: S,
}

/// A service whose requests have an account's token and are made once: see [`TokenLayer::once`].
#[derive(Clone)]
pub struct TokenOnceService<S> {
    account: Account<Dynamic>,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for TokenService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Clone + Send + 'static,
    R: Send,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Answering<Response<R>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(answer(self.account.clone(), ready(&mut self.inner), request, |request| Some(request.clone())))
    }
}

impl<S> Service<reqwest::Request> for TokenService<S>
where
    S: Service<reqwest::Request, Response = reqwest::Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
{
    type Response = reqwest::Response;
    type Error = BoxError;
    type Future = Answering<reqwest::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        // Nothing where the body is a stream.
        Box::pin(answer(self.account.clone(), ready(&mut self.inner), request, reqwest::Request::try_clone))
    }
}

impl<S, B, R> Service<Request<B>> for TokenOnceService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Send + 'static,
    R: Send,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Answering<Response<R>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(answer(self.account.clone(), ready(&mut self.inner), request, |_| None))
    }
}

/// The service that is ready. What `poll_ready` promised is not true of its clone, which takes its place.
fn ready<S: Clone>(service: &mut S) -> S {
    let clone = service.clone();
    mem::replace(service, clone)
}

/// The answer to the request, or to its copies where a refusal is worth that: one for a newer token, one for a nonce.
async fn answer<S, Q>(
    account: Account<Dynamic>,
    mut service: S,
    mut request: Q,
    copy: fn(&Q) -> Option<Q>,
) -> Result<S::Response, BoxError>
where
    S: Service<Q>,
    S::Error: Into<BoxError>,
    S::Response: Answered,
    Q: Headed,
{
    let inner = account.inner();
    apply::check_placement_in_head(inner)?;
    let mut tokens = account.fresh().await?;
    let (mut has_nonce, mut is_renewed) = (false, false);
    loop {
        let again = if has_nonce && is_renewed { None } else { copy(&request) };
        let address = tokens.is_bound().then(|| request.address());
        let response = service.call(request.with(&account, &tokens)?).await.map_err(Into::into)?;
        let (status, headers) = (response.status(), response.headers());
        if address.is_some_and(|address| dpop::challenged(inner, &address, status, headers)) {
            if has_nonce {
                return Err(dpop::nonce_loop(inner, Step::Api).into());
            }
            // Without a copy the answer is the caller's; the next request has the nonce.
            let Some(again) = again else { return Ok(response) };
            (request, has_nonce) = (again, true);
        } else if is_renewed {
            if status.is_success() {
                tokens.standing.accept();
            }
            return Ok(response);
        } else {
            let verdict = account.verdict(&tokens, status, headers).await;
            // The answer is there, and the caller's: what became of the token is the next request's business.
            let Some(again) = again else { return Ok(response) };
            let Verdict::Again(newer) = verdict? else { return Ok(response) };
            (request, tokens, is_renewed) = (again, newer, true);
        }
        // Nobody reads the body of the refusal.
        drop(response);
        poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
    }
}

/// A request whose address and headers can be changed.
trait Headed: Sized {
    /// The request with the token on it.
    fn with(self, account: &Account<Dynamic>, tokens: &TokenSet) -> Result<Self>;

    fn address(&self) -> String;
}

impl<B> Headed for Request<B> {
    fn with(mut self, account: &Account<Dynamic>, tokens: &TokenSet) -> Result<Self> {
        let head = (self.method(), self.uri(), self.headers());
        let (uri, headers) = apply::to_head(account.inner(), tokens, head)?;
        *self.uri_mut() = uri;
        *self.headers_mut() = headers;
        Ok(self)
    }

    fn address(&self) -> String {
        self.uri().to_string()
    }
}

impl Headed for reqwest::Request {
    fn with(mut self, account: &Account<Dynamic>, tokens: &TokenSet) -> Result<Self> {
        let malformed = || account.inner().error(ErrorKind::Config, Step::Api, "the address cannot be written as HTTP");
        let uri = Uri::try_from(self.url().as_str()).map_err(|_| malformed())?;
        let (uri, headers) = apply::to_head(account.inner(), tokens, (self.method(), &uri, self.headers()))?;
        *self.url_mut() = url::Url::parse(&uri.to_string()).map_err(|_| malformed())?;
        *self.headers_mut() = headers;
        Ok(self)
    }

    fn address(&self) -> String {
        self.url().to_string()
    }
}

/// An answer as far as it is looked at.
trait Answered {
    fn status(&self) -> StatusCode;
    fn headers(&self) -> &HeaderMap;
}

impl<R> Answered for Response<R> {
    fn status(&self) -> StatusCode {
        Response::status(self)
    }

    fn headers(&self) -> &HeaderMap {
        Response::headers(self)
    }
}

impl Answered for reqwest::Response {
    fn status(&self) -> StatusCode {
        reqwest::Response::status(self)
    }

    fn headers(&self) -> &HeaderMap {
        reqwest::Response::headers(self)
    }
}

impl<S> fmt::Debug for TokenService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenService").field("account", &self.account).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for TokenOnceService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenOnceService").field("account", &self.account).finish_non_exhaustive()
    }
}
