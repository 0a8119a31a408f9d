use std::fmt;

use super::{CryptoError, Curve, Hash, PublicKey};

/// A signature algorithm of RFC 7518 section 3.1 or RFC 8037 section 3.1: the asymmetric ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

impl SignatureAlg {
    /// Whether a key is of the kind that the algorithm works with.
    pub fn takes(self, key: &PublicKey) -> bool {
        match (self.curve(), key) {
            (Some(curve), PublicKey::Ec(key)) => key.curve() == curve,
            (None, PublicKey::Rsa(_)) => self != Self::EdDsa,
            (None, PublicKey::Ed25519(_)) => self == Self::EdDsa,
            _ => false,
        }
    }

    /// The curve of an ECDSA algorithm.
    pub const fn curve(self) -> Option<Curve> {
        match self {
            Self::Es256 => Some(Curve::P256),
            Self::Es384 => Some(Curve::P384),
            Self::Es512 => Some(Curve::P521),
            _ => None,
        }
    }

    /// The hash of the message. Ed25519 hashes with SHA-512 inside (RFC 8032 section 5.1).
    pub const fn hash(self) -> Hash {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => Hash::Sha256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => Hash::Sha384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => Hash::Sha512,
        }
    }

    /// The name in a JWS header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for SignatureAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A public key made ready for one algorithm.
pub trait VerifyingKey: fmt::Debug + Send + Sync {
    /// Checks a signature: as JWS writes it, so that one of ECDSA is r and s side by side (RFC 7518 section 3.4).
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError>;
}

/// A private key made ready for one algorithm. `Debug` shows nothing of it.
pub trait SigningKey: fmt::Debug + Send + Sync {
    /// Signs: as JWS writes it, so that a signature of ECDSA is r and s side by side (RFC 7518 section 3.4).
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError>;

    /// The public half.
    fn public_key(&self) -> &PublicKey;
}
