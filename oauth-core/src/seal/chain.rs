//! Which key it is, of all places where one may be.

use std::fmt;
#[cfg(feature = "file")]
use std::path::PathBuf;

#[cfg(feature = "passphrase")]
use secrecy::SecretString;

#[cfg(feature = "passphrase")]
use super::PassphraseParams;
use super::{KeyRing, KeySource, NAME, SealingKey};
use crate::http::BoxFuture;
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// The places where a sealing key may be. The first that has one counts, in this order: the keyring, the environment, the
/// file that the user named, the passphrase, the key file. Those that were not given are left out.
///
/// A place that has a key which cannot be used is an error, and no reason to go on: another key would not open what that
/// one sealed.
///
/// ```
/// use oauth_core::seal::{KeyChain, KeySource};
///
/// # async fn run() -> oauth_core::store::StoreResult<()> {
/// let chain = KeyChain::new().env("OAUTH_KEY");
/// # #[cfg(feature = "file")]
/// let chain = chain.key_file("/var/lib/my-app/oauth-key"); // made if need be
/// let found = chain.find().await?;
/// eprintln!("tokens are sealed with a key from {}", found.source());
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct KeyChain {
    keyring: Option<Box<dyn KeyProvider>>,
    env: Option<String>,
    #[cfg(feature = "file")]
    file: Option<PathBuf>,
    #[cfg(feature = "passphrase")]
    passphrase: Option<(SecretString, PassphraseParams)>,
    #[cfg(feature = "file")]
    key_file: Option<PathBuf>,
}

/// A keyring, as a [`KeyChain`] asks it.
///
/// ```
/// use oauth_core::http::BoxFuture;
/// use oauth_core::seal::{KeyChain, KeyProvider, SealingKey};
/// use oauth_core::store::StoreResult;
///
/// struct Vault;
///
/// impl KeyProvider for Vault {
///     fn find(&self) -> BoxFuture<'_, StoreResult<Option<SealingKey>>> {
///         Box::pin(async { Ok(None) }) // ask it
///     }
/// }
///
/// let chain = KeyChain::new().keyring(Vault).env("OAUTH_KEY");
/// ```
pub trait KeyProvider: Send + Sync + 'static {
    /// The key that it has; none where it has none. One that cannot be reached for now, or is locked, is an error;
    /// [`StoreErrorKind::KeyringUnavailable`] says that there is no keyring on this machine, and counts as none.
    fn find(&self) -> BoxFuture<'_, StoreResult<Option<SealingKey>>>;

    /// Makes a key and keeps it, when no other place but the key file is left; none where it cannot. Of two processes that
    /// do so at once both get the same key.
    fn create(&self) -> BoxFuture<'_, StoreResult<Option<SealingKey>>> {
        Box::pin(async { Ok(None) })
    }
}

/// A key, and where it was.
#[derive(Clone, Debug)]
pub struct FoundKey {
    key: SealingKey,
    source: KeySource,
}

impl KeyChain {
    /// No place yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The system's keyring, or another that keeps keys better than a file does.
    pub fn keyring(mut self, keyring: impl KeyProvider) -> Self {
        self.keyring = Some(Box::new(keyring));
        self
    }

    /// A variable of the environment: [`SealingKey::from_env`].
    pub fn env(mut self, name: impl Into<String>) -> Self {
        self.env = Some(name.into());
        self
    }

    /// A file that the user named, and that must be there: [`SealingKey::from_file`].
    #[cfg(feature = "file")]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// A passphrase: [`SealingKey::from_passphrase`].
    #[cfg(feature = "passphrase")]
    pub fn passphrase(mut self, passphrase: SecretString, params: PassphraseParams) -> Self {
        self.passphrase = Some((passphrase, params));
        self
    }

    /// The last resort, a file that is made with a random key if it is not there: [`SealingKey::in_file`].
    #[cfg(feature = "file")]
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key_file = Some(path.into());
        self
    }

    /// The key, from the first place that has one.
    pub async fn find(&self) -> StoreResult<FoundKey> {
        let found = |key, source| Ok(FoundKey { key, source });
        let mut keyring = self.keyring.as_deref();
        if let Some(provider) = keyring {
            match provider.find().await {
                Ok(Some(key)) => return found(key, KeySource::Keyring),
                Ok(None) => {}
                Err(error) if error.kind() == StoreErrorKind::KeyringUnavailable => keyring = None,
                Err(error) => return Err(error),
            }
        }
        if let Some(name) = &self.env
            && let Some(key) = SealingKey::from_env(name)?
        {
            return found(key, KeySource::Environment);
        }
        #[cfg(feature = "file")]
        if let Some(path) = &self.file {
            return found(SealingKey::from_file(path)?, KeySource::File);
        }
        #[cfg(feature = "passphrase")]
        if let Some((passphrase, params)) = &self.passphrase {
            return found(SealingKey::from_passphrase(passphrase, params).await?, KeySource::Passphrase);
        }
        // The keyring was away when it was made: what it sealed opens with no other key.
        #[cfg(feature = "file")]
        if let Some(path) = self.key_file.as_ref().filter(|path| path.symlink_metadata().is_ok()) {
            return found(SealingKey::in_file(path)?, KeySource::KeyFile);
        }
        if let Some(provider) = keyring
            && let Some(key) = provider.create().await?
        {
            return found(key, KeySource::Keyring);
        }
        #[cfg(feature = "file")]
        if let Some(path) = &self.key_file {
            return found(SealingKey::in_file(path)?, KeySource::KeyFile);
        }
        Err(self.none())
    }

    fn none(&self) -> StoreError {
        let error =
            StoreError::new(StoreErrorKind::Config, NAME, "there is no key in any of the places that were given");
        match &self.env {
            Some(name) => error.fix(format!("set {name} to what `openssl rand -base64 32` prints")),
            None => error.fix("give the chain a place: `KeyChain::env`"),
        }
    }
}

impl FoundKey {
    /// The key.
    pub fn key(&self) -> &SealingKey {
        &self.key
    }

    /// Where it was.
    pub fn source(&self) -> KeySource {
        self.source
    }
}

impl From<FoundKey> for SealingKey {
    fn from(found: FoundKey) -> Self {
        found.key
    }
}

impl From<FoundKey> for KeyRing {
    fn from(found: FoundKey) -> Self {
        found.key.into()
    }
}

/// Shows the places, and nothing that is in them.
impl fmt::Debug for KeyChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("KeyChain");
        shown.field("keyring", &self.keyring.is_some()).field("env", &self.env);
        #[cfg(feature = "file")]
        shown.field("file", &self.file).field("key_file", &self.key_file);
        #[cfg(feature = "passphrase")]
        shown.field("passphrase", &self.passphrase.is_some());
        shown.finish()
    }
}
