use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// What a client proves itself with at the token endpoint (RFC 6749 section 2.3). How it is sent is the provider's
/// business and stands in its file.
#[derive(Clone)]
pub struct ClientAuth(Proof);

#[derive(Clone)]
enum Proof {
    None,
    Secret(SecretString),
}

impl ClientAuth {
    /// A public client: it has no secret, PKCE protects its codes.
    pub fn none() -> Self {
        Self(Proof::None)
    }

    /// A client secret.
    pub fn secret(secret: impl Into<SecretString>) -> Self {
        Self(Proof::Secret(secret.into()))
    }

    pub(crate) fn as_secret(&self) -> Option<&str> {
        match &self.0 {
            Proof::None => None,
            Proof::Secret(secret) => Some(secret.expose_secret()),
        }
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
            Proof::Secret(_) => "ClientAuth::Secret([redacted])",
        })
    }
}
