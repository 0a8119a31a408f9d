//! The authorization request (RFC 6749 section 4.1.1), judged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use oauth_core::spec::{Pkce, RefreshNeeds};

use crate::facts::{Facts, Whose, own_name};
use crate::pages;
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::state::Demand;
use crate::{consent, scope};

/// Shows the login or the consent page, or says what is wrong with the request.
pub(crate) fn authorize(shared: &Shared, request: &Request, own: &Params) -> Reply {
    if request.method != Method::GET {
        return Reply::method_not_allowed("GET");
    }
    let judged = request.query().map_err(Fault::Page).and_then(|params| judge(shared, &params, own));
    match judged {
        Ok(demand) => consent::begin(shared, request, demand),
        // RFC 6749 section 4.1.2.1: with a bad client or redirect URI the server "MUST NOT automatically redirect the
        // user-agent to the invalid redirection URI".
        Err(Fault::Page(problem)) => pages::problem(&shared.facts.spec, StatusCode::BAD_REQUEST, &problem),
        Err(Fault::Redirect { redirect_uri, state, code, description }) => {
            refuse(shared, &redirect_uri, state.as_deref(), code, &description)
        }
    }
}

/// Sends the browser back with an error (RFC 6749 section 4.1.2.1).
pub(crate) fn refuse(shared: &Shared, redirect_uri: &str, state: Option<&str>, code: &str, description: &str) -> Reply {
    let errors = &shared.facts.spec.callback.errors;
    let own = errors.iter().find(|(_, standard)| standard == code).map_or(code, |(own, _)| own);
    callback(shared, redirect_uri, state, vec![("error", own), ("error_description", description)])
}

/// Sends the browser to the client's redirect URI.
pub(crate) fn callback<'a>(
    shared: &'a Shared,
    redirect_uri: &str,
    state: Option<&'a str>,
    mut pairs: Vec<(&'a str, &'a str)>,
) -> Reply {
    // RFC 6749 section 4.1.2: "the exact value received from the client".
    pairs.extend(state.map(|state| ("state", state)));
    // RFC 9207 section 2: errors carry it, too.
    pairs.extend(shared.callback_issuer.as_deref().map(|issuer| ("iss", issuer)));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let join = match redirect_uri.chars().last() {
        Some('?' | '&') => "",
        _ if redirect_uri.contains('?') => "&",
        _ => "?",
    };
    Reply::see_other(&format!("{redirect_uri}{join}{}", query.finish()))
}

enum Fault {
    /// The user must be told, the client must not.
    Page(String),
    /// The client is told.
    Redirect { redirect_uri: String, state: Option<String>, code: &'static str, description: String },
}

fn judge(shared: &Shared, params: &Params, own: &Params) -> Result<Demand, Fault> {
    let facts = &shared.facts;
    let rename = |name: &'static str| own_name(&facts.spec.authorize.rename, name);
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
    let redirect_uri =
        registered.admit_redirect(sent).map_err(|why| Fault::Page(format!("the redirect URI is refused: {why}")))?;
    let state = params.get(rename("state")).map(str::to_owned);

    match details(shared, params, own, Whose::client(registered)) {
        Ok(Asked { scopes, challenge, nonce, max_age }) => {
            let offline = is_offline(facts, params, &scopes);
            let redirect_uri_sent = sent.is_some();
            Ok(Demand { client, redirect_uri, redirect_uri_sent, state, scopes, challenge, offline, nonce, max_age })
        }
        Err((code, description)) => Err(Fault::Redirect { redirect_uri, state, code, description }),
    }
}

/// What a request asks for, beside client and redirect URI.
struct Asked {
    scopes: Vec<String>,
    challenge: Option<String>,
    nonce: Option<String>,
    max_age: Option<u64>,
}

/// What the client may be told about: what it asks for, or the error code and why.
fn details(shared: &Shared, params: &Params, own: &Params, whose: Whose<'_>) -> Result<Asked, (&'static str, String)> {
    let spec = &shared.facts.spec;
    let invalid = |description: String| ("invalid_request", description);
    if let Some(name) = params.duplicate() {
        return Err(invalid(format!("the parameter {name} is there more than once")));
    }
    if let Some(name) = params.lacks(own) {
        return Err(invalid(format!("the parameter {name} of the endpoint's own address is missing")));
    }
    check_response_type(shared, params)?;
    let replaceable: Vec<&str> = spec.authorize.options.iter().map(|option| option.name.as_str()).collect();
    shared.facts.expect(&spec.authorize.params, whose, params, &replaceable).map_err(invalid)?;
    check_options(shared, params).map_err(invalid)?;
    let challenge = challenge(shared, params).map_err(invalid)?;
    let name = own_name(&spec.authorize.rename, &spec.scopes.param);
    let scopes =
        scope::read(spec, params.get(name), shared.allow_unknown_scopes).map_err(|why| ("invalid_scope", why))?;
    let (nonce, max_age) = openid(shared, params).map_err(invalid)?;
    Ok(Asked { scopes, challenge, nonce, max_age })
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
    // A provider with a response type of its own has it among its parameters, where it is checked.
    if authorize.params.iter().any(|(known, _)| known == name) {
        return Ok(());
    }
    match params.get(name) {
        Some("code") => Ok(()),
        None => Err(("invalid_request", format!("the parameter {name} is missing"))),
        Some(_) => Err(("unsupported_response_type", "this provider answers with a code".to_owned())),
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

/// The PKCE challenge (RFC 7636 section 4.3).
fn challenge(shared: &Shared, params: &Params) -> Result<Option<String>, String> {
    let spec = &shared.facts.spec;
    let names = ["code_challenge", "code_challenge_method"].map(|name| own_name(&spec.authorize.rename, name));
    let [challenge, method] = names.map(|name| params.get(name));
    match (spec.pkce, challenge, method) {
        (Pkce::Unsupported, None, None) => Ok(None),
        (Pkce::Unsupported, ..) => Err("this provider does not take PKCE".to_owned()),
        // RFC 7636 section 4.4.1.
        (Pkce::Required, None, _) => Err("code challenge required".to_owned()),
        (_, None, None) => Ok(None),
        (_, None, Some(_)) => Err("a code challenge method without a code challenge".to_owned()),
        (_, Some(challenge), Some("S256")) => match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(hash) if hash.len() == 32 => Ok(Some(challenge.to_owned())),
            _ => Err("the code challenge is not the base64url of a SHA-256 hash".to_owned()),
        },
        (_, Some(_), _) => Err("transform algorithm not supported: the code challenge method must be S256".to_owned()),
    }
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
