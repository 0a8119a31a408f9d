//! Login on another device, seen from the server (RFC 8628).

use std::time::{Duration, SystemTime};

use http::{StatusCode, header};
use oauth_core::Clock as _;
use oauth_core::spec::{DeviceGrant, RefreshAuth};
use serde_json::{Map, Value};

use crate::client_auth::{Proof, authenticate, authenticate_by_header, identify};
use crate::facts::{Whose, own_name};
use crate::issue::{Issued, access_token, refresh_token};
use crate::params::Params;
use crate::reply::Reply;
use crate::request::Request;
use crate::rng::random_text;
use crate::server::Shared;
use crate::shape::{Refused, error_answer};
use crate::state::Grant;
use crate::token_request::{Taken, expect_headers, read};
use crate::{Simulator, scope};

/// How long the codes last.
const LIFETIME: Duration = Duration::from_secs(900);
/// How long a client waits between two questions.
const INTERVAL: Duration = Duration::from_secs(5);
/// RFC 8628 section 6.1: "the 20-character set" without vowels and what looks alike.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A login that waits for its user.
pub(crate) struct Waiting {
    client: usize,
    user_code: String,
    scopes: Vec<String>,
    expires: SystemTime,
    interval: Duration,
    asked: SystemTime,
    decision: Option<Decision>,
}

/// What the user said.
#[derive(Clone, Copy)]
enum Decision {
    /// Yes, this user.
    Approved(usize),
    Denied,
}

impl Simulator {
    /// The (first) user opens the verification page, enters the code and approves. Says whether the code was known.
    pub fn approve_device(&self, user_code: &str) -> bool {
        self.decide(user_code, Decision::Approved(0))
    }

    /// The user enters the code and says no. Says whether the code was known.
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.decide(user_code, Decision::Denied)
    }

    fn decide(&self, user_code: &str, decision: Decision) -> bool {
        let now = self.clock().now();
        let mut state = self.state();
        let known = state.devices.values_mut().find(|login| login.user_code == user_code && login.expires > now);
        known.map(|login| login.decision = Some(decision)).is_some()
    }
}

