//! Requests taken apart and answers put together, as RFC 6749 has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{CLIENT_ID, CLIENT_SECRET};

pub(super) type Answer = Response<Full<Bytes>>;

/// How long access tokens are good for, in seconds.
const LIFETIME: u64 = 3600;

/// Status and code of a refusal.
type Refusal = (StatusCode, &'static str);

/// The refresh token of a sound request, or what is wrong with it (RFC 6749 sections 5.2 and 6).
pub(super) fn refresh_token(headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form {
        return Err((StatusCode::BAD_REQUEST, "invalid_request"));
    }
    let form: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    if !is_client(headers, &form) {
        return Err((StatusCode::UNAUTHORIZED, "invalid_client"));
    }
    match one(&form, "grant_type") {
        Some("refresh_token") => {}
        Some(_) => return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type")),
        None => return Err((StatusCode::BAD_REQUEST, "invalid_request")),
    }
    one(&form, "refresh_token")
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .ok_or((StatusCode::BAD_REQUEST, "invalid_request"))
}

/// RFC 6749 section 3.2: "Request and response parameters MUST NOT be included more than once."
fn one<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = form.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// RFC 6749 section 2.3.1: Basic, or both in the body.
fn is_client(headers: &HeaderMap, form: &[(String, String)]) -> bool {
    let Some(basic) = headers.get(header::AUTHORIZATION) else {
        return one(form, "client_id") == Some(CLIENT_ID) && one(form, "client_secret") == Some(CLIENT_SECRET);
    };
    let text = basic.to_str().ok().and_then(|text| text.strip_prefix("Basic "));
    let pair = text.and_then(|text| STANDARD.decode(text).ok()).and_then(|pair| String::from_utf8(pair).ok());
    pair.is_some_and(|pair| pair == format!("{CLIENT_ID}:{CLIENT_SECRET}"))
}

/// RFC 6749 section 5.1.
pub(super) fn tokens(access_token: &str, refresh_token: Option<&str>) -> Answer {
    let mut body = json!({"access_token": access_token, "token_type": "Bearer", "expires_in": LIFETIME});
    if let Some(refresh_token) = refresh_token {
        body["refresh_token"] = refresh_token.into();
    }
    status(StatusCode::OK, &body)
}

/// RFC 6749 section 5.2.
pub(super) fn error(code: StatusCode, error: &str) -> Answer {
    status(code, &json!({"error": error}))
}

/// RFC 9110 sections 10.2.3 and 15.6.4.
pub(super) fn unavailable(retry_after: Option<u64>) -> Answer {
    let mut answer = status(StatusCode::SERVICE_UNAVAILABLE, &json!({"message": "busy"}));
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

pub(super) fn status(code: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = code;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    answer
}
