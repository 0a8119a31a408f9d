use std::fmt;

use super::header::Header;
use super::{Alg, Claims, Family, JoseError, JwkSet};
use crate::crypto::{Crypto, CryptoError, HmacKey};
use crate::encode::{base64url_strict, base64url_strict_into};

/// No real token is larger.
const MAX_TOKEN: usize = 64 * 1024;

/// A signature with a key of RSA of 8192 bits has 1024 bytes, and no other is longer; the decoder wants room to spare.
const MAX_SIGNATURE: usize = 1032;

/// A token in the compact serialisation (RFC 7515 section 7.1) whose signature has not been checked yet: it says with
/// what it wants to be checked, and nothing else.
///
/// ```
/// # #[cfg(feature = "ring")] {
/// use std::sync::Arc;
///
/// use oauth_core::crypto::Ring;
/// use oauth_core::jose::{Alg, JoseError, JwkSet, Jws};
///
/// fn subject(token: &str, keys: &JwkSet) -> Result<Option<String>, JoseError> {
///     let verified = Jws::parse(token, &[Alg::Rs256])?.verify(keys)?;
///     Ok(verified.claims()?.text("sub")?.map(Into::into))
/// }
/// let keys = JwkSet::from_json(Arc::new(Ring), br#"{"keys":[]}"#).unwrap();
/// assert_eq!(subject("e30.e30.", &keys), Err(JoseError::AlgNotAllowed));
/// # }
/// ```
pub struct Jws<'a> {
    alg: Alg,
    header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Reads a token's header; its `alg` must be one of those agreed on beforehand (RFC 8725 section 3.1).
    pub fn parse(token: &'a str, agreed: &[Alg]) -> Result<Self, JoseError> {
        if token.len() > MAX_TOKEN {
            return Err(JoseError::TokenTooLarge);
        }
        if token.trim_start().starts_with('{') {
            return Err(JoseError::JsonSerialisation);
        }
        let mut parts = token.splitn(6, '.');
        let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(JoseError::NotCompact);
        };
        match parts.count() {
            0 => {}
            // RFC 7516 section 9: a JWE has five parts.
            2 => return Err(JoseError::Encrypted),
            _ => return Err(JoseError::NotCompact),
        }
        let signed = &token[..header.len() + 1 + payload.len()];
        let header = decode_header(header)?;
        let alg = header.alg.filter(|alg| agreed.contains(alg)).ok_or(JoseError::AlgNotAllowed)?;
        Ok(Self { alg, header, signed, payload, signature })
    }

    /// The algorithm it says it is signed with, one of those agreed on.
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The name of the key it says it is signed with: text of strangers, to look up and for nothing else.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Checks the signature with a set of public keys. [`JoseError::UnknownKey`] is worth a look at a newer set.
    pub fn verify(&self, keys: &JwkSet) -> Result<Verified, JoseError> {
        let Family::Signature(alg) = self.alg.family() else { return Err(JoseError::AlgKeyMismatch) };
        let mut buffer = [0; MAX_SIGNATURE];
        keys.verify(self.kid(), alg, self.signed.as_bytes(), self.signature(&mut buffer)?)?;
        self.verified()
    }

    /// Checks the authentication code with shared keys: more than one while a secret is being replaced.
    pub fn verify_hmac(&self, crypto: &dyn Crypto, keys: &[HmacKey]) -> Result<Verified, JoseError> {
        let Family::Hmac(hash) = self.alg.family() else { return Err(JoseError::AlgKeyMismatch) };
        let mut buffer = [0; MAX_SIGNATURE];
        let code = self.signature(&mut buffer)?;
        let mut failure = CryptoError::BadSignature;
        for key in keys {
            match key.fits(hash).and_then(|()| crypto.hmac_verify(hash, key, self.signed.as_bytes(), code)) {
                Ok(()) => return self.verified(),
                Err(CryptoError::BadSignature) => {}
                Err(other) => failure = other,
            }
        }
        Err(if keys.is_empty() { JoseError::AlgKeyMismatch } else { failure.into() })
    }

    /// The bytes of the signature: in the one spelling that they have, so that a token has no second one.
    fn signature<'b>(&self, buffer: &'b mut [u8; MAX_SIGNATURE]) -> Result<&'b [u8], JoseError> {
        match base64url_strict_into(self.signature, buffer) {
            Some(signature) if !signature.is_empty() => Ok(signature),
            _ => Err(JoseError::BadSignature),
        }
    }

    fn verified(&self) -> Result<Verified, JoseError> {
        let payload = base64url_strict(self.payload).ok_or(JoseError::Encoding("payload"))?;
        Ok(Verified { alg: self.alg, header: self.header.clone(), payload })
    }
}

fn decode_header(text: &str) -> Result<Header, JoseError> {
    // A usual header fits; certificates in it, which nobody looks at, may make it longer.
    let mut buffer = [0; 512];
    if text.len() <= 512 {
        Header::parse(base64url_strict_into(text, &mut buffer).ok_or(JoseError::Encoding("header"))?)
    } else {
        Header::parse(&base64url_strict(text).ok_or(JoseError::Encoding("header"))?)
    }
}

/// A token whose signature has been checked. Whether its claims are meant for us is another question.
#[derive(Clone)]
pub struct Verified {
    alg: Alg,
    header: Header,
    payload: Vec<u8>,
}

impl Verified {
    /// The algorithm it is signed with.
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The name of the key it is signed with.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What kind of token it says it is (RFC 8725 section 3.11).
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// What was signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What was signed, as claims (RFC 7519 section 4).
    pub fn claims(&self) -> Result<Claims<'_>, JoseError> {
        Claims::parse(&self.payload)
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("alg", &self.alg).finish_non_exhaustive()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("alg", &self.alg).finish_non_exhaustive()
    }
}
