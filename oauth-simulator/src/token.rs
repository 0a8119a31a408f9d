//! The exchange of a code for tokens (RFC 6749 section 4.1.3).

use oauth_core::Clock as _;
use oauth_core::ProviderSpec;
use oauth_core::spec::Hole;

use crate::RegisteredClient;
use crate::client_auth::{Proof, authenticate};
use crate::facts::{Whose, own_name};
use crate::issue::{Issued, access_token, refresh_token};
use crate::params::Params;
use crate::pkce::{belongs, is_verifier};
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::state::{Code, Demand, Grant, State};
use crate::token_request::{expect_headers, read, required, standard};

/// Checks the request and redeems its code.
pub(crate) fn exchange(shared: &Shared, request: &Request, own: &Params) -> Result<Issued, Refused> {
    let facts = &shared.facts;
    let rules = &facts.spec.token.request;
    let found = read(request, rules.method, rules.format, own, &rules.query)?;
    let proof = Proof { request, taken: &found, wanted: [&rules.params, &rules.query, &rules.headers] };
    let (index, client) = authenticate(shared, &proof)?;
    let params = &found.params;
    let code = standard(facts, params, "code")?;
    // The file may ask for things again that the authorization request had.
    let demand = code.and_then(|code| shared.state().codes.get(code).map(|known| known.demand.clone()));
    if demand.is_some() || code.is_none() {
        let scope = demand.as_ref().map(|demand| demand.scopes.join(&facts.spec.scopes.separator));
        let state = demand.as_ref().and_then(|demand| demand.back.state());
        let whose = Whose {
            redirect_uri: demand.as_ref().map(|demand| demand.back.redirect_uri.as_str()),
            state: state.as_deref(),
            scope: scope.as_deref(),
            ..Whose::client(client)
        };
        expect_headers(facts, &rules.headers, whose, request).map_err(Refused::invalid_request)?;
        facts.expect(&rules.query, whose, &found.beside, &[]).map_err(Refused::invalid_request)?;
        facts.expect(&rules.params, whose, params, &[]).map_err(Refused::invalid_request)?;
    }
    expect_grant_type(shared, params)?;
    let Some(code) = required(facts, params, "code")? else {
        return Err(Refused::invalid_request("a file that leaves out the code leaves nothing to redeem"));
    };
    redeem(shared, index, code, params)
}

fn expect_grant_type(shared: &Shared, params: &Params) -> Result<(), Refused> {
    let rules = &shared.facts.spec.token.request;
    let own = own_name(&rules.rename, "grant_type");
    // Where the file sets the parameter itself, its value was checked with the other parameters.
    if rules.params.iter().any(|(name, _)| name == own) {
        return Ok(());
    }
    match required(&shared.facts, params, "grant_type")? {
        None => Ok(()),
        Some(given) if given == rules.grant_type => Ok(()),
        Some(_) => {
            let description = format!("this provider exchanges an {} here", rules.grant_type);
            Err(Refused::new("unsupported_grant_type", description))
        }
    }
}

fn redeem(shared: &Shared, client: usize, code: &str, params: &Params) -> Result<Issued, Refused> {
    let now = shared.clock.now();
    let mut state = shared.state();
    let state = &mut *state;
    let Some(known) = state.codes.get_mut(code) else {
        return Err(Refused::invalid_grant("the code is unknown"));
    };
    if known.demand.back.client != client {
        return Err(Refused::invalid_grant("the code was given to another client"));
    }
    if let Some(grants) = known.used.clone() {
        // RFC 6749 section 4.1.2: "the authorization server MUST deny the request and SHOULD revoke (when possible)
        // all tokens previously issued based on that authorization code."
        grants.for_each(|grant| state.revoke(grant));
        return Err(Refused::invalid_grant("the code was used before; the tokens that came of it are revoked"));
    }
    if known.expires <= now {
        return Err(Refused::invalid_grant("the code has expired"));
    }
    check_redirect(shared, known, params)?;
    check_verifier(shared, known.demand.challenge.as_deref(), params)?;
    let grant = state.grants.len();
    let others = others(&shared.facts.spec, &known.demand);
    known.used = Some(grant..grant + 1 + others.len());
    let first = Grant {
        client,
        user: known.user,
        scopes: known.demand.scopes.clone(),
        redirect_uri: known.demand.back.redirect_uri.clone(),
        offline: known.demand.offline,
        nonce: known.demand.nonce.clone(),
        auth_time: known.demand.max_age.map(|_| known.login),
        key: known.demand.key.clone(),
        revoked: false,
    };
    let further = others.into_iter().map(|(at, scopes)| (at, Grant { scopes, ..first.clone() })).collect::<Vec<_>>();
    state.grants.push(first);
    let mut issued = tokens(shared, state, grant);
    for (at, grant) in further {
        state.grants.push(grant);
        let tokens = tokens(shared, state, state.grants.len() - 1);
        issued.also.push((at, tokens));
    }
    Ok(issued)
}

