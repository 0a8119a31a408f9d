use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// What a client proves itself with at the token endpoint (RFC 6749 section 2.3). How it is sent is the provider's
/// business and stands in its file.
#[derive(Clone)]
pub struct ClientAuth(Proof);

#[derive(Clone)]
enum Proof {
    None,
    Secret(SecretString, Option<SecretString>),
}

impl ClientAuth {
    /// A public client: it has no secret, PKCE protects its codes.
    pub fn none() -> Self {
        Self(Proof::None)
    }

    /// A client secret.
    pub fn secret(secret: impl Into<SecretString>) -> Self {
        Self(Proof::Secret(secret.into(), None))
    }

    /// Adds the secret that this one has just replaced: ID tokens signed with it (`HS256`) are still believed. It is
    /// never sent.
    pub fn with_previous(self, previous: impl Into<SecretString>) -> Self {
        match self.0 {
            Proof::Secret(secret, _) => Self(Proof::Secret(secret, Some(previous.into()))),
            Proof::None => self,
        }
    }

    /// The secrets that may have signed an ID token.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let (current, previous) = match &self.0 {
            Proof::None => (None, None),
            Proof::Secret(secret, previous) => (Some(secret), previous.as_ref()),
        };
        current.into_iter().chain(previous).map(SecretString::expose_secret)
    }

    pub(crate) fn client_secret(&self) -> Option<&SecretString> {
        match &self.0 {
            Proof::None => None,
            Proof::Secret(secret, _) => Some(secret),
        }
    }

    pub(crate) fn as_secret(&self) -> Option<&str> {
        self.client_secret().map(SecretString::expose_secret)
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
        f.write_str(match self.0 {
            Proof::None => "ClientAuth::None",
            Proof::Secret(..) => "ClientAuth::Secret([redacted])",
        })
    }
}
