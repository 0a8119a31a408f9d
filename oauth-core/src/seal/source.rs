use std::fmt;

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
