use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};

use super::response::Grant;
use super::{Ended, TokenSet, client_auth, failure};
use crate::apply;
use crate::client::{Context, Inner, fill, held, own_address, renamed};
use crate::dpop::{self, ProofKey};
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Scrub, Step};
use crate::http::send_bounded;
use crate::introspect;
use crate::mechanism;
use crate::refresh::Progress;
use crate::spec::{BodyFormat, Hole, Method, Params, RefreshAuth, Revoke, RevokePlace, Template, TokenTypeRule};

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
    let type_rule = inner.spec().token.response.token_type;
    send_typed(inner, call, requested, type_rule).await
}

/// The same, where the token's type is looked at in another way.
pub(crate) async fn send_typed<'a>(
    inner: &'a Inner,
    call: TokenCall<'a>,
    requested: &[String],
    type_rule: TokenTypeRule,
) -> Result<Grant> {
    let key = call.proof_key(inner)?;
    let mut again = false;
    loop {
        let (request, proof) = call.build(inner, key.as_ref())?;
        let secure = request.uri().scheme_str() == Some("https");
        if let Some(progress) = call.progress.filter(|_| !again) {
            progress.sending().await?;
        }
        let answer =
            send_bounded(inner.endpoint_http()?, inner.spec(), call.step, inner.config.timeout, request).await?;
        let reader = failure::Reader { inner, call: &call, proof: &proof, secure };
        if key.is_some() && reader.is_to_be_proved_again(&answer, again)? {
            again = true;
            continue;
        }
        return reader.grant(&answer, requested, (type_rule, key.as_ref()));
    }
}

/// Sends a request whose answer is an object without tokens, with that status where only one will do, and gives it as JSON.
pub(crate) async fn ask<'a>(inner: &'a Inner, call: TokenCall<'a>, only: Option<StatusCode>) -> Result<SecretString> {
    ask_proved(inner, call, only, None).await
}

/// The same, with a proof of that key (RFC 9449).
pub(crate) async fn ask_proved<'a>(
    inner: &'a Inner,
    call: TokenCall<'a>,
    only: Option<StatusCode>,
    key: Option<&ProofKey>,
) -> Result<SecretString> {
    let mut again = false;
    loop {
        let (request, proof) = call.build(inner, key)?;
        let secure = request.uri().scheme_str() == Some("https");
        let answer =
            send_bounded(inner.endpoint_http()?, inner.spec(), call.step, inner.config.timeout, request).await?;
        let reader = failure::Reader { inner, call: &call, proof: &proof, secure };
        if key.is_some() && reader.is_to_be_proved_again(&answer, again)? {
            again = true;
            continue;
        }
        if key.is_none() && inner.spec().dpop.is_some() {
            dpop::note(inner, &call.own_address(inner)?, &answer.headers);
        }
        return reader.object(&answer, only);
    }
}

/// Sends a request whose answer is a JWT of that media type, and gives it as it came; nothing where it is of another type.
pub(crate) async fn ask_signed<'a>(
    inner: &'a Inner,
    call: TokenCall<'a>,
    media_type: &str,
) -> Result<Option<SecretString>> {
    let (request, proof) = call.build(inner, None)?;
    let secure = request.uri().scheme_str() == Some("https");
    let answer = send_bounded(inner.endpoint_http()?, inner.spec(), call.step, inner.config.timeout, request).await?;
    if inner.spec().dpop.is_some() {
        dpop::note(inner, &call.own_address(inner)?, &answer.headers);
    }
    failure::Reader { inner, call: &call, proof: &proof, secure }.signed(&answer, media_type)
}

/// Sends a request that ends a token.
pub(crate) async fn end<'a>(inner: &'a Inner, call: TokenCall<'a>, rules: &Revoke) -> Result<Ended> {
    let mut again = false;
    loop {
        let (mut request, proof) = call.build(inner, None)?;
        let address = call.own_address(inner)?;
        let bound = call.context.tokens.filter(|tokens| rules.place == RevokePlace::Api && tokens.is_bound());
        if let (RevokePlace::Api, Some(tokens)) = (rules.place, call.context.tokens) {
            apply::place(inner, inner.prepared()?, tokens, &mut request, Some(&address))?;
        }
        let secure = request.uri().scheme_str() == Some("https");
        let answer =
            send_bounded(inner.endpoint_http()?, inner.spec(), call.step, inner.config.timeout, request).await?;
        if bound.is_some() && dpop::challenged(inner, &address, answer.status, &answer.headers) {
            if again {
                return Err(dpop::nonce_loop(inner, call.step));
            }
            again = true;
            continue;
        }
        return failure::Reader { inner, call: &call, proof: &proof, secure }.ended(&answer, rules);
    }
}

