//! Private keys, and the tokens that are written with them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::rfc::{EC_JWK, EC_PKCS8, EC_SEC1, ED25519_PKCS8, RSA_JWK, RSA_PKCS8};
use super::{ALL, Alg, JoseError, Jws, backends, jwk, set, shared, verify};
use crate::crypto::{CryptoError, PrivateKey, PrivateKeyFormat, SignatureAlg};
use crate::encode::base64url_strict;
use crate::jose::JwsSigner;

/// The key of `RSA_PKCS8` in PKCS#1, which stands inside it behind 26 bytes.
fn rsa_pkcs1() -> String {
    let body: String = RSA_PKCS8.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", STANDARD.encode(&der[26..]))
}

fn header(token: &str) -> serde_json::Value {
    serde_json::from_slice(&base64url_strict(token.split('.').next().unwrap()).unwrap()).unwrap()
}

#[test]
fn a_minted_client_secret_names_its_key() {
    let key = PrivateKey::from_pem(EC_PKCS8).unwrap();
    for crypto in backends() {
        let signer = JwsSigner::new(&*crypto, Alg::Es256, &key).unwrap().kid("KEY1").typ("JWT");
        let token = signer.sign(&json!({"iss": "TEAM", "aud": "https://id.example", "exp": 2, "iat": 1})).unwrap();
        assert_eq!(header(token.expose_secret()), json!({"alg": "ES256", "kid": "KEY1", "typ": "JWT"}));
        let named = EC_JWK.replacen('{', r#"{"kid":"KEY1","#, 1);
        let verified = verify(token.expose_secret(), &set(&crypto, &[&named])).unwrap();
        assert_eq!(verified.kid(), Some("KEY1"));
        assert_eq!(verified.claims().unwrap().text("iss").unwrap().unwrap(), "TEAM");
        assert!(!format!("{signer:?} {token:?} {key:?}").contains(token.expose_secret()));
    }
}

#[test]
fn a_proof_carries_its_public_key() {
    let key = PrivateKey::from_pem(ED25519_PKCS8).unwrap();
    for crypto in backends() {
        let signer = JwsSigner::new(&*crypto, Alg::EdDsa, &key).unwrap().typ("dpop+jwt").embed_key();
        let token = signer.sign(&json!({"htm": "POST"})).unwrap();
        let embedded = header(token.expose_secret())["jwk"].to_string();
        assert_eq!(jwk(&embedded).key(), signer.public_key().unwrap().key());
        assert!(verify(token.expose_secret(), &set(&crypto, &[&embedded])).is_ok());
    }
}

#[test]
fn shared_keys_sign_as_well() {
    for crypto in backends() {
        let signer = JwsSigner::hmac(Arc::clone(&crypto), Alg::Hs512, shared()).unwrap().embed_key();
        assert!(signer.public_key().is_none());
        let token = signer.sign(&json!({"sub": "me"})).unwrap();
        assert_eq!(header(token.expose_secret()), json!({"alg": "HS512"}));
        assert!(Jws::parse(token.expose_secret(), &ALL).unwrap().verify_hmac(&*crypto, &[shared()]).is_ok());
        assert!(JwsSigner::hmac(Arc::clone(&crypto), Alg::Rs256, shared()).is_err());
        let pair = PrivateKey::from_pem(EC_PKCS8).unwrap();
        assert_eq!(JwsSigner::new(&*crypto, Alg::Hs256, &pair).unwrap_err(), JoseError::AlgKeyMismatch);
    }
}

#[test]
fn private_keys_in_older_formats_are_read_or_the_way_out_is_told() {
    let pkcs1 = PrivateKey::from_pem(rsa_pkcs1()).unwrap();
    // `openssl ecparam -genkey` writes the curve in front.
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let sec1 = PrivateKey::from_pem(format!("{parameters}{EC_SEC1}").replace('\n', "\r\n")).unwrap();
    assert_eq!((pkcs1.format(), sec1.format()), (PrivateKeyFormat::Pkcs1, PrivateKeyFormat::Sec1));
    for crypto in backends() {
        let key = crypto.signing_key(SignatureAlg::Rs256, &pkcs1).unwrap();
        assert_eq!(key.public_key(), jwk(RSA_JWK).key());
        match crypto.signing_key(SignatureAlg::Es256, &sec1) {
            Ok(key) => assert_eq!(key.public_key(), jwk(EC_JWK).key()),
            Err(error) => assert!(error.to_string().contains("openssl pkcs8 -topk8"), "{error}"),
        }
    }
}

#[test]
fn private_keys_that_are_not_sound_are_refused_without_a_word_of_them() {
    let damaged = EC_PKCS8.replace("7X1fC", "7X1fD");
    for text in [
        "",
        "not a key",
        "-----BEGIN PRIVATE KEY-----\nAAAA",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
    ] {
        let error = PrivateKey::from_pem(text).unwrap_err();
        assert!(matches!(error, CryptoError::BadKey(_) | CryptoError::KeyFormat { .. }));
        assert!(!format!("{error} {error:?}").contains("AAAA"));
    }
    for crypto in backends() {
        for (pem, alg) in [
            (RSA_PKCS8, SignatureAlg::Es256),
            (EC_PKCS8, SignatureAlg::Rs256),
            (EC_PKCS8, SignatureAlg::Es384),
            (EC_PKCS8, SignatureAlg::EdDsa),
            (ED25519_PKCS8, SignatureAlg::Ps256),
            (&damaged, SignatureAlg::Es256),
            (&rsa_pkcs1(), SignatureAlg::EdDsa),
            (&rsa_pkcs1(), SignatureAlg::Es256),
            (EC_SEC1, SignatureAlg::Rs256),
        ] {
            let key = PrivateKey::from_pem(pem).unwrap();
            assert!(crypto.signing_key(alg, &key).is_err(), "{crypto:?} {alg}");
        }
        let rubbish = PrivateKey::from_pkcs8_der([1, 2, 3]);
        assert!(crypto.signing_key(SignatureAlg::Es256, &rubbish).is_err());
    }
}
