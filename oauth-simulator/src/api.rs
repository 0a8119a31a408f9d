//! The provider's API: the profile, the described operations, and an echo for everything else.

use http::{StatusCode, header};
use oauth_core::spec::{ProfileField, ProfileMap};
use serde_json::{Map, Value, json};

use crate::address::{Address, Place};
use crate::facts::{Facts, Whose};
use crate::operation::{self, Described};
use crate::params::Params;
use crate::placement::{Holder, bad_request, holder, insufficient_scope};
use crate::pointer::{number_or_text, put};
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::token_request::expect_headers;
use crate::{Answer, SimUser};

/// Where the API is.
#[derive(Default)]
pub(crate) struct Api {
    base: Option<Address>,
    hosts: Vec<String>,
    operations: Vec<Described>,
}

impl Api {
    pub(crate) fn new(facts: &Facts) -> Result<Self, String> {
        let Some(api) = &facts.spec.api else { return Ok(Self::default()) };
        let base = facts.render(&api.base_url, Whose { client: facts.clients.first(), access_token: None })?;
        let operations = api.operations.iter().enumerate();
        let operations = operations
            .map(|(index, operation)| Described::new(facts, index, operation, &base))
            .collect::<Result<_, _>>()?;
        let mut address = Place::parse(&base)?.address;
        address.path.truncate(address.path.trim_end_matches('/').len());
        Ok(Self { base: Some(address), hosts: api.hosts.clone(), operations })
    }

    /// Whether the API is on that host.
    pub(crate) fn covers(&self, address: &Address) -> bool {
        self.is_base(address)
            || self.is_listed(address)
            || self.operations.iter().any(|operation| operation.authority == address.authority)
    }

    fn is_base(&self, address: &Address) -> bool {
        self.base.as_ref().is_some_and(|base| base.authority == address.authority)
    }

    fn is_listed(&self, address: &Address) -> bool {
        self.hosts.iter().any(|host| match host.strip_prefix('*') {
            Some(suffix) => address.authority.ends_with(suffix),
            None => *host == address.authority,
        })
    }

    /// Whether an address without a description is one that the API may have all the same.
    fn admits(&self, address: &Address) -> bool {
        let below = |base: &Address| {
            address.path.strip_prefix(&base.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.is_listed(address) || (self.is_base(address) && self.base.as_ref().is_some_and(below))
    }
}

/// The profile of the token's user.
pub(crate) fn profile(shared: &Shared, request: &Request, own: &Params) -> Reply {
    let Some(profile) = &shared.facts.spec.profile else { return bad_request("this provider has no profile") };
    let Some(fetch) = &profile.request else { return bad_request("this provider has no profile request") };
    if request.method.as_str() != fetch.method.as_str() {
        return Reply::method_not_allowed(fetch.method.as_str());
    }
    if let Some(reply) = scripted(shared) {
        return reply;
    }
    let checked = admit(shared, request, &fetch.headers).and_then(|holder| {
        let query = request.query().map_err(|why| bad_request(&why))?;
        if let Some(name) = query.lacks(own) {
            return Err(bad_request(&format!("the query parameter `{name}` is missing")));
        }
        shared.facts.expect(&fetch.query, whose(shared, &holder), &query, &[]).map_err(|why| bad_request(&why))?;
        Ok(holder)
    });
    match checked.map(|holder| shared.facts.users.get(holder.user)) {
        Ok(Some(user)) => {
            let mut answer = Value::Null;
            put(&mut answer, profile.at.first().map_or("", String::as_str), profile_of(&profile.map, user));
            Reply::json(StatusCode::OK, &answer)
        }
        Ok(None) => bad_request("the user is gone"),
        Err(reply) => reply,
    }
}

/// Any other request to a host of the API.
pub(crate) fn call(shared: &Shared, request: &Request, address: &Address) -> Reply {
    if let Some(reply) = scripted(shared) {
        return reply;
    }
    match admit(shared, request, &Vec::new()) {
        Ok(holder) => operate(shared, request, address, &holder),
        Err(reply) => reply,
    }
}

fn operate(shared: &Shared, request: &Request, address: &Address, holder: &Holder) -> Reply {
    let echo = echo(request, address);
    let Some((operation, path)) = operation::find(&shared.facts, &shared.api.operations, request, address) else {
        if shared.api.admits(address) {
            return Reply::json(StatusCode::OK, &echo);
        }
        return Reply::problem(StatusCode::NOT_FOUND, "not_found", "the API has nothing at this address");
    };
    if !operation.scopes.iter().all(|scope| holder.scopes.contains(scope)) {
        return insufficient_scope(shared, &operation.scopes);
    }
    match operation::fault(operation, &path, request) {
        Some(why) => bad_request(&why),
        None => Reply::json(StatusCode::OK, &operation::answer(operation, echo)),
    }
}

/// Whom the request acts for, once it carries all that each request to the API must carry.
fn admit(shared: &Shared, request: &Request, further: &oauth_core::spec::Params) -> Result<Holder, Reply> {
    if request.header(header::USER_AGENT.as_str()).is_none_or(str::is_empty) {
        return Err(bad_request("the header `user-agent` is missing"));
    }
    let holder = holder(shared, request)?;
    let whose = whose(shared, &holder);
    let of_api = shared.facts.spec.api.iter().flat_map(|api| &api.headers);
    // Where both name a header, the profile's is the one that is sent.
    let replaced = |name: &str| further.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let wanted: Vec<_> = of_api.filter(|(name, _)| !replaced(name)).chain(further).cloned().collect();
    expect_headers(&shared.facts, &wanted, whose, request).map_err(|why| bad_request(&why))?;
    Ok(holder)
}

fn whose<'a>(shared: &'a Shared, holder: &Holder) -> Whose<'a> {
    Whose { client: shared.facts.clients.get(holder.client), access_token: None }
}

fn scripted(shared: &Shared) -> Option<Reply> {
    let answer = shared.state().api_answers.pop_front()?;
    let lost = matches!(answer, Answer { lost: true, .. });
    let mut reply = Reply::scripted(answer);
    reply.lost = lost;
    Some(reply)
}

/// The inverse of the file's map.
fn profile_of(map: &ProfileMap, user: &SimUser) -> Value {
    let mut profile = Value::Object(Map::new());
    for (field, pointers) in map.fields() {
        let value = match field {
            ProfileField::Subject => number_or_text(&user.subject),
            ProfileField::Username => Value::from(user.username.as_str()),
            ProfileField::Name => Value::from(user.name.as_str()),
            ProfileField::Email => Value::from(user.email.as_str()),
            ProfileField::EmailVerified => Value::from(user.email_verified),
            ProfileField::AvatarUrl => Value::from(user.avatar_url.as_str()),
            ProfileField::Url => Value::from(user.url.as_str()),
            _ => continue,
        };
        // An array at the root begins as nothing.
        if profile.as_object().is_some_and(Map::is_empty) {
            profile = Value::Null;
        }
        // A text that the file joins from several comes in as many words.
        let words: Vec<&str> =
            value.as_str().map(|text| text.splitn(pointers.len(), ' ').collect()).unwrap_or_default();
        match pointers {
            [pointer] => put(&mut profile, pointer, value),
            pointers => pointers.iter().zip(words).for_each(|(pointer, word)| put(&mut profile, pointer, word.into())),
        }
    }
    profile
}

fn echo(request: &Request, address: &Address) -> Value {
    let query = request.query().unwrap_or_default();
    let query: Map<String, Value> = query.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    json!({"method": request.method.as_str(), "host": address.authority, "path": address.path, "query": query})
}
