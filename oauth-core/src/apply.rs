//! Putting a token on a request, where the provider wants it, and nowhere else.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Uri};
use secrecy::ExposeSecret as _;

use crate::client::{Client, Inner, Prepared, fill};
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::mechanism;
use crate::openid;
use crate::provider::Provider;
use crate::spec::Placement;
use crate::token::{self, TokenSet};

impl<P: Provider> Client<P> {
    /// Puts the access token and the provider's headers on a request of any HTTP stack (RFC 6750 section 2, or as the
    /// provider's file says), after checking that the address is the provider's.
    pub fn apply(&self, tokens: &TokenSet, request: &mut Request<Bytes>) -> Result<()> {
        to_request(self.inner(), tokens, request)
    }
}

/// Puts token and headers of the API on a request.
pub(crate) fn to_request(inner: &Inner, tokens: &TokenSet, request: &mut Request<Bytes>) -> Result<()> {
    let config = &inner.config;
    let prepared = inner.prepared()?;
    openid::check_same_issuer(inner, tokens, Step::Api)?;
    if let Some(due) = &tokens.session_due {
        return Err(due.error(inner));
    }
    let malformed = |what: &str| inner.error(ErrorKind::Config, Step::Api, what);
    admit(inner, prepared, tokens, request)?;
    if let Some(api) = &config.spec.api {
        for (name, value) in &api.headers {
            let name = HeaderName::try_from(name)
                .map_err(|_| malformed("a header of the provider's file has no valid name"))?;
            if !request.headers().contains_key(&name) {
                let value = fill(config, Step::Api, value, token::context(tokens))?;
                let value = HeaderValue::try_from(value)
                    .map_err(|_| malformed("a header of the provider's file has no valid value"))?;
                request.headers_mut().insert(name, value);
            }
        }
    }
    place(inner, tokens, request)?;
    if let Some(signer) = &prepared.hooks.request_signer {
        mechanism::sign(inner, &**signer, tokens, request)?;
    }
    detour(inner, prepared, request)
}

/// Makes a request that of the lookup, which comes before the API is known: with the token in its usual place, unless
/// the request is to carry it elsewhere.
pub(crate) fn to_lookup(
    inner: &Inner,
    tokens: &TokenSet,
    request: &mut Request<Bytes>,
    usual_place: bool,
) -> Result<()> {
    let prepared = inner.prepared()?;
    admit(inner, prepared, tokens, request)?;
    if usual_place {
        place(inner, tokens, request)?;
    }
    detour(inner, prepared, request)
}

/// The check before a token goes anywhere: the address is the provider's.
fn admit(inner: &Inner, prepared: &Prepared, tokens: &TokenSet, request: &Request<Bytes>) -> Result<()> {
    let url = url::Url::parse(&request.uri().to_string())
        .map_err(|_| inner.error(ErrorKind::Config, Step::Api, "the request has no absolute address"))?;
    prepared.origins.admit(&inner.config, tokens, &url)?;
    refuse_second_token(inner, &url)
}

/// The one place where a token meets a request.
fn place(inner: &Inner, tokens: &TokenSet, request: &mut Request<Bytes>) -> Result<()> {
    let malformed = |what: &str| inner.error(ErrorKind::Config, Step::Api, what);
    let secret = tokens.access_token.expose_secret();
    match &inner.config.spec.token.placement {
        Placement::Header { name, scheme } => {
            let value = match scheme {
                Some(scheme) => format!("{scheme} {secret}"),
                None => secret.to_owned(),
            };
            let name = HeaderName::try_from(name).map_err(|_| malformed("the token's header has no valid name"))?;
            let mut value = HeaderValue::from_maybe_shared(Bytes::from(value))
                .map_err(|_| malformed("the token cannot stand in a header"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Placement::Query { name } => {
            let mut target = request.uri().path().to_owned();
            target.push('?');
            if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
                target.push_str(query);
                target.push('&');
            }
            push_pair(&mut target, name, secret);
            set_target(request, target).map_err(|_| malformed("the token cannot stand in the address"))?;
        }
        Placement::Body { name, json } => in_body(request, name, *json, secret).map_err(malformed)?,
    }
    Ok(())
}

fn detour(inner: &Inner, prepared: &Prepared, request: &mut Request<Bytes>) -> Result<()> {
    let detoured = prepared.detoured(request.uri().to_string());
    *request.uri_mut() = Uri::try_from(detoured)
        .map_err(|_| inner.error(ErrorKind::Config, Step::Api, "the address cannot be written as HTTP"))?;
    Ok(())
}

/// RFC 6750 section 2: "Clients MUST NOT use more than one method to transmit the token in each request."
fn refuse_second_token(inner: &Inner, url: &url::Url) -> Result<()> {
    let in_query = |name: &str| url.query_pairs().any(|(known, _)| known == name);
    let placed = match &inner.config.spec.token.placement {
        Placement::Query { name } | Placement::Body { name, .. } => in_query(name),
        Placement::Header { .. } => false,
    };
    if placed || in_query("access_token") {
        let what = "the address has an access token in its query already";
        return Err(Error::new(ErrorKind::Parameter, Step::Api, what)
            .fix("leave it out; the token is put where the provider wants it")
            .of(inner.spec()));
    }
    Ok(())
}

pub(crate) fn set_target(request: &mut Request<Bytes>, target: String) -> Result<(), http::Error> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target)?);
    *request.uri_mut() = Uri::from_parts(parts)?;
    Ok(())
}

/// RFC 6750 section 2.2, and its JSON kin.
fn in_body(request: &mut Request<Bytes>, name: &str, json: bool, secret: &str) -> Result<(), &'static str> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.starts_with("application/json") || (request.body().is_empty() && json);
    let is_form = kind.starts_with("application/x-www-form-urlencoded") || (request.body().is_empty() && !json);
    if is_json {
        let mut object: serde_json::Map<String, serde_json::Value> = if request.body().is_empty() {
            serde_json::Map::new()
        } else {
            serde_json::from_slice(request.body())
                .map_err(|_| "the body is not a JSON object, so the token cannot be put into it")?
        };
        object.insert(name.to_owned(), secret.into());
        *request.body_mut() = serde_json::Value::Object(object).to_string().into();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else if is_form {
        let mut body = std::str::from_utf8(request.body()).map_err(|_| "the form is not text")?.to_owned();
        push_pair(&mut body, name, secret);
        *request.body_mut() = body.into();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    } else {
        return Err("the body is neither a form nor JSON, so the token cannot be put into it");
    }
    Ok(())
}
