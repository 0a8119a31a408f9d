use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaEncoding,
    RsaParameters, RsaPublicKeyComponents,
};
use aws_lc_rs::{aead, digest, hkdf, hmac};

use super::{
    AEAD_KEY, AEAD_NONCE, AEAD_TAG, Crypto, CryptoError, Curve, Digest, EcPublicKey, Hash, HmacKey, PrivateKey,
    PrivateKeyFormat, PublicKey, RsaPublicKey, SignatureAlg, SigningKey, VerifyingKey,
};

/// The backend AWS-LC.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLcRs;

impl Crypto for AwsLcRs {
    fn digest(&self, hash: Hash, data: &[u8]) -> Digest {
        let algorithm = match hash {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        };
        Digest::of(digest::digest(algorithm, data).as_ref())
    }

    fn hmac(&self, hash: Hash, key: &HmacKey, data: &[u8]) -> Digest {
        let algorithm = match hash {
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
            Hash::Sha512 => hmac::HMAC_SHA512,
        };
        Digest::of(hmac::sign(&hmac::Key::new(algorithm, key.expose()), data).as_ref())
    }

    fn verifying_key(&self, alg: SignatureAlg, key: &PublicKey) -> Result<Box<dyn VerifyingKey>, CryptoError> {
        if !alg.takes(key) {
            return Err(CryptoError::KeyMismatch(alg));
        }
        let parsed = match key {
            PublicKey::Rsa(key) => {
                let parts = RsaPublicKeyComponents { n: key.modulus(), e: key.exponent() };
                parts.to_parsed_public_key(rsa_params(alg)?)
            }
            PublicKey::Ec(key) => {
                let algorithm = match key.curve() {
                    Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
                    Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED,
                };
                ParsedPublicKey::new(algorithm, key.point())
            }
            PublicKey::Ed25519(key) => ParsedPublicKey::new(&signature::ED25519, key),
        };
        let parsed = parsed.map_err(|error| CryptoError::rejected(alg, &error.to_string()))?;
        Ok(Box::new(Parsed(parsed)))
    }

    fn signing_key(&self, alg: SignatureAlg, key: &PrivateKey) -> Result<Box<dyn SigningKey>, CryptoError> {
        let refused = |error: aws_lc_rs::error::KeyRejected| CryptoError::rejected(alg, &error.to_string());
        let der = key.expose_der();
        let (pair, public) = if let Some(curve) = alg.curve() {
            let algorithm = ecdsa_signing(alg)?;
            let pair = match key.format() {
                PrivateKeyFormat::Sec1 => EcdsaKeyPair::from_private_key_der(algorithm, der),
                PrivateKeyFormat::Pkcs8 | PrivateKeyFormat::Pkcs1 => EcdsaKeyPair::from_pkcs8(algorithm, der),
            };
            let pair = pair.map_err(refused)?;
            let public = PublicKey::Ec(EcPublicKey::from_point(curve, pair.public_key().as_ref())?);
            (Pair::Ecdsa(pair), public)
        } else if alg == SignatureAlg::EdDsa {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(refused)?;
            let public = pair.public_key().as_ref().try_into().map_err(|_| CryptoError::Failed)?;
            (Pair::Ed25519(pair), PublicKey::Ed25519(public))
        } else {
            let encoding = rsa_encoding(alg)?;
            let pair = match key.format() {
                PrivateKeyFormat::Pkcs1 => RsaKeyPair::from_der(der),
                PrivateKeyFormat::Pkcs8 | PrivateKeyFormat::Sec1 => RsaKeyPair::from_pkcs8(der),
            };
            let pair = pair.map_err(refused)?;
            let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
            (Pair::Rsa(Box::new(pair), encoding), PublicKey::Rsa(RsaPublicKey::new(&parts.n, &parts.e)?))
        };
        Ok(Box::new(Signer { pair, public }))
    }

