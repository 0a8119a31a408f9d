//! A key is used with the algorithms of its kind only, and a token does not choose its key.

use super::rfc::{EC_JWK, ES256, HS256, RS256, RSA_JWK};
use super::{ALL, Alg, JoseError, Jws, backends, jwk, set, shared, token, verify};
use crate::crypto::{CryptoError, Hash, HmacKey, PublicKey, SignatureAlg};
use crate::encode::base64url;

#[test]
fn idt_01_none_in_any_spelling_is_refused() {
    let spellings =
        ["none", "None", "NONE", "nOnE", "", " none", "none\\u0000", "\\u006eone", "hs256", "RS256 ", "RS1", "foo"];
    for spelling in spellings {
        for signature in [&b""[..], b"x", &[0; 64]] {
            let token = token(&format!(r#"{{"alg":"{spelling}"}}"#), signature);
            assert_eq!(Jws::parse(&token, &ALL).unwrap_err(), JoseError::AlgNotAllowed, "{spelling:?}");
        }
    }
    for header in ["{}", r#"{"typ":"JWT"}"#] {
        assert_eq!(Jws::parse(&token(header, b"x"), &ALL).unwrap_err(), JoseError::AlgNotAllowed);
    }
    for header in [r#"{"alg":null}"#, r#"{"alg":["RS256"]}"#, r#"{"alg":1}"#] {
        assert!(matches!(Jws::parse(&token(header, b"x"), &ALL), Err(JoseError::BadHeader(_))), "{header}");
    }
}

#[test]
fn idt_01_two_parts_are_no_token() {
    let unsigned = RS256.rsplit_once('.').unwrap().0;
    assert_eq!(Jws::parse(unsigned, &ALL).unwrap_err(), JoseError::NotCompact);
    for crypto in backends() {
        assert_eq!(verify(&format!("{unsigned}."), &set(&crypto, &[RSA_JWK])).unwrap_err(), JoseError::BadSignature);
    }
}

#[test]
fn idt_01_an_algorithm_that_was_not_agreed_on_is_refused() {
    assert_eq!(Jws::parse(ES256, &[Alg::Rs256]).unwrap_err(), JoseError::AlgNotAllowed);
    assert_eq!(Jws::parse(ES256, &[]).unwrap_err(), JoseError::AlgNotAllowed);
}

#[test]
fn idt_02_a_public_key_is_no_shared_key() {
    let PublicKey::Rsa(rsa) = jwk(RSA_JWK).key().clone() else { panic!() };
    let document = format!(r#"{{"keys":[{RSA_JWK}]}}"#);
    for crypto in backends() {
        let keys = set(&crypto, &[RSA_JWK]);
        for secret in [rsa.modulus(), RSA_JWK.as_bytes(), document.as_bytes()] {
            let unsigned = token(r#"{"alg":"HS256"}"#, b"");
            let unsigned = unsigned.trim_end_matches('.');
            let code = crypto.hmac(Hash::Sha256, &HmacKey::new(secret).unwrap(), unsigned.as_bytes());
            let forged = format!("{unsigned}.{}", base64url(code.as_ref()));
            assert_eq!(Jws::parse(&forged, &[Alg::Rs256]).unwrap_err(), JoseError::AlgNotAllowed);
            assert_eq!(verify(&forged, &keys).unwrap_err(), JoseError::AlgKeyMismatch);
            let jws = Jws::parse(&forged, &ALL).unwrap();
            assert_eq!(jws.verify_hmac(&*crypto, &[shared()]).unwrap_err(), JoseError::BadSignature);
            assert_eq!(jws.verify_hmac(&*crypto, &[]).unwrap_err(), JoseError::AlgKeyMismatch);
        }
        let jws = Jws::parse(RS256, &ALL).unwrap();
        assert_eq!(jws.verify_hmac(&*crypto, &[shared()]).unwrap_err(), JoseError::AlgKeyMismatch);
    }
}

#[test]
fn idt_02_a_key_of_another_kind_is_refused_by_the_backend_as_well() {
    for crypto in backends() {
        for (key, alg) in [
            (RSA_JWK, SignatureAlg::Es256),
            (RSA_JWK, SignatureAlg::EdDsa),
            (EC_JWK, SignatureAlg::Rs256),
            (EC_JWK, SignatureAlg::Es384),
            (super::rfc::ED25519_JWK, SignatureAlg::Es256),
        ] {
            let refused = crypto.verifying_key(alg, jwk(key).key()).unwrap_err();
            assert_eq!(refused, CryptoError::KeyMismatch(alg));
        }
    }
}

#[test]
fn idt_02_a_named_key_of_another_kind_is_not_replaced_by_one_of_the_right_kind() {
    for crypto in backends() {
        let rsa = RSA_JWK.replacen('{', r#"{"kid":"a","#, 1);
        let ec = EC_JWK.replacen('{', r#"{"kid":"b","#, 1);
        let keys = set(&crypto, &[&rsa, &ec]);
        let named = token(r#"{"alg":"RS256","kid":"b"}"#, &[1; 256]);
        assert_eq!(verify(&named, &keys).unwrap_err(), JoseError::AlgKeyMismatch);
        // The key's own `alg` binds it as well (RFC 7517 section 4.4).
        let ps256 = RSA_JWK.replacen('{', r#"{"alg":"PS256","#, 1);
        assert_eq!(verify(RS256, &set(&crypto, &[&ps256])).unwrap_err(), JoseError::UnknownKey);
    }
}

#[test]
fn idt_10_short_shared_keys_are_refused() {
    for short in ["", "secret", "0123456789012345678901234567890"] {
        let refused = HmacKey::new(short).unwrap_err();
        assert_eq!(refused, CryptoError::WeakKey { len: short.len(), least: 32 });
        assert_eq!(JoseError::from(refused).code(), "jws-key-weak");
    }
    let key = HmacKey::new([7; 32]).unwrap();
    for crypto in backends() {
        let jws = token(r#"{"alg":"HS512"}"#, &[0; 64]);
        let weak = Jws::parse(&jws, &ALL).unwrap().verify_hmac(&*crypto, std::slice::from_ref(&key)).unwrap_err();
        assert_eq!(weak, JoseError::WeakKey { len: 32, least: 64 });
        assert!(crate::jose::JwsSigner::hmac(crypto, Alg::Hs384, key.clone()).is_err());
    }
}

#[test]
fn idt_11_keys_in_the_header_are_not_used() {
    for crypto in backends() {
        // A.3's token is its signer's own; its key comes along in every way there is.
        let signer = crypto
            .signing_key(SignatureAlg::Es256, &crate::crypto::PrivateKey::from_pem(super::rfc::EC_PKCS8).unwrap())
            .unwrap();
        for member in [
            format!(r#""jwk":{EC_JWK}"#),
            r#""jku":"https://evil.example/jwks""#.to_owned(),
            r#""x5u":"https://evil.example/cert""#.to_owned(),
            r#""x5c":["MIIB"]"#.to_owned(),
            r#""kid":"../../dev/null""#.to_owned(),
            r#""kid":"' OR 1=1 --""#.to_owned(),
            r#""kid":"https://evil.example/jwks""#.to_owned(),
        ] {
            let unsigned = token(&format!(r#"{{"alg":"ES256",{member}}}"#), b"");
            let unsigned = unsigned.trim_end_matches('.');
            let forged = format!("{unsigned}.{}", base64url(&signer.sign(unsigned.as_bytes()).unwrap()));
            let error = verify(&forged, &set(&crypto, &[RSA_JWK])).unwrap_err();
            assert_eq!(error, JoseError::UnknownKey);
            assert!(!format!("{error} {error:?}").contains("evil"), "what a stranger wrote is in no message");
            // With the real key in the set the same header does no harm, unless it names another.
            let real = verify(&forged, &set(&crypto, &[EC_JWK]));
            assert_eq!(real.is_ok(), !member.contains("kid"), "{member}");
        }
    }
}

#[test]
fn tokens_and_keys_are_in_no_debug_output() {
    for crypto in backends() {
        let jws = Jws::parse(HS256, &ALL).unwrap();
        let verified = jws.verify_hmac(&*crypto, &[shared()]).unwrap();
        let shown = format!("{jws:?} {verified:?} {:?} {:?}", verified.claims().unwrap(), shared());
        for secret in ["joe", "1300819380", super::rfc::PAYLOAD, "AyM1"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
