use std::sync::Arc;

use super::rfc::{
    EC_JWK, ED25519_JWK, ED25519_PKCS8, EDDSA, ES256, ES512, HS256, P521_JWK, PAYLOAD, RS256, RSA_JWK, RSA_PKCS8,
};
use super::{ALL, Alg, JoseError, Jws, backends, jwk, set, shared, verify};
use crate::crypto::{Crypto, CryptoError, Hash, PrivateKey, SignatureAlg};
use crate::encode::base64url_strict;
use crate::jose::{JwkSet, JwsSigner};

#[test]
fn rfc_7515_a_1_hs256() {
    for crypto in backends() {
        let jws = Jws::parse(HS256, &[Alg::Hs256]).unwrap();
        let verified = jws.verify_hmac(&*crypto, &[shared()]).unwrap();
        assert_eq!(verified.typ(), Some("JWT"));
        assert_eq!(verified.claims().unwrap().text("iss").unwrap().unwrap(), "joe");
        let mut other = base64url_strict(super::rfc::SHARED).unwrap();
        other[0] ^= 1;
        let other = crate::crypto::HmacKey::new(other).unwrap();
        let jws = Jws::parse(HS256, &ALL).unwrap();
        assert_eq!(jws.verify_hmac(&*crypto, std::slice::from_ref(&other)).unwrap_err(), JoseError::BadSignature);
        assert!(jws.verify_hmac(&*crypto, &[other, shared()]).is_ok(), "the second of two secrets counts as well");
    }
}

#[test]
fn rfc_7515_a_2_rs256_and_a_3_es256() {
    for crypto in backends() {
        let keys = set(&crypto, &[RSA_JWK, EC_JWK]);
        for (token, alg) in [(RS256, Alg::Rs256), (ES256, Alg::Es256)] {
            let verified = verify(token, &keys).unwrap();
            assert_eq!(verified.alg(), alg);
            assert_eq!(verified.payload(), base64url_strict(PAYLOAD).unwrap());
        }
    }
}

#[test]
fn rfc_7515_a_2_rs256_is_written_to_the_letter() {
    let key = PrivateKey::from_pem(RSA_PKCS8).unwrap();
    for crypto in backends() {
        let key = crypto.signing_key(SignatureAlg::Rs256, &key).unwrap();
        let (signed, signature) = RS256.rsplit_once('.').unwrap();
        assert_eq!(key.sign(signed.as_bytes()).unwrap(), base64url_strict(signature).unwrap());
        assert_eq!(key.public_key(), jwk(RSA_JWK).key());
    }
}

#[test]
fn rfc_7515_a_4_es512_where_the_backend_has_it() {
    for crypto in backends() {
        let outcome = verify(ES512, &set(&crypto, &[P521_JWK]));
        if format!("{crypto:?}") == "Ring" {
            let lacking = JoseError::Crypto(CryptoError::Unsupported(SignatureAlg::Es512));
            assert_eq!(outcome.unwrap_err(), lacking);
        } else {
            assert_eq!(outcome.unwrap().payload(), b"Payload");
        }
    }
}

#[test]
fn rfc_7515_a_5_none_is_refused() {
    let token = format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.");
    assert_eq!(Jws::parse(&token, &ALL).unwrap_err(), JoseError::AlgNotAllowed);
}

