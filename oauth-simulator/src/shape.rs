//! The provider's own shape of token and error answers: the inverse of how the client is told to read them.

use http::{HeaderName, StatusCode, header};
use oauth_core::spec::{Condition, Placement, ProviderSpec, TokenTypeRule};
use serde_json::{Map, Value};

use crate::facts::{Facts, own_name, text_of};
use crate::issue::Issued;
use crate::pointer::{member, number_or_text, put, put_if_absent, remove};
use crate::reply::Reply;
use crate::{SimUser, expiry, people};

/// Why a token request is refused (RFC 6749 section 5.2).
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) description: String,
    /// The nonce that the next proof of possession is to have (RFC 9449 section 8).
    pub(crate) nonce: Option<String>,
}

impl Refused {
    pub(crate) fn new(code: &'static str, description: impl Into<String>) -> Self {
        // RFC 6749 section 5.2: 400, and 401 for a client that did not prove itself.
        let status = if code == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        Self { status, code, description: description.into(), nonce: None }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }
}

/// The answer to a token request that went well (RFC 6749 section 5.1). `introduced` is the user, where the answer tells
/// who that is.
pub(crate) fn token_answer(facts: &Facts, issued: &Issued, introduced: Option<&SimUser>) -> Reply {
    let response = &facts.spec.token.response;
    let mut token = tokens(facts, issued);
    for extra in &response.extras {
        if let Some((_, value)) = facts.extras.iter().find(|(name, _)| *name == extra.name) {
            let value = match &extra.before {
                Some(before) => Value::from(format!("{}{before}rest", text_of(value))),
                None => value.clone(),
            };
            put_if_absent(&mut token, &member(&extra.at), value);
        }
    }
    if let (Some(user), Some(profile)) = (introduced, &facts.spec.profile) {
        let at = profile.at.first().map_or("", String::as_str);
        for (pointer, value) in people::members(facts, &profile.map, user) {
            put_if_absent(&mut token, &format!("{at}{pointer}"), value);
        }
    }
    let mut answer = Value::Null;
    put(&mut answer, response.at.first().map_or("", String::as_str), token);
    for (at, further) in &issued.also {
        let Value::Object(members) = tokens(facts, further) else { continue };
        for (name, value) in members {
            put(&mut answer, &format!("{at}{}", member(&name)), value);
        }
    }
    if let Some(rule) = &response.fails_when {
        mark_as_success(&mut answer, rule);
    }
    Reply::json(StatusCode::OK, &answer)
}

/// The members of the standard, for one access token.
fn tokens(facts: &Facts, issued: &Issued) -> Value {
    let response = &facts.spec.token.response;
    let mut token = Value::Object(Map::new());
    let mut set = |name: &str, value: Value| put(&mut token, &member(own_name(&response.rename, name)), value);
    set("access_token", Value::from(issued.access_token.as_str()));
    if let Some(kind) = if issued.bound { Some("DPoP") } else { token_type(&facts.spec) } {
        set("token_type", Value::from(kind));
    }
    if let Some(kind) = issued.kind {
        set("issued_token_type", Value::from(kind));
    }
    if let Some(refresh_token) = &issued.refresh_token {
        set("refresh_token", Value::from(refresh_token.as_str()));
    }
    if let Some(id_token) = &issued.id_token {
        set("id_token", Value::from(id_token.as_str()));
    }
    let scopes = &facts.spec.scopes;
    let separator = scopes.response_separator.as_ref().unwrap_or(&scopes.separator);
    if !scopes.none {
        let joined = || Value::from(issued.scopes.join(separator));
        set("scope", if facts.scopes_as_list { Value::from(issued.scopes.clone()) } else { joined() });
    }
    if let Some(value) = expiry::told(&response.expiry, issued.expires, facts.times_as_text) {
        put(&mut token, &member(&response.expiry.field), value);
    }
    let of_refresh = facts.spec.refresh.as_ref().and_then(|refresh| refresh.expiry.as_ref());
    if let (Some(rules), Some(_)) = (of_refresh, &issued.refresh_token)
        && let Some(value) = expiry::told(rules, issued.refresh_expires, facts.times_as_text)
    {
        put(&mut token, &member(&rules.field), value);
    }
    token
}

