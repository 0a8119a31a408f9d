//! What the registration endpoint answers (RFC 7591 sections 3.2.1 and 3.2.2).

use serde_json::value::RawValue;

use super::metadata::BOUND;
use super::record::point;
use super::{ClientMetadata, RegisteredClient, expired};
use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Scrub, Step, clean};
use crate::http::{Answer, retry_after};
use crate::json::{self, Members};
use crate::spec::template;

/// No real client id is longer.
const MAX_ID: usize = 2 * 1024;

/// Reads the answer: a record bound to `issuer`, or why there is none.
pub(super) fn read(
    inner: &Inner,
    asked: &ClientMetadata,
    answer: &Answer,
    (scrub, issuer): (&Scrub, String),
) -> Result<RegisteredClient> {
    let text = std::str::from_utf8(&answer.body).unwrap_or_default();
    let members = Members::parse(text).ok();
    let status = answer.status.as_u16();
    if !answer.status.is_success() {
        return Err(refused(inner, answer, members.as_ref(), scrub));
    }
    let Some(members) = members else {
        let what = format!("the answer is not a JSON object (status {status}, {} bytes)", answer.body.len());
        return Err(inner.error(ErrorKind::BadResponse, Step::Registration, what));
    };
    let reader = Reader { inner, members };
    let client_id = reader.text("client_id")?.unwrap_or_default();
    if client_id.is_empty() || client_id.len() > MAX_ID || client_id.chars().any(char::is_control) {
        return Err(reader.wrong("client_id", "an id"));
    }
    let redirect_uris = reader.texts("redirect_uris")?;
    let auth_method = reader.text("token_endpoint_auth_method")?;
    check_unchanged(inner, asked, redirect_uris.as_deref(), auth_method.as_deref())?;
    let secret_expires_at = reader.secret_expires_at()?;
    if secret_expires_at.is_some_and(|end| end <= inner.now()) {
        return Err(expired(inner, Step::Registration));
    }
    Ok(RegisteredClient {
        issuer,
        client_id,
        secret: reader.text("client_secret")?.filter(|secret| !secret.is_empty()).map(Into::into),
        secret_expires_at,
        auth_method,
        redirect_uris: redirect_uris.unwrap_or_else(|| asked.uris().map(str::to_owned).collect()),
        registration_access_token: reader.text("registration_access_token")?.map(Into::into),
        registration_client_uri: reader.text("registration_client_uri")?.filter(|uri| is_sound(uri)),
        // What the client does always is not the server's to choose.
        dpop_bound: asked.is_bound() || reader.flag(BOUND)?,
        key_id: asked.held().and_then(|held| held.key_id().map(str::to_owned)),
        held: asked.held(),
    })
}

/// RFC 7591 section 3.2.1: the server "MAY reject or replace any of the client's requested metadata values", and "MUST return
/// all registered metadata". Where codes go, and how the client proves itself, is not the server's to choose in silence.
fn check_unchanged(
    inner: &Inner,
    asked: &ClientMetadata,
    redirect_uris: Option<&[String]>,
    auth_method: Option<&str>,
) -> Result<()> {
    let changed = |member: &str| {
        let what = format!("the provider registered another `{member}` than it was asked to, or did not say which");
        Err(inner.error(ErrorKind::RegistrationChanged, Step::Registration, what))
    };
    let mut wanted: Vec<&str> = asked.uris().collect();
    let mut given: Vec<&str> = redirect_uris.unwrap_or_default().iter().map(String::as_str).collect();
    for uris in [&mut wanted, &mut given] {
        uris.sort_unstable();
        uris.dedup();
    }
    if wanted != given && !asked.permits("redirect_uris") {
        return changed("redirect_uris");
    }
    let wanted = asked.text_of("token_endpoint_auth_method");
    if wanted.is_some() && wanted != auth_method && !asked.permits("token_endpoint_auth_method") {
        return changed("token_endpoint_auth_method");
    }
    Ok(())
}

/// RFC 7591 section 3.2.2.
fn refused(inner: &Inner, answer: &Answer, members: Option<&Members<'_>>, scrub: &Scrub) -> Error {
    let status = answer.status.as_u16();
    let text = |name: &str| json::text(members?.get(name)?);
    let wait = retry_after(&answer.headers, inner.now());
    let server = scrub.server(text("error").as_deref(), text("error_description").as_deref(), None);
    let (kind, what) = match status {
        429 => (ErrorKind::RateLimited, "the provider asks to wait".to_owned()),
        500.. => (ErrorKind::Unavailable, format!("the provider is not able to answer (status {status})")),
        _ => (ErrorKind::RegistrationRefused, format!("the provider does not register the client (status {status})")),
    };
    let error = Error::new(kind, Step::Registration, what).server(server.with_status(status, wait));
    match (status, text("error").as_deref()) {
        (401 | 403, _) => {
            error.fix("the endpoint wants an initial access token: `ClientMetadata::initial_access_token`")
        }
        (_, Some("invalid_redirect_uri")) => {
            error.fix("register redirect URIs that the provider takes, and the `application_type` that belongs to them")
        }
        _ => error,
    }
    .of(inner.spec())
}

/// Only what could be used later is kept.
fn is_sound(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| {
        template::is_secure(&url) && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    })
}

struct Reader<'a> {
    inner: &'a Inner,
    members: Members<'a>,
}

impl Reader<'_> {
    fn member(&self, name: &str) -> Option<&RawValue> {
        self.members.get(name).filter(|value| !json::is_null(value))
    }

    fn wrong(&self, name: &str, wanted: &str) -> Error {
        let what = format!("the answer's `{}` is not {wanted}", clean(name));
        self.inner.error(ErrorKind::BadResponse, Step::Registration, what)
    }

    fn text(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let text = json::text(value).ok_or_else(|| self.wrong(name, "text"))?;
        Ok(Some(text.into_owned()))
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match self.member(name).map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.member(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_| self.wrong(name, "a list of texts"))
    }

    /// RFC 7591 section 3.2.1: "the number of seconds from 1970-01-01T00:00:00Z as measured in UTC", "or 0 if it will not
    /// expire".
    fn secret_expires_at(&self) -> Result<Option<std::time::SystemTime>> {
        let name = "client_secret_expires_at";
        let Some(value) = self.member(name) else { return Ok(None) };
        let seconds: u64 = value.get().parse().map_err(|_| self.wrong(name, "a number of seconds"))?;
        Ok((seconds > 0).then(|| point(seconds)))
    }
}
