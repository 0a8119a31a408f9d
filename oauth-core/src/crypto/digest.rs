use std::fmt;

/// A hash function of the SHA-2 family (FIPS 180-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// How many bytes its digests have.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => Digest::MAX,
        }
    }
}

/// A digest or an authentication code: a value of at most 64 bytes, kept in place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Digest {
    /// The bytes of the longest digest.
    pub const MAX: usize = 64;

    /// A digest of these bytes; none where they are more than [`MAX`](Self::MAX).
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut digest = Self { bytes: [0; Self::MAX], len: bytes.len() };
        digest.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(digest)
    }

    /// A digest as a backend gives it; no hash here has more than [`MAX`](Self::MAX) bytes.
    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    pub(super) fn of(bytes: &[u8]) -> Self {
        let len = bytes.len().min(Self::MAX);
        let mut digest = Self { bytes: [0; Self::MAX], len };
        digest.bytes[..len].copy_from_slice(&bytes[..len]);
        digest
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A digest may be that of a secret: only its length is shown.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({} bytes)", self.len)
    }
}
