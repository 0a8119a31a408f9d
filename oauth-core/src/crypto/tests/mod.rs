#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod sealing;

use super::{
    AEAD_KEY, AEAD_NONCE, AEAD_TAG, Crypto, CryptoError, Digest, Hash, HmacKey, PrivateKey, PublicKey, SignatureAlg,
    SigningKey, VerifyingKey,
};

/// A backend whose every digest is zeros.
#[derive(Debug)]
struct Zeros;

impl Crypto for Zeros {
    fn digest(&self, hash: Hash, _: &[u8]) -> Digest {
        Digest::new(&vec![0; hash.size()]).unwrap()
    }

    fn hmac(&self, hash: Hash, _: &HmacKey, data: &[u8]) -> Digest {
        self.digest(hash, data)
    }

    fn verifying_key(&self, alg: SignatureAlg, _: &PublicKey) -> Result<Box<dyn VerifyingKey>, CryptoError> {
        Err(CryptoError::Unsupported(alg))
    }

    fn signing_key(&self, alg: SignatureAlg, _: &PrivateKey) -> Result<Box<dyn SigningKey>, CryptoError> {
        Err(CryptoError::Unsupported(alg))
    }

    fn hkdf_sha256(&self, _: &[u8], _: &[u8], _: &[u8], _: &mut [u8]) -> Result<(), CryptoError> {
        Err(CryptoError::Failed)
    }

    fn chacha20_poly1305_seal(
        &self,
        _: &[u8; AEAD_KEY],
        _: [u8; AEAD_NONCE],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<[u8; AEAD_TAG], CryptoError> {
        Err(CryptoError::Failed)
    }

    fn chacha20_poly1305_open<'a>(
        &self,
        _: &[u8; AEAD_KEY],
        _: [u8; AEAD_NONCE],
        _: &[u8],
        _: &'a mut [u8],
    ) -> Result<&'a mut [u8], CryptoError> {
        Err(CryptoError::NotAuthentic)
    }
}

#[cfg(feature = "schema")]
fn acme() -> crate::Client {
    let yaml = "\
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
confidence: vendor
endpoints: {authorization: https://acme.example/authorize, token: https://acme.example/token}
";
    let spec = crate::ProviderSpec::from_yaml(yaml).unwrap();
    spec.client("id", "secret").redirect_uri("https://app.example/callback")
}

#[cfg(feature = "schema")]
#[tokio::test]
async fn a_client_takes_any_backend() {
    let attempt = acme().crypto(std::sync::Arc::new(Zeros)).authorize().begin().await.unwrap();
    let zeros = format!("code_challenge={}&", "A".repeat(43));
    assert!(attempt.url().as_str().contains(&zeros), "{}", attempt.url());
}

#[test]
fn authentication_codes_are_compared_whole() {
    let key = HmacKey::new([1; 32]).unwrap();
    let verify = |code: &[u8]| Zeros.hmac_verify(Hash::Sha256, &key, b"", code);
    assert_eq!(verify(&[0; 32]), Ok(()));
    for code in [&[0; 31][..], &[0; 33], &[], &[1; 32]] {
        assert_eq!(verify(code), Err(CryptoError::BadSignature));
    }
}

#[test]
fn digests_have_their_place() {
    assert!(Digest::new(&[0; 65]).is_none());
    assert_eq!(Digest::new(&[7; 64]).unwrap().as_ref(), [7; 64]);
    assert_eq!(format!("{:?}", Digest::new(b"secret").unwrap()), "Digest(6 bytes)");
}

#[cfg(all(feature = "schema", not(any(feature = "ring", feature = "aws-lc-rs"))))]
#[tokio::test]
async fn without_a_backend_the_way_out_is_told() {
    use std::error::Error as _;

    use crate::ErrorKind;
    use crate::http::{ReqwestClient, TransportErrorKind};

    let way_out = "no cryptography backend: turn on feature `ring` or `aws-lc-rs`, or give the client one";
    assert!(super::default_backend().is_none());
    acme().validate().unwrap();
    let error = acme().authorize().begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(way_out), "{error}");
    let error = ReqwestClient::new().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NoBackend);
    assert_eq!(error.source().unwrap().to_string(), way_out);
    let Err(error) = acme().inner().http() else { panic!() };
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(way_out), "{error}");
}
