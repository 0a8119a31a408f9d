//! Requests that the client makes by itself with a token: for the profile, and to look something up.

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::value::RawValue;

use crate::applied::Lacking;
use crate::apply;
use crate::client::{Context, Inner, fill, held};
use crate::dpop;
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Scrub, ServerError, Step};
use crate::http::{Answer, send_bounded};
use crate::json;
use crate::mechanism::Signed;
use crate::openid::SIGNED_USERINFO;
use crate::spec::{BodyFormat, Condition, Fetch, Hole};
use crate::token::{self, TokenSet};

/// One such request, and what its answer is read by.
pub(crate) struct Call<'a> {
    pub(crate) step: Step,
    pub(crate) fetch: &'a Fetch,
    pub(crate) tokens: &'a TokenSet,
    /// When a 2xx answer is an error.
    pub(crate) fails_when: Option<&'a Condition>,
    /// What the answer is, for messages: `profile`.
    pub(crate) what: &'static str,
    /// Whether it is a JWT that the provider signs (OpenID Connect Core section 5.3.2).
    pub(crate) signed: bool,
}

/// OpenID Connect Core section 5.3.2: what a signed answer is.
const JWT: &str = "application/jwt";

/// An answer of JSON that is no error.
pub(crate) struct Fetched {
    answer: Answer,
}

impl Fetched {
    /// The answer's text.
    pub(crate) fn text(&self) -> &str {
        // It was read as JSON, which is UTF-8.
        std::str::from_utf8(&self.answer.body).unwrap_or_default()
    }

    /// The answer's root.
    pub(crate) fn root(&self) -> &RawValue {
        serde_json::from_str(self.text()).unwrap_or(RawValue::NULL)
    }
}

