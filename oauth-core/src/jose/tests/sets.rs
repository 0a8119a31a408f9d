//! Key sets, friendly and hostile.

use std::sync::Arc;

use super::rfc::{EC_JWK, ED25519_JWK, ES256, RS256, RSA_JWK};
use super::{JoseError, Jwk, JwkSet, backends, set, token, verify};
use crate::encode::base64url;

/// The key with these members in front.
fn with(key: &str, members: &str) -> String {
    key.replacen('{', &format!("{{{members},"), 1)
}

/// A key of RSA with a modulus of that many bits.
fn rsa(bits: usize, exponent: &[u8]) -> String {
    let mut modulus = vec![0xa5; bits.div_ceil(8)];
    modulus[0] = if bits.is_multiple_of(8) { 0xa5 } else { 1 << (bits % 8 - 1) };
    format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, base64url(&modulus), base64url(exponent))
}

#[test]
fn idt_13_without_a_kid_the_one_key_of_the_kind_is_tried() {
    for crypto in backends() {
        let named = with(EC_JWK, r#""kid":"a""#);
        assert!(verify(ES256, &set(&crypto, &[&named])).is_ok());
        // Keys of other kinds and for other ends do not count.
        let encryption = with(EC_JWK, r#""use":"enc""#);
        assert!(verify(ES256, &set(&crypto, &[RSA_JWK, &encryption, ED25519_JWK, EC_JWK])).is_ok());
        assert_eq!(verify(ES256, &set(&crypto, &[RSA_JWK, &encryption])).unwrap_err(), JoseError::UnknownKey);
    }
}

#[test]
fn idt_13_without_a_kid_at_most_four_keys_are_tried() {
    let other = rsa(2048, &[1, 0, 1]);
    for crypto in backends() {
        for others in 0..6 {
            let mut keys = vec![&*other; others];
            keys.push(RSA_JWK);
            let outcome = verify(RS256, &set(&crypto, &keys));
            match others {
                0..=3 => assert!(outcome.is_ok(), "{others} others"),
                _ => assert_eq!(outcome.unwrap_err(), JoseError::AmbiguousKey),
            }
        }
        assert_eq!(verify(RS256, &set(&crypto, &[&other, &other])).unwrap_err(), JoseError::BadSignature);
    }
}

#[test]
fn idt_16_a_kid_that_comes_twice_names_several_candidates() {
    for crypto in backends() {
        let named = r#"{"alg":"RS256","kid":"a"}"#;
        let key = crate::crypto::PrivateKey::from_pem(super::rfc::RSA_PKCS8).unwrap();
        let signer = crypto.signing_key(crate::crypto::SignatureAlg::Rs256, &key).unwrap();
        let unsigned = token(named, b"");
        let unsigned = unsigned.trim_end_matches('.');
        let token = format!("{unsigned}.{}", base64url(&signer.sign(unsigned.as_bytes()).unwrap()));
        let other = with(&rsa(2048, &[1, 0, 1]), r#""kid":"a""#);
        let real = with(RSA_JWK, r#""kid":"a""#);
        assert!(verify(&token, &set(&crypto, &[&other, &real])).is_ok());
        assert!(verify(&token, &set(&crypto, &[&real, &other])).is_ok());
        let many = vec![&*other; 5];
        assert_eq!(verify(&token, &set(&crypto, &many)).unwrap_err(), JoseError::AmbiguousKey);
        // A name is compared letter by letter.
        let upper = with(RSA_JWK, r#""kid":"A""#);
        assert_eq!(verify(&token, &set(&crypto, &[&upper])).unwrap_err(), JoseError::UnknownKey);
    }
}

#[test]
fn idt_16_keys_that_are_not_sound_are_left_out() {
    let long = format!(r#""kid":"{}""#, "k".repeat(65_536));
    let short =
        EC_JWK.replace("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA");
    let hostile = [
        rsa(512, &[1, 0, 1]),
        rsa(2047, &[1, 0, 1]),
        rsa(8193, &[1, 0, 1]),
        rsa(65_536, &[1, 0, 1]),
        rsa(2048, &[1]),
        rsa(2048, &[3]),
        rsa(2048, &[0xff, 0xff]),
        rsa(2048, &[1, 0, 0]),
        rsa(2048, &[0, 1, 0, 1]),
        rsa(2048, &[0]),
        rsa(2048, &[]),
        rsa(2048, &[1, 0, 0, 0, 0, 1, 1]),
        rsa(2048, &[1, 0, 1]).replacen(r#""n":""#, r#""n":"AAAA"#, 1),
        r#"{"kty":"RSA","n":"","e":"AQAB"}"#.to_owned(),
        r#"{"kty":"RSA","e":"AQAB"}"#.to_owned(),
        short,
        EC_JWK.replace("P-256", "P-384"),
        EC_JWK.replace("P-256", "secp256k1"),
        EC_JWK.replace("P-256", "Ed25519"),
        EC_JWK.replace(r#""kty":"EC""#, r#""kty":"RSA""#),
        EC_JWK.replace(r#""kty":"EC""#, r#""kty":"ec""#),
        EC_JWK.replace(r#""kty":"EC","#, ""),
        ED25519_JWK.replace("Ed25519", "X25519"),
        ED25519_JWK.replace("11qY", ""),
        r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
        with(EC_JWK, r#""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI""#),
        with(RSA_JWK, r#""d":"AQAB""#),
        with(RSA_JWK, r#""k":"AQAB""#),
        with(EC_JWK, r#""use":"enc""#),
        with(EC_JWK, r#""use":["sig"]"#),
        with(EC_JWK, r#""key_ops":["sign"]"#),
        with(EC_JWK, r#""key_ops":[]"#),
        with(EC_JWK, r#""key_ops":"verify""#),
        with(EC_JWK, r#""alg":"RS256""#),
        with(EC_JWK, r#""alg":"ES384""#),
        with(EC_JWK, r#""alg":"none""#),
        with(EC_JWK, r#""alg":"HS256""#),
        with(EC_JWK, r#""alg":"ECDH-ES""#),
        with(EC_JWK, r#""alg":256"#),
        with(EC_JWK, r#""kid":1"#),
        with(EC_JWK, &long),
        with(EC_JWK, r#""kty":"EC""#),
        with(EC_JWK, r#""\u0078":"AAAA""#),
        EC_JWK.replace("WI5a0", "WI5a0="),
        "null".to_owned(),
        "[]".to_owned(),
        "1".to_owned(),
        "\"key\"".to_owned(),
        "{}".to_owned(),
    ];
    for crypto in backends() {
        for key in &hostile {
            assert!(Jwk::from_json(key).is_err(), "{key:.120}");
            let keys = set(&crypto, &[key, EC_JWK]);
            assert_eq!(keys.len(), 1, "{key:.120}");
            assert!(verify(ES256, &keys).is_ok());
            assert!(set(&crypto, &[key]).is_empty());
        }
    }
}

#[test]
fn idt_16_sound_keys_are_kept() {
    for key in [
        rsa(2048, &[1, 0, 1]),
        rsa(8192, &[1, 0, 1]),
        rsa(3072, &[1, 0, 3]),
        with(EC_JWK, r#""use":"sig","key_ops":["verify","x"],"alg":"ES256","x5c":[],"future":{"a":[1]}"#),
        with(ED25519_JWK, r#""alg":"EdDSA""#),
        with(ED25519_JWK, r#""alg":"Ed25519""#),
        EC_JWK.replace("\"kty\"", "\"\\u006bty\""),
    ] {
        assert!(Jwk::from_json(&key).is_ok(), "{key:.120}");
    }
}

#[test]
fn idt_16_a_point_off_its_curve_checks_nothing() {
    for crypto in backends() {
        for other in ["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let off = EC_JWK.replace("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", other);
            let error = verify(ES256, &set(&crypto, &[&off])).unwrap_err();
            assert!(matches!(error, JoseError::BadKey(_) | JoseError::BadSignature), "{error}");
            assert!(verify(ES256, &set(&crypto, &[&off, EC_JWK])).is_ok());
        }
    }
}

#[test]
fn idt_16_sets_beyond_all_measure_are_refused() {
    for crypto in backends() {
        let read = |json: &str| JwkSet::from_json(Arc::clone(&crypto), json.as_bytes());
        let of = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec![EC_JWK; count].join(","));
        assert_eq!(read(&of(100)).unwrap().len(), 100);
        assert_eq!(read(&of(101)).unwrap_err(), JoseError::KeySetTooLarge);
        assert_eq!(
            read(&format!(r#"{{"keys":[{}{{}}]}}"#, "{},".repeat(10_000))).unwrap_err(),
            JoseError::KeySetTooLarge
        );
        let padded = format!("{}{}", " ".repeat(1024 * 1024), of(1));
        assert_eq!(read(&padded).unwrap_err(), JoseError::KeySetTooLarge);
        for json in [
            "",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":null}"#,
            r#"{"keys":[],"keys":[]}"#,
            r#"{"keys":[],"\u006beys":[]}"#,
            r#"{"keys":[}"#,
            r#"{"keys":[]} {}"#,
            "<html>",
        ] {
            assert_eq!(read(json).unwrap_err(), JoseError::BadKeySet, "{json}");
        }
        assert_eq!(JwkSet::from_json(Arc::clone(&crypto), b"{\"keys\":[\"\xff\"]}").unwrap_err(), JoseError::BadKeySet);
        let deep = format!(r#"{{"keys":[{}{}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).is_err() || read(&deep).unwrap().is_empty());
        assert!(read(r#"{"keys":[]}"#).unwrap().is_empty());
    }
}

#[test]
fn an_empty_set_knows_no_key() {
    for crypto in backends() {
        let keys = set(&crypto, &[]);
        assert_eq!(verify(ES256, &keys).unwrap_err(), JoseError::UnknownKey);
        assert!(!keys.has_kid("a"));
        assert!(set(&crypto, &[&with(EC_JWK, r#""kid":"a""#)]).has_kid("a"));
    }
}
