//! From a sound authorization request to the code: login, consent, redirect.

use std::time::Duration;

use http::{Method, StatusCode, header};
use oauth_core::Clock as _;

use crate::callback::{refuse, send};
use crate::pages::{self, Question};
use crate::params::Params;
use crate::people;
use crate::reply::Reply;
use crate::request::Request;
use crate::rng::random_text;
use crate::server::Shared;
use crate::state::{Code, Demand, Pending, Session};

/// How long a login page stays good.
const PATIENCE: Duration = Duration::from_secs(600);
/// RFC 6749 section 4.1.2 recommends ten minutes at most; a client that works needs a moment.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// Remembers the demand and shows the first page that it needs.
pub(crate) fn begin(shared: &Shared, request: &Request, demand: Demand) -> Reply {
    let transaction = random_text(&*shared.rng, "");
    let mut state = shared.state();
    let now = shared.clock.now();
    // OpenID Connect Core section 3.1.2.1: a login that is older than the client wants is asked for again.
    let is_recent = |session: &Session| {
        let age = now.duration_since(session.since).unwrap_or_default();
        demand.max_age.is_none_or(|most| age <= Duration::from_secs(most))
    };
    let known = |session: &&str| state.sessions.get(*session).is_some_and(is_recent);
    let session = request.cookie(&shared.cookie).filter(known).map(str::to_owned);
    let expires = now + PATIENCE;
    state.keep_pending(transaction.clone(), Pending { demand, session, expires });
    drop(state);
    show(shared, request, &transaction)
}

/// `GET` and `POST` of the login and consent forms.
pub(crate) fn form(shared: &Shared, request: &Request) -> Reply {
    let params = match (&request.method, request.is_form()) {
        (&Method::GET, _) if request.path == pages::CONSENT => request.query(),
        (&Method::POST, true) => Params::from_form(&request.body),
        (&Method::POST, false) => Err("the page's form is sent as application/x-www-form-urlencoded".to_owned()),
        _ => return Reply::method_not_allowed("POST"),
    };
    let params = match params {
        Ok(params) => params,
        Err(problem) => return pages::problem(&shared.facts.spec, StatusCode::BAD_REQUEST, &problem),
    };
    let transaction = params.get("transaction").unwrap_or_default();
    match (request.path.as_str(), &request.method) {
        (pages::LOGIN, _) => login(shared, transaction, params.get("account").unwrap_or_default()),
        (_, &Method::GET) => show(shared, request, transaction),
        _ => decide(shared, request, transaction, params.get("decision").unwrap_or_default()),
    }
}

/// The page that the demand waits for.
fn show(shared: &Shared, request: &Request, transaction: &str) -> Reply {
    let facts = &shared.facts;
    let Some(pending) = shared.state().pending(transaction, shared.clock.now()).cloned() else { return stale(shared) };
    let Some(Session { user, .. }) = session_of(shared, request, &pending) else {
        return pages::login(&facts.spec, &facts.users, transaction);
    };
    let demand = &pending.demand;
    let (Some(user), Some(client)) = (facts.users.get(user), facts.clients.get(demand.back.client)) else {
        return stale(shared);
    };
    let question = Question {
        transaction,
        client: client.id(),
        user,
        scopes: &demand.scopes,
        redirect_uri: &demand.back.redirect_uri,
    };
    pages::consent(&facts.spec, &question)
}

fn login(shared: &Shared, transaction: &str, account: &str) -> Reply {
    let Some(user) = shared.facts.users.iter().position(|user| user.subject == account) else {
        return pages::problem(&shared.facts.spec, StatusCode::BAD_REQUEST, "there is no such account");
    };
    let session = random_text(&*shared.rng, "");
    let now = shared.clock.now();
    let mut state = shared.state();
    let Some(pending) = state.pending(transaction, now) else {
        drop(state);
        return stale(shared);
    };
    pending.session = Some(session.clone());
    state.sessions.insert(session.clone(), Session { user, since: now });
    drop(state);
    // The transaction is a base64url text that we made.
    Reply::see_other(&format!("{}?transaction={transaction}", pages::CONSENT))
        .with(header::SET_COOKIE, &format!("{}={session}; Path=/; HttpOnly; SameSite=Lax", shared.cookie))
}

fn decide(shared: &Shared, request: &Request, transaction: &str, decision: &str) -> Reply {
    let Some(pending) = shared.state().pending(transaction, shared.clock.now()).cloned() else { return stale(shared) };
    // Only the browser that logged in for this demand may decide on it.
    let Some(session) = session_of(shared, request, &pending) else { return stale(shared) };
    match decision {
        "approve" => {
            shared.state().forget_pending(transaction);
            approve(shared, pending.demand, session)
        }
        "deny" => {
            shared.state().forget_pending(transaction);
            refuse(shared, &pending.demand.back, "access_denied", "the user denied the request")
        }
        "switch" => {
            if let Some(pending) = shared.state().pending(transaction, shared.clock.now()) {
                pending.session = None;
            }
            pages::login(&shared.facts.spec, &shared.facts.users, transaction)
        }
        _ => pages::problem(&shared.facts.spec, StatusCode::BAD_REQUEST, "the answer is neither yes nor no"),
    }
}

fn approve(shared: &Shared, demand: Demand, session: Session) -> Reply {
    let code = random_text(&*shared.rng, "sim_code_");
    let mut pairs = vec![(shared.facts.spec.callback.code.clone(), code.clone())];
    pairs.extend(shared.facts.kept.iter().map(|kept| (kept.name.clone(), kept.value.clone())));
    pairs.extend(introduction(shared, &demand, session.user));
    let reply = send(shared, &demand.back, pairs);
    let expires = shared.clock.now() + CODE_LIFETIME;
    shared.state().codes.insert(code, Code { demand, user: session.user, login: session.since, expires, used: None });
    reply
}

/// Facts of the profile, which the provider tells at the first login only.
fn introduction(shared: &Shared, demand: &Demand, user: usize) -> Option<(String, String)> {
    let rule = shared.facts.spec.callback.profile.as_ref()?;
    if !shared.state().met.insert((demand.back.client, user)) {
        return None;
    }
    let facts = people::object(&shared.facts, &rule.map, shared.facts.users.get(user)?);
    Some((rule.param.clone(), facts.to_string()))
}

/// The session, if it is the one that this demand belongs to.
fn session_of(shared: &Shared, request: &Request, pending: &Pending) -> Option<Session> {
    let session = pending.session.as_deref()?;
    if request.cookie(&shared.cookie) != Some(session) {
        return None;
    }
    shared.state().sessions.get(session).copied()
}

fn stale(shared: &Shared) -> Reply {
    let problem = "this page is out of date or belongs to another browser: start the login again";
    pages::problem(&shared.facts.spec, StatusCode::BAD_REQUEST, problem)
}
