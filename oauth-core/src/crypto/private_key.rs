use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretSlice};

use super::{CryptoError, Hash};

/// A shared key for HMAC. It is wiped when dropped, and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct HmacKey(SecretSlice<u8>);

impl HmacKey {
    /// RFC 7518 section 3.2: "A key of the same size as the hash output [...] or larger MUST be used"; no hash here is
    /// shorter than that of SHA-256.
    const LEAST: usize = Hash::Sha256.size();

    /// A key of these bytes, at least 32 of them. A client secret counts as its UTF-8 bytes (OpenID Connect Core 1.0
    /// section 10.1).
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, CryptoError> {
        let bytes = bytes.as_ref();
        if bytes.len() < Self::LEAST {
            return Err(CryptoError::WeakKey { len: bytes.len(), least: Self::LEAST });
        }
        Ok(Self(SecretSlice::from(bytes.to_vec())))
    }

    /// A key of any length but none, for a signature that is not a JWS and whose secret somebody else has chosen: the
    /// vendor who signs its links with the client secret that it issued. A JWS still refuses a short one.
    pub fn dangerous_any_length(bytes: impl AsRef<[u8]>) -> Result<Self, CryptoError> {
        let bytes = bytes.as_ref();
        if bytes.is_empty() {
            return Err(CryptoError::WeakKey { len: 0, least: 1 });
        }
        Ok(Self(SecretSlice::from(bytes.to_vec())))
    }

    /// The bytes, for a backend.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Refuses a key that is too short for this hash.
    pub(crate) fn fits(&self, hash: Hash) -> Result<(), CryptoError> {
        let len = self.expose().len();
        if len < hash.size() { Err(CryptoError::WeakKey { len, least: hash.size() }) } else { Ok(()) }
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey([redacted])")
    }
}

/// A private key in one of the usual formats. It is wiped when dropped, and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct PrivateKey {
    format: PrivateKeyFormat,
    der: SecretSlice<u8>,
}

/// How a private key is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PrivateKeyFormat {
    /// PKCS#8 (RFC 5958): `BEGIN PRIVATE KEY`.
    Pkcs8,
    /// PKCS#1 (RFC 8017 appendix A.1.2): `BEGIN RSA PRIVATE KEY`.
    Pkcs1,
    /// SEC 1 (RFC 5915): `BEGIN EC PRIVATE KEY`.
    Sec1,
}

impl PrivateKey {
    /// The first private key of a PEM text (RFC 7468): what vendors give as `.pem` or `.p8`.
    pub fn from_pem(pem: impl AsRef<str>) -> Result<Self, CryptoError> {
        let (format, body) = first_block(pem.as_ref())?;
        let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
        text.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        let len = STANDARD
            .decode_slice(&*text, &mut der)
            .map_err(|_| CryptoError::BadKey("what stands between its BEGIN and END lines is not base64"))?;
        Ok(Self { format, der: SecretSlice::from(der[..len].to_vec()) })
    }

    /// A key in PKCS#8, as DER.
    pub fn from_pkcs8_der(der: impl AsRef<[u8]>) -> Self {
        Self { format: PrivateKeyFormat::Pkcs8, der: SecretSlice::from(der.as_ref().to_vec()) }
    }

    /// The format.
    pub fn format(&self) -> PrivateKeyFormat {
        self.format
    }

    /// The key as DER, for a backend.
    pub fn expose_der(&self) -> &[u8] {
        self.der.expose_secret()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("format", &self.format).finish_non_exhaustive()
    }
}

/// The format and the base64 of the first block that holds a private key; `openssl ecparam` puts parameters before it.
fn first_block(pem: &str) -> Result<(PrivateKeyFormat, &str), CryptoError> {
    let mut rest = pem;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let Some((label, after)) = after.split_once("-----") else { break };
        rest = after;
        let format = match label {
            "PRIVATE KEY" => PrivateKeyFormat::Pkcs8,
            "RSA PRIVATE KEY" => PrivateKeyFormat::Pkcs1,
            "EC PRIVATE KEY" => PrivateKeyFormat::Sec1,
            "ENCRYPTED PRIVATE KEY" => return Err(encrypted()),
            "OPENSSH PRIVATE KEY" => {
                return Err(CryptoError::KeyFormat {
                    found: "of OpenSSH",
                    convert: "ssh-keygen -p -N '' -m PKCS8 -f KEY",
                });
            }
            _ => continue,
        };
        let Some((body, _)) = after.split_once("-----END ") else {
            return Err(CryptoError::BadKey("its END line is missing"));
        };
        // RFC 1421 section 4.6.1.1: an old-style encrypted key says so in a header line.
        return if body.contains("ENCRYPTED") { Err(encrypted()) } else { Ok((format, body)) };
    }
    Err(CryptoError::BadKey("the text has no PEM block with a private key"))
}

/// The command that writes a key as PKCS#8.
pub(super) const TO_PKCS8: &str = "openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.p8";

fn encrypted() -> CryptoError {
    CryptoError::KeyFormat { found: "with a passphrase", convert: TO_PKCS8 }
}
