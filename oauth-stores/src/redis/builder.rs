use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oauth_core::http::tls_config;
use oauth_core::store::{StoreError, StoreErrorKind, StoreResult};
use oauth_core::{OsRng, Rng, SecretString};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::RedisStore;
use super::address::Address;
use super::fault::{NAME, config, corrupt};
use super::keys::Keys;
use super::link::{Link, Request};
use super::reply;
use super::scripts::Scripts;

/// The format of what this version stores.
const FORMAT: u64 = 1;
const MAX_ATTEMPTS: u32 = 10_000;

/// How to reach a server, for a [`RedisStore`].
#[must_use]
pub struct RedisStoreBuilder {
    url: SecretString,
    prefix: String,
    connect_timeout: Duration,
    response_timeout: Duration,
    attempts: u32,
    roots: Option<Vec<u8>>,
    rng: Arc<dyn Rng>,
    plain: bool,
}

impl RedisStoreBuilder {
    pub(super) fn new(url: SecretString) -> Self {
        Self {
            url,
            prefix: "oauth".to_owned(),
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            attempts: MAX_ATTEMPTS,
            roots: None,
            rng: Arc::new(OsRng),
            plain: false,
        }
    }

    /// What the names of all keys begin with, between braces: 1 to 64 letters, digits, `_`, `.`, `:` and `-`. It is
    /// `oauth` unless given. Programs that share a server and not their accounts need different ones.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long to wait for a connection; 5 seconds unless given.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long to wait for an answer; 5 seconds unless given.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// How many logins may be under way at once; 10,000 unless given.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The certificate authorities, in PEM, that may vouch for the server: those, and no longer the system's.
    pub fn tls_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// Another source of random bytes than the system's, for the names of leases.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// Connects to another machine without TLS. Who is on the way sees the password and the names of records, can
    /// change what is stored, and grant itself leases; the sealed records stay sealed.
    pub fn dangerous_without_tls(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Connects.
    pub async fn connect(self) -> StoreResult<RedisStore> {
        let address = Address::parse(&self.url)?;
        if !address.is_local() && !address.is_tls() && !self.plain {
            return Err(config("the server is another machine, and the connection would not be encrypted")
                .fix("use rediss:// or, on a network that is yours alone, RedisStoreBuilder::dangerous_without_tls"));
        }
        if self.roots.is_some() && !address.is_tls() {
            return Err(config("certificate authorities are named for a connection without TLS").fix("use rediss://"));
        }
        let keys = Keys::new(&self.prefix)?;
        let tls = address.is_tls().then(|| tls(self.roots.as_deref())).transpose()?;
        let store = RedisStore {
            link: Link::new(address, tls, self.connect_timeout, self.response_timeout),
            keys,
            scripts: Scripts::new(),
            attempts: self.attempts,
            rng: self.rng,
        };
        check_format(&store).await?;
        Ok(store)
    }
}

/// What is there was written by this version, or by one that it knows.
async fn check_format(store: &RedisStore) -> StoreResult<()> {
    let request = |_| {
        let mut script = store.scripts.format.key(store.keys.format.as_str());
        script.arg(FORMAT);
        Request::Script(script)
    };
    let format = reply::text(store.link.ask_again(request).await?)?;
    match format.parse::<u64>() {
        Ok(FORMAT) => Ok(()),
        Ok(newer) if newer > FORMAT => {
            Err(StoreError::new(StoreErrorKind::NewerSchema, NAME, "a newer version of this library has written here")
                .fix("upgrade this program, or give it a prefix of its own"))
        }
        _ => Err(corrupt("what is stored under this prefix is of another program").fix("use another prefix")),
    }
}

fn tls(roots: Option<&[u8]>) -> StoreResult<Arc<rustls::ClientConfig>> {
    let standard = tls_config()
        .map_err(|error| config("there is no TLS").fix("turn on the feature `ring` or `aws-lc-rs`").because(error))?;
    let Some(pem) = roots else { return Ok(Arc::new(standard)) };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| config("the certificate authorities are no PEM"))?;
        roots.add(certificate).map_err(|error| config("a certificate authority is none").because(error))?;
    }
    if roots.is_empty() {
        return Err(config("there is no certificate authority in the PEM"));
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(standard.crypto_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| config("there is no TLS").because(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
