use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request};
use secrecy::{ExposeSecret as _, SecretString};

use super::response::Grant;
use super::{TokenSet, failure};
use crate::client::{Context, Inner, fill, renamed};
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Scrub, Step};
use crate::http::send_bounded;
use crate::spec::{BodyFormat, ClientAuthMethod, Method, Params, Template};

/// A request to the token endpoint or to one like it.
pub(crate) struct TokenCall<'a> {
    pub(crate) step: Step,
    pub(crate) url: &'a Template,
    pub(crate) method: Method,
    pub(crate) format: BodyFormat,
    /// The parameters by the provider's own names.
    pub(crate) params: Vec<(&'a str, Cow<'a, str>)>,
    /// Further parameters from the file.
    pub(crate) extra: &'a Params,
    pub(crate) client_auth: bool,
    pub(crate) context: Context<'a>,
}

/// Sends the request and reads the tokens. What the request held is blotted out of any error.
pub(crate) async fn send<'a>(inner: &'a Inner, call: TokenCall<'a>, requested: &[String]) -> Result<Grant> {
    let step = call.step;
    let request = call.build(inner)?;
    let secure = request.uri().scheme_str() == Some("https");
    let answer = send_bounded(inner.http()?, inner.spec(), step, inner.config.timeout, request).await?;
    failure::Reader { inner, call: &call, secure }.grant(&answer, requested)
}

/// The standard parameters that say nothing secret; every other is taken for a secret in error texts.
fn is_secret(name: &str) -> bool {
    !matches!(name, "grant_type" | "redirect_uri" | "client_id" | "scope")
}

impl<'a> TokenCall<'a> {
    /// What its answer must not repeat in an error.
    pub(super) fn scrub(&self, inner: &Inner) -> Scrub {
        let params = self.params.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| &**value);
        let tokens = self
            .context
            .tokens
            .into_iter()
            .flat_map(|tokens| std::iter::once(&tokens.access_token).chain(&tokens.refresh_token));
        Scrub::new(&inner.config, params.chain(tokens.map(SecretString::expose_secret)))
    }

    /// The HTTP request (RFC 6749 sections 4.1.3 and 6, and the file's deviations).
    fn build(&self, inner: &'a Inner) -> Result<Request<Bytes>> {
        let prepared = inner.prepared()?;
        let config = &inner.config;
        let rules = &config.spec.token.request;
        let context = Context { secrets: true, ..self.context };
        let mut params = self.params.clone();
        for (name, value) in self.extra {
            params.push((name, fill(config, self.step, value, context)?.into()));
        }
        let mut builder = Request::builder().method(self.method.as_str()).header(ACCEPT, "application/json");
        if self.client_auth {
            if let Some(basic) = &prepared.basic {
                builder = builder.header(AUTHORIZATION, basic);
            } else {
                params.push((renamed(&rules.rename, "client_id"), Cow::Borrowed(&config.client_id)));
                // RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request."
                if let (ClientAuthMethod::Body, Some(secret)) =
                    (config.spec.client_auth.method, config.auth.as_secret())
                {
                    params.push((renamed(&rules.rename, "client_secret"), Cow::Borrowed(secret)));
                }
            }
        }
        for (name, value) in &rules.headers {
            let value = fill(config, self.step, value, Context { secrets: false, ..context })?;
            let header = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = header.ok_or_else(|| {
                inner.error(ErrorKind::Config, self.step, format!("the header `{name}` cannot be sent"))
            })?;
            if let Some(headers) = builder.headers_mut() {
                headers.insert(name, value);
            }
        }
        let mut url = prepared.address(config, self.step, self.url, Context { secrets: false, ..context })?;
        let body = self.write(&params, &mut url);
        if let Some((kind, _)) = &body {
            builder = builder.header(CONTENT_TYPE, *kind);
        }
        builder.uri(url).body(body.map(|(_, body)| body.into()).unwrap_or_default()).map_err(|error| {
            Error::new(ErrorKind::Config, self.step, "the request cannot be written as HTTP")
                .source(error)
                .of(&config.spec)
        })
    }

    fn write(&self, params: &[(&str, Cow<'_, str>)], url: &mut String) -> Option<(&'static str, String)> {
        match self.format {
            BodyFormat::Form => {
                let mut body = String::with_capacity(512);
                for (name, value) in params {
                    push_pair(&mut body, name, value);
                }
                Some(("application/x-www-form-urlencoded", body))
            }
            BodyFormat::Json => {
                let object: serde_json::Map<String, serde_json::Value> =
                    params.iter().map(|(name, value)| ((*name).to_owned(), value.as_ref().into())).collect();
                Some(("application/json", serde_json::Value::Object(object).to_string()))
            }
            BodyFormat::Query => {
                url.push(if url.contains('?') { '&' } else { '?' });
                for (name, value) in params {
                    push_pair(url, name, value);
                }
                None
            }
        }
    }
}

/// The standard parameters in the provider's names, without those that the file omits.
pub(crate) fn named<'a>(
    inner: &'a Inner,
    standard: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>,
) -> Vec<(&'a str, Cow<'a, str>)> {
    let rules = &inner.config.spec.token.request;
    let kept = standard.into_iter().filter(|(name, _)| !rules.omit.iter().any(|omitted| omitted == name));
    kept.map(|(name, value)| (renamed(&rules.rename, name), value)).collect()
}

/// The token set of a step that asked with `tokens`.
pub(crate) fn context(tokens: &TokenSet) -> Context<'_> {
    Context { tokens: Some(tokens), ..Context::default() }
}
