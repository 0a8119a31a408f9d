//! What the registration endpoint answers (RFC 7591 sections 3.2.1 and 3.2.2).

use std::borrow::Cow;

use secrecy::SecretString;
use serde_json::value::RawValue;

use super::metadata::BOUND;
use super::record::point;
use super::{ClientMetadata, RegisteredClient, expired};
use crate::client::Inner;
use crate::error::{Error, ErrorKind, Result, Scrub, ServerError, Step, clean};
use crate::http::{Answer, retry_after};
use crate::json::{self, Members};
use crate::spec::template;

/// No real client id is longer.
const MAX_ID: usize = 2 * 1024;
/// RFC 7592 section 2.2: what a changed registration "MUST NOT include", and the id and the secret, which the record has.
pub(super) const SERVERS_OWN: [&str; 6] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
    "client_id",
    "client_secret",
];

/// Reads the answer: a record bound to `issuer`, or why there is none.
pub(super) fn read(
    inner: &Inner,
    asked: &ClientMetadata,
    answer: &Answer,
    (scrub, issuer): (&Scrub, String),
) -> Result<RegisteredClient> {
    if !answer.status.is_success() {
        return Err(refused(inner, answer, scrub));
    }
    let reader = Reader::of(inner, answer)?;
    reader.client_id()?;
    check_unchanged(inner, asked, &reader)?;
    let record = reader.record(issuer, asked.uris().map(str::to_owned).collect())?;
    if record.secret_expires_at.is_some_and(|end| end <= inner.now()) {
        return Err(expired(inner, Step::Registration));
    }
    // Of a server that leaves it out what was asked for is taken to be registered, where the client can do that: who got a
    // secret shows it, who got none has none to show.
    let fits = |method: &&str| match *method {
        "none" => record.secret.is_none(),
        method => !method.starts_with("client_secret") || record.secret.is_some(),
    };
    let asked_method = asked.method().filter(fits).map(str::to_owned);
    let mut record = record.keyed(asked);
    record.auth_method = record.auth_method.or(asked_method);
    // What the client does always is not the server's to choose.
    record.dpop_bound |= asked.is_bound();
    Ok(record)
}

/// RFC 7591 section 3.2.1: the server "MAY reject or replace any of the client's requested metadata values", and "MUST return
/// all registered metadata". Where codes go, and how the client proves itself, is not the server's to choose in silence.
pub(super) fn check_unchanged(inner: &Inner, asked: &ClientMetadata, told: &Reader<'_>) -> Result<()> {
    let (redirect_uris, auth_method) = (told.texts("redirect_uris")?, told.text("token_endpoint_auth_method")?);
    let changed = |member: &str| {
        let what = format!("the provider registered another `{member}` than it was asked to, or did not say which");
        Err(inner.error(ErrorKind::RegistrationChanged, Step::Registration, what))
    };
    let mut wanted: Vec<&str> = asked.uris().collect();
    let mut given: Vec<&str> = redirect_uris.iter().flatten().map(String::as_str).collect();
    for uris in [&mut wanted, &mut given] {
        uris.sort_unstable();
        uris.dedup();
    }
    if wanted != given && !asked.permits("redirect_uris") {
        return changed("redirect_uris");
    }
    let wanted = asked.text_of("token_endpoint_auth_method");
    if wanted.is_some() && wanted != auth_method.as_deref() && !asked.permits("token_endpoint_auth_method") {
        return changed("token_endpoint_auth_method");
    }
    Ok(())
}

