use std::env::VarError;
use std::fmt;

use secrecy::zeroize::Zeroizing;

use super::SealingKey;
use super::key::invalid;
use crate::client::variable;
use crate::store::StoreResult;

/// Where a sealing key came from, for people who ask how well their tokens are kept.
///
/// ```
/// use oauth_core::seal::KeySource;
///
/// assert_eq!(KeySource::KeyFile.to_string(), "a key file, protected by file permissions only");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySource {
    /// The operating system's keyring.
    Keyring,
    /// A variable of the environment.
    Environment,
    /// A file that the user named.
    File,
    /// A passphrase.
    Passphrase,
    /// A file that was made for it, beside no other protection.
    KeyFile,
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyring => "the system's keyring",
            Self::Environment => "the environment",
            Self::File => "the file that was given",
            Self::Passphrase => "a passphrase",
            Self::KeyFile => "a key file, protected by file permissions only",
        })
    }
}

impl SealingKey {
    /// The key in a variable of the environment, as [`from_base64`](Self::from_base64) reads it; none where there is no
    /// such variable. An empty one is an error: whoever set it meant a key.
    ///
    /// ```
    /// use oauth_core::seal::SealingKey;
    ///
    /// # fn main() -> oauth_core::store::StoreResult<()> {
    /// assert_eq!(SealingKey::from_env("OAUTH_KEY_OF_NOBODY")?, None);
    /// # Ok(()) }
    /// ```
    pub fn from_env(name: &str) -> StoreResult<Option<Self>> {
        Self::from_variable(name, variable(name))
    }

    pub(super) fn from_variable(name: &str, value: Result<String, VarError>) -> StoreResult<Option<Self>> {
        let text = match value {
            Ok(text) => Zeroizing::new(text),
            Err(VarError::NotPresent) => return Ok(None),
            Err(VarError::NotUnicode(_)) => return Err(invalid(&in_variable(name), "is not base64")),
        };
        Self::parse(&text).map(Some).map_err(|why| invalid(&in_variable(name), &why))
    }
}

fn in_variable(name: &str) -> String {
    format!("the key in the variable {name}")
}
