use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// A client as the provider's console would list it.
///
/// ```
/// use oauth_simulator::RegisteredClient;
///
/// let web = RegisteredClient::confidential("web", "hunter2").redirect_uri("https://app.example.com/callback");
/// let cli = RegisteredClient::public("cli"); // any redirect to loopback
/// # let _ = (web, cli);
/// ```
#[derive(Clone)]
pub struct RegisteredClient {
    id: String,
    secret: Option<SecretString>,
    redirect_uris: Vec<String>,
}

impl RegisteredClient {
    /// A client that has a secret (RFC 6749 section 2.1).
    pub fn confidential(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: Some(SecretString::from(secret.into())), redirect_uris: Vec::new() }
    }

    /// A client without a secret (RFC 6749 section 2.1): it only names itself, whatever the provider's file says
    /// about client authentication.
    pub fn public(id: impl Into<String>) -> Self {
        Self { id: id.into(), secret: None, redirect_uris: Vec::new() }
    }

    /// Registers a redirect URI. With at least one, a request must have exactly one of them (RFC 9700 section 2.1);
    /// with none, any `http` address on loopback is good.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// The client identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> Option<&SecretString> {
        self.secret.as_ref()
    }

    pub(crate) fn has_secret(&self, candidate: &str) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.expose_secret() == candidate)
    }

    pub(crate) fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }
}

impl fmt::Debug for RegisteredClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredClient")
            .field("id", &self.id)
            .field("public", &self.secret.is_none())
            .field("redirect_uris", &self.redirect_uris)
            .finish()
    }
}
