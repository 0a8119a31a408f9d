//! Telling a token response from everything else that a token endpoint may answer.

use std::borrow::Cow;

use http::{StatusCode, header};
use secrecy::SecretString;
use serde_json::value::RawValue;

use super::response::{Fault, Grant};
use super::{TokenCall, TokenSet};
use crate::client::Inner;
use crate::dpop::{self, ProofKey};
use crate::error::{Error, ErrorKind, Result, Scrub, ServerError};
use crate::http::{Answer, retry_after};
use crate::json::{self, Members};
use crate::mechanism;
use crate::spec::{AlsoToken, Revoke, TokenTypeRule};

/// What the answer to a request that ends a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The token has ended now, or before: RFC 7009 section 2.2 makes no difference.
    Revoked,
    /// It had ended before, in the provider's own words.
    Gone,
}

pub(super) struct Reader<'a> {
    pub(super) inner: &'a Inner,
    pub(super) call: &'a TokenCall<'a>,
    /// What a mechanism made of the client's secret for the request.
    pub(super) proof: &'a [String],
    pub(super) secure: bool,
}

impl Reader<'_> {
    /// The answer of an endpoint that gives no tokens itself: a JSON object that is no error.
    pub(super) fn object(&self, answer: &Answer, only: Option<StatusCode>) -> Result<SecretString> {
        let json = self.json(answer)?;
        let root: Option<&RawValue> = json.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let failed = |root: &RawValue| {
            let rule = self.inner.spec().token.response.fails_when.as_ref();
            is_error(root) || rule.is_some_and(|rule| json::holds(rule, root))
        };
        match root {
            root if !answer.status.is_success() => Err(self.refusal(answer, root)),
            Some(root) if failed(root) => Err(self.refusal(answer, Some(root))),
            _ if only.is_some_and(|only| answer.status != only) => {
                Err(self
                    .fail(ErrorKind::BadResponse, format!("the answer is not the one expected ({})", describe(answer))))
            }
            Some(root) if Members::parse(root.get()).is_ok() => Ok(root.get().to_owned().into()),
            _ => Err(self.not_json(answer)),
        }
    }

    /// The answer of an endpoint that signs what it says, if it is of that type. A refusal is JSON, as at any endpoint.
    pub(super) fn signed(&self, answer: &Answer, media_type: &str) -> Result<Option<SecretString>> {
        if !answer.status.is_success() {
            return Err(self.refusal(answer, serde_json::from_slice(&answer.body).ok()));
        }
        let text = std::str::from_utf8(&answer.body).ok().filter(|_| answer.is_of(media_type));
        Ok(text.map(|text| text.trim().to_owned().into()))
    }

    /// The tokens, which are bound to the key where the answer says so.
    pub(super) fn grant(
        &self,
        answer: &Answer,
        requested: &[String],
        (type_rule, key): (TokenTypeRule, Option<&ProofKey>),
    ) -> Result<Grant> {
        let json = self.json(answer)?;
        let root: Option<&RawValue> = json.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if !answer.status.is_success() {
            return Err(self.refusal(answer, root));
        }
        let root = root.ok_or_else(|| self.not_json(answer))?;
        let rules = &self.inner.spec().token.response;
        let object = rules.at.iter().find_map(|at| {
            let object = Members::parse(json::pointer(root, at)?.get()).ok()?;
            object.get(crate::client::renamed(&rules.rename, "access_token")).is_some().then_some(object)
        });
        let failed = rules.fails_when.as_ref().is_some_and(|rule| json::holds(rule, root)) || is_error(root);
        match (object, failed) {
            (Some(_), true) => Err(self
                .fail(ErrorKind::AmbiguousResponse, "the answer has both a token and an error; neither is believed")),
            (None, true) => Err(self.refusal(answer, Some(root))),
            (None, false) => {
                Err(self
                    .fail(ErrorKind::BadResponse, format!("the answer has no `access_token` ({})", describe(answer))))
            }
            (Some(object), false) => {
                let grant = Grant::read((type_rule, key), self.inner.spec(), &object, requested, self.inner.now());
                let mut grant = grant.map_err(|fault| self.fault(fault))?;
                grant.tokens.issuer = self.inner.prepared()?.issuer.as_deref().map(Into::into);
                for rule in &rules.also {
                    grant.tokens.also.extend(self.also(rule, root)?);
                }
                Ok(grant)
            }
        }
    }

    /// Whether the request is to be sent once more, with the nonce that the answer brought; any nonce is kept. RFC 9449
    /// section 8: the client retries with the nonce, and a server that wants another then wants them for ever.
    pub(super) fn is_to_be_proved_again(&self, answer: &Answer, again: bool) -> Result<bool> {
        let wanted = self.wants_nonce(answer);
        let given = dpop::learn(self.inner, &self.call.own_address(self.inner)?, &answer.headers, wanted);
        match wanted && given {
            true if again => Err(dpop::nonce_loop(self.inner, self.call.step)),
            wanted => Ok(wanted),
        }
    }

    /// Whether the proof was refused for want of a nonce. RFC 9449 section 8: status 400 with this error.
    fn wants_nonce(&self, answer: &Answer) -> bool {
        let root: Option<&RawValue> = serde_json::from_slice(&answer.body).ok();
        let refused = matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        refused && self.code(root).as_deref() == Some(dpop::USE_NONCE)
    }

    /// The answer to a request that ends a token. RFC 7009 section 2.2: status 200 "if the token has been revoked
    /// successfully or if the client submitted an invalid token"; "the content of the response body is ignored".
    ///
    /// A body that says that it is an error is not: whoever takes it for success believes that the token has ended.
    pub(super) fn ended(&self, answer: &Answer, rules: &Revoke) -> Result<Ended> {
        let root: Option<&RawValue> = serde_json::from_slice(&answer.body).ok();
        if answer.status.is_success() {
            let failed = match (&rules.fails_when, root) {
                (Some(rule), Some(root)) => json::holds(rule, root) || is_error(root),
                (Some(_), None) => return Err(self.not_json(answer)),
                (None, root) => root.is_some_and(is_error),
            };
            if !failed {
                return Ok(Ended::Revoked);
            }
        }
        let (code, status) = (self.code(root), answer.status.as_str());
        let had_ended = rules.gone.iter().any(|gone| gone == status || code.as_deref() == Some(gone.as_str()));
        if had_ended { Ok(Ended::Gone) } else { Err(self.refusal(answer, root)) }
    }

    /// The error's code as the server wrote it.
    fn code(&self, root: Option<&RawValue>) -> Option<String> {
        let own = self.inner.spec().token.response.error.as_ref().and_then(|fields| fields.code.as_deref());
        first(root, own, ["/error", "/error/code"])
    }

    /// A further token of the answer, where there is one.
    fn also(&self, rule: &AlsoToken, root: &RawValue) -> Result<Option<(String, TokenSet)>> {
        let spec = self.inner.spec();
        let object = json::pointer(root, &rule.at).and_then(|object| Members::parse(object.get()).ok());
        let name = crate::client::renamed(&spec.token.response.rename, "access_token");
        let has_token =
            |object: &Members<'_>| object.get(name).is_some_and(|token| !json::is_null(token) && token.get() != "\"\"");
        let Some(object) = object.filter(has_token) else { return Ok(None) };
        let grant = Grant::read_also(spec, &object, self.inner.now()).map_err(|fault| self.fault(fault))?;
        Ok(Some((rule.name.clone(), grant.tokens)))
    }

    /// The answer as JSON text: JSON itself, or a form (RFC 6749 wants JSON; some servers send what the request was in).
    fn json<'a>(&self, answer: &'a Answer) -> Result<Option<Cow<'a, str>>> {
        if let Some(decoder) = &self.inner.prepared()?.hooks.answer_decoder {
            let decoded = mechanism::decode(self.inner, &**decoder, self.call.step, answer, || self.scrub())?;
            if let Some(json) = decoded {
                return Ok(Some(Cow::Owned(json)));
            }
        }
        let Ok(text) = std::str::from_utf8(&answer.body) else { return Ok(None) };
        let start = text.trim_start();
        if start.starts_with(['{', '[']) {
            return Ok(Some(Cow::Borrowed(text)));
        }
        if !text.contains('=') || start.starts_with('<') || text.contains(char::is_whitespace) {
            return Ok(None);
        }
        // A form that ends where the connection does may have lost its last characters, and nobody would see it. TLS
        // tells such an end from a cut; plain HTTP does so only with a length or with chunks.
        let framed = answer.headers.contains_key(header::CONTENT_LENGTH)
            || answer.headers.contains_key(header::TRANSFER_ENCODING);
        if !self.secure && !framed {
            return Err(
                self.fail(ErrorKind::ResponseTruncated, "the answer has no length, so it may have been cut off")
            );
        }
        let mut object = serde_json::Map::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if object.insert(name.into_owned(), value.into_owned().into()).is_some() {
                return Err(self.fail(ErrorKind::BadResponse, "the answer names a member twice"));
            }
        }
        Ok(Some(Cow::Owned(serde_json::Value::Object(object).to_string())))
    }

    /// The error of a refusal (RFC 6749 section 5.2), in the standard's shape or in the provider's.
    fn refusal(&self, answer: &Answer, root: Option<&RawValue>) -> Error {
        let scrub = self.scrub();
        let fields = self.inner.spec().token.response.error.as_ref();
        let read = |own: Option<&str>, others: [&str; 2]| first(root, own, others).map(|text| scrub.text(&text));
        let code = self.code(root).map(|text| scrub.text(&text));
        let description =
            read(fields.and_then(|fields| fields.description.as_deref()), ["/error_description", "/error/message"]);
        let uri = read(None, ["/error_uri", "/error/error_uri"]);
        let wait = retry_after(&answer.headers, self.inner.now());
        let server = ServerError::new(code.as_deref(), description.as_deref(), uri.as_deref())
            .with_status(answer.status.as_u16(), wait);
        let standard =
            code.as_deref().map(|code| fields.map_or(code, |fields| crate::client::renamed(&fields.codes, code)));
        let kind = kind(answer.status, standard);
        let what = match (kind, &code) {
            (ErrorKind::Unavailable, _) => {
                format!("the provider is not able to answer (status {})", answer.status.as_u16())
            }
            (ErrorKind::RateLimited, _) => "the provider asks to wait".to_owned(),
            (_, Some(code)) => format!("the provider refused with {}", crate::error::clean(code)),
            (_, None) => format!("the provider refused ({})", describe(answer)),
        };
        let builder = Error::new(kind, self.call.step, what).server(server);
        let builder = match kind {
            // RFC 6749 section 5.2: "The authenticated client is not authorized to use this authorization grant type".
            ErrorKind::ClientRejected if standard == Some("unauthorized_client") => builder
                .fix("allow this kind of login or grant for the app in the provider's console; its credentials are not the reason"),
            ErrorKind::ClientRejected => builder.fix(self.credentials_hint()),
            _ => builder,
        };
        builder.of(self.inner.spec())
    }

    /// What an error must not repeat of the request.
    fn scrub(&self) -> Scrub {
        self.call.scrub(self.inner).and(&self.inner.config, self.proof.iter().map(String::as_str))
    }

    /// What can be said of the credentials without showing them.
    fn credentials_hint(&self) -> String {
        let config = &self.inner.config;
        let id = &config.client_id;
        let tail: String = id.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        let auth = &config.auth;
        let secret = match auth.as_secret() {
            Some(secret) => format!("the secret has {} characters", secret.chars().count()),
            None if auth.is_key() => match auth.key_id() {
                Some(kid) => format!("a private key signed (kid `{}`)", crate::error::clean(kid)),
                None => "a private key signed (no kid)".to_owned(),
            },
            None if auth.is_certificate() => "a certificate was shown".to_owned(),
            None => "no secret was given".to_owned(),
        };
        format!(
            "compare with the provider's console: the id ends in `{tail}`, {secret}, sent as `client_auth: {}`",
            config.spec.client_auth.as_str()
        )
    }

    fn fault(&self, fault: Fault) -> Error {
        match fault {
            Fault::Member(name, why) => self.fail(ErrorKind::BadResponse, format!("the answer's `{name}` {why}")),
            Fault::TypeMissing => Error::new(
                ErrorKind::TokenTypeMissing,
                self.call.step,
                "the answer has no `token_type`",
            )
            .fix("where the vendor documents that, its file says `token: {response: {token_type: assume_bearer}}`")
            .of(self.inner.spec()),
            Fault::Downgraded => {
                let what = "the token is bound to no key, although this provider's are; it was discarded";
                Error::new(ErrorKind::TokenDowngraded, self.call.step, what)
                    .fix("where the vendor documents tokens of both kinds, its file says `dpop: supported`")
                    .of(self.inner.spec())
            }
            Fault::TypeUnsupported(given) => {
                let given = self.scrub().text(&given);
                self.fail(
                    ErrorKind::TokenTypeUnsupported,
                    format!("the token is of type `{given}`, which this client cannot use; it was discarded"),
                )
            }
        }
    }

    fn not_json(&self, answer: &Answer) -> Error {
        Error::new(
            ErrorKind::BadResponse,
            self.call.step,
            format!("expected JSON and got something else ({})", describe(answer)),
        )
        .fix("usual reasons: a wrong token address, a captive portal or proxy, a missing Accept header")
        .of(self.inner.spec())
    }

    fn fail(&self, kind: ErrorKind, what: impl Into<String>) -> Error {
        Error::new(kind, self.call.step, what).of(self.inner.spec())
    }
}

