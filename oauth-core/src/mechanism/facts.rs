use std::fmt;
use std::time::SystemTime;

use secrecy::SecretString;

use super::MechanismError;
use crate::client::Inner;
use crate::crypto::Crypto;
use crate::error::Step;
use crate::spec::ProviderSpec;

/// What a mechanism may know of the client that it works for, and the client's clock, random bytes and cryptography.
#[derive(Clone, Copy)]
pub struct ClientFacts<'a> {
    pub(super) inner: &'a Inner,
    /// What the mechanism is called in.
    pub(super) step: Step,
}

impl<'a> ClientFacts<'a> {
    /// The provider's facts.
    pub fn provider(&self) -> &'a ProviderSpec {
        self.inner.spec()
    }

    /// The client's id.
    pub fn id(&self) -> &'a str {
        &self.inner.config.client_id
    }

    /// The client's secret; an error for a public client, which has none.
    pub fn secret(&self) -> Result<&'a SecretString, MechanismError> {
        self.inner
            .config
            .auth
            .client_secret()
            .ok_or(MechanismError::new("it needs the client's secret, and this client has none"))
    }

    /// The value of a setting, or its default.
    pub fn setting(&self, name: &str) -> Option<&'a str> {
        self.inner.config.setting(name)
    }

    /// The time now, by the client's clock.
    pub fn now(&self) -> SystemTime {
        self.inner.now()
    }

    /// Fills the buffer with random bytes that are fit for secrets.
    pub fn random(&self, bytes: &mut [u8]) -> Result<(), MechanismError> {
        Ok(self.inner.config.rng.fill(bytes)?)
    }

    /// The client's cryptography: digests, authentication codes and signatures.
    pub fn crypto(&self) -> Result<&'a dyn Crypto, MechanismError> {
        Ok(&**self.inner.crypto(self.step)?)
    }
}

impl fmt::Debug for ClientFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFacts")
            .field("provider", &self.provider().id)
            .field("client_id", &self.id())
            .finish_non_exhaustive()
    }
}
