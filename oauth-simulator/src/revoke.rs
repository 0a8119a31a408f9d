//! Revoking a token (RFC 7009).

use std::iter;

use http::{StatusCode, header};
use oauth_core::spec::{Hole, RefreshAuth, Revoke, RevokeEnds, RevokePlace, RevokedToken};
use serde_json::{Map, Value};

use crate::client_auth::{Proof, authenticate, authenticate_by_header, identify, refuse_credentials};
use crate::facts::{Whose, own_name};
use crate::params::Params;
use crate::placement::holder;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::{Refused, failed_answer, mark_as_success, refusal};
use crate::state::State;
use crate::token_request::{Taken, expect_headers, read};
use crate::{Answer, api};

/// Why there is no success.
enum Stopped {
    Refused(Refused),
    /// The token is none that the provider knows, any more or ever.
    Unknown,
    /// The answer of an API that does not take the token.
    Answered(Reply),
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Answers a request to the revocation endpoint.
pub(crate) fn revoke(shared: &Shared, request: &Request, own: &Params) -> Reply {
    let facts = &shared.facts;
    let Some(rules) = &facts.spec.revoke else {
        return Reply::problem(StatusCode::NOT_FOUND, "not_found", "nothing is revoked here");
    };
    let scripted = shared.state().revocation_answers.pop_front();
    let lost = match scripted {
        Some(Answer { lost: true, .. }) => true,
        Some(answer) => return api::scripted(facts, answer, rules.fails_when.as_ref()),
        None => false,
    };
    let mut reply = match end(shared, rules, request, own) {
        Ok(()) => success(rules),
        Err(Stopped::Unknown) => unknown(shared, rules),
        Err(Stopped::Answered(reply)) => reply,
        Err(Stopped::Refused(refused)) if refused.status == StatusCode::METHOD_NOT_ALLOWED => {
            Reply::problem(refused.status, refused.code, &refused.description)
                .with(header::ALLOW, rules.method.as_str())
        }
        Err(Stopped::Refused(refused)) => refusal(facts, rules.fails_when.as_ref(), &refused),
    };
    reply.lost = lost;
    reply
}

/// RFC 7009 section 2.2: "The authorization server responds with HTTP status code 200".
fn success(rules: &Revoke) -> Reply {
    let mut answer = Value::Object(Map::new());
    if let Some(rule) = &rules.fails_when {
        mark_as_success(&mut answer, rule);
    }
    Reply::json(StatusCode::OK, &answer)
}

/// RFC 7009 section 2.2: "invalid tokens do not cause an error response"; where a provider has one all the same, this is it.
fn unknown(shared: &Shared, rules: &Revoke) -> Reply {
    match rules.gone.first().map(|gone| (gone, gone.parse::<u16>())) {
        None => success(rules),
        Some((_, Ok(status))) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            Reply::problem(status, "gone", "the token had ended before")
        }
        Some((code, Err(_))) => failed_answer(&shared.facts, rules.fails_when.as_ref(), 400, code),
    }
}

/// Checks the request and ends the token.
fn end(shared: &Shared, rules: &Revoke, request: &Request, own: &Params) -> Result<(), Stopped> {
    let found = take(rules, request, own)?;
    let client = client(shared, rules, request, &found)?;
    let token = token(shared, rules, request, &found.params)?;
    if !rules.hint && found.params.has("token_type_hint") {
        return Err(Refused::invalid_request("this provider does not know `token_type_hint`").into());
    }
    let mut state = shared.state();
    let (kind, grant) = find(&state, &token).ok_or(Stopped::Unknown)?;
    let holder = state.grants.get(grant).cloned().ok_or(Stopped::Unknown)?;
    if client.is_some_and(|client| client != holder.client) {
        // RFC 7009 section 2.1: the server "verifies whether the token was issued to the client making the revocation
        // request"; if not, "the request is refused".
        return Err(Refused::invalid_grant("the token was given to another client").into());
    }
    expect(shared, rules, request, &found.params, holder.client)?;
    if !rules.tokens.contains(&kind) {
        return Err(Refused::new("unsupported_token_type", "tokens of this kind are not revoked here").into());
    }
    if holder.revoked {
        return Err(Stopped::Unknown);
    }
    match (rules.ends, kind) {
        // RFC 7009 section 2.1: with a refresh token the server "SHOULD also invalidate all access tokens based on the same
        // authorization grant".
        (Some(RevokeEnds::Grant), _) | (None, RevokedToken::Refresh) => state.revoke(grant),
        _ => state.forget(&token),
    }
    Ok(())
}