#[test]
fn rfc_8037_a_ed25519() {
    let key = PrivateKey::from_pem(ED25519_PKCS8).unwrap();
    for crypto in backends() {
        assert_eq!(verify(EDDSA, &set(&crypto, &[ED25519_JWK])).unwrap().payload(), b"Example of Ed25519 signing");
        let key = crypto.signing_key(SignatureAlg::EdDsa, &key).unwrap();
        let (signed, signature) = EDDSA.rsplit_once('.').unwrap();
        assert_eq!(key.sign(signed.as_bytes()).unwrap(), base64url_strict(signature).unwrap());
        assert_eq!(key.public_key(), jwk(ED25519_JWK).key());
        assert_eq!(jwk(ED25519_JWK).thumbprint(&*crypto), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}

/// The name of RFC 9864 means the same.
#[test]
fn ed25519_is_eddsa_by_its_other_name() {
    for crypto in backends() {
        let signed = super::token(r#"{"alg":"Ed25519"}"#, b"");
        let signed = signed.trim_end_matches('.');
        let key = crypto.signing_key(SignatureAlg::EdDsa, &PrivateKey::from_pem(ED25519_PKCS8).unwrap()).unwrap();
        let signature = crate::encode::base64url(&key.sign(signed.as_bytes()).unwrap());
        assert!(verify(&format!("{signed}.{signature}"), &set(&crypto, &[ED25519_JWK])).is_ok());
    }
}

const RSA_7638: &str = concat!(
    r#""kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"#,
    "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZg",
    "nYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44",
    r#"-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29""#,
);

#[test]
fn rfc_7638_3_1_thumbprint() {
    for crypto in backends() {
        let key = jwk(&format!("{{{RSA_7638}}}"));
        assert_eq!(key.thumbprint(&*crypto), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}

#[test]
fn rfc_7517_a_public_private_and_symmetric_keys() {
    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#;
    for crypto in backends() {
        // A.1: the first is for encryption, and without that word it would do.
        let keys = set(&crypto, &[&format!(r#"{EC},"use":"enc","kid":"1"}}"#), &format!("{{{RSA_7638}}}")]);
        assert_eq!(keys.keys().map(|key| key.kid().unwrap()).collect::<Vec<_>>(), ["2011-04-29"]);
        assert_eq!(set(&crypto, &[&format!("{EC}}}")]).len(), 1);
        // A.2 and A.3.
        let private = format!(r#"{EC},"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}}"#);
        let keys = set(
            &crypto,
            &[
                &private,
                r#"{"kty":"oct","alg":"A128KW","k":"GawgguFyGrWKav7AX4VKUg"}"#,
                &format!(r#"{{"kty":"oct","k":"{}","kid":"HMAC"}}"#, super::rfc::SHARED),
            ],
        );
        assert!(keys.is_empty());
    }
}

#[test]
fn rfc_7517_b_certificates_are_not_looked_at() {
    let key = jwk(concat!(
        r#"{"kty":"RSA","use":"sig","kid":"1b94c","n":"vrjOfz9Ccdgx5nQudyhdoR17V-IubWMeOZCwX_jj0hgAsz2J_pqYW08PLbK_PdiV"#,
        "GKPrqzmDIsLI7sA25VEnHU1uCLNwBuUiCO11_-7dYbsr4iJmG0Qu2j8DsVyT1azpJC_NG84Ty5KKthuCaPod7iI7w0LK9orSMhBEwwZDCxTWq4aY",
        "WAchc8t-emd9qOvWtVMDC2BXksRngh6X5bUYLy6AyHKvj-nUy1wgzjYQDwHMTplCoLtU-o-8SNnZ1tmRoGE9uJkBLdh5gFENabWnU5m1ZqZPdwS-",
        r#"qo-meMvVfJb6jJVWRpl2SUtCnYG2C32qvbWbjZ_jBPD5eunqsIo1vQ","e":"AQAB","x5c":["MIIDQjCCAiqgAwIBAgIGATz"]}"#,
    ));
    assert_eq!(key.kid(), Some("1b94c"));
    assert!(key.supports(SignatureAlg::Rs256) && key.supports(SignatureAlg::Ps512));
    assert!(!key.supports(SignatureAlg::Es256) && !key.supports(SignatureAlg::EdDsa));
}

/// FIPS 180-4 and RFC 4231 section 4.3.
#[test]
fn digests_and_authentication_codes() {
    for crypto in backends() {
        for (hash, start) in [(Hash::Sha256, [0xba, 0x78]), (Hash::Sha384, [0xcb, 0x00]), (Hash::Sha512, [0xdd, 0xaf])]
        {
            let digest = crypto.digest(hash, b"abc");
            assert_eq!(digest.as_ref().len(), hash.size());
            assert_eq!(digest.as_ref()[..2], start);
        }
    }
}

/// What one backend signs, every one accepts, with each algorithm that both can sign with.
#[test]
fn backends_understand_each_other() {
    let keys: [(&str, &str, &[Alg]); 3] = [
        (RSA_PKCS8, RSA_JWK, &[Alg::Rs256, Alg::Rs384, Alg::Rs512, Alg::Ps256, Alg::Ps384, Alg::Ps512]),
        (super::rfc::EC_PKCS8, EC_JWK, &[Alg::Es256]),
        (ED25519_PKCS8, ED25519_JWK, &[Alg::EdDsa]),
    ];
    for signing in backends() {
        for (pem, public, algs) in keys {
            for alg in algs {
                let signer = JwsSigner::new(&*signing, *alg, &PrivateKey::from_pem(pem).unwrap()).unwrap();
                let token = signer.sign(&serde_json::json!({"sub": "me"})).unwrap();
                for checking in backends() {
                    let keys = set(&checking, &[public]);
                    let token = secrecy::ExposeSecret::expose_secret(&token);
                    assert_eq!(verify(token, &keys).unwrap().alg(), *alg, "{signing:?} to {checking:?}");
                    // A key of RSA without an `alg` works with six algorithms, also one after the other.
                    assert!(verify(token, &keys).is_ok());
                }
            }
        }
    }
}

/// A key is made ready when it is first needed, once for each algorithm it is used with.
#[test]
fn keys_are_made_ready_once() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::crypto::{Digest, HmacKey, PublicKey, SigningKey, VerifyingKey};

    #[derive(Debug)]
    struct Counting(Arc<dyn Crypto>, AtomicUsize);
    impl Crypto for Counting {
        fn digest(&self, hash: Hash, data: &[u8]) -> Digest {
            self.0.digest(hash, data)
        }
        fn hmac(&self, hash: Hash, key: &HmacKey, data: &[u8]) -> Digest {
            self.0.hmac(hash, key, data)
        }
        fn verifying_key(&self, alg: SignatureAlg, key: &PublicKey) -> Result<Box<dyn VerifyingKey>, CryptoError> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.verifying_key(alg, key)
        }
        fn signing_key(&self, alg: SignatureAlg, key: &PrivateKey) -> Result<Box<dyn SigningKey>, CryptoError> {
            self.0.signing_key(alg, key)
        }
        fn hkdf_sha256(&self, salt: &[u8], secret: &[u8], info: &[u8], okm: &mut [u8]) -> Result<(), CryptoError> {
            self.0.hkdf_sha256(salt, secret, info, okm)
        }
        fn chacha20_poly1305_seal(
            &self,
            key: &[u8; 32],
            nonce: [u8; 12],
            aad: &[u8],
            plain: &mut [u8],
        ) -> Result<[u8; 16], CryptoError> {
            self.0.chacha20_poly1305_seal(key, nonce, aad, plain)
        }
        fn chacha20_poly1305_open<'a>(
            &self,
            key: &[u8; 32],
            nonce: [u8; 12],
            aad: &[u8],
            sealed: &'a mut [u8],
        ) -> Result<&'a mut [u8], CryptoError> {
            self.0.chacha20_poly1305_open(key, nonce, aad, sealed)
        }
    }

    for crypto in backends() {
        let counting = Arc::new(Counting(crypto, AtomicUsize::new(0)));
        let keys = JwkSet::new(Arc::clone(&counting) as Arc<dyn Crypto>, [jwk(RSA_JWK), jwk(EC_JWK)]);
        assert_eq!(counting.1.load(Ordering::SeqCst), 0);
        for _ in 0..3 {
            assert!(verify(RS256, &keys).is_ok());
            assert!(verify(ES256, &keys).is_ok());
        }
        assert_eq!(counting.1.load(Ordering::SeqCst), 2);
    }
}
