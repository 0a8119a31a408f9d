//! Putting a token on a request, where the provider wants it, and nowhere else.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};
use secrecy::ExposeSecret as _;

use crate::client::{Client, Config, Context, Inner, Prepared, fill};
use crate::dpop::{self, ProofKey};
use crate::encode::push_pair;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::mechanism;
use crate::openid;
use crate::provider::Provider;
use crate::spec::{Params, Placement, Template};
use crate::token::{self, TokenSet};

impl<P: Provider> Client<P> {
    /// Puts the access token and the provider's headers on a request of any HTTP stack (RFC 6750 section 2, or as the
    /// provider's file says), after checking that the address is the provider's.
    pub fn apply(&self, tokens: &TokenSet, request: &mut Request<Bytes>) -> Result<()> {
        to_request(self.inner(), tokens, request)
    }
}

/// The headers of every request, made ready once.
#[derive(Clone)]
pub(crate) struct Headers {
    /// The token's, where a header is its place, and what stands before the token in it.
    token: Option<(HeaderName, String)>,
    /// The file's, in its order; a value that depends on the account is written for each request.
    api: Vec<(HeaderName, Option<HeaderValue>)>,
}

impl Headers {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let name = |name: &str| HeaderName::try_from(name).map_err(|_| malformed(config, "a header has no valid name"));
        let token = match &config.spec.token.placement {
            Placement::Header { name: of, scheme } => {
                Some((name(of)?, scheme.as_ref().map(|scheme| format!("{scheme} ")).unwrap_or_default()))
            }
            Placement::Query { .. } | Placement::Body { .. } => None,
        };
        let value = |value: &Template| {
            let fixed = fill(config, Step::Api, value, Context::default()).ok()?;
            HeaderValue::try_from(fixed).ok()
        };
        let api = config.spec.api.iter().flat_map(|api| &api.headers);
        let api = api.map(|(of, template)| Ok((name(of)?, value(template)))).collect::<Result<_>>()?;
        Ok(Self { token, api })
    }
}

/// Puts token and headers of the API on a request.
pub(crate) fn to_request(inner: &Inner, tokens: &TokenSet, request: &mut Request<Bytes>) -> Result<()> {
    let prepared = inner.prepared()?;
    openid::check_same_issuer(inner, tokens, Step::Api)?;
    if let Some(due) = &tokens.session_due {
        return Err(due.error(inner));
    }
    admit(inner, prepared, tokens, request)?;
    if let Some(api) = &inner.config.spec.api {
        add_headers(inner, &prepared.headers.api, &api.headers, tokens, request)?;
    }
    place(inner, prepared, tokens, request, None)?;
    if let Some(signer) = &prepared.hooks.request_signer {
        mechanism::sign(inner, &**signer, tokens, request)?;
    }
    detour(inner, prepared, request)
}

/// The address and the headers of a request whose body is elsewhere, with the token and the headers of the API.
pub(crate) fn to_head(
    inner: &Inner,
    tokens: &TokenSet,
    (method, uri, headers): (&Method, &Uri, &HeaderMap),
) -> Result<(Uri, HeaderMap)> {
    let mut head = Request::new(Bytes::new());
    head.method_mut().clone_from(method);
    head.uri_mut().clone_from(uri);
    head.headers_mut().clone_from(headers);
    to_request(inner, tokens, &mut head)?;
    let (head, _) = head.into_parts();
    Ok((head.uri, head.headers))
}

/// Whether a request can be applied to without its body.
pub(crate) fn check_placement_in_head(inner: &Inner) -> Result<()> {
    let signs = inner.prepared()?.hooks.request_signer.as_ref().is_some_and(|signer| signer.needs_body());
    let what = match (&inner.spec().token.placement, signs) {
        (Placement::Body { .. }, _) => "this provider takes the token in the request's body, which is not here",
        (_, true) => "this provider's requests are signed over their body, which is not here",
        (_, false) => return Ok(()),
    };
    Err(Error::new(ErrorKind::Unsupported, Step::Api, what)
        .fix("make the request with `account.request(..)`, or put the token on a whole one with `client.apply(..)`")
        .of(inner.spec()))
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
        place(inner, prepared, tokens, request, None)?;
    }
    detour(inner, prepared, request)
}