/// The answer to a token request that is refused, in the provider's shape.
pub(crate) fn error_answer(facts: &Facts, refused: &Refused) -> Reply {
    refusal(facts, facts.spec.token.response.fails_when.as_ref(), refused)
}

/// The same at another endpoint, where `rule` says when an answer with status 200 is an error.
pub(crate) fn refusal(facts: &Facts, rule: Option<&Condition>, refused: &Refused) -> Reply {
    let answer = error_object(facts, rule, refused.code, &refused.description);
    if rule.is_some() {
        return Reply::json(StatusCode::OK, &answer);
    }
    let mut reply = Reply::json(refused.status, &answer);
    if let Some(nonce) = &refused.nonce {
        reply = reply.with(HeaderName::from_static("dpop-nonce"), nonce);
    }
    if refused.status != StatusCode::UNAUTHORIZED {
        return reply;
    }
    // RFC 9110 section 15.5.2: a 401 says how one authenticates.
    reply.with(header::WWW_AUTHENTICATE, &format!("Basic realm=\"{}\"", facts.spec.id))
}

/// An error that a test scripted: with status 200 where the file says how one tells it from success.
pub(crate) fn failed_answer(facts: &Facts, rule: Option<&Condition>, status: u16, code: &str) -> Reply {
    let answer = error_object(facts, rule, code, "as the test says");
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reply::json(if rule.is_some() { StatusCode::OK } else { status }, &answer)
}

fn error_object(facts: &Facts, rule: Option<&Condition>, code: &str, description: &str) -> Value {
    let fields = facts.spec.token.response.error.clone().unwrap_or_default();
    let own = fields.codes.iter().find(|(_, standard)| standard == code);
    let own = own.map_or_else(|| Value::from(code), |(own, _)| number_or_text(own));
    let mut answer = Value::Object(Map::new());
    put(&mut answer, fields.code.as_deref().unwrap_or("/error"), own);
    put_if_absent(&mut answer, fields.description.as_deref().unwrap_or("/error_description"), Value::from(description));
    if let Some(rule) = rule {
        mark_as_failure(&mut answer, rule);
    }
    answer
}

/// Whether the condition is true of the answer, or of an item of it.
pub(crate) fn holds(answer: &Value, rule: &Condition) -> bool {
    match (answer.pointer(&rule.at), &rule.equals, &rule.differs) {
        (None, ..) => false,
        (Some(found), Some(equals), _) => found == equals,
        (Some(found), None, Some(differs)) => found != differs,
        (Some(_), None, None) => true,
    }
}

pub(crate) fn mark_as_failure(answer: &mut Value, rule: &Condition) {
    if holds(answer, rule) {
        return;
    }
    let value = match (&rule.equals, &rule.differs) {
        (Some(equals), _) => equals.clone(),
        (None, Some(differs)) => other_than(differs),
        (None, None) => Value::from("error"),
    };
    put(answer, &rule.at, value);
}

pub(crate) fn mark_as_success(answer: &mut Value, rule: &Condition) {
    let is_failure = holds(answer, rule);
    match (&rule.equals, &rule.differs) {
        (Some(Value::Bool(failure)), _) => put(answer, &rule.at, Value::Bool(!failure)),
        (Some(failure), _) if is_failure => put(answer, &rule.at, other_than(failure)),
        (None, Some(success)) => put(answer, &rule.at, success.clone()),
        // A member that tells of errors alone is not there.
        (None, None) => remove(answer, &rule.at),
        _ => {}
    }
}

fn other_than(value: &Value) -> Value {
    match value {
        Value::Bool(known) => Value::Bool(!known),
        Value::Number(number) => Value::from(number.as_i64().map_or(1, |known| known.wrapping_add(1))),
        _ => Value::from("error"),
    }
}

fn token_type(spec: &ProviderSpec) -> Option<&str> {
    match (spec.token.response.token_type, &spec.token.placement) {
        // Nobody has to ignore the usual word.
        (TokenTypeRule::Ignored, Placement::Header { scheme: Some(scheme), .. }) if scheme == "Bearer" => {
            Some("sample")
        }
        (TokenTypeRule::Ignored, Placement::Header { scheme, .. }) => scheme.as_deref(),
        // The provider is known to leave it out.
        (TokenTypeRule::AssumeBearer | TokenTypeRule::Ignored, _) => None,
        _ => Some("Bearer"),
    }
}
