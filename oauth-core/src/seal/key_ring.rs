use std::fmt;

use super::SealingKey;

/// The key that is sealed with, and older ones that what they sealed still opens with.
///
/// To replace a key, make the new one the current one and keep the one before as an old one until nothing is sealed with
/// it any more: records are sealed anew when they are next read or written. Where several instances share a store, give
/// all of them the new key as an old one first: what one has sealed anew, an instance without that key cannot open.
///
/// ```
/// use oauth_core::OsRng;
/// use oauth_core::seal::{KeyRing, SealingKey};
///
/// # fn main() -> oauth_core::store::StoreResult<()> {
/// let (this_year, last_year) = (SealingKey::generate(&OsRng)?, SealingKey::generate(&OsRng)?);
/// let keys = KeyRing::from(this_year.clone()).with_old(last_year);
/// assert_eq!(keys.current(), &this_year);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct KeyRing {
    current: SealingKey,
    old: Vec<SealingKey>,
}

impl KeyRing {
    /// Adds a key that was sealed with before.
    pub fn with_old(mut self, key: SealingKey) -> Self {
        self.old.push(key);
        self
    }

    /// The key that is sealed with.
    pub fn current(&self) -> &SealingKey {
        &self.current
    }

    /// The current one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &SealingKey> {
        std::iter::once(&self.current).chain(&self.old)
    }
}

impl From<SealingKey> for KeyRing {
    fn from(key: SealingKey) -> Self {
        Self { current: key, old: Vec::new() }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("current", &self.current).field("old", &self.old).finish()
    }
}