/// The check before a token goes anywhere: the address is the provider's.
fn admit(inner: &Inner, prepared: &Prepared, tokens: &TokenSet, request: &Request<Bytes>) -> Result<()> {
    prepared.origins.admit(&inner.config, tokens, request.uri())?;
    refuse_other_host(inner, request)?;
    refuse_second_token(inner, request.uri())
}

/// The one place where a token meets a request.
pub(crate) fn place(
    inner: &Inner,
    prepared: &Prepared,
    tokens: &TokenSet,
    request: &mut Request<Bytes>,
    own_address: Option<&str>,
) -> Result<()> {
    let config = &inner.config;
    if let Some(key) = tokens.bound_key() {
        return place_bound(inner, (key, tokens.access_token.expose_secret()), request, own_address);
    }
    // RFC 9449 section 7.2: a bound token never goes out as a Bearer token.
    if tokens.is_dpop() {
        return Err(without_key(config));
    }
    let malformed = |what: &str| malformed(config, what);
    let secret = tokens.access_token.expose_secret();
    match (&config.spec.token.placement, &prepared.headers.token) {
        (_, Some((name, before))) => {
            let mut value = String::with_capacity(before.len() + secret.len());
            value.push_str(before);
            value.push_str(secret);
            let mut value = HeaderValue::from_maybe_shared(Bytes::from(value))
                .map_err(|_| malformed("the token cannot stand in a header"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(name.clone(), value);
        }
        (Placement::Query { name }, _) => {
            let mut target = request.uri().path().to_owned();
            target.push('?');
            if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
                target.push_str(query);
                target.push('&');
            }
            push_pair(&mut target, name, secret);
            set_target(request, target).map_err(|_| malformed("the token cannot stand in the address"))?;
        }
        (Placement::Body { name, json }, _) => in_body(request, name, *json, secret).map_err(malformed)?,
        (Placement::Header { .. }, None) => return Err(malformed("the token's header has no valid name")),
    }
    Ok(())
}

fn without_key(config: &Config) -> Error {
    let what = "the token is bound to a key (`token_type: DPoP`) that is not with it, so it was not sent";
    Error::new(ErrorKind::TokenDowngraded, Step::Api, what)
        .fix("keep whole sets (`TokenSet::expose_json`), which hold the key, or let the user log in again")
        .of(&config.spec)
}

/// RFC 9449 section 7.1: "a DPoP-bound access token is sent using the Authorization request header field [...] with an
/// authentication scheme of `DPoP`", and the proof beside it. The proof is for the address that the provider knows, wherever
/// the request is led.
fn place_bound(
    inner: &Inner,
    (key, token): (&ProofKey, &str),
    request: &mut Request<Bytes>,
    own_address: Option<&str>,
) -> Result<()> {
    let address = own_address.map_or_else(|| request.uri().to_string(), str::to_owned);
    let proved = dpop::Proved { step: Step::Api, method: request.method(), address: &address, token: Some(token) };
    let proof = dpop::prove(inner, key, &proved)?;
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(format!("DPoP {token}")))
        .map_err(|_| malformed(&inner.config, "the token cannot stand in a header"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    request.headers_mut().insert(dpop::PROOF, proof);
    Ok(())
}

fn detour(inner: &Inner, prepared: &Prepared, request: &mut Request<Bytes>) -> Result<()> {
    if prepared.is_detoured() {
        let detoured = prepared.detoured(request.uri().to_string());
        *request.uri_mut() =
            Uri::try_from(detoured).map_err(|_| malformed(&inner.config, "the address cannot be written as HTTP"))?;
    }
    Ok(())
}

fn malformed(config: &Config, what: &str) -> Error {
    Error::new(ErrorKind::Config, Step::Api, what).of(&config.spec)
}

/// The file's headers, but for those that the request has already.
fn add_headers(
    inner: &Inner,
    ready: &[(HeaderName, Option<HeaderValue>)],
    templates: &Params,
    tokens: &TokenSet,
    request: &mut Request<Bytes>,
) -> Result<()> {
    let config = &inner.config;
    for ((name, value), (_, template)) in ready.iter().zip(templates) {
        if request.headers().contains_key(name) {
            continue;
        }
        let value = if let Some(value) = value {
            value.clone()
        } else {
            let value = fill(config, Step::Api, template, token::context(tokens))?;
            HeaderValue::try_from(value)
                .map_err(|_| malformed(config, "a header of the provider's file has no valid value"))?
        };
        request.headers_mut().insert(name.clone(), value);
    }
    Ok(())
}

/// RFC 9110 section 7.2: a server that is many hosts goes by `Host`. One that is not the address's would lead the token to
/// somebody else there.
fn refuse_other_host(inner: &Inner, request: &Request<Bytes>) -> Result<()> {
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    let own = |host: &HeaderValue| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes());
    if request.headers().get_all(HOST).iter().all(own) {
        return Ok(());
    }
    let what = "the header `Host` names another host than the address, so the token was not sent";
    Err(Error::new(ErrorKind::OriginRefused, Step::Api, what).fix("leave the header out").of(inner.spec()))
}

/// RFC 6750 section 2: "Clients MUST NOT use more than one method to transmit the token in each request."
fn refuse_second_token(inner: &Inner, uri: &Uri) -> Result<()> {
    let placed = match &inner.config.spec.token.placement {
        Placement::Query { name } | Placement::Body { name, .. } => Some(name.as_str()),
        Placement::Header { .. } => None,
    };
    let is_token = |name: &[u8]| name == b"access_token" || Some(name) == placed.map(str::as_bytes);
    let query = uri.query().unwrap_or_default().as_bytes();
    let is_there = query.split(|byte| *byte == b'&').any(|pair| {
        match pair.iter().position(|byte| matches!(byte, b'=' | b'%' | b'+')) {
            Some(at) if pair[at] != b'=' => form_urlencoded::parse(pair).any(|(name, _)| is_token(name.as_bytes())),
            Some(at) => is_token(&pair[..at]),
            None => is_token(pair),
        }
    });
    if is_there {
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

#[cfg(test)]
#[cfg(feature = "schema")]
mod tests {
    use super::*;
    use crate::ProviderSpec;

    fn outcome(address: &str) -> std::result::Result<String, ErrorKind> {
        let file = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n\
                    endpoints: {token: https://acme.example/token}\n\
                    api: {base_url: https://api.acme.example/v2, headers: {x-version: \"2\"}}\n";
        let client = ProviderSpec::from_yaml(file).unwrap().public("id");
        let mut request = Request::get(address).body(Bytes::new()).unwrap();
        client.apply(&TokenSet::new("the-token"), &mut request).map_err(|error| error.kind())?;
        assert_eq!(request.headers()["authorization"], "Bearer the-token");
        assert_eq!(request.headers()["x-version"], "2");
        Ok(request.uri().to_string())
    }

    #[test]
    fn one_origin_has_several_spellings_and_others_are_not_among_them() {
        for own in ["https://api.acme.example/v2/a?b=c", "HTTPS://API.acme.example/", "https://api.acme.example:443/"] {
            assert!(outcome(own).is_ok(), "{own}");
        }
        for other in [
            "https://api.acme.example:8443/",
            "https://api.acme.example./",
            "https://api.acme.example@evil.example/",
            "https://user:pass@api.acme.example/",
            "https://evil.example/https://api.acme.example/",
            "https://api.acme.example.evil.example/",
            "http://api.acme.example/",
        ] {
            assert_eq!(outcome(other).unwrap_err(), ErrorKind::OriginRefused, "{other}");
        }
        assert_eq!(outcome("/v2/a").unwrap_err(), ErrorKind::Config);
    }

    #[test]
    fn a_token_that_is_in_the_query_already_is_found_however_it_is_written() {
        for query in
            ["access_token=x", "a=b&access_token", "a&access%5Ftoken=x&c", "%61ccess_token=", "a=+&access_token=x"]
        {
            let address = format!("https://api.acme.example/v2?{query}");
            assert_eq!(outcome(&address).unwrap_err(), ErrorKind::Parameter, "{query}");
        }
        for query in ["", "access_tokens=x", "a=access_token", "a=%26access_token=x", "access+token=x", "a=b&c=d"] {
            let address = format!("https://api.acme.example/v2?{query}");
            assert_eq!(outcome(&address).unwrap(), address);
        }
    }
}
