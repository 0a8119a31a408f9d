use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use rustls::ConfigBuilder;
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::BuilderVerifierExt as _;
#[cfg(not(target_os = "android"))]
use rustls_platform_verifier::Verifier;
use secrecy::{ExposeSecret as _, SecretString};

use super::guard::{Blocked, Guard};
use super::{Body, BodySource, BoxFuture, HttpClient, TransportError, TransportErrorKind};
use crate::crypto::{CryptoError, tls_provider};

/// The default transport: reqwest over rustls with the compiled cryptography backend, the system's trust store, HTTP/1.1.
///
/// Our policy is part of it: no redirects, no cookies, no proxy from the environment, a connect timeout of 10 seconds.
#[derive(Clone, Debug)]
pub struct ReqwestClient {
    client: reqwest::Client,
    guard: Option<Guard>,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

impl ReqwestClient {
    /// A client with the defaults.
    pub fn new() -> Result<Self, TransportError> {
        Self::with(|builder| builder)
    }

    /// A client that `configure` may adapt: a proxy, a user agent, a local address.
    ///
    /// Our policy is applied after it, because what a built client follows and keeps cannot be inspected. The TLS of the
    /// transport is part of it: no setting of the builder turns verification off or adds an authority;
    /// [`with_roots`](Self::with_roots) does the latter.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let http = oauth_core::http::ReqwestClient::with(|builder| builder.user_agent("my-app/1.0"))?;
    /// # Ok(()) }
    /// ```
    pub fn with(
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, TransportError> {
        Self::build(tls_config()?, None, configure)
    }

    /// As [`with`](Self::with), and these certificate authorities, as PEM, vouch for servers as well as the system's do: for a
    /// company's own, where it is not in the system's trust store. Text without a certificate, or with one that is no
    /// authority's, is [`TransportErrorKind::Tls`].
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let roots = std::fs::read_to_string("company-ca.pem")?;
    /// let http = oauth_core::http::ReqwestClient::with_roots(&roots, |builder| builder)?;
    /// # Ok(()) }
    /// ```
    #[cfg(not(target_os = "android"))]
    pub fn with_roots(
        roots_pem: &str,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, TransportError> {
        let roots = certificates(roots_pem)?;
        let provider = provider()?;
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(untrusted)?;
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(untrusted)?
            .dangerous() // rustls' word for a verifier that is not its own: the platform's, which the other clients have, too
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Self::build(tls, None, configure)
    }

    /// A client that connects to public addresses only: for servers that somebody else names (RFC 9728 section 7.7). The
    /// address is checked that the connection is made to; there is no proxy.
    pub fn guarded() -> Result<Self, TransportError> {
        Self::guarded_with(Guard::new(), |builder| builder)
    }

    /// As [`guarded`](Self::guarded), with a guard of your own and what `configure` adapts: a user agent, timeouts. Our policy
    /// is applied after it, proxies are taken off, and names are looked up by the guard. What `configure` fixes the address of
    /// (`resolve`, `unix_socket`) is yours to answer for.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use oauth_core::http::{Guard, ReqwestClient};
    ///
    /// let for_tests = ReqwestClient::guarded_with(Guard::new().dangerous_allow_loopback(), |builder| builder)?;
    /// # Ok(()) }
    /// ```
    pub fn guarded_with(
        guard: Guard,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, TransportError> {
        Self::build(tls_config()?, Some(guard), configure)
    }

    /// A client that shows a certificate (RFC 8705) to every server that asks for one: the chain as PEM, its own certificate
    /// first, and its private key. A chain or a key that cannot be read, or that do not belong together, are
    /// [`TransportErrorKind::Tls`].
    ///
    /// [`ClientAuth::certificate`](crate::ClientAuth::certificate) makes one by itself, which no other server gets to see; this
    /// is for a transport that needs more. It does not read the clock: a certificate that has ended is for the server to refuse.
    pub fn with_identity(
        chain_pem: &str,
        key_pem: &SecretString,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, TransportError> {
        Self::showing(chain_pem, key_pem, None, configure)
    }

    /// As [`with_identity`](Self::with_identity), perhaps with a guard.
    pub(crate) fn showing(
        chain_pem: &str,
        key_pem: &SecretString,
        guard: Option<Guard>,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, TransportError> {
        let chain = certificates(chain_pem)?;
        let key = PrivateKeyDer::from_pem_slice(key_pem.expose_secret().as_bytes()).map_err(untrusted)?;
        let tls = verifying()?.with_client_auth_cert(chain, key).map_err(untrusted)?;
        Self::build(tls, guard, configure)
    }

    fn build(
        tls: rustls::ClientConfig,
        guard: Option<Guard>,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, TransportError> {
        let fresh = reqwest::Client::builder()
            .user_agent(concat!("oauth-providers/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .no_proxy();
        let configured = configure(fresh).tls_backend_preconfigured(tls);
        let mut builder = configured.redirect(reqwest::redirect::Policy::none());
        if let Some(guard) = &guard {
            builder = builder.no_proxy().dns_resolver(Arc::new(guard.clone()));
        }
        let client =
            builder.build().map_err(|error| TransportError::new(TransportErrorKind::Request, error.without_url()))?;
        Ok(Self { client, guard })
    }
}

/// The TLS configuration of the default transport, for what speaks TLS without HTTP: a store's connection to its server.
///
/// There is one for the process: the trust store is read once. The crypto provider is given explicitly and no
/// process-wide one is installed or relied on.
pub fn tls_config() -> Result<rustls::ClientConfig, TransportError> {
    static TLS: OnceLock<rustls::ClientConfig> = OnceLock::new();
    if let Some(config) = TLS.get() {
        return Ok(config.clone());
    }
    let config = verifying()?.with_no_client_auth();
    Ok(TLS.get_or_init(|| config).clone())
}

/// Servers are checked against the system's trust store. Without one there is no client: nothing is trusted in its place.
fn verifying() -> Result<ConfigBuilder<rustls::ClientConfig, WantsClientCert>, TransportError> {
    rustls::ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()
        .and_then(ConfigBuilder::with_platform_verifier)
        .map_err(untrusted)
}

fn provider() -> Result<Arc<CryptoProvider>, TransportError> {
    tls_provider().ok_or_else(|| TransportError::new(TransportErrorKind::NoBackend, CryptoError::NoBackend))
}

/// The certificates of a PEM, one at least.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(untrusted)?;
    if found.is_empty() { Err(untrusted(rustls::pki_types::pem::Error::NoItemsFound)) } else { Ok(found) }
}

fn untrusted(error: impl Into<Box<dyn StdError + Send + Sync>>) -> TransportError {
    TransportError::new(TransportErrorKind::Tls, error)
}

impl HttpClient for ReqwestClient {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(classify)?;
            if let Some(guard) = &self.guard {
                guard
                    .check(request.url())
                    .map_err(|blocked| TransportError::new(TransportErrorKind::Blocked, blocked))?;
            }
            let response = self.client.execute(request).await.map_err(classify)?;
            let response: http::Response<reqwest::Body> = response.into();
            let (head, body) = response.into_parts();
            let body = Body::new(Pieces(reqwest::Response::from(http::Response::new(body))));
            Ok(http::Response::from_parts(head, body))
        })
    }
}

struct Pieces(reqwest::Response);

impl BodySource for Pieces {
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, TransportError>> {
        Box::pin(async move { self.0.chunk().await.map_err(classify) })
    }
}

/// reqwest prints the URL with its query: the URL is taken off first.
fn classify(error: reqwest::Error) -> TransportError {
    let kind = if error.is_builder() || error.is_request() && is_malformed(&error) {
        TransportErrorKind::Request
    } else if causes(&error).any(<dyn StdError>::is::<Blocked>) {
        TransportErrorKind::Blocked
    } else if error.is_connect() && tls_cause(&error).is_some() || tls_cause(&error).is_some_and(is_about_identity) {
        TransportErrorKind::Tls
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Broken
    };
    TransportError::new(kind, Cause(innermost(&error.without_url())))
}

fn is_malformed(error: &reqwest::Error) -> bool {
    causes(error).any(<dyn StdError>::is::<http::Error>)
}

fn tls_cause(error: &reqwest::Error) -> Option<&rustls::Error> {
    causes(error).find_map(<dyn StdError>::downcast_ref)
}

/// RFC 8446 sections 2 and 4.4.2.4: in TLS 1.3 a client has finished its half of the handshake, and may have sent its
/// request, before the server looks at its certificate; a server that refuses it reads nothing of the request. What fails
/// beside that once a connection is made says nothing of how far the request got.
fn is_about_identity(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;

    matches!(
        error,
        rustls::Error::AlertReceived(
            Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::CertificateRequired
        )
    )
}

/// The causes, outermost first. An I/O error names the source of what it wraps and not what it wraps: that is unwrapped.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| {
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as &(dyn StdError + 'static)).or_else(|| cause.source())
    })
}

/// The innermost cause says what happened; the layers above it say only that something did.
fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Cause {}