/// RFC 7591 section 3.2.2.
fn refused(inner: &Inner, answer: &Answer, scrub: &Scrub) -> Error {
    let status = answer.status.as_u16();
    let (server, code) = said(inner, answer, scrub);
    let (kind, what) = unavailable(status).unwrap_or_else(|| {
        (ErrorKind::RegistrationRefused, format!("the provider does not register the client (status {status})"))
    });
    let error = Error::new(kind, Step::Registration, what).server(server);
    match (status, code.as_deref()) {
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

/// RFC 7592 section 2: 401 where the client does not exist or the token is not taken, 403 where the token may not do this, 405
/// where the server does not do this at all.
pub(super) fn unmanaged(inner: &Inner, answer: &Answer, method: &http::Method, scrub: &Scrub) -> Error {
    let status = answer.status.as_u16();
    let (server, _) = said(inner, answer, scrub);
    let (kind, what) = match status {
        401 | 404 | 410 => {
            let what =
                format!("the provider does not know this registration any more, or not its token (status {status})");
            (ErrorKind::RegistrationUnknown, what)
        }
        405 | 501 => {
            let what = format!("the provider answers no {method} for registrations (status {status})");
            (ErrorKind::Unsupported, what)
        }
        _ => unavailable(status).unwrap_or_else(|| {
            let what = format!("the provider refuses a {method} of the registration (status {status})");
            (ErrorKind::RegistrationRefused, what)
        }),
    };
    let error = Error::new(kind, Step::Registration, what).server(server);
    match kind {
        ErrorKind::Unsupported => error.fix("do it in the provider's console"),
        _ => error,
    }
    .of(inner.spec())
}

/// What the server says of its refusal, and its code.
fn said(inner: &Inner, answer: &Answer, scrub: &Scrub) -> (ServerError, Option<String>) {
    let members = std::str::from_utf8(&answer.body).ok().and_then(|text| Members::parse(text).ok());
    let text = |name: &str| json::text(members.as_ref()?.get(name)?).map(Cow::into_owned);
    let (code, description) = (text("error"), text("error_description"));
    let wait = retry_after(&answer.headers, inner.now());
    let server = scrub.server(code.as_deref(), description.as_deref(), None).with_status(answer.status.as_u16(), wait);
    (server, code)
}

fn unavailable(status: u16) -> Option<(ErrorKind, String)> {
    match status {
        429 => Some((ErrorKind::RateLimited, "the provider asks to wait".to_owned())),
        500.. => Some((ErrorKind::Unavailable, format!("the provider is not able to answer (status {status})"))),
        _ => None,
    }
}

/// Only what could be used later is kept.
pub(super) fn is_sound(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| template::is_endpoint(&url))
}

/// A client information response (RFC 7591 section 3.2.1, RFC 7592 section 3).
pub(super) struct Reader<'a> {
    inner: &'a Inner,
    members: Members<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn of(inner: &'a Inner, answer: &'a Answer) -> Result<Self> {
        let members = std::str::from_utf8(&answer.body).ok().and_then(|text| Members::parse(text).ok());
        let members = members.ok_or_else(|| {
            let (status, bytes) = (answer.status.as_u16(), answer.body.len());
            let what = format!("the answer is not a JSON object (status {status}, {bytes} bytes)");
            inner.error(ErrorKind::BadResponse, Step::Registration, what)
        })?;
        Ok(Self { inner, members })
    }

    pub(super) fn client_id(&self) -> Result<String> {
        let client_id = self.text("client_id")?.unwrap_or_default();
        if client_id.is_empty() || client_id.len() > MAX_ID || client_id.chars().any(char::is_control) {
            return Err(self.wrong("client_id", "an id"));
        }
        Ok(client_id)
    }

    /// The record, bound to `issuer`, with these redirect URIs where the answer has none.
    pub(super) fn record(&self, issuer: String, redirect_uris: Vec<String>) -> Result<RegisteredClient> {
        Ok(RegisteredClient {
            issuer,
            client_id: self.client_id()?,
            secret: self.secret("client_secret")?,
            secret_expires_at: self.secret_expires_at()?,
            auth_method: self.text("token_endpoint_auth_method")?,
            redirect_uris: self.texts("redirect_uris")?.unwrap_or(redirect_uris),
            registration_access_token: self.secret("registration_access_token")?,
            registration_client_uri: self.text("registration_client_uri")?.filter(|uri| is_sound(uri)),
            dpop_bound: self.flag(BOUND)?,
            key_id: None,
            key_thumbprint: None,
            held: None,
        })
    }

    /// What is registered, without what is the server's alone and without secrets.
    pub(super) fn metadata(&self) -> Result<ClientMetadata> {
        let mut metadata = ClientMetadata::new();
        for (name, value) in &self.members.0 {
            if SERVERS_OWN.contains(&&**name) || json::is_null(value) {
                continue;
            }
            if name == "software_statement" {
                metadata.software_statement = self.text(name)?.map(Into::into);
                continue;
            }
            let value = serde_json::from_str(value.get()).map_err(|_| self.wrong(name, "JSON"))?;
            metadata = metadata.member(name.clone(), value);
        }
        Ok(metadata)
    }

    pub(super) fn secret(&self, name: &str) -> Result<Option<SecretString>> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()).map(Into::into))
    }

    fn member(&self, name: &str) -> Option<&RawValue> {
        self.members.get(name).filter(|value| !json::is_null(value))
    }

    fn wrong(&self, name: &str, wanted: &str) -> Error {
        let what = format!("the answer's `{}` is not {wanted}", clean(name));
        self.inner.error(ErrorKind::BadResponse, Step::Registration, what)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
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

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
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
