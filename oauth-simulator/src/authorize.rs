//! The authorization request (RFC 6749 section 4.1.1), judged.

use http::{Method, StatusCode};
use oauth_core::spec::{RefreshNeeds, StatePlace};

use crate::callback::refuse;
use crate::facts::{Facts, Whose, own_name};
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::state::{Demand, Return};
use crate::{consent, pages, pkce, pushed, redirect, scope};

/// Shows the login or the consent page, or says what is wrong with the request.
pub(crate) fn authorize(shared: &Shared, request: &Request, own: &Params) -> Reply {
    if request.method != Method::GET {
        return Reply::method_not_allowed("GET");
    }
    let whole = request.query().and_then(|params| pushed::unfold(shared, params, own));
    let judged = whole.map_err(Fault::Page).and_then(|params| judge(shared, request, &params, own));
    match judged {
        Ok(demand) => consent::begin(shared, request, demand),
        // RFC 6749 section 4.1.2.1: with a bad client or redirect URI the server "MUST NOT automatically redirect the
        // user-agent to the invalid redirection URI".
        Err(Fault::Page(problem)) => pages::problem(&shared.facts.spec, StatusCode::BAD_REQUEST, &problem),
        Err(Fault::Redirect { back, code, description }) => refuse(shared, &back, code, &description),
    }
}

