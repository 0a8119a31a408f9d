use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use base64::{DecodeSliceError, Engine as _};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use super::{NAME, framed};
use crate::crypto::{AEAD_KEY, Crypto, CryptoError};
use crate::encode::hex;
use crate::rng::Rng;
use crate::store::{StoreError, StoreErrorKind, StoreResult};

/// A key that records and logins under way are sealed with: 32 random bytes.
///
/// It is wiped when its last clone is dropped, and `Debug` shows only its id.
///
/// ```
/// use oauth_core::store::StoreErrorKind;
/// use oauth_core::{OsRng, seal::SealingKey};
///
/// # fn main() -> oauth_core::store::StoreResult<()> {
/// let key = SealingKey::generate(&OsRng)?;
/// assert_eq!(SealingKey::from_base64(&key.expose_base64())?, key);
///
/// let error = SealingKey::from_bytes([0; 32]).unwrap_err();
/// assert_eq!(error.kind(), StoreErrorKind::KeyInvalid);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SealingKey(Arc<Secret>);

struct Secret {
    bytes: SecretBox<[u8; SealingKey::SIZE]>,
    /// Worked out when it is first asked for.
    id: OnceLock<KeyId>,
}

/// Which key it is, without saying anything of it: 8 bytes derived from the key, shown as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; Self::SIZE]);

impl SealingKey {
    pub(super) const SIZE: usize = AEAD_KEY;

    /// A new key. One that the source of random bytes cannot have meant is refused.
    pub fn generate(rng: &dyn Rng) -> StoreResult<Self> {
        let mut bytes = Zeroizing::new([0; Self::SIZE]);
        rng.fill(&mut *bytes).map_err(|error| {
            StoreError::new(StoreErrorKind::Internal, NAME, "the system gave no random bytes; no key was made")
                .because(error)
        })?;
        Self::of(&bytes).map_err(|why| invalid("the key from the source of random bytes", &why))
    }

    /// The key of these bytes. Bytes that are not random are refused: zeros, a repeated or counting pattern, a text.
    pub fn from_bytes(bytes: [u8; Self::SIZE]) -> StoreResult<Self> {
        Self::of(&Zeroizing::new(bytes)).map_err(|why| invalid("the key", &why))
    }

    /// The key that [`expose_base64`](Self::expose_base64) wrote, or `openssl rand -base64 32`: base64 or base64url of 32
    /// bytes, with or without padding. White space around it does not count.
    pub fn from_base64(text: &SecretString) -> StoreResult<Self> {
        Self::parse(text.expose_secret()).map_err(|why| invalid("the key", &why))
    }

    /// The key of a text, or what is wrong with it: `is not base64`.
    pub(super) fn parse(text: &str) -> Result<Self, Weakness> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty".into());
        }
        // Long enough for the decoder's estimate; what does not fit is no key.
        let mut bytes = Zeroizing::new([0; 2 * Self::SIZE]);
        match decoder(text).decode_slice(text, &mut *bytes) {
            Ok(Self::SIZE) => {}
            Ok(len) => return Err(format!("has {len} bytes, it must have 32").into()),
            Err(DecodeSliceError::OutputSliceTooSmall) => return Err("has more than 32 bytes".into()),
            Err(DecodeSliceError::DecodeError(_)) => return Err("is not base64".into()),
        }
        let mut key = Zeroizing::new([0; Self::SIZE]);
        key.copy_from_slice(&bytes[..Self::SIZE]);
        Self::of(&key)
    }

    /// The key as base64, in clear, to be kept where secrets are.
    pub fn expose_base64(&self) -> SecretString {
        general_purpose::STANDARD.encode(self.expose()).into()
    }

    /// Which key it is.
    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    pub fn id(&self) -> KeyId {
        let id = crate::crypto::default_backend().and_then(|crypto| self.id_by(&*crypto).ok());
        // A compiled backend derives 8 bytes without fail.
        id.unwrap_or(KeyId([0; KeyId::SIZE]))
    }

    /// The same by a backend that may be the client's own; all give the same.
    pub(super) fn id_by(&self, crypto: &dyn Crypto) -> Result<KeyId, CryptoError> {
        if let Some(id) = self.0.id.get() {
            return Ok(*id);
        }
        let mut id = [0; KeyId::SIZE];
        crypto.hkdf_sha256(b"", self.expose(), &framed(&[b"oauth-seal key id"]), &mut id)?;
        Ok(*self.0.id.get_or_init(|| KeyId(id)))
    }

    /// The key of one place.
    pub(super) fn derive(
        &self,
        crypto: &dyn Crypto,
        kind: &str,
        key: &str,
    ) -> Result<Zeroizing<[u8; AEAD_KEY]>, CryptoError> {
        let mut derived = Zeroizing::new([0; AEAD_KEY]);
        let info = framed(&[b"oauth-seal record key", kind.as_bytes(), key.as_bytes()]);
        crypto.hkdf_sha256(b"", self.expose(), &info, &mut *derived)?;
        Ok(derived)
    }

    pub(super) fn expose(&self) -> &[u8; Self::SIZE] {
        self.0.bytes.expose_secret()
    }

    pub(super) fn of(bytes: &[u8; Self::SIZE]) -> Result<Self, Weakness> {
        if let Some(why) = weakness(bytes) {
            return Err(format!("is not random: {why}").into());
        }
        let bytes = SecretBox::init_with_mut(|secret: &mut [u8; Self::SIZE]| secret.copy_from_slice(bytes));
        Ok(Self(Arc::new(Secret { bytes, id: OnceLock::new() })))
    }
}

/// What is wrong with a key, to follow its name.
pub(super) type Weakness = Cow<'static, str>;

/// That key is none.
pub(super) fn invalid(which: &str, why: &str) -> StoreError {
    StoreError::new(StoreErrorKind::KeyInvalid, NAME, format!("{which} {why}"))
        .fix("make one with `SealingKey::generate` or `openssl rand -base64 32`")
}

fn decoder(text: &str) -> GeneralPurpose {
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// Why these bytes cannot have come from a source of random ones. Of 32 random bytes 19 or more differ, and so do the
/// steps between them, but for one key in 10^10; one in 10^13 is all letters.
fn weakness(bytes: &[u8]) -> Option<&'static str> {
    const DIFFERENT: usize = 19;
    if bytes.iter().all(|byte| *byte == 0) {
        return Some("it is all zeros");
    }
    if bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Some("it is a text; a passphrase needs `SealingKey::from_passphrase`, and base64 is to be decoded");
    }
    let steps: BTreeSet<u8> = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let values: BTreeSet<u8> = bytes.iter().copied().collect();
    (values.len() < DIFFERENT || steps.len() < DIFFERENT).then_some("its bytes follow a pattern")
}

impl KeyId {
    pub(super) const SIZE: usize = 8;

    pub(super) fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
        return write!(f, "SealingKey({})", self.id());
        #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
        f.write_str("SealingKey(..)")
    }
}

/// Compared in a time that says nothing about where they differ.
impl PartialEq for SealingKey {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        bool::from(self.expose().ct_eq(other.expose()))
    }
}

impl Eq for SealingKey {}
