//! The requests that a client makes by itself with a new token: for the profile, and to look something up.

use http::StatusCode;
use oauth_core::spec::{BodyFormat, Condition, Fetch, Hole, ProfileMap, Template};
use serde_json::{Value, json};

use crate::SimUser;
use crate::address::{Address, Place};
use crate::api::{check_headers, described, has_user_agent, scripted};
use crate::facts::{Facts, Whose};
use crate::openid::signed_answer;
use crate::params::Params;
use crate::people::{members, object};
use crate::placement::{Holder, bad_request, holder, holder_of};
use crate::pointer::{add_absent, member, put};
use crate::recorded::Endpoint;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::{holds, mark_as_failure, mark_as_success};

/// A described request and where it goes.
pub(crate) struct Fetched {
    which: Which,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Profile,
    /// One of those that fill what the profile leaves empty.
    Then(usize),
    Lookup,
}

impl Fetched {
    /// All of the file, for each client: an address may hold the client's id.
    pub(crate) fn all(facts: &Facts) -> Result<Vec<Self>, String> {
        let spec = &facts.spec;
        let mut all = Vec::new();
        for client in &facts.clients {
            let mut add = |which, fetch: &Fetch| -> Result<(), String> {
                let place = Place::parse(&facts.render(&fetch.url, Whose::client(client))?)?;
                all.push(Self { which, place });
                Ok(())
            };
            if let Some(lookup) = &spec.token.lookup {
                add(Which::Lookup, &lookup.request)?;
            }
            let Some(profile) = &spec.profile else { continue };
            if let Some(fetch) = &profile.request {
                add(Which::Profile, fetch)?;
            }
            for (index, then) in profile.then.iter().enumerate() {
                add(Which::Then(index), &then.request)?;
            }
        }
        Ok(all)
    }

    fn fetch<'a>(&self, facts: &'a Facts) -> Option<&'a Fetch> {
        let spec = &facts.spec;
        match self.which {
            Which::Lookup => Some(&spec.token.lookup.as_ref()?.request),
            Which::Profile => spec.profile.as_ref()?.request.as_ref(),
            Which::Then(index) => Some(&spec.profile.as_ref()?.then.get(index)?.request),
        }
    }
}

/// Answers a request to one of these addresses; nothing where none is there, or where the request is rather one of a
/// described operation at the same address.
pub(crate) fn answer(shared: &Shared, request: &Request, address: &Address) -> Option<(Endpoint, Reply)> {
    let facts = &shared.facts;
    let here = shared.fetched.iter().filter(|fetched| fetched.place.address == *address);
    let here: Vec<_> = here.filter_map(|fetched| Some((fetched, fetched.fetch(facts)?))).collect();
    let (first, fetch) = here.first()?;
    let usual = if first.which == Which::Lookup { Endpoint::Lookup } else { Endpoint::Profile };
    let fitting: Vec<_> = here.iter().filter(|(_, fetch)| fetch.method.as_str() == request.method.as_str()).collect();
    if fitting.is_empty() {
        return Some((usual, Reply::method_not_allowed(fetch.method.as_str())));
    }
    let mut refused = None;
    let mut found: Vec<Which> = Vec::new();
    let mut who = None;
    for (fetched, fetch) in fitting {
        match admit(shared, request, fetched, fetch) {
            Ok(holder) => {
                found.push(fetched.which);
                who = Some(holder);
            }
            Err(reply) => refused = refused.or(Some(reply)),
        }
    }
    let operation = described(shared, request, address);
    if found.is_empty() && operation.is_some() {
        return None;
    }
    let endpoint = endpoint(shared, usual, &found, who.as_ref());
    let answers = |state: &mut crate::state::State| match endpoint {
        Endpoint::Lookup => state.lookup_answers.pop_front(),
        _ => state.api_answers.pop_front(),
    };
    let failure = facts.spec.profile.as_ref().and_then(|profile| profile.fails_when.as_ref());
    let failure = failure.filter(|_| endpoint != Endpoint::Lookup);
    let answer = answers(&mut shared.state());
    if let Some(reply) = answer.map(|answer| scripted(facts, answer, failure)) {
        return Some((endpoint, reply));
    }
    let reply = match (who, refused) {
        (Some(holder), _) => match facts.users.get(holder.user) {
            Some(user) => {
                let answer = tell(facts, &found, user, failure, operation.as_ref());
                let is_signed = facts.spec.profile.as_ref().is_some_and(|profile| profile.signed);
                if is_signed && found.contains(&Which::Profile) {
                    signed(shared, holder.client, answer)
                } else {
                    Reply::json(StatusCode::OK, &answer)
                }
            }
            None => bad_request("the user is gone"),
        },
        (None, Some(reply)) => reply,
        (None, None) => bad_request("this provider has nothing here"),
    };
    Some((endpoint, reply))
}

/// What the request was for. Where one address serves both, a token's first request is its lookup.
fn endpoint(shared: &Shared, usual: Endpoint, found: &[Which], who: Option<&Holder>) -> Endpoint {
    let Some(holder) = who else { return usual };
    if !found.contains(&Which::Lookup) {
        return Endpoint::Profile;
    }
    let alone = found.iter().all(|which| *which == Which::Lookup);
    let mut state = shared.state();
    match state.access.get_mut(&holder.token) {
        Some(access) if !alone && access.looked_up => Endpoint::Profile,
        Some(access) => {
            access.looked_up = true;
            Endpoint::Lookup
        }
        None => Endpoint::Lookup,
    }
}