/// The standard parameters that say nothing secret; every other is taken for a secret in error texts.
fn is_secret(name: &str) -> bool {
    const OPEN: [&str; 14] = [
        "grant_type",
        "redirect_uri",
        "client_id",
        "scope",
        "token_type_hint",
        "resource",
        "response_type",
        "response_mode",
        "code_challenge_method",
        "prompt",
        "acr_values",
        "max_age",
        "requested_expiry",
        "ui_locales",
    ];
    !OPEN.contains(&name)
}

impl<'a> TokenCall<'a> {
    /// With the key that the tokens are to be bound to; without one, and where the provider binds them, a new one is drawn.
    pub(crate) fn bound_to(mut self, key: Option<&'a ProofKey>) -> Self {
        self.context.proof_key = key;
        self
    }

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

    /// That the client has what the request takes. Whoever only asks about tokens, or ends them, gets none that is bound.
    fn check(&self, inner: &Inner) -> Result<()> {
        inner.check_secret(self.step)?;
        if matches!(self.step, Step::Introspect | Step::Revoke) { Ok(()) } else { inner.check_bound(self.step) }
    }

    /// The HTTP request (RFC 6749 sections 4.1.3 and 6, and the file's deviations), and what was made of the secret
    /// for it.
    fn build(&self, inner: &'a Inner, key: Option<&ProofKey>) -> Result<(Request<Bytes>, Vec<String>)> {
        self.check(inner)?;
        let prepared = inner.prepared()?;
        let config = &inner.config;
        let rules = &config.spec.token.request;
        let context = Context { secrets: true, ..self.context };
        let mut params = self.params.clone();
        for (name, value) in self.extra {
            params.push((name, fill(config, self.step, value, context)?.into()));
        }
        let mut builder = Request::builder().method(self.method.as_str()).header(ACCEPT, self.accept(inner));
        let mut made = Vec::new();
        builder =
            client_auth::prove(inner, (self.step, self.client_auth, self.context), &mut params, &mut made, builder)?;
        // RFC 6749 section 3.2: parameters "MUST NOT be included more than once"; a pushed request names the client as well.
        let id = renamed(&rules.rename, "client_id");
        let mut named = false;
        params.retain(|(name, _)| *name != id || !std::mem::replace(&mut named, true));
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
        if let Some(key) = key {
            let method = http::Method::from_bytes(self.method.as_str().as_bytes()).unwrap_or_default();
            let address = self.own_address(inner)?;
            let proved = dpop::Proved { step: self.step, method: &method, address: &address, token: None };
            builder = builder.header(dpop::PROOF, dpop::prove(inner, key, &proved)?);
        }
        let mut url = prepared.detoured(self.own_address(inner)?);
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

    /// RFC 9701 section 4: whoever wants a signed answer asks for its type.
    fn accept(&self, inner: &Inner) -> &'static str {
        let is_signed = inner.spec().introspect.as_ref().is_some_and(|rule| rule.signed);
        if self.step == Step::Introspect && is_signed { introspect::SIGNED_TYPE } else { "application/json" }
    }

    /// The address as the provider has it.
    pub(super) fn own_address(&self, inner: &Inner) -> Result<String> {
        own_address(&inner.config, self.step, self.url, Context { secrets: false, ..self.context })
    }

    /// The key that the tokens are bound to or shall be: that of the login, or a new one for tokens that have none.
    fn proof_key(&self, inner: &Inner) -> Result<Option<ProofKey>> {
        let Some(rules) = inner.spec().dpop else { return Ok(self.context.proof_key.cloned()) };
        // What came as a Bearer token is renewed as one, unless the provider has no such tokens.
        let is_wanted = rules.is_required() || self.context.tokens.is_none();
        match self.context.proof_key {
            Some(key) => Ok(Some(key.clone())),
            None if is_wanted => ProofKey::draw(inner, rules.alg, self.step).map(Some),
            None => Ok(None),
        }
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
            BodyFormat::Json => Some(("application/json", serde_json::Value::Object(json_object(params)).to_string())),
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

/// The parameters as members; one that comes several times, as `resource` may (RFC 8707 section 2), is a list.
fn json_object(params: &[(&str, Cow<'_, str>)]) -> serde_json::Map<String, serde_json::Value> {
    let mut object = serde_json::Map::new();
    for (name, value) in params {
        let value = serde_json::Value::from(value.as_ref());
        match object.get_mut(*name) {
            None => {
                object.insert((*name).to_owned(), value);
            }
            Some(serde_json::Value::Array(values)) => values.push(value),
            Some(first) => *first = serde_json::Value::Array(vec![first.take(), value]),
        }
    }
    object
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
    Context { tokens: Some(tokens), proof_key: tokens.proof_key.as_ref(), ..Context::default() }
}