impl Call<'_> {
    /// Sends the request: to the provider's own origins only, without following redirects, within all bounds of OAuth
    /// endpoints. What it held is blotted out of any error.
    pub(crate) async fn send(&self, inner: &Inner) -> Result<Fetched> {
        let mut again = false;
        loop {
            let mut request = self.build(inner)?;
            let signed = request.extensions_mut().remove::<Signed>();
            let answer =
                send_bounded(inner.api_http(self.step)?, inner.spec(), self.step, inner.config.timeout, request)
                    .await?;
            if self.tokens.is_bound() {
                let address = fill(&inner.config, self.step, &self.fetch.url, token::context(self.tokens))?;
                if dpop::challenged(inner, &address, answer.status, &answer.headers) {
                    if again {
                        return Err(dpop::nonce_loop(inner, self.step));
                    }
                    again = true;
                    continue;
                }
            }
            let answer = if self.signed { self.verified(inner, answer).await? } else { answer };
            return self.read(inner, answer, signed.as_ref());
        }
    }

    /// The claims in the place of the JWT. A refusal is read as it came.
    async fn verified(&self, inner: &Inner, mut answer: Answer) -> Result<Answer> {
        if !answer.status.is_success() {
            return Ok(answer);
        }
        let text = std::str::from_utf8(&answer.body).ok().filter(|_| answer.is_of(JWT));
        let Some(text) = text else {
            let what = format!("the {} is not signed, although the provider's file says that it is", self.what);
            return Err(SIGNED_USERINFO.unsigned(inner, &what));
        };
        let verified = SIGNED_USERINFO.verify(inner, text.trim()).await?;
        answer.body = Bytes::copy_from_slice(verified.payload());
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(answer)
    }

    fn context(&self) -> Context<'_> {
        Context { secrets: true, ..token::context(self.tokens) }
    }

    fn build(&self, inner: &Inner) -> Result<Request<Bytes>> {
        let (config, step, fetch) = (&inner.config, self.step, self.fetch);
        // A secret stands in a header that the checks let it stand in, and nowhere else.
        let context = Context { secrets: false, ..self.context() };
        let mut url = fill(config, step, &fetch.url, Context { in_address: true, ..context })?;
        for (at, (name, value)) in fetch.query.iter().enumerate() {
            if at == 0 && !url.contains('?') {
                url.push('?');
            }
            push_pair(&mut url, name, &fill(config, step, value, context)?);
        }
        let malformed = |error: http::Error| {
            Error::new(ErrorKind::Config, step, "the request cannot be written as HTTP").source(error).of(inner.spec())
        };
        let request = Request::builder().method(fetch.method.as_str()).uri(url);
        let mut request = match self.body(inner)? {
            Some((kind, body)) => request.header(CONTENT_TYPE, kind).body(body.into()),
            None => request.body(Bytes::new()),
        }
        .map_err(malformed)?;
        for (name, value) in &fetch.headers {
            let is_secret = value.holes().any(|hole| *hole == Hole::AccessToken);
            let value = fill(config, step, value, self.context())?;
            if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                value.set_sensitive(is_secret);
                request.headers_mut().insert(name, value);
            }
        }
        if self.signed {
            request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static(JWT));
        }
        let mut of_api = inner.spec().api.iter().flat_map(|api| &api.headers).filter(|_| step == Step::Profile);
        if !of_api.any(|(name, _)| name.eq_ignore_ascii_case(ACCEPT.as_str())) {
            request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        }
        // Last: a mechanism signs the whole request.
        if step == Step::Profile {
            apply::to_request(inner, self.tokens, &mut request)?;
        } else {
            apply::to_lookup(inner, self.tokens, &mut request, !self.has_token())?;
        }
        Ok(request)
    }

    /// Whether one of the file's headers carries the token.
    fn has_token(&self) -> bool {
        let carries = |(name, value): &(String, crate::spec::Template)| {
            name.eq_ignore_ascii_case(AUTHORIZATION.as_str()) || value.holes().any(|hole| *hole == Hole::AccessToken)
        };
        self.fetch.headers.iter().any(carries)
    }

    fn body(&self, inner: &Inner) -> Result<Option<(&'static str, String)>> {
        if self.fetch.body.is_empty() {
            return Ok(None);
        }
        let context = Context { secrets: false, ..self.context() };
        let mut form = String::new();
        let mut object = serde_json::Map::new();
        for (name, value) in &self.fetch.body {
            let value = fill(&inner.config, self.step, value, context)?;
            if self.fetch.format == BodyFormat::Form {
                push_pair(&mut form, name, &value);
            } else {
                object.insert(name.clone(), value.into());
            }
        }
        Ok(Some(match self.fetch.format {
            BodyFormat::Form => ("application/x-www-form-urlencoded", form),
            _ => ("application/json", serde_json::Value::Object(object).to_string()),
        }))
    }

    fn read(&self, inner: &Inner, answer: Answer, signed: Option<&Signed>) -> Result<Fetched> {
        let (step, what, status) = (self.step, self.what, answer.status.as_u16());
        let refused = |kind, words: String, scopes| {
            let lists = [&self.fetch.query, &self.fetch.headers, &self.fetch.body];
            let templates = lists.into_iter().flatten().map(|(_, value)| value);
            let held = held(&inner.config, step, templates, self.context());
            let signed = signed.into_iter().flat_map(Signed::texts);
            let held = held.iter().map(String::as_str).chain(signed);
            let scrub = Scrub::tokens(&inner.config, self.tokens, held);
            let wait = crate::http::retry_after(&answer.headers, inner.now());
            let fields = inner.spec().token.response.error.as_ref();
            let server = ServerError::of_api(&scrub, fields, status, wait, &answer.body);
            Error::new(kind, step, words).scopes(scopes).server(server)
        };
        if !answer.status.is_success() {
            if let Some(lacking) = Lacking::told(inner, self.tokens, answer.status, &answer.headers) {
                let error = refused(lacking.kind, lacking.what, lacking.scopes);
                return Err(error.wanted(lacking.login).of(inner.spec()));
            }
            let (kind, words) = match status {
                401 => (ErrorKind::Unauthorized, "the provider does not take the token".to_owned()),
                429 => (ErrorKind::RateLimited, "the provider asks to wait".to_owned()),
                500.. => (ErrorKind::Unavailable, format!("the provider is not able to answer (status {status})")),
                _ => (ErrorKind::ApiStatus, format!("the provider refused (status {status})")),
            };
            return Err(refused(kind, words, Vec::new()).of(inner.spec()));
        }
        let fail = |words: String| inner.error(ErrorKind::BadApiResponse, step, words);
        let text = std::str::from_utf8(&answer.body).map_err(|_| fail(format!("the {what} is not UTF-8")))?;
        let root: &RawValue = serde_json::from_str(text).map_err(|_| {
            if answer.is_of(JWT) {
                // Whether it is the provider's is not guessed at: its file says what is signed.
                let error = Error::new(ErrorKind::BadApiResponse, step, format!("the {what} is a JWT, and not JSON"));
                let fix = "if the client is registered for signed answers, say so in the provider's file: `profile: {signed: true}`";
                return error.fix(fix).of(inner.spec());
            }
            fail(format!("the {what} is not JSON (status {status}, {} bytes)", text.len()))
        })?;
        if self.fails_when.is_some_and(|condition| json::holds(condition, root)) {
            let words = format!("the provider refused, with status {status}");
            return Err(refused(ErrorKind::ApiStatus, words, Vec::new()).of(inner.spec()));
        }
        Ok(Fetched { answer })
    }
}

/// The first of the places at which there is something.
pub(crate) fn object<'a>(root: &'a RawValue, at: &[String], has: impl Fn(&RawValue) -> bool) -> Option<&'a RawValue> {
    at.iter().filter_map(|at| json::pointer(root, at)).find(|object| has(object))
}
