//! Where the access token must be in a request to the API, and where it must not.

use http::{HeaderName, StatusCode, header};
use oauth_core::Clock as _;
use oauth_core::spec::Placement;

use crate::dpop::{self, Unproved};
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;

/// Whom a request acts for.
pub(crate) struct Holder {
    pub(crate) client: usize,
    pub(crate) user: usize,
    pub(crate) scopes: Vec<String>,
    pub(crate) token: String,
    /// The thumbprint of the key that the token is bound to.
    pub(crate) key: Option<String>,
}

/// The holder of the request's token, or the answer that refuses it.
pub(crate) fn holder(shared: &Shared, request: &Request) -> Result<Holder, Reply> {
    let placement = &shared.facts.spec.token.placement;
    let query = request.query().map_err(|why| bad_request(&why))?;
    let body = request.body_params().map_err(|why| bad_request(&why))?;
    let found = match placement {
        Placement::Header { name, scheme } => {
            let bound = shared.facts.spec.dpop.map(|_| dpop::SCHEME);
            match from_header(request, name, scheme.as_deref()) {
                Ok(None) if bound.is_some() && scheme.is_some() => from_header(request, name, bound),
                found => found,
            }
        }
        Placement::Query { name } => from_params(&query, name),
        Placement::Body { name, .. } => from_params(&body, name),
        _ => Err("the simulator does not know this placement of the token"),
    };
    let token = found.map_err(bad_request)?;
    // RFC 6750 section 3.1: without any credentials "the resource server SHOULD NOT include an error code".
    let token =
        token.ok_or_else(|| unauthorized(shared, None, &format!("the token is not {}", describe(placement))))?;
    if is_elsewhere(placement, request, &query, &body, &token) {
        // RFC 6750 section 2: "Clients MUST NOT use more than one method to transmit the token in each request."
        let why = format!("the token is {}, and in another place, too", describe(placement));
        return Err(unauthorized(shared, Some("invalid_request"), &why));
    }
    let holder = holder_of(shared, &token)?;
    if placement_is_header(placement) {
        check_bound(shared, request, &holder)?;
    }
    Ok(holder)
}

fn placement_is_header(placement: &Placement) -> bool {
    matches!(placement, Placement::Header { scheme: Some(_), .. })
}

/// RFC 9449 section 7.1: a bound token comes behind `DPoP`, with a proof for this request and this token; section 7.2: behind
/// `Bearer` it is refused.
fn check_bound(shared: &Shared, request: &Request, holder: &Holder) -> Result<(), Reply> {
    if shared.facts.spec.dpop.is_none() {
        return Ok(());
    }
    let scheme = request.header("authorization").and_then(|value| value.split_once(' ')).map(|(scheme, _)| scheme);
    let refused = |code: &str, why: &str| {
        let challenge = format!("DPoP realm=\"{}\", error=\"{code}\"", shared.facts.spec.id);
        Reply::problem(StatusCode::UNAUTHORIZED, code, why).with(header::WWW_AUTHENTICATE, &challenge)
    };
    match (&holder.key, scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(dpop::SCHEME))) {
        (None, false) => Ok(()),
        (Some(key), true) => match dpop::check(shared, request, dpop::Server::Resource, Some(&holder.token)) {
            Ok(proved) if proved == *key => Ok(()),
            Ok(_) => Err(refused("invalid_token", "the token is bound to another key")),
            Err(Unproved::Wrong(why)) => Err(refused("invalid_dpop_proof", &why)),
            Err(Unproved::Nonce(nonce)) => {
                Err(refused("use_dpop_nonce", "the proof does not have this server's nonce")
                    .with(HeaderName::from_static("dpop-nonce"), &nonce))
            }
        },
        _ => Err(refused("invalid_token", "a bound token comes with a proof, and no other does")),
    }
}

/// The holder of a token, wherever it was.
pub(crate) fn holder_of(shared: &Shared, token: &str) -> Result<Holder, Reply> {
    let state = shared.state();
    let Some((_, grant)) = state.live_access(token, shared.clock.now()) else {
        return Err(unauthorized(shared, Some("invalid_token"), "the token is unknown, revoked or has expired"));
    };
    let (scopes, key) = (grant.scopes.clone(), grant.key.clone());
    Ok(Holder { client: grant.client, user: grant.user, scopes, token: token.to_owned(), key })
}

