//! The provider's own shape of token and error answers: the inverse of how the client is told to read them.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{StatusCode, header};
use oauth_core::spec::{Condition, ExpiryKind, ExpiryUnit, Placement, ProviderSpec, TokenTypeRule};
use serde_json::{Map, Value};

use crate::facts::{Facts, own_name};
use crate::issue::Issued;
use crate::pointer::{member, number_or_text, put, put_if_absent};
use crate::reply::Reply;

/// Why a token request is refused (RFC 6749 section 5.2).
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) description: String,
}

impl Refused {
    pub(crate) fn new(code: &'static str, description: impl Into<String>) -> Self {
        // RFC 6749 section 5.2: 400, and 401 for a client that did not prove itself.
        let status = if code == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        Self { status, code, description: description.into() }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }
}

/// The answer to a token request that went well (RFC 6749 section 5.1).
pub(crate) fn token_answer(facts: &Facts, issued: &Issued) -> Reply {
    let response = &facts.spec.token.response;
    let mut token = Value::Object(Map::new());
    let mut set = |name: &str, value: Value| put(&mut token, &member(own_name(&response.rename, name)), value);
    set("access_token", Value::from(issued.access_token.as_str()));
    if let Some(kind) = token_type(&facts.spec) {
        set("token_type", Value::from(kind));
    }
    if let Some(refresh_token) = &issued.refresh_token {
        set("refresh_token", Value::from(refresh_token.as_str()));
    }
    let scopes = &facts.spec.scopes;
    let separator = scopes.response_separator.as_ref().unwrap_or(&scopes.separator);
    set("scope", Value::from(issued.scopes.join(separator)));
    if let Some(number) = expiry(&facts.spec, issued) {
        put(&mut token, &member(&response.expiry.field), Value::from(number));
    }
    for extra in &response.extras {
        if let Some((_, value)) = facts.extras.iter().find(|(name, _)| *name == extra.name) {
            put_if_absent(&mut token, &member(&extra.at), value.clone());
        }
    }
    let mut answer = Value::Null;
    put(&mut answer, response.at.first().map_or("", String::as_str), token);
    if let Some(rule) = &response.fails_when {
        mark_as_success(&mut answer, rule);
    }
    Reply::json(StatusCode::OK, &answer)
}

/// The answer to a token request that is refused, in the provider's shape.
pub(crate) fn error_answer(facts: &Facts, refused: &Refused) -> Reply {
    let response = &facts.spec.token.response;
    let fields = response.error.clone().unwrap_or_default();
    let code = fields.codes.iter().find(|(_, standard)| standard == refused.code);
    let code = code.map_or_else(|| Value::from(refused.code), |(own, _)| number_or_text(own));
    let mut answer = Value::Object(Map::new());
    put(&mut answer, fields.code.as_deref().unwrap_or("/error"), code);
    let description = fields.description.as_deref().unwrap_or("/error_description");
    put_if_absent(&mut answer, description, Value::from(refused.description.as_str()));
    let Some(rule) = &response.fails_when else {
        let reply = Reply::json(refused.status, &answer);
        if refused.status != StatusCode::UNAUTHORIZED {
            return reply;
        }
        // RFC 9110 section 15.5.2: a 401 says how one authenticates.
        return reply.with(header::WWW_AUTHENTICATE, &format!("Basic realm=\"{}\"", facts.spec.id));
    };
    mark_as_failure(&mut answer, rule);
    Reply::json(StatusCode::OK, &answer)
}

/// Whether the answer is an error by the provider's rule.
fn fails(answer: &Value, rule: &Condition) -> bool {
    match (answer.pointer(&rule.at), &rule.equals, &rule.differs) {
        (None, ..) => false,
        (Some(found), Some(equals), _) => found == equals,
        (Some(found), None, Some(differs)) => found != differs,
        (Some(_), None, None) => true,
    }
}

fn mark_as_failure(answer: &mut Value, rule: &Condition) {
    if fails(answer, rule) {
        return;
    }
    let value = match (&rule.equals, &rule.differs) {
        (Some(equals), _) => equals.clone(),
        (None, Some(differs)) => other_than(differs),
        (None, None) => Value::from("error"),
    };
    put(answer, &rule.at, value);
}

fn mark_as_success(answer: &mut Value, rule: &Condition) {
    match (&rule.equals, &rule.differs) {
        (_, Some(differs)) if answer.pointer(&rule.at).is_none() => put(answer, &rule.at, differs.clone()),
        (Some(Value::Bool(failure)), _) => put(answer, &rule.at, Value::Bool(!failure)),
        // A member that tells of errors alone is not there.
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
        (TokenTypeRule::Ignored, Placement::Header { scheme, .. }) => scheme.as_deref(),
        // The provider is known to leave it out.
        (TokenTypeRule::AssumeBearer | TokenTypeRule::Ignored, _) => None,
        _ => Some("Bearer"),
    }
}

fn expiry(spec: &ProviderSpec, issued: &Issued) -> Option<u64> {
    let expiry = &spec.token.response.expiry;
    let (at, lifetime) = issued.expires?;
    // A lifetime that the file knows by heart is one that the provider does not tell.
    if expiry.default == Some(lifetime.as_secs()) {
        return None;
    }
    let span = match expiry.kind {
        ExpiryKind::At => since_epoch(at),
        _ => lifetime,
    };
    match expiry.unit {
        ExpiryUnit::Milliseconds => u64::try_from(span.as_millis()).ok(),
        _ => Some(span.as_secs()),
    }
}

fn since_epoch(at: SystemTime) -> std::time::Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}
