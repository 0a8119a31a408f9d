use std::fmt;
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request};
use serde::Serialize;
use tracing::Instrument as _;

use super::ApiResponse;
use crate::account::Account;
use crate::applied::Verdict;
use crate::apply;
use crate::client::{Context, Inner, fill};
use crate::dpop;
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::transport_error;
use crate::mechanism::Signed;
use crate::provider::{HasApi, Provider};
use crate::token::{self, TokenSet};

/// A request to the provider's API: base URL, headers and the token's place come from its file.
///
/// ```no_run
/// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
/// let repos = account.get("/user/repos").query("per_page", 100).send().await?;
/// let names: Vec<serde_json::Value> = repos.json().await?;
/// # Ok(()) }
/// ```
#[must_use = "nothing is sent before `send`"]
pub struct ApiRequest<P: Provider> {
    account: Account<P>,
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
    fault: Option<Error>,
}

impl<P: Provider> Account<P> {
    /// A GET request to a path of the API, or to a whole address of the provider.
    pub fn get(&self, path: impl Into<String>) -> ApiRequest<P>
    where
        P: HasApi,
    {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: impl Into<String>) -> ApiRequest<P>
    where
        P: HasApi,
    {
        self.request(Method::POST, path)
    }

    /// A request with any method.
    pub fn request(&self, method: Method, path: impl Into<String>) -> ApiRequest<P>
    where
        P: HasApi,
    {
        ApiRequest {
            account: self.clone(),
            method,
            path: path.into(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            fault: None,
        }
    }
}

impl<P: Provider> ApiRequest<P> {
    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        push_pair(&mut self.query, name, &value.to_string());
        self
    }

    /// Sets a header, in place of the provider's of that name if there is one.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.fail(format!("the header `{}` has an invalid name or value", crate::error::clean(name))),
        }
        self
    }

    /// Sends the value as JSON.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => {
                self.body = body.into();
                self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Err(error) => self.fail(format!("the body cannot be written as JSON: {error}")),
        }
        self
    }

    /// Sends a form.
    pub fn form<'a>(mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut body = String::new();
        pairs.into_iter().for_each(|(name, value)| push_pair(&mut body, name, value));
        self.body = body.into();
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self
    }

    fn fail(&mut self, what: String) {
        let error = self.account.inner().error(ErrorKind::Parameter, Step::Api, what);
        self.fault.get_or_insert(error);
    }

    /// Sends the request. The token is renewed first when it has to be; when the API refuses it (status 401) it is
    /// renewed once and the request is sent once more, unless the refusal says that a scope is missing or the token has just
    /// taken a refused one's place.
    ///
    /// Any answer is `Ok`, whatever its status: [`ApiResponse::error_for_status`] turns refusals into errors, and
    /// [`ApiResponse::json`] does so first. Redirects are not followed.
    pub async fn send(self) -> Result<ApiResponse> {
        let span = tracing::debug_span!("oauth.api", provider = %self.account.spec().id, method = %self.method);
        self.send_unspanned().instrument(span).await
    }

    async fn send_unspanned(self) -> Result<ApiResponse> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut tokens = self.account.fresh().await?;
        let (mut has_nonce, mut is_renewed) = (false, false);
        loop {
            let (response, wants_nonce) = self.send_with(&tokens).await?;
            if wants_nonce {
                if has_nonce {
                    return Err(dpop::nonce_loop(self.account.inner(), Step::Api));
                }
                has_nonce = true;
                continue;
            }
            if is_renewed {
                if response.status().is_success() {
                    tokens.standing.accept();
                }
                return Ok(response.after_renewal());
            }
            let verdict = self.account.verdict(&tokens, response.status(), response.headers()).await?;
            let Verdict::Again(newer) = verdict else { return Ok(response) };
            (tokens, is_renewed) = (newer, true);
        }
    }

    /// The answer, and whether it asks for a proof with another nonce.
    async fn send_with(&self, tokens: &Arc<TokenSet>) -> Result<(ApiResponse, bool)> {
        let inner = self.account.inner();
        let malformed = |what: String| inner.error(ErrorKind::Config, Step::Api, what);
        let mut url = resolve(inner, tokens, &self.path)?;
        if !self.query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&self.query);
        }
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&url)
            .body(self.body.clone())
            .map_err(|_| malformed("the path or the query cannot be written as an address".to_owned()))?;
        request.headers_mut().clone_from(&self.headers);
        apply::to_request(inner, tokens, &mut request)?;
        let host = request.uri().host().unwrap_or_default().to_owned();
        let signed = request.extensions_mut().remove::<Signed>();
        let response = inner
            .api_http(Step::Api)?
            .send(request)
            .await
            .map_err(|error| transport_error(Step::Api, &host, error).of(inner.spec()))?;
        let wants_nonce = tokens.is_bound() && dpop::challenged(inner, &url, response.status(), response.headers());
        Ok((ApiResponse::new((self.account.erased(), Arc::clone(tokens)), host, signed, response), wants_nonce))
    }
}

/// The whole address of a path: below the base URL, or as it is when it has a scheme.
fn resolve(inner: &Inner, tokens: &TokenSet, path: &str) -> Result<String> {
    // RFC 3986 section 4.1: an address begins with its scheme. One further on is part of a path or a query.
    let start = path.split(['/', '?', '#']).next().unwrap_or_default();
    if start.ends_with(':') && path[start.len()..].starts_with("//") {
        return Ok(path.to_owned());
    }
    let Some(api) = &inner.config.spec.api else {
        return Err(inner.error(
            ErrorKind::Unsupported,
            Step::Api,
            format!("provider `{}` has no API", inner.config.spec.id),
        ));
    };
    let mut url =
        fill(&inner.config, Step::Api, &api.base_url, Context { in_address: true, ..token::context(tokens) })?;
    if url.ends_with('/') {
        url.pop();
    }
    if !path.starts_with(['/', '?']) && !path.is_empty() {
        url.push('/');
    }
    url.push_str(path);
    Ok(url)
}

impl<P: Provider> fmt::Debug for ApiRequest<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}
