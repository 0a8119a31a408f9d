use std::fmt;

use crate::crypto::{Hash, SignatureAlg};

/// A JWS algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1). There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alg {
    /// HMAC with SHA-256, over a shared key.
    Hs256,
    /// HMAC with SHA-384, over a shared key.
    Hs384,
    /// HMAC with SHA-512, over a shared key.
    Hs512,
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
    /// ECDSA on P-521 with SHA-512; the backend ring lacks it.
    Es512,
    /// Ed25519, also under its name of RFC 9864, `Ed25519`.
    EdDsa,
}

/// What kind of key an algorithm works with (RFC 8725 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// A key that both sides share.
    Hmac(Hash),
    /// A pair of keys.
    Signature(SignatureAlg),
}

impl Alg {
    /// The algorithm of a header's `alg`; none for names that are unknown, and for `none` however it is spelled.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::Hs256,
            "HS384" => Self::Hs384,
            "HS512" => Self::Hs512,
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    /// The name in a header's `alg`.
    pub const fn name(self) -> &'static str {
        match self.family() {
            Family::Hmac(Hash::Sha256) => "HS256",
            Family::Hmac(Hash::Sha384) => "HS384",
            Family::Hmac(Hash::Sha512) => "HS512",
            Family::Signature(alg) => alg.name(),
        }
    }

    /// What kind of key it works with.
    pub const fn family(self) -> Family {
        match self {
            Self::Hs256 => Family::Hmac(Hash::Sha256),
            Self::Hs384 => Family::Hmac(Hash::Sha384),
            Self::Hs512 => Family::Hmac(Hash::Sha512),
            Self::Rs256 => Family::Signature(SignatureAlg::Rs256),
            Self::Rs384 => Family::Signature(SignatureAlg::Rs384),
            Self::Rs512 => Family::Signature(SignatureAlg::Rs512),
            Self::Ps256 => Family::Signature(SignatureAlg::Ps256),
            Self::Ps384 => Family::Signature(SignatureAlg::Ps384),
            Self::Ps512 => Family::Signature(SignatureAlg::Ps512),
            Self::Es256 => Family::Signature(SignatureAlg::Es256),
            Self::Es384 => Family::Signature(SignatureAlg::Es384),
            Self::Es512 => Family::Signature(SignatureAlg::Es512),
            Self::EdDsa => Family::Signature(SignatureAlg::EdDsa),
        }
    }

    /// The hash that goes with it: of `at_hash` and `c_hash` (OpenID Connect Core 1.0 section 3.1.3.6).
    pub const fn hash(self) -> Hash {
        match self.family() {
            Family::Hmac(hash) => hash,
            Family::Signature(alg) => alg.hash(),
        }
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
