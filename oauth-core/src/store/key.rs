use std::fmt;
use std::str::FromStr;

/// The name of a record in a store: `oa1` and 52 letters and digits, whatever the account is called.
///
/// It is a digest of tenant, provider, server, client and account, so that it fits every store, collides with no other
/// account's, and holds nothing that a path, a pattern or a query could take for its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey([u8; LEN]);

const PREFIX: &str = "oa1";
const LEN: usize = PREFIX.len() + 52;
/// RFC 4648 section 6, in small letters.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl RecordKey {
    /// The key of that digest.
    ///
    /// ```
    /// use oauth_core::store::RecordKey;
    ///
    /// let key = RecordKey::from_digest([7; 32]);
    /// assert_eq!(key.as_str().parse(), Ok(key));
    /// ```
    pub fn from_digest(digest: [u8; 32]) -> Self {
        let mut text = [0; LEN];
        let (prefix, rest) = text.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX.as_bytes());
        for (at, letter) in rest.iter_mut().enumerate() {
            let (byte, bit) = (at * 5 / 8, at * 5 % 8);
            let pair = u16::from(digest[byte]) << 8 | u16::from(digest.get(byte + 1).copied().unwrap_or_default());
            *letter = ALPHABET[usize::from(pair >> (11 - bit) & 31)];
        }
        Self(text)
    }

    /// The key as text, in ASCII.
    pub fn as_str(&self) -> &str {
        // Made of ASCII in both constructors.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of a record")]
pub struct NotAKey;

impl FromStr for RecordKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let letters = text.strip_prefix(PREFIX).ok_or(NotAKey)?;
        if !letters.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Err(NotAKey);
        }
        text.as_bytes().try_into().map(Self).map_err(|_| NotAKey)
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_base32_of_its_digest() {
        let key = RecordKey::from_digest(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        assert_eq!(key.as_str(), "oa1aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq");
    }

    #[test]
    fn other_texts_are_none() {
        let sound = RecordKey::from_digest([255; 32]).to_string();
        for text in ["", "oa1", &sound[1..], &format!("{sound}a"), &sound.to_uppercase(), &sound.replace('7', "/")] {
            assert_eq!(text.parse::<RecordKey>(), Err(NotAKey), "{text}");
        }
    }
}