/// Answers the device authorization request (section 3.1).
pub(crate) fn authorize(shared: &Shared, request: &Request, own: &Params) -> Reply {
    let Some(rules) = &shared.facts.spec.grants.device else {
        return Reply::problem(StatusCode::NOT_FOUND, "not_found", "nobody logs in on another device here");
    };
    match begin(shared, rules, request, own) {
        Ok(answer) => Reply::json(StatusCode::OK, &Value::Object(answer)),
        Err(Refused { status: StatusCode::METHOD_NOT_ALLOWED, description, .. }) => {
            Reply::problem(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", &description)
                .with(header::ALLOW, rules.authorization.method.as_str())
        }
        Err(refused) => error_answer(&shared.facts, &refused),
    }
}

fn begin(shared: &Shared, rules: &DeviceGrant, request: &Request, own: &Params) -> Result<Map<String, Value>, Refused> {
    let (facts, form) = (&shared.facts, &rules.authorization);
    let nothing = Vec::new();
    let taken = read(request, form.method, form.format, own, &nothing)?;
    let client = proved(shared, (request, &taken), form.client_auth, [&form.params, &nothing, &form.headers])?;
    let scopes = scope::read(&facts.spec, request, &taken.params, false)
        .map_err(|(code, description)| Refused::new(code, description))?;
    let joined = scopes.join(&facts.spec.scopes.separator);
    let owner = facts.clients.get(client).ok_or_else(|| Refused::invalid_grant("the client is not registered"))?;
    let whose = Whose { scope: Some(&joined), ..Whose::client(owner) };
    facts.expect(&form.params, whose, &taken.params, &[]).map_err(Refused::invalid_request)?;
    expect_headers(facts, &form.headers, whose, request).map_err(Refused::invalid_request)?;
    let (device_code, user_code) = (random_text(&*shared.rng, "sim_dc_"), user_code(shared));
    let page = "https://device.invalid/activate";
    let mut answer = Map::new();
    for (member, value) in [
        ("device_code", Value::from(device_code.as_str())),
        ("user_code", Value::from(user_code.as_str())),
        ("verification_uri", Value::from(page)),
        ("verification_uri_complete", Value::from(format!("{page}?user_code={user_code}"))),
        ("expires_in", Value::from(LIFETIME.as_secs())),
        ("interval", Value::from(INTERVAL.as_secs())),
    ] {
        answer.insert(own_name(&form.rename, member).to_owned(), value);
    }
    let now = shared.clock.now();
    let waiting =
        Waiting { client, user_code, scopes, expires: now + LIFETIME, interval: INTERVAL, asked: now, decision: None };
    shared.state().devices.insert(device_code, waiting);
    Ok(answer)
}

/// Checks the token request (section 3.4) and gives tokens once the user has approved.
pub(crate) fn redeem(shared: &Shared, rules: &DeviceGrant, request: &Request, own: &Params) -> Result<Issued, Refused> {
    let (facts, form) = (&shared.facts, &rules.request);
    let nothing = Vec::new();
    let taken = read(request, form.method, form.format, own, &nothing)?;
    let client = proved(shared, (request, &taken), form.client_auth, [&form.params, &nothing, &form.headers])?;
    let name = own_name(&form.rename, "device_code");
    let code = taken.params.get(name);
    let code = code.ok_or_else(|| Refused::invalid_request(format!("the parameter `{name}` is missing")))?;
    let owner = facts.clients.get(client).ok_or_else(|| Refused::invalid_grant("the client is not registered"))?;
    let asked = shared.state().devices.get(code).map(|login| login.scopes.join(&facts.spec.scopes.separator));
    let whose = Whose { scope: asked.as_deref(), ..Whose::client(owner) };
    facts.expect(&form.params, whose, &taken.params, &[]).map_err(Refused::invalid_request)?;
    expect_headers(facts, &form.headers, whose, request).map_err(Refused::invalid_request)?;
    let now = shared.clock.now();
    let mut state = shared.state();
    let login = state.devices.get_mut(code).filter(|login| login.client == client);
    let login = login.ok_or_else(|| Refused::invalid_grant("the device code is unknown, used, or another client's"))?;
    let early = now < login.asked + login.interval;
    login.asked = now;
    match login.decision {
        _ if login.expires <= now => Err(Refused::new("expired_token", "the device code has expired")),
        // Section 3.5: the interval "MUST be increased by 5 seconds for this and all subsequent requests".
        None if early => {
            login.interval += INTERVAL;
            Err(Refused::new("slow_down", "asked before the interval was over"))
        }
        None => Err(Refused::new("authorization_pending", "the user has not finished")),
        Some(Decision::Denied) => Err(Refused::new("access_denied", "the user said no")),
        Some(Decision::Approved(user)) => {
            let scopes = login.scopes.clone();
            state.devices.remove(code);
            let grant = state.grants.len();
            state.grants.push(Grant {
                client,
                user,
                scopes,
                redirect_uri: String::new(),
                offline: true,
                nonce: None,
                auth_time: None,
                key: None,
                revoked: false,
            });
            let mut issued = access_token(shared, &mut state, grant, false);
            if let Some((token, expires)) = refresh_token(shared, &mut state, grant) {
                issued.refresh_token = Some(token);
                issued.refresh_expires = expires;
            }
            Ok(issued)
        }
    }
}

/// The client whose request it is (section 3.1: it authenticates as at the token endpoint).
pub(crate) fn proved(
    shared: &Shared,
    (request, taken): (&Request, &Taken),
    auth: RefreshAuth,
    wanted: [&oauth_core::spec::Params; 3],
) -> Result<usize, Refused> {
    let proof = Proof { request, taken, wanted };
    let known = match auth {
        RefreshAuth::Full => authenticate(shared, &proof)?,
        RefreshAuth::Basic => authenticate_by_header(shared, &proof)?,
        _ => identify(&shared.facts, request, &taken.params)?,
    };
    Ok(known.0)
}

/// Eight letters with a hyphen between.
fn user_code(shared: &Shared) -> String {
    let text = random_text(&*shared.rng, "");
    let mut letters = text.bytes().map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    let four: String = letters.by_ref().take(4).collect();
    format!("{four}-{}", letters.take(4).collect::<String>())
}
