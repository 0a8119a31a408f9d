//! The provider's API: the described operations, and an echo for everything else.

use http::{StatusCode, header};
use oauth_core::spec::{Condition, Template};
use serde_json::{Map, Value, json};

use crate::Answer;
use crate::address::{Address, Place};
use crate::facts::{Facts, Whose};
use crate::operation::{self, Described};
use crate::placement::{Holder, bad_request, holder, insufficient_scope};
use crate::reply::Reply;
use crate::request::Request;
use crate::server::Shared;
use crate::shape::{failed_answer, mark_as_success};
use crate::token_request::expect_headers;

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
        let base = facts.render(&api.base_url, Whose { client: facts.clients.first(), ..Whose::default() })?;
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

/// Any other request to a host of the API.
pub(crate) fn call(shared: &Shared, request: &Request, address: &Address) -> Reply {
    let answer = shared.state().api_answers.pop_front();
    if let Some(answer) = answer {
        return scripted(&shared.facts, answer, rule(shared));
    }
    match admit(shared, request) {
        Ok(holder) => operate(shared, request, address, &holder),
        Err(reply) => reply,
    }
}

fn operate(shared: &Shared, request: &Request, address: &Address, holder: &Holder) -> Reply {
    let echo = echo(request, address);
    let Some((operation, path)) = operation::find(&shared.facts, &shared.api.operations, request, address) else {
        if shared.api.admits(address) {
            return success(shared, echo);
        }
        return Reply::problem(StatusCode::NOT_FOUND, "not_found", "the API has nothing at this address");
    };
    if !operation.scopes.iter().all(|scope| holder.scopes.contains(scope)) {
        return insufficient_scope(shared, &operation.scopes);
    }
    if let Some(why) = operation::fault(operation, &path, request) {
        return bad_request(&why);
    }
    success(shared, operation::answer(operation, echo))
}

/// What a described operation at that address answers, where the request is one of it.
pub(crate) fn described(shared: &Shared, request: &Request, address: &Address) -> Option<Value> {
    let (operation, path) = operation::find(&shared.facts, &shared.api.operations, request, address)?;
    let fits = operation::fault(operation, &path, request).is_none();
    fits.then(|| operation::answer(operation, Value::Null))
}

fn success(shared: &Shared, mut answer: Value) -> Reply {
    if let Some(rule) = rule(shared).filter(|_| !answer.is_array()) {
        mark_as_success(&mut answer, rule);
    }
    Reply::json(StatusCode::OK, &answer)
}

/// Whom the request acts for, once it carries all that each request to the API must carry.
fn admit(shared: &Shared, request: &Request) -> Result<Holder, Reply> {
    has_user_agent(request)?;
    let holder = holder(shared, request)?;
    let whose = Whose { client: shared.facts.clients.get(holder.client), ..Whose::default() };
    let of_api = shared.facts.spec.api.as_ref().map_or(&[][..], |api| &api.headers);
    check_headers(&shared.facts, of_api, &[], whose, request)?;
    Ok(holder)
}

pub(crate) fn has_user_agent(request: &Request) -> Result<(), Reply> {
    match request.header(header::USER_AGENT.as_str()) {
        Some(agent) if !agent.is_empty() => Ok(()),
        _ => Err(bad_request("the header `user-agent` is missing")),
    }
}

/// Checks the headers of every request and those of this one, which take the place of the former.
pub(crate) fn check_headers(
    facts: &Facts,
    general: &[(String, Template)],
    own: &[(String, Template)],
    whose: Whose<'_>,
    request: &Request,
) -> Result<(), Reply> {
    let replaced = |name: &str| own.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let wanted: Vec<_> = general.iter().filter(|(name, _)| !replaced(name)).chain(own).cloned().collect();
    expect_headers(facts, &wanted, whose, request).map_err(|why| bad_request(&why))
}

/// When an answer with a good status is an error.
fn rule(shared: &Shared) -> Option<&Condition> {
    shared.facts.spec.api.as_ref()?.fails_when.as_ref()
}

/// What a test scripted; `rule` says when an answer with status 200 is an error here.
pub(crate) fn scripted(facts: &Facts, answer: Answer, rule: Option<&Condition>) -> Reply {
    let lost = answer.lost;
    let mut reply = match &answer.failed {
        Some(code) => failed_answer(facts, rule, answer.status, code),
        None => Reply::scripted(answer),
    };
    reply.lost = lost;
    reply
}

fn echo(request: &Request, address: &Address) -> Value {
    let query = request.query().unwrap_or_default();
    let query: Map<String, Value> = query.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    json!({"method": request.method.as_str(), "host": address.authority, "path": address.path, "query": query})
}
