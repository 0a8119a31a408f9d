use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request};
use secrecy::{ExposeSecret as _, SecretString};

use super::response::Grant;
use super::{Ended, TokenSet, client_auth, failure};
use crate::apply;
use crate::client::{Context, Inner, fill, held, renamed};
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Scrub, Step};
use crate::http::send_bounded;
use crate::mechanism;
use crate::refresh::Progress;
use crate::spec::{BodyFormat, Hole, Method, Params, RefreshAuth, Revoke, RevokePlace, Template};

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
    /// Parameters of the URL's query, from the file.
    pub(crate) query: &'a [(String, Template)],
    /// Headers beside those of the token endpoint, from the file.
    pub(crate) headers: &'a [(String, Template)],
    /// What the client shows of itself.
    pub(crate) client_auth: RefreshAuth,
    pub(crate) context: Context<'a>,
    /// Who is told when it is sent.
    pub(crate) progress: Option<&'a dyn Progress>,
}

/// Sends the request and reads the tokens. What the request held is blotted out of any error.
pub(crate) async fn send<'a>(inner: &'a Inner, call: TokenCall<'a>, requested: &[String]) -> Result<Grant> {
    let step = call.step;
    let (request, proof) = call.build(inner)?;
    let secure = request.uri().scheme_str() == Some("https");
    if let Some(progress) = call.progress {
        progress.sending().await?;
    }
    let answer = send_bounded(inner.http()?, inner.spec(), step, inner.config.timeout, request).await?;
    failure::Reader { inner, call: &call, proof: &proof, secure }.grant(&answer, requested)
}

/// Sends a request whose answer is a JSON object that is no token response, and gives its text.
pub(crate) async fn ask<'a>(inner: &'a Inner, call: TokenCall<'a>) -> Result<SecretString> {
    let (request, proof) = call.build(inner)?;
    let secure = request.uri().scheme_str() == Some("https");
    let answer = send_bounded(inner.http()?, inner.spec(), call.step, inner.config.timeout, request).await?;
    failure::Reader { inner, call: &call, proof: &proof, secure }.object(&answer)
}

/// Sends a request that ends a token.
pub(crate) async fn end<'a>(inner: &'a Inner, call: TokenCall<'a>, rules: &Revoke) -> Result<Ended> {
    let (mut request, proof) = call.build(inner)?;
    if let (RevokePlace::Api, Some(tokens)) = (rules.place, call.context.tokens) {
        apply::place(inner, inner.prepared()?, tokens, &mut request)?;
    }
    let secure = request.uri().scheme_str() == Some("https");
    let answer = send_bounded(inner.http()?, inner.spec(), call.step, inner.config.timeout, request).await?;
    failure::Reader { inner, call: &call, proof: &proof, secure }.ended(&answer, rules)
}

/// The standard parameters that say nothing secret; every other is taken for a secret in error texts.
fn is_secret(name: &str) -> bool {
    !matches!(name, "grant_type" | "redirect_uri" | "client_id" | "scope" | "token_type_hint")
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
        let filled =
            self.extra.iter().chain(self.query).chain(self.headers).chain(&inner.config.spec.token.request.headers);
        let context = Context { secrets: true, ..self.context };
        let filled = held(&inner.config, self.step, filled.map(|(_, value)| value), context);
        // Id and secret are encoded one by one before they are encoded together: no form of the secret is in that.
        let basic = inner.prepared().ok().and_then(|prepared| prepared.basic.as_ref()?.to_str().ok());
        let basic = basic.and_then(|header| header.strip_prefix("Basic ")).map(|pair| pair.trim_end_matches('='));
        let secrets = params.chain(tokens.map(SecretString::expose_secret)).chain(self.context.state).chain(basic);
        Scrub::new(&inner.config, secrets.chain(filled.iter().map(String::as_str)))
    }

    /// The HTTP request (RFC 6749 sections 4.1.3 and 6, and the file's deviations), and what was made of the secret
    /// for it.
    fn build(&self, inner: &'a Inner) -> Result<(Request<Bytes>, Vec<String>)> {
        let prepared = inner.prepared()?;
        let config = &inner.config;
        let rules = &config.spec.token.request;
        let context = Context { secrets: true, ..self.context };
        let mut params = self.params.clone();
        for (name, value) in self.extra {
            params.push((name, fill(config, self.step, value, context)?.into()));
        }
        let mut builder = Request::builder().method(self.method.as_str()).header(ACCEPT, "application/json");
        let mut made = Vec::new();
        builder = client_auth::prove(inner, (self.step, self.client_auth), &mut params, &mut made, builder)?;
        for (name, value) in rules.headers.iter().chain(self.headers) {
            let is_proof = value.holes().any(|hole| *hole == Hole::ClientSecret);
            if is_proof && self.client_auth != RefreshAuth::Full {
                continue;
            }
            let value = fill(config, self.step, value, context)?;
            let header = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, mut value) = header.ok_or_else(|| {
                inner.error(ErrorKind::Config, self.step, format!("the header `{name}` cannot be sent"))
            })?;
            value.set_sensitive(is_proof);
            if let Some(headers) = builder.headers_mut() {
                headers.insert(name, value);
            }
        }
        if let Some(proof) = prepared.hooks.client_proof.as_deref().filter(|_| self.client_auth == RefreshAuth::Full) {
            let proved = mechanism::prove(inner, proof, self.step, params, || self.scrub(inner))?;
            params = proved.params;
            made.extend(proved.made);
            if let Some(headers) = builder.headers_mut() {
                headers.extend(proved.headers);
            }
        }
        let mut url = prepared.address(config, self.step, self.url, Context { secrets: false, ..context })?;
        for (at, (name, value)) in self.query.iter().enumerate() {
            if at == 0 {
                url.push(if url.contains('?') { '&' } else { '?' });
            }
            push_pair(&mut url, name, &fill(config, self.step, value, context)?);
        }
        let body = self.write(&params, &mut url);
        if let Some((kind, _)) = &body {
            builder = builder.header(CONTENT_TYPE, *kind);
        }
        let request =
            builder.uri(url).body(body.map(|(_, body)| body.into()).unwrap_or_default()).map_err(|error| {
                Error::new(ErrorKind::Config, self.step, "the request cannot be written as HTTP")
                    .source(error)
                    .of(&config.spec)
            })?;
        Ok((request, made))
    }

    fn write(&self, params: &[(&str, Cow<'_, str>)], url: &mut String) -> Option<(&'static str, String)> {
        if params.is_empty() {
            return None;
        }
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