pub(crate) enum Fault {
    /// The user must be told, the client must not.
    Page(String),
    /// The client is told.
    Redirect { back: Return, code: &'static str, description: String },
}

/// What a sound request asks for.
pub(crate) fn judge(shared: &Shared, request: &Request, params: &Params, own: &Params) -> Result<Demand, Fault> {
    let facts = &shared.facts;
    let rules = &facts.spec.authorize;
    let rename = |name: &'static str| own_name(&rules.rename, name);
    for name in [rename("client_id"), rename("redirect_uri"), rename("state")] {
        if params.count(name) > 1 {
            return Err(Fault::Page(format!("the parameter {name} is there more than once")));
        }
    }
    let id = params.get(rename("client_id"));
    let id = id.ok_or_else(|| Fault::Page(format!("the parameter {} is missing", rename("client_id"))))?;
    let (client, registered) =
        facts.client(id).ok_or_else(|| Fault::Page("no client with this id is registered".to_owned()))?;
    let sent = params.get(rename("redirect_uri"));
    let redirect_uri = redirect::admit(&facts.spec, registered, sent)
        .map_err(|why| Fault::Page(format!("the redirect URI is refused: {why}")))?;
    let state = match rules.state.place {
        // The parameter is dropped: what comes back is what the redirect URI carries.
        StatePlace::RedirectUri => None,
        _ => params.get(rename("state")).map(str::to_owned),
    };
    let back = Return { client, redirect_uri, state };
    match details(shared, request, params, own, Whose::client(registered)) {
        Ok(asked) => Ok(Demand {
            back,
            redirect_uri_sent: sent.is_some(),
            offline: is_offline(facts, params, &asked.scopes),
            scopes: asked.scopes,
            second: asked.second,
            challenge: asked.challenge,
            nonce: asked.nonce,
            max_age: asked.max_age,
            key: facts.spec.dpop.and_then(|_| params.get("dpop_jkt")).map(str::to_owned),
        }),
        Err((code, description)) => Err(Fault::Redirect { back, code, description }),
    }
}

/// What a request asks for, beside client and redirect URI.
struct Asked {
    scopes: Vec<String>,
    second: Vec<String>,
    challenge: Option<String>,
    nonce: Option<String>,
    max_age: Option<u64>,
}

/// What the client may be told about: what it asks for, or the error code and why.
fn details(
    shared: &Shared,
    request: &Request,
    params: &Params,
    own: &Params,
    whose: Whose<'_>,
) -> Result<Asked, (&'static str, String)> {
    let spec = &shared.facts.spec;
    let invalid = |description: String| ("invalid_request", description);
    if let Some(name) = params.duplicate() {
        return Err(invalid(format!("the parameter {name} is there more than once")));
    }
    if let Some(name) = params.lacks(own) {
        return Err(invalid(format!("the parameter {name} of the endpoint's own address is missing")));
    }
    check_order(shared, &params.without(own)).map_err(invalid)?;
    check_response_type(shared, params)?;
    check_response_mode(shared, params).map_err(invalid)?;
    let replaceable: Vec<&str> = spec.authorize.options.iter().map(|option| option.name.as_str()).collect();
    shared.facts.expect(&spec.authorize.params, whose, params, &replaceable).map_err(invalid)?;
    check_options(shared, params).map_err(invalid)?;
    let challenge = pkce::challenge(spec, params).map_err(invalid)?;
    let scopes = scope::read(spec, request, params, shared.allow_unknown_scopes)?;
    let second = scope::read_second(spec, params, shared.allow_unknown_scopes)?;
    let (nonce, max_age) = openid(shared, params).map_err(invalid)?;
    Ok(Asked { scopes, second, challenge, nonce, max_age })
}

/// Whether the parameters stand in the order that the provider asks for.
fn check_order(shared: &Shared, params: &Params) -> Result<(), String> {
    let rules = &shared.facts.spec.authorize;
    let names: Vec<&str> = params.iter().map(|(name, _)| name).collect();
    if rules.sorted && !names.is_sorted() {
        return Err("the parameters are not sorted by name".to_owned());
    }
    let wanted: Vec<&str> = rules.order.iter().map(String::as_str).filter(|name| names.contains(name)).collect();
    if names.starts_with(&wanted) {
        Ok(())
    } else {
        Err(format!("the parameters must begin with {}", wanted.join(", ")))
    }
}

/// `nonce` and `max_age` (OpenID Connect Core section 3.1.2.1), where the provider has them.
fn openid(shared: &Shared, params: &Params) -> Result<(Option<String>, Option<u64>), String> {
    if shared.facts.spec.openid.is_none() {
        return Ok((None, None));
    }
    let [nonce, max_age] =
        ["nonce", "max_age"].map(|name| params.get(own_name(&shared.facts.spec.authorize.rename, name)));
    let max_age = max_age.map(str::parse).transpose().map_err(|_| "max_age is not a number of seconds".to_owned())?;
    Ok((nonce.map(str::to_owned), max_age))
}

fn check_response_type(shared: &Shared, params: &Params) -> Result<(), (&'static str, String)> {
    let authorize = &shared.facts.spec.authorize;
    let name = own_name(&authorize.rename, "response_type");
    // Where the file sets the parameter itself, it is checked with the other parameters.
    if authorize.params.iter().any(|(known, _)| known == name) {
        return Ok(());
    }
    match (params.get(name), authorize.omits("response_type")) {
        (None, true) => Ok(()),
        (Some(_), true) => Err(("invalid_request", format!("this provider does not take the parameter {name}"))),
        (Some(given), false) if given == authorize.response_type() => Ok(()),
        (None, false) => Err(("invalid_request", format!("the parameter {name} is missing"))),
        (Some(_), false) => {
            let description = format!("{name} must be {} here", authorize.response_type());
            Err(("unsupported_response_type", description))
        }
    }
}

/// OAuth 2.0 Multiple Response Types section 2.1: without the parameter the answer comes in the query.
fn check_response_mode(shared: &Shared, params: &Params) -> Result<(), String> {
    let authorize = &shared.facts.spec.authorize;
    let name = own_name(&authorize.rename, "response_mode");
    if authorize.params.iter().any(|(known, _)| known == name) {
        return Ok(());
    }
    match (params.get(name), authorize.response_mode) {
        (None | Some("query"), None) => Ok(()),
        (given, Some(mode)) if given == Some(mode.as_str()) => Ok(()),
        (_, Some(mode)) => Err(format!("{name} must be {} here", mode.as_str())),
        (Some(_), None) => Err(format!("this provider does not know this {name}")),
    }
}

/// A declared option has one of its values, or several where the file says what joins them.
fn check_options(shared: &Shared, params: &Params) -> Result<(), String> {
    let spec = &shared.facts.spec;
    for option in spec.authorize.options.iter().filter(|option| !option.values.is_empty()) {
        let Some(value) = params.get(&option.name) else { continue };
        let known = |value: &str| option.values.iter().any(|(known, _)| known == value);
        let admitted = match option.join.as_deref().filter(|join| !join.is_empty()) {
            Some(join) => value.split(join).all(known),
            None => known(value),
        };
        if !admitted {
            return Err(format!("the parameter {} has none of the values that this provider knows", option.name));
        }
    }
    Ok(())
}

/// Whether the request carries what the provider wants to see before it gives a refresh token.
fn is_offline(facts: &Facts, params: &Params, scopes: &[String]) -> bool {
    match facts.spec.refresh.as_ref().and_then(|refresh| refresh.needs.as_ref()) {
        None => true,
        Some(RefreshNeeds::Param(name, value)) => params.get(name) == Some(value),
        Some(RefreshNeeds::Scope(scope)) => scopes.contains(scope),
        Some(_) => false,
    }
}
