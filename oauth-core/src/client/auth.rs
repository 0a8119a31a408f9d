use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::SecretSource;
use super::identity::Certificate;

/// What a client proves itself with at the token endpoint (RFC 6749 section 2.3). How it is sent is the provider's
/// business and stands in its file.
#[derive(Clone)]
pub struct ClientAuth {
    proof: Proof,
    /// The key's name at the provider.
    kid: Option<String>,
    certificate: Option<Certificate>,
}

#[derive(Clone)]
enum Proof {
    None,
    Secret(SecretString, Option<SecretString>),
    Key(SecretString),
    /// Where it is, and what it was when it was last asked for.
    Source(Arc<dyn SecretSource>, Option<SecretString>),
}

impl ClientAuth {
    /// A public client: it has no secret, PKCE protects its codes.
    pub fn none() -> Self {
        Proof::None.into()
    }

    /// A client secret.
    pub fn secret(secret: impl Into<SecretString>) -> Self {
        Proof::Secret(secret.into(), None).into()
    }

    /// A private key as PEM (PKCS#8), for a provider whose file says `private_key_jwt` or `minted`. Nothing of it is ever
    /// sent: a provider that takes a secret is an error at first use. A key may also be given as the secret.
    ///
    /// ```
    /// use oauth_core::ClientAuth;
    ///
    /// let pem = "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n";
    /// let credentials = ClientAuth::private_key(pem).kid("key-of-2026");
    /// assert!(!format!("{credentials:?}").contains("PRIVATE"));
    /// ```
    pub fn private_key(pem: impl Into<SecretString>) -> Self {
        Proof::Key(pem.into()).into()
    }

    /// A secret, or a private key, that is asked for at each step of a flow: from a vault, or where it is rotated while the
    /// program runs. A source that fails is an error of [`ErrorKind::Config`](crate::ErrorKind::Config).
    ///
    /// What needs the secret without waiting has none: [`Client::verify_query`](crate::Client::verify_query) and
    /// [`Client::verify_callback`](crate::Client::verify_callback) of a provider that signs with it.
    pub fn source(source: impl SecretSource) -> Self {
        Proof::Source(Arc::new(source), None).into()
    }

    /// A certificate (RFC 8705), for a provider whose file says `client_auth: mtls`: the chain as PEM, the client's own first,
    /// and its private key (PKCS#8). It is shown at the provider's token endpoint and those like it, and with requests of
    /// the API where tokens are bound to it (`token: {bound: mtls}`); no other server gets to see it.
    ///
    /// The server's certificate is checked against the system's trust store, as ever. A transport of your own
    /// ([`Client::http_client`](crate::Client::http_client)) brings its own certificate: there these credentials are
    /// [`none`](Self::none).
    pub fn certificate(chain_pem: impl Into<String>, key_pem: impl Into<SecretString>) -> Self {
        Self::none().with_certificate(chain_pem, key_pem)
    }

    /// Adds a certificate to other credentials, for a provider that binds tokens to it (RFC 8705 section 3) and takes a secret
    /// or an assertion all the same.
    pub fn with_certificate(mut self, chain_pem: impl Into<String>, key_pem: impl Into<SecretString>) -> Self {
        self.certificate = Some(Certificate { chain: chain_pem.into().into(), key: key_pem.into() });
        self
    }

    /// Names the key in the header of what it signs (`kid`, RFC 7515 section 4.1.4), in place of the name in the
    /// provider's file: the provider looks for it in the keys that it has of this client.
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Adds the secret that this one has just replaced: ID tokens signed with it (`HS256`) are still believed. It is
    /// never sent.
    pub fn with_previous(mut self, replaced: impl Into<SecretString>) -> Self {
        if let Proof::Secret(_, previous) = &mut self.proof {
            *previous = Some(replaced.into());
        }
        self
    }

    /// The secrets that may have signed an ID token.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let (current, previous) = match &self.proof {
            Proof::None | Proof::Key(_) => (None, None),
            Proof::Secret(secret, previous) => (Some(secret), previous.as_ref()),
            Proof::Source(_, secret) => (secret.as_ref(), None),
        };
        current.into_iter().chain(previous).map(SecretString::expose_secret)
    }

    pub(crate) fn client_secret(&self) -> Option<&SecretString> {
        match &self.proof {
            Proof::None | Proof::Key(_) => None,
            Proof::Secret(secret, _) => Some(secret),
            Proof::Source(_, secret) => secret.as_ref(),
        }
    }

    pub(crate) fn secret_source(&self) -> Option<&Arc<dyn SecretSource>> {
        match &self.proof {
            Proof::Source(source, _) => Some(source),
            _ => None,
        }
    }

    /// The same, its source having given this.
    pub(super) fn having(mut self, given: SecretString) -> Self {
        if let Proof::Source(_, secret) = &mut self.proof {
            *secret = Some(given);
        }
        self
    }

    /// What signs: a key that was given as one, or as the secret.
    pub(crate) fn signing_key(&self) -> Option<&str> {
        match &self.proof {
            Proof::Key(pem) => Some(pem.expose_secret()),
            _ => self.as_secret(),
        }
    }

    /// Whether it is good for nothing but signing.
    pub(crate) fn is_key(&self) -> bool {
        matches!(self.proof, Proof::Key(_))
    }

    /// Whether it is a certificate and nothing else.
    pub(crate) fn is_certificate(&self) -> bool {
        matches!(self.proof, Proof::None) && self.certificate.is_some()
    }

    pub(crate) fn client_certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Whether it proves nothing.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self.proof, Proof::None) && self.certificate.is_none()
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether both prove the same.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let shown = |auth: &Self| auth.certificate.as_ref().map(|own| (Arc::clone(&own.chain), own.key.clone()));
        let same_certificate = match (shown(self), shown(other)) {
            (None, None) => true,
            (Some(own), Some(other)) => own.0 == other.0 && own.1.expose_secret() == other.1.expose_secret(),
            _ => false,
        };
        let same_secret = match (self.secret_source(), other.secret_source()) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, None) => self.signing_key() == other.signing_key() && self.is_key() == other.is_key(),
            _ => false,
        };
        same_certificate && same_secret && self.kid == other.kid
    }

    pub(crate) fn as_secret(&self) -> Option<&str> {
        self.client_secret().map(SecretString::expose_secret)
    }
}

impl From<Proof> for ClientAuth {
    fn from(proof: Proof) -> Self {
        Self { proof, kid: None, certificate: None }
    }
}

impl From<&str> for ClientAuth {
    fn from(secret: &str) -> Self {
        Self::secret(secret)
    }
}

impl From<String> for ClientAuth {
    fn from(secret: String) -> Self {
        Self::secret(secret)
    }
}

impl From<SecretString> for ClientAuth {
    fn from(secret: SecretString) -> Self {
        Self::secret(secret)
    }
}

impl From<&SecretString> for ClientAuth {
    fn from(secret: &SecretString) -> Self {
        Self::secret(secret.clone())
    }
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.proof {
            Proof::None if self.certificate.is_some() => "ClientAuth::Certificate([redacted])",
            Proof::None => "ClientAuth::None",
            Proof::Key(_) => "ClientAuth::Key([redacted])",
            Proof::Source(..) => "ClientAuth::Source([redacted])",
            Proof::Secret(..) => "ClientAuth::Secret([redacted])",
        })
    }
}
