//! Pushing the authorization request (RFC 9126): its parameters go to the provider, authenticated, and the browser carries
//! nothing but a reference to them.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use secrecy::ExposeSecret as _;

use crate::client::{Context, Inner};
use crate::dpop::ProofKey;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::json::{self, Members};
use crate::spec::{BodyFormat, Method, Push, RefreshAuth, Template};
use crate::token::{self, TokenCall};

/// No real reference is longer.
const LONGEST_URI: usize = 2048;
/// No request is meant to lie there for longer.
const LONGEST_LIFETIME: u64 = 24 * 60 * 60;

/// What the provider gave for the request.
pub(crate) struct Pushed {
    /// RFC 9126 section 2.2: "a single-use reference to the respective request data in the subsequent authorization request".
    /// It goes into one URL, and nobody keeps it.
    pub(crate) request_uri: String,
    /// How long the provider keeps the request.
    pub(crate) lifetime: Duration,
}

/// Where this request is pushed to; nothing where it is not. A request that is to be pushed and cannot be is not sent in
/// another way.
pub(crate) fn endpoint(inner: &Inner, asked: bool) -> Result<Option<&Template>> {
    let spec = inner.spec();
    let endpoint = spec.endpoints.pushed_authorization.as_ref();
    match (spec.authorize.push, endpoint) {
        (Push::Required, None) => {}
        (_, None) if asked => {}
        (Push::Required | Push::Supported, endpoint) => return Ok(endpoint),
        (Push::Asked, endpoint) => return Ok(endpoint.filter(|_| asked)),
    }
    let what = format!("provider `{}` has no endpoint for pushed requests", spec.id);
    Err(Error::new(ErrorKind::Unsupported, Step::Authorize, what)
        .fix("add `endpoints.pushed_authorization` to the provider's YAML file if it has one")
        .of(spec))
}

/// RFC 9126 section 2.1: the client sends "the parameters that comprise an authorization request directly" and
/// authenticates as at the token endpoint.
///
/// RFC 9449 section 10.1: the code is bound by `dpop_jkt`, or by a proof in the header of the pushed request. Here are both, of one
/// key: some servers look for the one, some for the other, and the nonce that they want is known when the code is redeemed.
pub(crate) async fn push(
    inner: &Inner,
    url: &Template,
    params: &[(String, String)],
    key: Option<&ProofKey>,
) -> Result<Pushed> {
    let call = TokenCall {
        step: Step::Authorize,
        url,
        method: Method::Post,
        format: BodyFormat::Form,
        params: params.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value.as_str()))).collect(),
        extra: &Vec::new(),
        query: &[],
        headers: &[],
        client_auth: RefreshAuth::Full,
        context: Context::default(),
        progress: None,
    };
    // RFC 9126 section 2.2: the server answers "with a 201 HTTP status code".
    let answer = token::ask_proved(inner, call, Some(StatusCode::CREATED), key).await?;
    let pushed =
        read(answer.expose_secret()).map_err(|what| inner.error(ErrorKind::BadResponse, Step::Authorize, what))?;
    tracing::debug!("authorization request pushed");
    Ok(pushed)
}

/// RFC 9126 section 2.2: `request_uri`, and `expires_in`, "the lifetime of the request URI in seconds as a positive integer".
fn read(answer: &str) -> Result<Pushed, &'static str> {
    const URI: &str = "the answer's `request_uri` is not the text of a reference";
    const LIFETIME: &str = "the answer's `expires_in` is not a number of seconds";
    let members = Members::parse(answer).map_err(|_| "the answer is not a JSON object")?;
    let request_uri = members.get("request_uri").and_then(json::text).ok_or(URI)?.into_owned();
    // It is encoded when it becomes a parameter: whatever is in it, it is one.
    let is_sound = !request_uri.is_empty()
        && request_uri.len() <= LONGEST_URI
        && request_uri.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_sound {
        return Err(URI);
    }
    let seconds = members.get("expires_in").and_then(json::scalar).ok_or(LIFETIME)?;
    let seconds: u64 = seconds.parse().map_err(|_| LIFETIME)?;
    if seconds == 0 {
        return Err("the pushed request has ended already");
    }
    Ok(Pushed { request_uri, lifetime: Duration::from_secs(seconds.min(LONGEST_LIFETIME)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cr_11_a_reference_is_text_and_lasts() {
        let pushed = read(r#"{"request_uri": "urn:ietf:params:oauth:request_uri:x&y", "expires_in": 60}"#);
        let pushed = pushed.unwrap_or_else(|what| panic!("{what}"));
        assert_eq!(pushed.request_uri, "urn:ietf:params:oauth:request_uri:x&y");
        assert_eq!(pushed.lifetime, Duration::from_secs(60));
        assert!(read(r#"{"request_uri": "urn:x", "expires_in": "60"}"#).is_ok());
        let longest = read(r#"{"request_uri": "urn:x", "expires_in": 18446744073709551615}"#);
        assert_eq!(longest.map(|pushed| pushed.lifetime).ok(), Some(Duration::from_secs(LONGEST_LIFETIME)));
        for wrong in [
            "",
            "[]",
            "{}",
            r#"{"request_uri": "urn:x"}"#,
            r#"{"expires_in": 60}"#,
            r#"{"request_uri": "", "expires_in": 60}"#,
            r#"{"request_uri": ["urn:x"], "expires_in": 60}"#,
            r#"{"request_uri": 7, "expires_in": 60}"#,
            r#"{"request_uri": "urn:a b", "expires_in": 60}"#,
            r#"{"request_uri": "urn:\n", "expires_in": 60}"#,
            r#"{"request_uri": "urn:x", "request_uri": "urn:y", "expires_in": 60}"#,
            r#"{"request_uri": "urn:x", "expires_in": 0}"#,
            r#"{"request_uri": "urn:x", "expires_in": -1}"#,
            r#"{"request_uri": "urn:x", "expires_in": true}"#,
            r#"{"request_uri": "urn:x", "expires_in": null}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let long = format!(r#"{{"request_uri": "urn:{}", "expires_in": 60}}"#, "x".repeat(LONGEST_URI));
        assert!(read(&long).is_err());
    }
}
