use crate::crypto::CryptoError;

/// Why a key set, a token or its claims were refused. It never holds the token or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// The token is larger than any real one.
    #[error("the token is larger than 64 KiB")]
    TokenTooLarge,
    /// The token is not three parts joined by dots.
    #[error("the token is not a compact JWS of three parts")]
    NotCompact,
    /// The token is in the JSON serialisation (RFC 7515 section 7.2).
    #[error("the token is a JWS in JSON; only the compact form is accepted")]
    JsonSerialisation,
    /// The token is encrypted (RFC 7516).
    #[error("the token is encrypted, which was not agreed on")]
    Encrypted,
    /// A part of the token is not base64url as RFC 7515 section 2 has it: without padding, spaces and stray bits.
    #[error("the token's {0} is not strict base64url")]
    Encoding(&'static str),
    /// The header is not what RFC 7515 section 4 says.
    #[error("the token's header is not valid: {0}")]
    BadHeader(&'static str),
    /// The header has a member that changes what a token means, and that is not accepted.
    #[error("the token's header has `{0}`, which is not accepted")]
    HeaderRefused(&'static str),
    /// The header's `alg` is none of those agreed on; `none` never is.
    #[error("the token's signature algorithm is none of those agreed on")]
    AlgNotAllowed,
    /// The keys are not of the kind that the token's algorithm works with.
    #[error("there is no key of the kind that the token's algorithm works with")]
    AlgKeyMismatch,
    /// The key set has no key of this name, or none for this algorithm: a newer set may.
    #[error("the key set has no key for this token")]
    UnknownKey,
    /// More keys could be meant than are tried.
    #[error("the token does not say which of many keys signed it")]
    AmbiguousKey,
    /// The signature is not of this token and key.
    #[error("the token's signature is not valid")]
    BadSignature,
    /// A shared key is shorter than its hash asks for (RFC 7518 section 3.2).
    #[error("the shared key has {len} bytes, at least {least} are needed")]
    WeakKey {
        /// How many it has.
        len: usize,
        /// How many it needs.
        least: usize,
    },
    /// The key set is larger than any real one.
    #[error("the key set is larger than 1 MiB or has more than 100 keys")]
    KeySetTooLarge,
    /// The key set is not what RFC 7517 section 5 says.
    #[error("the key set is not a JSON object with a list of `keys`")]
    BadKeySet,
    /// A key is not what RFC 7517 section 4 and RFC 7518 section 6 say, or cannot be used for signatures.
    #[error("the key is not accepted: {0}")]
    BadKey(&'static str),
    /// The payload is not a JSON object, or has a member twice (RFC 7519 section 4).
    #[error("the token's claims are not a JSON object in which each name is there once")]
    BadClaims,
    /// A claim has a value of another kind than its own.
    #[error("the claim `{0}` has a value of the wrong kind")]
    BadClaim(String),
    /// A claim is missing.
    #[error("the claim `{0}` is missing")]
    MissingClaim(String),
    /// The cryptography backend failed, or lacks what it takes.
    #[error("the cryptography backend cannot do this")]
    Crypto(#[source] CryptoError),
}

impl JoseError {
    /// The stable word, for logs, pages and support.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TokenTooLarge => "jws-too-large",
            Self::NotCompact => "jws-not-compact",
            Self::JsonSerialisation => "jws-json",
            Self::Encrypted => "jws-encrypted",
            Self::Encoding(_) => "jws-encoding",
            Self::BadHeader(_) => "jws-header-invalid",
            Self::HeaderRefused(_) => "jws-header-refused",
            Self::AlgNotAllowed => "jws-alg-not-allowed",
            Self::AlgKeyMismatch => "jws-alg-key-mismatch",
            Self::UnknownKey => "jws-key-unknown",
            Self::AmbiguousKey => "jws-key-ambiguous",
            Self::BadSignature => "jws-signature-invalid",
            Self::WeakKey { .. } => "jws-key-weak",
            Self::KeySetTooLarge => "jwks-too-large",
            Self::BadKeySet => "jwks-invalid",
            Self::BadKey(_) => "jwk-invalid",
            Self::BadClaims => "claims-invalid",
            Self::BadClaim(_) => "claim-invalid",
            Self::MissingClaim(_) => "claim-missing",
            Self::Crypto(error) => error.code(),
        }
    }
}

impl From<CryptoError> for JoseError {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::BadSignature => Self::BadSignature,
            CryptoError::KeyMismatch(_) => Self::AlgKeyMismatch,
            CryptoError::BadKey(why) => Self::BadKey(why),
            CryptoError::WeakKey { len, least } => Self::WeakKey { len, least },
            other => Self::Crypto(other),
        }
    }
}