/// Whom the request acts for, once it carries all that the file says.
fn admit(shared: &Shared, request: &Request, fetched: &Fetched, fetch: &Fetch) -> Result<Holder, Reply> {
    let facts = &shared.facts;
    let refuse = |why: String| bad_request(&why);
    has_user_agent(request)?;
    let query = request.query().map_err(refuse)?;
    if let Some(name) = query.lacks(&fetched.place.query) {
        return Err(bad_request(&format!("the query parameter `{name}` is missing")));
    }
    let holder = match fetch.headers.iter().find(|(_, template)| has_token(template)) {
        Some((name, template)) => holder_of(shared, token_in_header(request, name, template)?)?,
        None => holder(shared, request)?,
    };
    let whose =
        Whose { client: facts.clients.get(holder.client), access_token: Some(&holder.token), ..Whose::default() };
    if fetched.which == Which::Lookup {
        check_headers(facts, &[], &fetch.headers, whose, request)?;
    } else {
        let of_api = facts.spec.api.as_ref().map_or(&[][..], |api| &api.headers);
        check_headers(facts, of_api, &fetch.headers, whose, request)?;
    }
    facts.expect(&fetch.query, whose, &query, &[]).map_err(refuse)?;
    facts.expect(&fetch.body, whose, &body(request, fetch).map_err(refuse)?, &[]).map_err(refuse)?;
    Ok(holder)
}

fn has_token(template: &Template) -> bool {
    template.holes().any(|hole| *hole == Hole::AccessToken)
}

/// The token, where the file itself writes it into a header.
fn token_in_header<'a>(request: &'a Request, name: &str, template: &Template) -> Result<&'a str, Reply> {
    let (before, after) = template.as_str().split_once("{access_token}").unwrap_or_default();
    let value = request.header(name).and_then(|value| value.strip_prefix(before)?.strip_suffix(after));
    value.ok_or_else(|| bad_request(&format!("the token is not in the header `{name}` as this provider wants it")))
}

fn body(request: &Request, fetch: &Fetch) -> Result<Params, String> {
    if fetch.body.is_empty() {
        return Ok(Params::default());
    }
    match fetch.format {
        BodyFormat::Json if request.is_json() => Params::from_json(&request.body),
        BodyFormat::Json => Err("the body must be application/json".to_owned()),
        BodyFormat::Form if request.is_form() => Params::from_form(&request.body),
        _ => Err("the body must be application/x-www-form-urlencoded".to_owned()),
    }
}

/// The answer. Requests that cannot be told apart are answered in one, that of a described operation included.
fn tell(facts: &Facts, found: &[Which], user: &SimUser, rule: Option<&Condition>, operation: Option<&Value>) -> Value {
    let spec = &facts.spec;
    let mut answer = Value::Null;
    for which in found {
        match (which, &spec.profile, &spec.token.lookup) {
            (Which::Lookup, _, Some(lookup)) => {
                let at = lookup.at.first().map_or("", String::as_str);
                for extra in &lookup.extras {
                    if let Some((_, value)) = facts.extras.iter().find(|(name, _)| *name == extra.name) {
                        put(&mut answer, &format!("{at}{}", member(&extra.at)), value.clone());
                    }
                }
            }
            (Which::Profile, Some(profile), _) => {
                let at = profile.at.first().map_or("", String::as_str);
                for (pointer, value) in members(facts, &profile.map, user) {
                    put(&mut answer, &format!("{at}{pointer}"), value);
                }
            }
            (Which::Then(index), Some(profile), _) => {
                let Some(then) = profile.then.get(*index) else { continue };
                let at = then.at.first().map_or("", String::as_str);
                match &then.pick {
                    Some(pick) => put(&mut answer, at, list(facts, &then.map, pick, user)),
                    None => {
                        for (pointer, value) in members(facts, &then.map, user) {
                            put(&mut answer, &format!("{at}{pointer}"), value);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    if let Some(operation) = operation {
        add_absent(&mut answer, operation);
    }
    if let Some(rule) = rule.filter(|_| !answer.is_array()) {
        mark_as_success(&mut answer, rule);
    }
    answer
}

/// OpenID Connect Core section 5.3.2: a signed answer is of the type `application/jwt`.
fn signed(shared: &Shared, client: usize, answer: Value) -> Reply {
    let claims = match answer {
        Value::Object(claims) => claims,
        _ => serde_json::Map::new(),
    };
    match signed_answer(shared, client, claims) {
        Ok(jwt) => Reply::text("application/jwt", jwt),
        Err(problem) => Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &problem),
    }
}

/// A list of which the last item is meant: those before it are about somebody else.
fn list(facts: &Facts, map: &ProfileMap, pick: &Condition, user: &SimUser) -> Value {
    let mut meant = object(facts, map, user);
    mark_as_failure(&mut meant, pick);
    let mut other = object(facts, map, &SimUser::new("0"));
    if holds(&other, pick) {
        mark_as_success(&mut other, pick);
    }
    // What says nothing of the member is not meant either.
    json!([other, {}, meant])
}
