use super::SignatureAlg;

/// Why a cryptographic step failed. It never holds a key, a signature or what was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The signature or authentication code is not of this message and key.
    #[error("the signature is not valid")]
    BadSignature,
    /// What was to be opened is not what was sealed, or was sealed with another key.
    #[error("the sealed data is not authentic")]
    NotAuthentic,
    /// The key is not of the kind that the algorithm works with.
    #[error("the key is not of the kind that {0} works with")]
    KeyMismatch(SignatureAlg),
    /// The key cannot be used.
    #[error("the key cannot be used: {0}")]
    BadKey(&'static str),
    /// A shared key is shorter than its hash asks for (RFC 7518 section 3.2).
    #[error("the shared key has {len} bytes, at least {least} are needed")]
    WeakKey {
        /// How many it has.
        len: usize,
        /// How many it needs.
        least: usize,
    },
    /// The private key has a format that the backend does not read.
    #[error("this cryptography backend cannot read a private key in the format {found}; convert it with `{convert}`")]
    KeyFormat {
        /// The format it has.
        found: &'static str,
        /// A command that converts it.
        convert: &'static str,
    },
    /// The backend lacks the algorithm.
    #[error("this cryptography backend has no {0}; turn on the feature `aws-lc-rs`")]
    Unsupported(SignatureAlg),
    /// There is no backend.
    #[error("no cryptography backend: turn on feature `ring` or `aws-lc-rs`, or give the client one")]
    NoBackend,
    /// The backend failed.
    #[error("the cryptography backend failed")]
    Failed,
}

impl CryptoError {
    /// What a backend's word for its refusal of a key means.
    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    pub(super) fn rejected(alg: SignatureAlg, word: &str) -> Self {
        match word {
            "WrongAlgorithm" => Self::KeyMismatch(alg),
            "TooSmall" => Self::BadKey("it is too short"),
            "TooLarge" => Self::BadKey("it is too long"),
            "InconsistentComponents" => Self::BadKey("its parts do not belong together"),
            "PublicKeyIsMissing" | "InvalidEncoding" => {
                Self::BadKey("it is damaged, of another kind, or a private key without its public half")
            }
            _ => Self::BadKey("the backend refuses it"),
        }
    }

    /// The stable word, for logs, pages and support.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "signature-invalid",
            Self::NotAuthentic => "seal-invalid",
            Self::KeyMismatch(_) => "key-mismatch",
            Self::BadKey(_) => "key-invalid",
            Self::WeakKey { .. } => "key-weak",
            Self::KeyFormat { .. } => "key-format",
            Self::Unsupported(_) => "algorithm-unsupported",
            Self::NoBackend => "no-crypto-backend",
            Self::Failed => "crypto-failed",
        }
    }
}
