//! A client's certificate (RFC 8705): who has its key is the client, and nobody else can use the tokens that are bound to it.

use std::sync::Arc;

use secrecy::SecretString;

use super::{Config, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::{HttpClient, ReqwestClient, TransportErrorKind};
use crate::spec::{ClientAuthMethod, ProviderSpec, TokenBound};

/// A chain of certificates, the client's own first, and its private key, as PEM.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(super) chain: Arc<str>,
    pub(super) key: SecretString,
}

impl Certificate {
    pub(crate) fn chain(&self) -> &str {
        &self.chain
    }

    pub(crate) fn key(&self) -> &SecretString {
        &self.key
    }
}

impl ProviderSpec {
    /// Whether the provider looks at the client's certificate.
    pub(crate) fn knows_certificates(&self) -> bool {
        self.client_auth.method == ClientAuthMethod::Mtls || self.token.bound == Some(TokenBound::Mtls)
    }
}

/// The transport that shows the client's certificate, for a client that has one. It is made once, and goes nowhere but to
/// this provider.
pub(super) fn transport(config: &Config) -> Result<Option<Arc<dyn HttpClient>>> {
    let fail =
        |what: &str, fix: &str| Error::new(ErrorKind::Config, Step::Configure, what.to_owned()).fix(fix.to_owned());
    let spec = &*config.spec;
    // Beside a certificate a key is for signed requests.
    let only_signs =
        spec.authorize.request_object.is_some() && (config.auth.client_certificate().is_some() || config.has_own_http);
    if spec.client_auth.method == ClientAuthMethod::Mtls && config.auth.signing_key().is_some() && !only_signs {
        let what = "the provider takes a client certificate, and this client has a secret or a key alone";
        return Err(fail(what, "use `ClientAuth::certificate(chain, key)`").of(spec));
    }
    let Some(certificate) = config.auth.client_certificate() else { return Ok(None) };
    if !spec.knows_certificates() {
        let what = "the client has a certificate, and the provider's file says nowhere that it is looked at";
        let fix = "leave it out, or correct the file: `client_auth: mtls`, or `token: {bound: mtls}`";
        return Err(fail(what, fix).of(spec));
    }
    if config.has_own_http {
        let what = "the client has a certificate and a transport of its own, which cannot show it";
        let fix = "give the certificate to the transport, and use `ClientAuth::none()`";
        return Err(fail(what, fix).of(spec));
    }
    let guard = config.guard.clone();
    match ReqwestClient::showing(&certificate.chain, &certificate.key, guard, |builder| builder) {
        Ok(http) => Ok(Some(Arc::new(http))),
        Err(error) => {
            let fix = if error.kind() == TransportErrorKind::NoBackend {
                "turn on feature `ring` or `aws-lc-rs`, or give the certificate to a transport of your own"
            } else {
                "give the whole chain as PEM, the client's own certificate first, and the key that belongs to it (PKCS#8)"
            };
            Err(fail("the client's certificate cannot be used", fix).source(error).of(spec))
        }
    }
}

impl Inner {
    /// The transport for the provider's own endpoints that clients prove themselves at.
    pub(crate) fn endpoint_http(&self) -> Result<&dyn HttpClient> {
        match &self.prepared()?.identity {
            Some(http) => Ok(&**http),
            None => self.http(),
        }
    }

    /// The transport for requests with the provider's tokens. RFC 8705 section 3: a bound token is used over a connection
    /// with the certificate that it is bound to.
    pub(crate) fn api_http(&self, step: Step) -> Result<&dyn HttpClient> {
        match self.spec().token.bound {
            Some(TokenBound::Mtls) => self.check_bound(step).and_then(|()| self.endpoint_http()),
            None => self.http(),
        }
    }

    /// RFC 8705 section 2: a client that is to prove itself by a certificate has one, or a transport that does.
    pub(crate) fn check_certificate(&self, step: Step) -> Result<()> {
        self.prepared()?;
        if has_certificate(&self.config) { Ok(()) } else { Err(lacking(&self.config, step)) }
    }

    /// RFC 8705 section 3: a token is bound to the certificate of the connection that it was asked for over. Without one the
    /// provider would give a token that works for whoever has it.
    pub(crate) fn check_bound(&self, step: Step) -> Result<()> {
        if self.spec().token.bound == Some(TokenBound::Mtls) { self.check_certificate(step) } else { Ok(()) }
    }
}

/// That there is a certificate where the provider looks at it.
pub(crate) fn check_certificate(config: &Config) -> Result<()> {
    let lacks = config.spec.knows_certificates() && !has_certificate(config);
    if lacks { Err(lacking(config, Step::Configure)) } else { Ok(()) }
}

/// Whether a certificate is shown; a transport of the caller's own answers for that itself.
fn has_certificate(config: &Config) -> bool {
    config.auth.client_certificate().is_some() || config.has_own_http
}

fn lacking(config: &Config, step: Step) -> Error {
    let spec = &*config.spec;
    let what = if spec.client_auth.method == ClientAuthMethod::Mtls {
        "the provider wants a client certificate, and this client has none"
    } else {
        "the provider binds tokens to a client certificate (`token: {bound: mtls}`), and this client has none"
    };
    let fix = if config.auth.is_none() {
        "use `ClientAuth::certificate(chain, key)`, or a transport that shows one"
    } else {
        "add it to the credentials with `.with_certificate(chain, key)`, or use a transport that shows one"
    };
    Error::new(ErrorKind::Config, step, what).fix(fix).of(spec)
}
