//! A token for the client itself (RFC 6749 section 4.4).

use oauth_core::spec::{GrantRequest, RefreshAuth};

use crate::client_auth::{Proof, authenticate, authenticate_by_header};
use crate::facts::{Whose, own_name};
use crate::issue::{Issued, access_token};
use crate::params::Params;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::Refused;
use crate::state::Grant;
use crate::token_request::{expect_headers, read};

/// The index of nobody: a grant of the client's own has no user.
const NOBODY: usize = usize::MAX;

/// Checks the request and gives a token.
pub(crate) fn issue(shared: &Shared, rules: &GrantRequest, request: &Request, own: &Params) -> Result<Issued, Refused> {
    let facts = &shared.facts;
    let nothing = Vec::new();
    let taken = read(request, rules.method, rules.format, own, &nothing)?;
    let proof = Proof { request, taken: &taken, wanted: [&rules.params, &nothing, &rules.headers] };
    let (index, client) = match rules.client_auth {
        RefreshAuth::Basic => authenticate_by_header(shared, &proof)?,
        _ => authenticate(shared, &proof)?,
    };
    // RFC 6749 section 4.4: "The client credentials grant type MUST only be used by confidential clients."
    if client.secret().is_none() {
        return Err(Refused::new("unauthorized_client", "a public client has no credentials to ask with"));
    }
    let name = scope_name(shared, rules);
    let scope = taken.params.get(name).unwrap_or_default();
    let separator = facts.spec.scopes.separator.as_str();
    let scopes: Vec<String> = scope.split(separator).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let known = &facts.spec.scopes.known;
    let is_known = |scope: &String| known.iter().any(|known| known.value == *scope) || rules.scopes.contains(scope);
    if let Some(unknown) = scopes.iter().find(|scope| !known.is_empty() && !is_known(scope)) {
        return Err(Refused::new("invalid_scope", format!("this provider does not know the scope {unknown}")));
    }
    let whose = Whose { scope: Some(scope), ..Whose::client(client) };
    facts.expect(&rules.params, whose, &taken.params, &[]).map_err(Refused::invalid_request)?;
    expect_headers(facts, &rules.headers, whose, request).map_err(Refused::invalid_request)?;
    let mut state = shared.state();
    let grant = state.grants.len();
    state.grants.push(Grant {
        client: index,
        user: NOBODY,
        scopes,
        redirect_uri: String::new(),
        offline: false,
        nonce: None,
        auth_time: None,
        key: None,
        revoked: false,
    });
    // RFC 6749 section 4.4.3: "A refresh token SHOULD NOT be included."
    Ok(access_token(shared, &mut state, grant, false))
}

fn scope_name<'a>(shared: &'a Shared, rules: &'a GrantRequest) -> &'a str {
    match own_name(&rules.rename, "scope") {
        "scope" => own_name(&shared.facts.spec.token.request.rename, &shared.facts.spec.scopes.param),
        own => own,
    }
}