    fn generate_private_key(&self, alg: SignatureAlg) -> Result<PrivateKey, CryptoError> {
        let document = if alg == SignatureAlg::EdDsa {
            Ed25519KeyPair::generate_pkcs8(&random())
        } else {
            EcdsaKeyPair::generate_pkcs8(ecdsa_signing(alg)?, &random())
        };
        Ok(PrivateKey::from_pkcs8_der(document.map_err(|_| CryptoError::Failed)?))
    }

    fn hkdf_sha256(&self, salt: &[u8], secret: &[u8], info: &[u8], okm: &mut [u8]) -> Result<(), CryptoError> {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
        let info = [info];
        let filled = prk.expand(&info, Length(okm.len())).and_then(|key| key.fill(okm));
        filled.map_err(|_| CryptoError::Failed)
    }

    fn chacha20_poly1305_seal(
        &self,
        key: &[u8; AEAD_KEY],
        nonce: [u8; AEAD_NONCE],
        aad: &[u8],
        plain: &mut [u8],
    ) -> Result<[u8; AEAD_TAG], CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let tag = chacha20_poly1305(key)?.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), plain);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(CryptoError::Failed)
    }

    fn chacha20_poly1305_open<'a>(
        &self,
        key: &[u8; AEAD_KEY],
        nonce: [u8; AEAD_NONCE],
        aad: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let plain = chacha20_poly1305(key)?.open_in_place(nonce, aead::Aad::from(aad), sealed);
        plain.map_err(|_| CryptoError::NotAuthentic)
    }
}

/// How many bytes a key of HKDF is to have.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn chacha20_poly1305(key: &[u8; AEAD_KEY]) -> Result<aead::LessSafeKey, CryptoError> {
    let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, key).map_err(|_| CryptoError::Failed)?;
    Ok(aead::LessSafeKey::new(key))
}

/// The random part of a signature comes from the backend's own source: it takes no other.
#[allow(clippy::disallowed_methods, reason = "the backend's trait for random sources is sealed")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

fn rsa_params(alg: SignatureAlg) -> Result<&'static RsaParameters, CryptoError> {
    Ok(match alg {
        SignatureAlg::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        SignatureAlg::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        SignatureAlg::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        SignatureAlg::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        SignatureAlg::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        SignatureAlg::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return Err(CryptoError::Unsupported(alg)),
    })
}

fn rsa_encoding(alg: SignatureAlg) -> Result<&'static dyn RsaEncoding, CryptoError> {
    Ok(match alg {
        SignatureAlg::Rs256 => &signature::RSA_PKCS1_SHA256,
        SignatureAlg::Rs384 => &signature::RSA_PKCS1_SHA384,
        SignatureAlg::Rs512 => &signature::RSA_PKCS1_SHA512,
        SignatureAlg::Ps256 => &signature::RSA_PSS_SHA256,
        SignatureAlg::Ps384 => &signature::RSA_PSS_SHA384,
        SignatureAlg::Ps512 => &signature::RSA_PSS_SHA512,
        _ => return Err(CryptoError::Unsupported(alg)),
    })
}

fn ecdsa_signing(alg: SignatureAlg) -> Result<&'static EcdsaSigningAlgorithm, CryptoError> {
    match alg.curve() {
        Some(Curve::P256) => Ok(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        Some(Curve::P384) => Ok(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        Some(Curve::P521) => Ok(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
        None => Err(CryptoError::Unsupported(alg)),
    }
}

struct Parsed(ParsedPublicKey);

impl VerifyingKey for Parsed {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        self.0.verify_sig(message, signature).map_err(|_| CryptoError::BadSignature)
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parsed(..)")
    }
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
}

struct Signer {
    pair: Pair,
    public: PublicKey,
}

impl SigningKey for Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random(), message).map_err(|_| CryptoError::Failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random(), message, &mut signature).map_err(|_| CryptoError::Failed)?;
                Ok(signature)
            }
        }
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("public", &self.public).finish_non_exhaustive()
    }
}
