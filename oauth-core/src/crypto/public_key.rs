use std::fmt;

use super::CryptoError;

/// A public key, its parts checked as far as that needs no arithmetic; the rest is the backend's.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// A key of RSA.
    Rsa(RsaPublicKey),
    /// A point on one of the NIST's curves.
    Ec(EcPublicKey),
    /// A key of Ed25519 (RFC 8032 section 5.1.5).
    Ed25519([u8; 32]),
}

/// A public key of RSA: 2048 to 8192 bits, its exponent odd and at least 65537.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
}

impl RsaPublicKey {
    /// A key of modulus and exponent, big-endian, without zeros in front (RFC 7518 section 6.3.1).
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, CryptoError> {
        let bits = match modulus {
            [first, ..] if *first != 0 => modulus.len() * 8 - first.leading_zeros() as usize,
            _ => return Err(CryptoError::BadKey("the modulus is empty or begins with a zero")),
        };
        if !(2048..=8192).contains(&bits) {
            return Err(CryptoError::BadKey("an RSA key has 2048 to 8192 bits"));
        }
        if modulus.last().is_none_or(|last| last % 2 == 0) {
            return Err(CryptoError::BadKey("the modulus is even"));
        }
        let value = match exponent {
            [1..=u8::MAX, ..] if exponent.len() <= 5 => {
                exponent.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte))
            }
            _ => return Err(CryptoError::BadKey("the public exponent is empty, begins with a zero or is too large")),
        };
        // 2^33 is where both backends end.
        if value % 2 == 0 || !(65_537..1 << 33).contains(&value) {
            return Err(CryptoError::BadKey("the public exponent is not odd, or below 65537"));
        }
        Ok(Self { modulus: modulus.into(), exponent: exponent.into() })
    }

    /// The modulus, big-endian.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The public exponent, big-endian.
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }
}

/// A curve of the NIST (RFC 7518 section 6.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

impl Curve {
    /// The bytes of a coordinate, and of each half of a signature.
    pub const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The name in a JWK.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }
}

/// A point on one of the NIST's curves. That it is on the curve is the backend's to check.
#[derive(Clone, PartialEq, Eq)]
pub struct EcPublicKey {
    curve: Curve,
    point: Box<[u8]>,
}

impl EcPublicKey {
    /// A point of its two coordinates, each of exactly the curve's length (RFC 7518 section 6.2.1.2).
    pub fn new(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, CryptoError> {
        if x.len() != curve.size() || y.len() != curve.size() {
            return Err(CryptoError::BadKey("a coordinate is not as long as the curve's field"));
        }
        Ok(Self { curve, point: [&[4], x, y].concat().into() })
    }

    /// A point as SEC 1 section 2.3.3 writes it, uncompressed.
    pub fn from_point(curve: Curve, point: &[u8]) -> Result<Self, CryptoError> {
        match point {
            [4, coordinates @ ..] if coordinates.len() == 2 * curve.size() => Ok(Self { curve, point: point.into() }),
            _ => Err(CryptoError::BadKey("the point is not an uncompressed one of its curve")),
        }
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The point, uncompressed (SEC 1 section 2.3.3): a four, x, y.
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// The coordinates x and y.
    pub fn coordinates(&self) -> (&[u8], &[u8]) {
        self.point[1..].split_at(self.curve.size())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(key) => key.fmt(f),
            Self::Ec(key) => key.fmt(f),
            Self::Ed25519(_) => f.write_str("Ed25519"),
        }
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rsa({} bytes)", self.modulus.len())
    }
}

impl fmt::Debug for EcPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ec({})", self.curve.name())
    }
}
