//! How a client proves itself at the token endpoint (RFC 6749 section 2.3.1), seen from the other side.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;
use oauth_core::spec::ClientAuthMethod;

use crate::RegisteredClient;
use crate::facts::Facts;
use crate::params::Params;
use crate::request::Request;
use crate::shape::Refused;
use crate::token_request::standard;

/// The client and its index; it has proved itself in the one way that the provider declares.
pub(crate) fn authenticate<'a>(
    facts: &'a Facts,
    request: &Request,
    params: &Params,
) -> Result<(usize, &'a RegisteredClient), Refused> {
    let header = basic(request)?;
    let id = standard(facts, params, "client_id")?;
    let secret = standard(facts, params, "client_secret")?;
    // RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request."
    if header.is_some() && secret.is_some() {
        return Err(Refused::invalid_request("two ways of client authentication in one request"));
    }
    let named = header.as_ref().map(|(id, _)| id.as_str()).or(id).ok_or_else(|| unproved("the client is not named"))?;
    if id.is_some_and(|id| id != named) {
        return Err(Refused::invalid_request("two different client ids in one request"));
    }
    let (index, client) = facts.client(named).ok_or_else(|| unproved("the client is not registered"))?;
    let method = if client.secret().is_none() { ClientAuthMethod::None } else { facts.spec.client_auth.method };
    match (method, header, secret) {
        (ClientAuthMethod::None, None, None) => Ok((index, client)),
        (ClientAuthMethod::None, ..) => Err(unproved("a public client has no secret to show")),
        (ClientAuthMethod::Basic, Some((_, secret)), None) if client.has_secret(&secret) => Ok((index, client)),
        (ClientAuthMethod::Basic, Some(_), None) => {
            Err(unproved("the secret is wrong (id and secret are form-encoded before base64: RFC 6749 section 2.3.1)"))
        }
        (ClientAuthMethod::Basic, ..) => {
            Err(unproved("this provider takes the secret in the Authorization header only"))
        }
        (ClientAuthMethod::Body, None, Some(secret)) if client.has_secret(secret) => Ok((index, client)),
        (ClientAuthMethod::Body, None, Some(_)) => Err(unproved("the secret is wrong")),
        (ClientAuthMethod::Body, ..) => Err(unproved("this provider takes the secret among the parameters only")),
        _ => Err(unproved("the simulator does not know this way of client authentication")),
    }
}

/// For a request that takes no credentials: a secret that is sent all the same has been given away.
pub(crate) fn refuse_credentials(facts: &Facts, request: &Request, params: &Params) -> Result<(), Refused> {
    if request.headers.contains_key(header::AUTHORIZATION) {
        return Err(Refused::invalid_request("this request takes no Authorization header"));
    }
    match standard(facts, params, "client_secret")? {
        Some(_) => Err(Refused::invalid_request("this request takes no client secret")),
        None => Ok(()),
    }
}

/// Id and secret of the `Authorization: Basic` header.
fn basic(request: &Request) -> Result<Option<(String, String)>, Refused> {
    if !request.headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let text = request.header(header::AUTHORIZATION.as_str());
    let text = text.ok_or_else(|| Refused::invalid_request("the Authorization header is unreadable or there twice"))?;
    let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(unproved("the Authorization header is not Basic"));
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (id, secret) = pair.ok_or_else(|| unproved("the Basic credentials are not base64 of `id:secret`"))?;
    Ok(Some((form_decoded(id)?, form_decoded(secret)?)))
}

/// RFC 6749 section 2.3.1: id and secret are "encoded using the application/x-www-form-urlencoded encoding algorithm".
fn form_decoded(text: &str) -> Result<String, Refused> {
    let spaced = text.replace('+', " ");
    match percent_encoding::percent_decode_str(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(unproved("the Basic credentials are not UTF-8")),
    }
}

fn unproved(description: &str) -> Refused {
    Refused::new("invalid_client", description)
}
