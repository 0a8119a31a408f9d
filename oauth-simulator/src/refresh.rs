//! Renewing an access token (RFC 6749 section 6).

use std::time::{Duration, SystemTime};

use oauth_core::Clock as _;
use oauth_core::spec::{Refresh, RefreshAuth, RefreshReuse, RefreshWith, Template};

use crate::client_auth::{Proof, authenticate, authenticate_by_header, identify, refuse_credentials};
use crate::facts::{Whose, own_name};
use crate::issue::{Issued, access_token, refresh_token};
use crate::params::Params;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::state::{Grant, State};
use crate::token::{carried_token, owner};
use crate::token_request::{expect_headers, read};

/// Checks the request and renews the token.
pub(crate) fn refresh(shared: &Shared, rules: &Refresh, request: &Request, own: &Params) -> Result<Issued, Refused> {
    let nothing = Vec::new();
    let parameters = read(request, rules.method, rules.format, own, &nothing)?;
    let headers = headers_of(shared, rules);
    let client = match rules.client_auth {
        RefreshAuth::Full => {
            let proof = Proof { request, taken: &parameters, wanted: [&rules.params, &nothing, headers] };
            Some(authenticate(shared, &proof)?.0)
        }
        RefreshAuth::Basic => {
            let proof = Proof { request, taken: &parameters, wanted: [&rules.params, &nothing, headers] };
            Some(authenticate_by_header(shared, &proof)?.0)
        }
        RefreshAuth::Id => Some(identify(&shared.facts, request, &parameters.params)?.0),
        _ => {
            let own = |(name, _): &(String, Template)| name == "client_secret";
            if !rules.params.iter().any(own) {
                refuse_credentials(&shared.facts, request, &parameters.params)?;
            }
            None
        }
    };
    let params = parameters.params;
    expect_grant_type(shared, rules, &params)?;
    let token = params.get(&rules.param);
    let token = token.ok_or_else(|| Refused::invalid_request(format!("the parameter `{}` is missing", rules.param)))?;

    let mut state = shared.state();
    let (grant, replaced) = find(shared, &state, rules, token)?;
    let Some(holder) = state.grants.get(grant).cloned() else {
        return Err(Refused::invalid_grant("the grant is gone"));
    };
    if client.is_some_and(|client| client != holder.client) {
        // RFC 6749 section 6: the refresh token is bound to the client to which it was issued.
        return Err(Refused::invalid_grant("the token was given to another client"));
    }
    check_parameters(shared, &state, rules, request, &params, &holder)?;
    if replaced {
        if rules.reuse == Some(RefreshReuse::Refused) {
            return Err(Refused::invalid_grant("the refresh token was replaced before"));
        }
        // RFC 9700 section 4.14.2: one of the two who hold it is a thief, so that the whole grant ends.
        state.revoke(grant);
        return Err(Refused::invalid_grant("the refresh token was replaced before; the grant is revoked"));
    }
    Ok(renew(shared, &mut state, rules, grant, token))
}

/// The headers of the token endpoint are asked for where the refresh goes to it.
fn headers_of<'a>(shared: &'a Shared, rules: &Refresh) -> &'a oauth_core::spec::Params {
    const NONE: &oauth_core::spec::Params = &Vec::new();
    if rules.url.is_none() { &shared.facts.spec.token.request.headers } else { NONE }
}

fn expect_grant_type(shared: &Shared, rules: &Refresh, params: &Params) -> Result<(), Refused> {
    let name = own_name(&shared.facts.spec.token.request.rename, "grant_type");
    // Where the file sets the parameter itself, its value is checked with the other parameters.
    if rules.params.iter().any(|(known, _)| known == name) {
        return Ok(());
    }
    // What the file leaves out of the code exchange it does not leave out here: the refresh names its own grant type.
    match params.get(name) {
        Some(given) if given == rules.grant_type => Ok(()),
        Some(_) => Err(Refused::new("unsupported_grant_type", format!("`{name}` must be `{}` here", rules.grant_type))),
        None => Err(Refused::invalid_request(format!(
            "the parameter `{name}` is missing: it is `{}` here",
            rules.grant_type
        ))),
    }
}

/// The grant behind the token, and whether a rotation has replaced it.
fn find(shared: &Shared, state: &State, rules: &Refresh, token: &str) -> Result<(usize, bool), Refused> {
    if rules.with == RefreshWith::AccessToken {
        let Some((access, _)) = state.live_access(token, shared.clock.now()) else {
            return Err(Refused::invalid_grant("the access token is unknown, revoked or has expired"));
        };
        if shared.facts.spec.token.upgrade.is_some() && !access.long_lived {
            return Err(Refused::invalid_grant(
                "only a long-lived token is renewed: exchange the short-lived one first",
            ));
        }
        return Ok((access.grant, false));
    }
    let known = state.refresh.get(token).ok_or_else(|| Refused::invalid_grant("the refresh token is unknown"))?;
    if state.grants.get(known.grant).is_none_or(|grant| grant.revoked) {
        return Err(Refused::invalid_grant("the grant is revoked"));
    }
    let now = shared.clock.now();
    if known.expires.is_some_and(|expires| expires <= now) {
        return Err(Refused::invalid_grant("the refresh token has expired"));
    }
    let idle = now.duration_since(known.used).unwrap_or_default();
    if rules.idle_lifetime.is_some_and(|most| idle > Duration::from_secs(most)) {
        return Err(Refused::invalid_grant("the refresh token was not used for too long"));
    }
    Ok((known.grant, known.replaced))
}

fn check_parameters(
    shared: &Shared,
    state: &State,
    rules: &Refresh,
    request: &Request,
    params: &Params,
    grant: &Grant,
) -> Result<(), Refused> {
    let facts = &shared.facts;
    let carried = carried_token(&rules.params, params);
    if carried.is_some_and(|token| !state.access.contains_key(token)) {
        return Err(Refused::invalid_grant("the access token beside the refresh token is unknown"));
    }
    let scope = grant.scopes.join(&facts.spec.scopes.separator);
    let whose = Whose {
        access_token: carried,
        redirect_uri: Some(&grant.redirect_uri),
        scope: Some(&scope),
        ..Whose::client(owner(shared, grant.client)?)
    };
    facts.expect(&rules.params, whose, params, &[]).map_err(Refused::invalid_request)?;
    expect_headers(facts, headers_of(shared, rules), whose, request).map_err(Refused::invalid_request)
}

fn renew(shared: &Shared, state: &mut State, rules: &Refresh, grant: usize, token: &str) -> Issued {
    let long_lived = state.access.get(token).is_some_and(|access| access.long_lived);
    let mut issued = access_token(shared, state, grant, long_lived);
    if rules.with == RefreshWith::RefreshToken {
        if rules.rotates {
            if let Some(old) = state.refresh.get_mut(token) {
                old.replaced = true;
            }
            if let Some((token, expires)) = refresh_token(shared, state, grant) {
                issued.refresh_token = Some(token);
                issued.refresh_expires = expires;
            }
        } else if !rules.keep_old {
            issued.refresh_token = Some(token.to_owned());
        }
        let now = shared.clock.now();
        if let Some(known) = state.refresh.get_mut(token) {
            known.used = now;
            let left = |at: SystemTime| (at, at.duration_since(now).unwrap_or_default());
            issued.refresh_expires = issued.refresh_expires.or(known.expires.map(left));
        }
    }
    issued
}
