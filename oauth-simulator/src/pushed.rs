//! Pushed authorization requests (RFC 9126).

use std::time::{Duration, SystemTime};

use http::{StatusCode, header};
use oauth_core::Clock as _;
use oauth_core::spec::{BodyFormat, Method, Push};
use serde_json::json;

use crate::authorize::{Fault, judge};
use crate::client_auth::{Proof, authenticate};
use crate::dpop;
use crate::facts::own_name;
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::rng::random_text;
use crate::server::Shared;
use crate::shape::{Refused, error_answer};
use crate::token_request::{expect_headers, read};

/// RFC 9126 section 2.2 proposes "between 5 and 600 seconds".
const LIFETIME: Duration = Duration::from_secs(60);

/// A request that waits for its browser.
pub(crate) struct Pushed {
    client: usize,
    params: Params,
    expires: SystemTime,
}

/// Answers a request to the pushed authorization request endpoint.
pub(crate) fn push(shared: &Shared, request: &Request, own: &Params) -> Reply {
    match keep(shared, request, own) {
        Ok(reference) => {
            let answer = json!({"request_uri": reference, "expires_in": LIFETIME.as_secs()});
            Reply::json(StatusCode::CREATED, &answer)
        }
        Err(refused) if refused.status == StatusCode::METHOD_NOT_ALLOWED => {
            Reply::problem(refused.status, refused.code, &refused.description).with(header::ALLOW, "POST")
        }
        Err(refused) => error_answer(&shared.facts, &refused),
    }
}

/// RFC 9126 section 2.1: the server authenticates the client "in the same way as at the token endpoint", refuses a
/// `request_uri`, and validates the request "in the same way" as one that a browser brings.
fn keep(shared: &Shared, request: &Request, own: &Params) -> Result<String, Refused> {
    let facts = &shared.facts;
    let spec = &facts.spec;
    let found = read(request, Method::Post, BodyFormat::Form, own, &Vec::new())?;
    let nothing = Vec::new();
    let headers = &spec.token.request.headers;
    let shown = Proof { request, taken: &found, wanted: [&nothing, &nothing, headers] };
    let (client, registered) = authenticate(shared, &shown)?;
    let whose = crate::facts::Whose::client(registered);
    expect_headers(facts, headers, whose, request).map_err(Refused::invalid_request)?;
    if found.params.has("request_uri") {
        return Err(Refused::invalid_request("a pushed request is no reference to another"));
    }
    let id = own_name(&spec.authorize.rename, "client_id");
    if found.params.get(id) != Some(registered.id()) {
        return Err(Refused::invalid_request("the request is not for the client that pushes it"));
    }
    let (_, params) = found.params.split(&[own_name(&spec.token.request.rename, "client_secret")]);
    let mut complete = params.clone();
    complete.extend(&endpoint_query(shared));
    match judge(shared, request, &complete, &Params::default()) {
        Ok(demand) => check_proof(shared, request, demand.key.as_deref())?,
        Err(Fault::Page(problem)) => return Err(Refused::invalid_request(problem)),
        Err(Fault::Redirect { code, description, .. }) => return Err(Refused::new(code, description)),
    }
    let reference = random_text(&*shared.rng, "urn:ietf:params:oauth:request_uri:");
    let now = shared.clock.now();
    let mut state = shared.state();
    state.pushed.retain(|_, pushed| pushed.expires > now);
    state.pushed.insert(reference.clone(), Pushed { client, params, expires: now + LIFETIME });
    Ok(reference)
}

/// RFC 9449 section 10.1: where there are both, the key of the proof has to be the one of `dpop_jkt`. A code that is bound by a
/// proof alone is nothing that the simulated requests need.
fn check_proof(shared: &Shared, request: &Request, key: Option<&str>) -> Result<(), Refused> {
    if shared.facts.spec.dpop.is_none() || !request.headers.contains_key("dpop") {
        return Ok(());
    }
    let proved = dpop::check(shared, request, dpop::Server::Authorization, None)?;
    if key == Some(&*proved) {
        return Ok(());
    }
    Err(Refused::new("invalid_dpop_proof", "`dpop_jkt` is not the thumbprint of the key that is proved"))
}

/// The parameters of the authorization endpoint's own address.
fn endpoint_query(shared: &Shared) -> Params {
    let url = shared.routes.url(crate::recorded::Endpoint::Authorization).unwrap_or_default();
    url.split_once('?').and_then(|(_, query)| Params::from_query(query).ok()).unwrap_or_default()
}

/// The parameters of the request that a browser brings, those that were pushed in the place of their reference. RFC 9126
/// section 4: the client sends "the `request_uri` parameter", and RFC 9101 section 5 `client_id` beside it; section 7.3 has
/// references of "one-time use".
pub(crate) fn unfold(shared: &Shared, params: Params, own: &Params) -> Result<Params, String> {
    let spec = &shared.facts.spec;
    let Some(reference) = params.get("request_uri") else {
        if spec.authorize.push == Push::Required {
            return Err("this provider takes requests that were pushed, and no others".to_owned());
        }
        return Ok(params);
    };
    let id = own_name(&spec.authorize.rename, "client_id");
    if let Some((name, _)) = params.without(own).iter().find(|(name, _)| *name != id && *name != "request_uri") {
        return Err(format!("beside the reference to a pushed request there is `{name}`"));
    }
    let pushed = shared.state().pushed.remove(reference);
    let pushed = pushed.ok_or("the reference is unknown, or was used before")?;
    if pushed.expires <= shared.clock.now() {
        return Err("the pushed request has expired".to_owned());
    }
    let client = params.get(id).and_then(|id| shared.facts.client(id)).map(|(client, _)| client);
    if client != Some(pushed.client) {
        return Err("the pushed request is another client's".to_owned());
    }
    let mut whole = pushed.params;
    whole.extend(own);
    Ok(whole)
}