/// The types that a message names. A header is the server's text like any other, and may hold what the request did.
const KINDS: [&str; 7] = [
    "text/html",
    "text/plain",
    "text/xml",
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/problem+json",
];

/// `text/html, 512 bytes, status 200`: what an answer is, without a byte of what it says.
fn describe(answer: &Answer) -> String {
    let kind = answer.headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
    let kind = kind.map_or("no content type", |given| {
        KINDS.iter().find(|known| given.starts_with(known.as_bytes())).unwrap_or(&"another type")
    });
    format!("{kind}, {} bytes, status {}", answer.body.len(), answer.status.as_u16())
}

/// The provider's own member, the standard's, then the nested object that many APIs answer with.
fn first(root: Option<&RawValue>, own: Option<&str>, others: [&str; 2]) -> Option<String> {
    own.into_iter().chain(others).find_map(|at| json::scalar(json::pointer(root?, at)?).map(Into::into))
}

/// RFC 6749 section 5.2: an error answer has a member `error`. A token response has none, or an empty one.
fn is_error(root: &RawValue) -> bool {
    json::pointer(root, "/error").is_some_and(|value| !matches!(value.get(), "null" | "\"\"" | "0" | "false"))
}

fn kind(status: StatusCode, code: Option<&str>) -> ErrorKind {
    match (status.as_u16(), code) {
        (_, Some("invalid_client" | "unauthorized_client")) => ErrorKind::ClientRejected,
        (_, Some("invalid_grant")) => ErrorKind::GrantRejected,
        (429, _) => ErrorKind::RateLimited,
        (408 | 500.., _) | (_, Some("temporarily_unavailable" | "server_error")) => ErrorKind::Unavailable,
        (_, Some("unsupported_token_type")) => ErrorKind::Unsupported,
        (_, Some("invalid_scope")) => ErrorKind::Scope,
        (_, Some("access_denied")) => ErrorKind::AccessDenied,
        _ => ErrorKind::ProviderRefused,
    }
}
