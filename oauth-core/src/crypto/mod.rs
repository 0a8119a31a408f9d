//! Digests, signatures and sealing, over a backend that the client holds: no process-wide state is installed or relied on.
//!
//! [`Crypto`] is what the engine needs of a backend. Two are built in, each behind a feature of its name: `Ring` and
//! `AwsLcRs`; with both on, AWS-LC is the default. [`Client::crypto`](crate::Client::crypto) takes any other.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
mod digest;
mod error;
mod private_key;
mod public_key;
#[cfg(feature = "ring")]
mod ring;
mod signature;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;

#[cfg(feature = "aws-lc-rs")]
pub use self::aws_lc_rs::AwsLcRs;
pub use self::digest::{Digest, Hash};
pub use self::error::CryptoError;
pub use self::private_key::{HmacKey, PrivateKey, PrivateKeyFormat};
pub use self::public_key::{Curve, EcPublicKey, PublicKey, RsaPublicKey};
#[cfg(feature = "ring")]
pub use self::ring::Ring;
pub use self::signature::{SignatureAlg, SigningKey, VerifyingKey};
pub(crate) use self::tls::tls_provider;

/// A cryptography backend.
///
/// ```
/// # #[cfg(feature = "ring")] {
/// use oauth_core::crypto::{Crypto, Hash, Ring};
///
/// let digest = Ring.digest(Hash::Sha256, b"abc");
/// assert_eq!(digest.as_ref()[..4], [0xba, 0x78, 0x16, 0xbf]);
/// # }
/// ```
pub trait Crypto: fmt::Debug + Send + Sync + 'static {
    /// The digest of the data (FIPS 180-4).
    fn digest(&self, hash: Hash, data: &[u8]) -> Digest;

    /// The data's authentication code (RFC 2104).
    fn hmac(&self, hash: Hash, key: &HmacKey, data: &[u8]) -> Digest;

    /// Checks an authentication code, in a time that says nothing about where it differs.
    fn hmac_verify(&self, hash: Hash, key: &HmacKey, data: &[u8], code: &[u8]) -> Result<(), CryptoError> {
        let expected = self.hmac(hash, key, data);
        if bool::from(expected.as_ref().ct_eq(code)) { Ok(()) } else { Err(CryptoError::BadSignature) }
    }

    /// A public key made ready, to check many signatures of one algorithm.
    ///
    /// A key that is not of the algorithm's kind is [`CryptoError::KeyMismatch`], a point off its curve
    /// [`CryptoError::BadKey`], here or, where the backend looks that late, [`CryptoError::BadSignature`] of every
    /// check. An algorithm that the backend lacks is [`CryptoError::Unsupported`].
    fn verifying_key(&self, alg: SignatureAlg, key: &PublicKey) -> Result<Box<dyn VerifyingKey>, CryptoError>;

    /// A private key made ready, to sign with one algorithm.
    fn signing_key(&self, alg: SignatureAlg, key: &PrivateKey) -> Result<Box<dyn SigningKey>, CryptoError>;

    /// A new private key for one algorithm, in PKCS#8, by the backend's own randomness: none takes random bytes from outside,
    /// so a client's [`Rng`](crate::Rng) has no part in it.
    ///
    /// [`CryptoError::Unsupported`] unless the backend can; for RSA none does.
    fn generate_private_key(&self, alg: SignatureAlg) -> Result<PrivateKey, CryptoError> {
        Err(CryptoError::Unsupported(alg))
    }

    /// Derives a key from a secret (RFC 5869, with SHA-256): fills `okm`, of at most 255 times 32 bytes.
    fn hkdf_sha256(&self, salt: &[u8], secret: &[u8], info: &[u8], okm: &mut [u8]) -> Result<(), CryptoError>;

    /// Seals in place and gives the tag (RFC 8439 section 2.8). A nonce must never be used twice with the same key.
    fn chacha20_poly1305_seal(
        &self,
        key: &[u8; AEAD_KEY],
        nonce: [u8; AEAD_NONCE],
        aad: &[u8],
        plain: &mut [u8],
    ) -> Result<[u8; AEAD_TAG], CryptoError>;

    /// Opens in place what is followed by its tag (RFC 8439 section 2.8), and gives the buffer without the tag.
    ///
    /// [`CryptoError::NotAuthentic`] where key, nonce, `aad`, ciphertext or tag is another than it was sealed with; then
    /// the buffer's content is of no use.
    fn chacha20_poly1305_open<'a>(
        &self,
        key: &[u8; AEAD_KEY],
        nonce: [u8; AEAD_NONCE],
        aad: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], CryptoError>;
}

/// The bytes of a key of ChaCha20-Poly1305 (RFC 8439 section 2.8).
pub const AEAD_KEY: usize = 32;
/// The bytes of its nonce.
pub const AEAD_NONCE: usize = 12;
/// The bytes of its tag.
pub const AEAD_TAG: usize = 16;

/// The backend that is compiled in: AWS-LC with the feature `aws-lc-rs`, else ring with the feature `ring`, else none.
pub fn default_backend() -> Option<Arc<dyn Crypto>> {
    #[cfg(feature = "aws-lc-rs")]
    return Some(Arc::new(AwsLcRs));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Some(Arc::new(Ring));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    None
}
