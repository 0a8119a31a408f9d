//! Sealing: what is stored is encrypted before a store sees it, with a key that the store does not have.
//!
//! A [`SealingKey`] is 32 random bytes, and a [`KeyRing`] is the key in use with those that it replaced. What is sealed is
//! bound to its place: a record that turns up under another account, in another version or as another kind of thing does
//! not open. Each place has a key of its own, derived from the sealing key (RFC 5869), and the cipher is
//! ChaCha20-Poly1305 (RFC 8439).
//!
//! ```
//! use oauth_core::OsRng;
//! use oauth_core::seal::{KeyRing, SealingKey};
//!
//! # fn main() -> oauth_core::store::StoreResult<()> {
//! let key = SealingKey::generate(&OsRng)?;
//! let text = key.expose_base64(); // into your secrets manager
//! let replaced = SealingKey::from_base64(&text)?;
//!
//! let keys = KeyRing::from(SealingKey::generate(&OsRng)?).with_old(replaced);
//! # Ok(()) }
//! ```

mod chain;
#[cfg(feature = "file")]
mod file;
mod key;
mod key_ring;
#[cfg(feature = "passphrase")]
mod passphrase;
mod sealer;
mod source;
#[cfg(test)]
mod tests;

pub use self::chain::{FoundKey, KeyChain, KeyProvider};
pub use self::key::{KeyId, SealingKey};
pub use self::key_ring::KeyRing;
#[cfg(feature = "passphrase")]
pub use self::passphrase::PassphraseParams;
pub(crate) use self::sealer::{SealOf, Sealer};
pub use self::source::KeySource;

/// What errors about keys are of.
const NAME: &str = "key";

/// The parts, each behind its length, so that no two lists of parts give the same bytes.
pub(crate) fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}