/// A 403 for a token that is good, but not for this (RFC 6750 section 3.1).
pub(crate) fn insufficient_scope(shared: &Shared, needed: &[String]) -> Reply {
    let challenge = format!("{}, error=\"insufficient_scope\", scope=\"{}\"", challenge(shared), needed.join(" "));
    let why = format!("the call needs the scopes {}", needed.join(" "));
    Reply::problem(StatusCode::FORBIDDEN, "insufficient_scope", &why).with(header::WWW_AUTHENTICATE, &challenge)
}

pub(crate) fn bad_request(why: &str) -> Reply {
    Reply::problem(StatusCode::BAD_REQUEST, "invalid_request", why)
}

fn unauthorized(shared: &Shared, code: Option<&str>, why: &str) -> Reply {
    let error = code.map(|code| format!(", error=\"{code}\"")).unwrap_or_default();
    Reply::problem(StatusCode::UNAUTHORIZED, code.unwrap_or("unauthorized"), why)
        .with(header::WWW_AUTHENTICATE, &format!("{}{error}", challenge(shared)))
}

fn challenge(shared: &Shared) -> String {
    let scheme = match &shared.facts.spec.token.placement {
        Placement::Header { scheme: Some(scheme), .. } => scheme,
        _ => "Bearer",
    };
    format!("{scheme} realm=\"{}\"", shared.facts.spec.id)
}

fn from_header(request: &Request, name: &str, scheme: Option<&str>) -> Result<Option<String>, &'static str> {
    if !request.headers.contains_key(name) {
        return Ok(None);
    }
    let value = request.header(name).ok_or("the header of the token is there more than once, or is not text")?;
    let token = match scheme {
        None => Some(value),
        // RFC 9110 section 11.1: the scheme's case does not matter.
        Some(scheme) => {
            value.split_once(' ').filter(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, token)| token)
        }
    };
    Ok(token.filter(|token| !token.is_empty()).map(str::to_owned))
}

fn from_params(params: &Params, name: &str) -> Result<Option<String>, &'static str> {
    if params.count(name) > 1 {
        return Err("the parameter of the token is there more than once");
    }
    Ok(params.get(name).map(str::to_owned))
}

fn is_elsewhere(placement: &Placement, request: &Request, query: &Params, body: &Params, token: &str) -> bool {
    let (header, in_query, in_body) = match placement {
        Placement::Header { name, .. } => (Some(name.as_str()), None, None),
        Placement::Query { name } => (None, Some(name.as_str()), None),
        Placement::Body { name, .. } => (None, None, Some(name.as_str())),
        _ => (None, None, None),
    };
    let needle = token.as_bytes();
    let holds = |bytes: &[u8]| bytes.windows(needle.len().max(1)).any(|window| window == needle);
    let leaks = |params: &Params, own: Option<&str>| {
        params.iter().any(|(name, value)| Some(name) != own && holds(value.as_bytes()))
    };
    let mut headers = request.headers.iter();
    let own = |name: &HeaderName| header.is_some_and(|own| own.eq_ignore_ascii_case(name.as_str()));
    headers.any(|(name, value)| !own(name) && holds(value.as_bytes()))
        || holds(request.path.as_bytes())
        || leaks(query, in_query)
        || leaks(body, in_body)
        // A body that is not read as parameters.
        || (body.is_empty() && holds(&request.body))
}

fn describe(placement: &Placement) -> String {
    match placement {
        Placement::Header { name, scheme: Some(scheme) } => format!("in the header `{name}` behind `{scheme}`"),
        Placement::Header { name, .. } => format!("in the header `{name}`"),
        Placement::Query { name } => format!("in the query parameter `{name}`"),
        Placement::Body { name, .. } => format!("in the body's parameter `{name}`"),
        _ => "where the provider wants it".to_owned(),
    }
}
