//! The second exchange that some providers have: a short-lived token for a long-lived one.

use oauth_core::Clock as _;
use oauth_core::spec::Upgrade;

use crate::client_auth::refuse_credentials;
use crate::facts::{Whose, own_name};
use crate::issue::{Issued, access_token};
use crate::params::Params;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::token::{carried_token, owner};
use crate::token_request::read;

/// Checks the request and gives the long-lived token.
pub(crate) fn upgrade(shared: &Shared, rules: &Upgrade, request: &Request, own: &Params) -> Result<Issued, Refused> {
    let facts = &shared.facts;
    let params = read(request, rules.method, rules.format, own, &Vec::new())?.params;
    let secret = own_name(&facts.spec.token.request.rename, "client_secret");
    if !rules.params.iter().any(|(name, _)| name == secret || name == "client_secret") {
        refuse_credentials(facts, request, &params)?;
    }
    if params.get("grant_type") != Some(rules.grant_type.as_str()) {
        return Err(Refused::new(
            "unsupported_grant_type",
            format!("`grant_type` must be `{}` here", rules.grant_type),
        ));
    }
    let token = carried_token(&rules.params, &params);
    let token = token.ok_or_else(|| Refused::invalid_request("the short-lived access token is missing"))?;
    let mut state = shared.state();
    let Some((access, grant)) = state.live_access(token, shared.clock.now()) else {
        return Err(Refused::invalid_grant("the short-lived access token is unknown, revoked or has expired"));
    };
    let scope = grant.scopes.join(&facts.spec.scopes.separator);
    let whose = Whose {
        access_token: Some(token),
        redirect_uri: Some(&grant.redirect_uri),
        scope: Some(&scope),
        ..Whose::client(owner(shared, grant.client)?)
    };
    facts.expect(&rules.params, whose, &params, &[]).map_err(Refused::invalid_request)?;
    Ok(access_token(shared, &mut state, access.grant, true))
}
