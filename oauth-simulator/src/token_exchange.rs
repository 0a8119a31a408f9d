//! One token for another, seen from the server (RFC 8693).

use oauth_core::Clock as _;
use oauth_core::spec::GrantRequest;

use crate::device::proved;
use crate::facts::{Whose, own_name};
use crate::issue::{Issued, access_token};
use crate::params::Params;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::state::{Grant, State};
use crate::token_request::{expect_headers, read};

/// RFC 8693 section 3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Checks the request and gives a token that may do no more than the subject's. It takes and gives access tokens of its own.
pub(crate) fn issue(shared: &Shared, rules: &GrantRequest, request: &Request, own: &Params) -> Result<Issued, Refused> {
    let (facts, nothing) = (&shared.facts, Vec::new());
    let found = read(request, rules.method, rules.format, own, &nothing)?;
    let client = proved(shared, (request, &found), rules.client_auth, [&rules.params, &nothing, &rules.headers])?;
    let whose = facts.clients.get(client).map_or_else(Whose::default, Whose::client);
    facts.expect(&rules.params, whose, &found.params, &[]).map_err(Refused::invalid_request)?;
    expect_headers(facts, &rules.headers, whose, request).map_err(Refused::invalid_request)?;
    let param = |name: &'static str| found.params.get(own_name(&rules.rename, name));
    let required = |name| param(name).ok_or_else(|| Refused::invalid_request(format!("`{name}` is missing")));
    let mut state = shared.state();
    let subject = holder(shared, &state, required("subject_token")?, required("subject_token_type")?)?;
    match (param("actor_token"), param("actor_token_type")) {
        (None, None) => {}
        (Some(token), Some(kind)) => drop(holder(shared, &state, token, kind)?),
        // Section 2.1: the type is required "when the `actor_token` parameter is present" and "MUST NOT be included otherwise".
        _ => return Err(Refused::invalid_request("`actor_token` and `actor_token_type` come together")),
    }
    if param("requested_token_type").is_some_and(|kind| kind != ACCESS_TOKEN) {
        return Err(Refused::invalid_request("this provider gives access tokens only"));
    }
    // Section 2.1: `resource` is "an absolute URI" without fragment.
    let resources = found.params.iter().filter(|(name, _)| *name == "resource");
    for (_, resource) in resources {
        if url::Url::parse(resource).map_or(true, |uri| uri.fragment().is_some()) {
            return Err(Refused::new("invalid_target", "a resource is an absolute URI without fragment"));
        }
    }
    let asked = param("scope").map(|scope| scope.split(facts.spec.scopes.separator.as_str()).map(str::to_owned));
    let scopes: Vec<String> = asked.map_or_else(|| subject.scopes.clone(), Iterator::collect);
    if scopes.iter().any(|scope| !subject.scopes.contains(scope)) {
        return Err(Refused::new("invalid_scope", "the subject's token does not have that scope"));
    }
    let grant = state.grants.len();
    // What it is bound to is for this request to prove.
    state.grants.push(Grant { client, scopes, key: None, offline: false, nonce: None, ..subject });
    let mut issued = access_token(shared, &mut state, grant, false);
    issued.kind = Some(ACCESS_TOKEN);
    Ok(issued)
}

/// The grant of a token that is good now.
fn holder(shared: &Shared, state: &State, token: &str, kind: &str) -> Result<Grant, Refused> {
    if kind != ACCESS_TOKEN {
        return Err(Refused::invalid_request("this provider takes its own access tokens only"));
    }
    // Section 2.2.2: if the token is "invalid for any reason" the error is `invalid_request`.
    let known = state.live_access(token, shared.clock.now()).map(|(_, grant)| grant.clone());
    known.ok_or_else(|| Refused::invalid_request("the token is unknown, revoked or has expired"))
}
