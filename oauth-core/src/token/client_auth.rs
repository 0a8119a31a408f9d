//! How the client proves itself at the token endpoint (RFC 6749 section 2.3).

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::request::Builder;
use secrecy::ExposeSecret as _;

use super::assertion;
use crate::client::{Config, Context, Inner, renamed};
use crate::encode;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{BasicUser, ClientAuthMethod, MintedPlace, PublicForm, RefreshAuth};

/// The `Authorization: Basic` header, where that is how this client authenticates. RFC 6749 section 2.3.1: id and secret
/// are each form-encoded, then joined by a colon and base64-encoded.
pub(crate) fn basic(config: &Config) -> Result<Option<HeaderValue>> {
    let auth = &config.spec.client_auth;
    if auth.method == ClientAuthMethod::Basic { basic_header(config) } else { Ok(None) }
}

fn basic_header(config: &Config) -> Result<Option<HeaderValue>> {
    let auth = &config.spec.client_auth;
    let id = config.client_id.as_str();
    let (user, password, what) = match (config.auth.as_secret(), auth.basic.user) {
        (Some(secret), BasicUser::Id) => (id, secret, "id"),
        (Some(secret), BasicUser::Secret) => (secret, "", "secret"),
        (None, _) if auth.basic.public == PublicForm::Basic => (id, "", "id"),
        (None, _) => return Ok(None),
    };
    // RFC 7617 section 2: "a user-id containing a colon character is invalid".
    if !auth.basic.encode && user.contains(':') {
        let what = format!("the client {what} has a colon, which this provider takes for its end");
        let fix = "copy it again from the provider's console";
        return Err(Error::new(ErrorKind::Config, Step::Configure, what).fix(fix).of(&config.spec));
    }
    let written = |text| if auth.basic.encode { encode::form(text) } else { Cow::Borrowed(text) };
    let pair = format!("{}:{}", written(user), written(password));
    // Base64 is visible ASCII.
    Ok(secret_header(format!("Basic {}", encode::base64(pair.as_bytes()))).ok())
}

/// A header's value that no log of a transport may show.
fn secret_header(text: String) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(text))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Adds to a request what the client shows of itself; what was made of a secret for it goes into `made` as well.
pub(super) fn prove<'a>(
    inner: &'a Inner,
    (step, shown, context): (Step, RefreshAuth, Context<'_>),
    params: &mut Vec<(&'a str, Cow<'a, str>)>,
    made: &mut Vec<String>,
    request: Builder,
) -> Result<Builder> {
    let config = &inner.config;
    let auth = &config.spec.client_auth;
    let rules = &config.spec.token.request;
    let id = (renamed(&rules.rename, "client_id"), Cow::Borrowed(config.client_id.as_str()));
    // The file may have the id among its own parameters.
    let omitted =
        rules.omit.iter().any(|omitted| omitted == "client_id") || params.iter().any(|(name, _)| *name == id.0);
    match (shown, auth.method) {
        // The file's own holes are the proof.
        (RefreshAuth::None, _) | (RefreshAuth::Full, ClientAuthMethod::Custom) => {}
        (RefreshAuth::Id, _) => params.push(id),
        // What is no secret to be shown is none here either: the checks refuse such a file.
        (RefreshAuth::Basic, ClientAuthMethod::Body | ClientAuthMethod::Basic) if config.auth.as_secret().is_some() => {
            if let Some(header) = basic_header(config)? {
                made.extend(header.to_str().ok().and_then(|text| text.strip_prefix("Basic ")).map(str::to_owned));
                return Ok(request.header(AUTHORIZATION, header));
            }
        }
        (RefreshAuth::Basic, _) => {
            let what = "the provider wants the client's secret in the header `Authorization`, and there is none";
            return Err(Error::new(ErrorKind::Config, step, what)
                .fix("make the client with the secret from the provider's console")
                .of(&config.spec));
        }
        (RefreshAuth::Full, ClientAuthMethod::Minted) => {
            let (Some(minter), Some(form)) = (&inner.prepared()?.minter, &auth.minted) else {
                return Err(Error::new(
                    ErrorKind::Config,
                    step,
                    "the provider wants a secret that is signed, and there is no key",
                )
                .fix("give the client the private key that the provider's console gave you as its secret")
                .of(&config.spec));
            };
            let secret = minter.mint(inner, form, step)?.expose_secret().to_owned();
            made.push(secret.clone());
            match form.sent {
                MintedPlace::Body => {
                    params.push(id);
                    params.push((renamed(&rules.rename, "client_secret"), Cow::Owned(secret)));
                }
                MintedPlace::Basic => {
                    let pair = format!("{}:{}", encode::form(&config.client_id), encode::form(&secret));
                    let basic = encode::base64(pair.as_bytes());
                    let header = secret_header(format!("Basic {basic}"));
                    made.push(basic);
                    let header = header.map_err(|source| {
                        Error::new(ErrorKind::Config, step, "the client secret cannot be written as HTTP")
                            .source(source)
                            .of(&config.spec)
                    })?;
                    return Ok(request.header(AUTHORIZATION, header));
                }
            }
        }
        (RefreshAuth::Full, ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::ClientSecretJwt) => {
            let assertion = assertion::assert(inner, step, context)?;
            made.push(assertion.clone());
            // RFC 7521 section 4.2: the client's id "is unnecessary for client assertion authentication", and some servers
            // look for it all the same.
            if !omitted {
                params.push(id);
            }
            params.push(("client_assertion_type", Cow::Borrowed(assertion::TYPE)));
            params.push(("client_assertion", Cow::Owned(assertion)));
        }
        (RefreshAuth::Full, ClientAuthMethod::Basic) if inner.prepared()?.basic.is_some() => {
            if auth.basic.id_in_body {
                params.push(id);
            }
            if let Some(basic) = &inner.prepared()?.basic {
                return Ok(request.header(AUTHORIZATION, basic));
            }
        }
        (RefreshAuth::Full, method) => {
            if method == ClientAuthMethod::Mtls {
                inner.check_certificate(step)?;
            }
            // RFC 8705 section 2: the client "MUST include the "client_id" parameter" as well.
            if !omitted {
                params.push(id);
            }
            // RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request."
            if let (ClientAuthMethod::Body, Some(secret)) = (method, config.auth.as_secret()) {
                params.push((renamed(&rules.rename, "client_secret"), Cow::Borrowed(secret)));
            }
        }
    }
    Ok(request)
}
