//! Questions about a token, answered (RFC 7662).

use std::time::{SystemTime, UNIX_EPOCH};

use http::{StatusCode, header};
use oauth_core::Clock as _;
use oauth_core::spec::Introspect;
use serde_json::{Value, json};

use crate::device::proved;
use crate::facts::Whose;
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::{Refused, error_answer};
use crate::token_request::{expect_headers, read};

/// Answers a request to the introspection endpoint.
pub(crate) fn introspect(shared: &Shared, request: &Request, own: &Params) -> Reply {
    let Some(rules) = &shared.facts.spec.introspect else {
        return Reply::problem(StatusCode::NOT_FOUND, "not_found", "nobody is asked about tokens here");
    };
    match say(shared, rules, request, own) {
        Ok(answer) => Reply::json(StatusCode::OK, &answer),
        Err(Refused { status: StatusCode::METHOD_NOT_ALLOWED, description, .. }) => {
            Reply::problem(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", &description)
                .with(header::ALLOW, rules.method.as_str())
        }
        Err(refused) => error_answer(&shared.facts, &refused),
    }
}

/// RFC 7662 section 2.1: the endpoint "MUST also require some form of authorization", so that nobody tries tokens out.
fn say(shared: &Shared, rules: &Introspect, request: &Request, own: &Params) -> Result<Value, Refused> {
    let (facts, nothing) = (&shared.facts, Vec::new());
    let found = read(request, rules.method, rules.format, own, &nothing)?;
    let owner = proved(shared, (request, &found), rules.client_auth, [&rules.params, &nothing, &rules.headers])?;
    let whose = facts.clients.get(owner).map_or_else(Whose::default, Whose::client);
    facts.expect(&rules.params, whose, &found.params, &[]).map_err(Refused::invalid_request)?;
    expect_headers(facts, &rules.headers, whose, request).map_err(Refused::invalid_request)?;
    if !rules.hint && found.params.has("token_type_hint") {
        return Err(Refused::invalid_request("this provider does not know `token_type_hint`"));
    }
    let missing = || Refused::invalid_request(format!("the parameter `{}` is missing", rules.param));
    let token = found.params.get(&rules.param).ok_or_else(missing)?;
    let (state, now) = (shared.state(), shared.clock.now());
    let of_access = state.live_access(token, now).map(|(access, grant)| (access.expires, grant, true));
    let refresh = state.refresh.get(token).filter(|known| !known.replaced);
    let refresh = refresh.filter(|known| known.expires.is_none_or(|expires| expires > now));
    let of_refresh = refresh.and_then(|known| Some((known.expires, state.grants.get(known.grant)?, false)));
    let Some((expires, grant, is_access)) = of_access.or(of_refresh).filter(|(_, grant, _)| !grant.revoked) else {
        // Section 2.2: of a token that is not active "the authorization server SHOULD NOT include any additional
        // information".
        return Ok(json!({"active": false}));
    };
    let mut answer = json!({"active": true, "scope": grant.scopes.join(&facts.spec.scopes.separator)});
    let mut set = |member: &str, value: Option<Value>| {
        if let Some(value) = value {
            answer[member] = value;
        }
    };
    set("client_id", facts.clients.get(grant.client).map(|client| client.id().into()));
    set("sub", facts.users.get(grant.user).map(|user| user.subject.as_str().into()));
    set("exp", expires.map(|expires| seconds(expires).into()));
    // RFC 9449 section 6.2: `cnf` with the thumbprint of the key.
    set("cnf", grant.key.as_ref().map(|key| json!({"jkt": key})));
    let kind = if grant.key.is_some() { "DPoP" } else { "Bearer" };
    set("token_type", is_access.then(|| kind.into()));
    Ok(answer)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