fn tokens(shared: &Shared, state: &mut State, grant: usize) -> Issued {
    let mut issued = access_token(shared, state, grant, false);
    if let Some((token, expires)) = refresh_token(shared, state, grant) {
        issued.refresh_token = Some(token);
        issued.refresh_expires = expires;
    }
    issued
}

/// Where further tokens stand in the answer, and what they are good for. One that has a set of scopes of its own comes
/// when a scope of that set was asked for.
fn others(spec: &ProviderSpec, demand: &Demand) -> Vec<(String, Vec<String>)> {
    let second = spec.scopes.second.as_ref();
    let others = spec.token.response.also.iter().filter_map(|also| {
        let scopes = match second.filter(|second| second.name == also.name) {
            Some(_) if demand.second.is_empty() => return None,
            Some(_) => demand.second.clone(),
            None => demand.scopes.clone(),
        };
        Some((also.at.clone(), scopes))
    });
    others.collect()
}

/// RFC 6749 section 4.1.3: the parameter is required if it was part of the authorization request, "and their values
/// MUST be identical".
fn check_redirect(shared: &Shared, code: &Code, params: &Params) -> Result<(), Refused> {
    let sent = if code.demand.redirect_uri_sent {
        required(&shared.facts, params, "redirect_uri")?
    } else {
        standard(&shared.facts, params, "redirect_uri")?
    };
    match sent {
        Some(sent) if sent != code.demand.back.redirect_uri => {
            Err(Refused::invalid_grant("the redirect URI is not the one of the authorization request"))
        }
        _ => Ok(()),
    }
}

/// RFC 7636 section 4.6, and RFC 9700 section 2.1.1: a verifier without a challenge is an attack, too.
fn check_verifier(shared: &Shared, challenge: Option<&str>, params: &Params) -> Result<(), Refused> {
    match (challenge, standard(&shared.facts, params, "code_verifier")?) {
        (None, None) => Ok(()),
        (None, Some(_)) => {
            Err(Refused::invalid_grant("a code verifier, though the authorization request had no challenge"))
        }
        (Some(_), None) => Err(Refused::invalid_grant("the code verifier is missing")),
        (Some(_), Some(verifier)) if !is_verifier(verifier) => Err(Refused::invalid_request(
            "the code verifier is not 43 to 128 unreserved characters (RFC 7636 section 4.1)",
        )),
        (Some(challenge), Some(verifier)) if belongs(&shared.facts.spec, challenge, verifier) => Ok(()),
        (Some(_), Some(_)) => Err(Refused::invalid_grant("the code verifier does not belong to the challenge")),
    }
}

/// The value of the parameter that carries `{access_token}`.
pub(crate) fn carried_token<'a>(wanted: &oauth_core::spec::Params, params: &'a Params) -> Option<&'a str> {
    let holds = |template: &oauth_core::spec::Template| template.holes().any(|hole| *hole == Hole::AccessToken);
    let (name, template) = wanted.iter().find(|(_, template)| holds(template))?;
    let (before, after) = template.as_str().split_once("{access_token}")?;
    params.get(name)?.strip_prefix(before)?.strip_suffix(after)
}

/// The client whose request it is, where the request itself does not authenticate one.
pub(crate) fn owner(shared: &Shared, client: usize) -> Result<&RegisteredClient, Refused> {
    shared.facts.clients.get(client).ok_or_else(|| Refused::invalid_grant("the grant's client is not registered"))
}