/// The token, where the provider looks for it.
fn token(shared: &Shared, rules: &Revoke, request: &Request, params: &Params) -> Result<String, Stopped> {
    if rules.place == RevokePlace::Api {
        return match holder(shared, request) {
            Ok(holder) => Ok(holder.token),
            Err(reply) if reply.status == StatusCode::UNAUTHORIZED && !rules.gone.is_empty() => Err(Stopped::Unknown),
            Err(reply) => Err(Stopped::Answered(reply)),
        };
    }
    let missing = || Refused::invalid_request(format!("the parameter `{}` is missing", rules.param));
    Ok(params.get(&rules.param).ok_or_else(missing)?.to_owned())
}

/// The parameters; a request that carries the token as an API request does may have none, and then no body.
fn take(rules: &Revoke, request: &Request, own: &Params) -> Result<Taken, Refused> {
    let bare =
        rules.place == RevokePlace::Api && request.body.is_empty() && request.method.as_str() == rules.method.as_str();
    if bare { Ok(Taken::default()) } else { read(request, rules.method, rules.format, own, &Vec::new()) }
}

fn client(shared: &Shared, rules: &Revoke, request: &Request, taken: &Taken) -> Result<Option<usize>, Refused> {
    let headers: oauth_core::spec::Params = headers(shared, rules).cloned().collect();
    let proof = Proof { request, taken, wanted: [&rules.params, &Vec::new(), &headers] };
    match rules.client_auth {
        RefreshAuth::Full => authenticate(shared, &proof).map(|(index, _)| Some(index)),
        RefreshAuth::Basic => authenticate_by_header(shared, &proof).map(|(index, _)| Some(index)),
        RefreshAuth::Id => identify(&shared.facts, request, &taken.params).map(|(index, _)| Some(index)),
        _ if rules.place == RevokePlace::Api => {
            let secret = own_name(&shared.facts.spec.token.request.rename, "client_secret");
            if taken.params.has(secret) {
                return Err(Refused::invalid_request("this request takes no client secret"));
            }
            Ok(None)
        }
        _ => {
            if !rules.params.iter().any(|(name, _)| name == "client_secret") {
                refuse_credentials(&shared.facts, request, &taken.params)?;
            }
            Ok(None)
        }
    }
}

/// The headers that the file wants: the endpoint's own, and those of the token endpoint, of which one that proves the
/// client comes only where it proves itself.
fn headers<'a>(
    shared: &'a Shared,
    rules: &'a Revoke,
) -> impl Iterator<Item = &'a (String, oauth_core::spec::Template)> {
    let full = rules.client_auth == RefreshAuth::Full;
    let replaced = move |name: &str| rules.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let general = shared.facts.spec.token.request.headers.iter().filter(move |(name, value)| {
        (full || !value.holes().any(|hole| *hole == Hole::ClientSecret)) && !replaced(name)
    });
    general.chain(&rules.headers)
}

/// What kind of token it is, and of which grant; one that a rotation has replaced is none any more.
fn find(state: &State, token: &str) -> Option<(RevokedToken, usize)> {
    let refresh = state.refresh.get(token).filter(|known| !known.replaced);
    let refresh = refresh.map(|known| (RevokedToken::Refresh, known.grant));
    refresh.or_else(|| state.access.get(token).map(|known| (RevokedToken::Access, known.grant)))
}

fn expect(shared: &Shared, rules: &Revoke, request: &Request, params: &Params, client: usize) -> Result<(), Refused> {
    let facts = &shared.facts;
    let whose = facts.clients.get(client).map_or_else(Whose::default, Whose::client);
    facts.expect(&rules.params, whose, params, &[]).map_err(Refused::invalid_request)?;
    headers(shared, rules)
        .try_for_each(|wanted| expect_headers(facts, &iter::once(wanted.clone()).collect(), whose, request))
        .map_err(Refused::invalid_request)
}
