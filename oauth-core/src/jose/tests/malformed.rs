//! Tokens that are not what they should look like.

use proptest::prelude::*;

use super::rfc::{EC_JWK, ES256, PAYLOAD, RS256, RSA_JWK};
use super::{ALL, JoseError, Jws, backends, set, token, verify};
use crate::encode::base64url;

#[test]
fn idt_03_a_token_has_one_spelling() {
    for crypto in backends() {
        let keys = set(&crypto, &[RSA_JWK, EC_JWK]);
        for sound in [RS256, ES256] {
            let (signed, signature) = sound.rsplit_once('.').unwrap();
            let (header, payload) = signed.split_once('.').unwrap();
            let last = signature.len() - 1;
            // `A` to `Q` differ in bits that decode to nothing.
            let stray = ["B", "h", "x", "R", "U", "V"].map(|end| format!("{signed}.{}{end}", &signature[..last]));
            let spelled = [
                format!("{sound}="),
                format!("{sound}=="),
                format!("{sound} "),
                format!("{sound}\n"),
                format!(" {sound}"),
                format!("{header}=.{payload}.{signature}"),
                format!("{header}.{payload}=.{signature}"),
                format!("{header}.{payload}\n.{signature}"),
                format!("{header}\r\n.{payload}.{signature}"),
                format!("{signed}.{}", signature.replace(['-', '_'], "+")),
                format!("{signed}.{}", &signature[..last]),
                format!("{signed}.{}", &signature[..signature.len() / 2]),
                format!("{signed}.{signature}A"),
                format!("{signed}.{signature}AAAA"),
                format!("{signed}.A{signature}"),
            ];
            for other in spelled.iter().chain(stray.iter().filter(|other| *other != sound)) {
                let error = verify(other, &keys).unwrap_err();
                assert!(matches!(error, JoseError::BadSignature | JoseError::Encoding("header")), "{other:?}: {error}");
            }
        }
    }
}

#[test]
fn idt_03_every_byte_counts() {
    for crypto in backends() {
        let keys = set(&crypto, &[EC_JWK]);
        for at in 0..ES256.len() {
            for other in [b'A', b'Q', b'.', b'='] {
                let mut changed = ES256.as_bytes().to_vec();
                if std::mem::replace(&mut changed[at], other) != other {
                    assert!(verify(std::str::from_utf8(&changed).unwrap(), &keys).is_err(), "byte {at}");
                }
            }
            assert!(verify(&ES256[..at], &keys).is_err());
        }
    }
}

#[test]
fn idt_03_a_signature_over_another_payload_is_refused() {
    for crypto in backends() {
        let keys = set(&crypto, &[RSA_JWK, EC_JWK]);
        let forged = base64url(br#"{"iss":"joe","sub":"admin"}"#);
        for token in [RS256, ES256] {
            assert_eq!(verify(&token.replace(PAYLOAD, &forged), &keys).unwrap_err(), JoseError::BadSignature);
        }
        let (signed, _) = ES256.rsplit_once('.').unwrap();
        let (_, other) = RS256.rsplit_once('.').unwrap();
        assert_eq!(verify(&format!("{signed}.{other}"), &keys).unwrap_err(), JoseError::BadSignature);
    }
}

#[test]
fn idt_24_size_and_dots_are_counted_before_anything_is_decoded() {
    let long = format!("{}.{}.{}", "A".repeat(70_000), "A", "A");
    assert_eq!(Jws::parse(&long, &ALL).unwrap_err(), JoseError::TokenTooLarge);
    assert_eq!(Jws::parse(&".".repeat(65_536), &ALL).unwrap_err(), JoseError::NotCompact);
    assert_eq!(Jws::parse(&".".repeat(65_537), &ALL).unwrap_err(), JoseError::TokenTooLarge);
    for dots in [0, 1, 3, 5, 6, 1000] {
        assert_eq!(Jws::parse(&format!("A{}A", ".".repeat(dots)), &ALL).unwrap_err(), JoseError::NotCompact, "{dots}");
    }
    assert_eq!(Jws::parse("", &ALL).unwrap_err(), JoseError::NotCompact);
    // The longest header that is allowed is read, and the longest signature.
    let header = format!(r#"{{"alg":"ES256","x5c":["{}"]}}"#, "A".repeat(40_000));
    for crypto in backends() {
        let keys = set(&crypto, &[EC_JWK, RSA_JWK]);
        assert_eq!(verify(&token(&header, &[1; 64]), &keys).unwrap_err(), JoseError::BadSignature);
        for len in [1023, 1024, 1025, 1032, 1033, 20_000] {
            let long = token(r#"{"alg":"RS256"}"#, &vec![1; len]);
            assert_eq!(verify(&long, &keys).unwrap_err(), JoseError::BadSignature);
        }
    }
}

#[test]
fn idt_23_an_encrypted_token_is_refused_by_its_own_name() {
    let token = format!("{}.A.A.A.A", base64url(br#"{"alg":"dir","enc":"A128GCM"}"#));
    assert_eq!(Jws::parse(&token, &ALL).unwrap_err(), JoseError::Encrypted);
}

#[test]
fn idt_25_json_is_refused() {
    let (header, rest) = ES256.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    let flat = format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#);
    let one = format!(r#"{{"protected":"{header}","signature":"{signature}"}}"#);
    let general = format!(r#" {{"payload":"{payload}","signatures":[{one},{one}]}}"#);
    for json in [flat, general] {
        assert_eq!(Jws::parse(&json, &ALL).unwrap_err(), JoseError::JsonSerialisation);
    }
    let list = format!(r#"["{ES256}"]"#);
    assert!(Jws::parse(&list, &ALL).is_err());
}

#[test]
fn headers_that_change_what_a_token_means_are_refused() {
    for (member, name) in [
        (r#""crit":["exp"],"exp":1"#, "crit"),
        (r#""crit":[]"#, "crit"),
        (r#""crit":["b64"],"b64":false"#, "crit"),
        (r#""b64":false"#, "b64"),
        (r#""b64":true"#, "b64"),
        (r#""zip":"DEF""#, "zip"),
        (r#""enc":"A128GCM""#, "enc"),
        (r#""\u0063rit":["exp"]"#, "crit"),
    ] {
        let token = token(&format!(r#"{{"alg":"ES256",{member}}}"#), b"x");
        assert_eq!(Jws::parse(&token, &ALL).unwrap_err(), JoseError::HeaderRefused(name));
    }
}

#[test]
fn headers_that_are_not_sound_are_refused() {
    for header in [
        "",
        "[]",
        "null",
        "\"ES256\"",
        r#"{"alg":"ES256""#,
        r#"{"alg":"ES256"} x"#,
        r#"{"alg":"ES256","alg":"none"}"#,
        r#"{"alg":"none","\u0061lg":"ES256"}"#,
        r#"{"alg":"ES256","x":1,"x":1}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","kid":null}"#,
        r#"{"alg":"ES256","typ":{}}"#,
        "\u{feff}{\"alg\":\"ES256\"}",
    ] {
        assert!(matches!(Jws::parse(&token(header, b"x"), &ALL), Err(JoseError::BadHeader(_))), "{header}");
    }
    let bytes = format!("{}.{PAYLOAD}.AAAA", base64url(b"{\"alg\":\"ES256\",\"a\":\"\xff\"}"));
    assert!(matches!(Jws::parse(&bytes, &ALL), Err(JoseError::BadHeader(_))));
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_forged_is_accepted(text in "\\PC{0,200}", dots in "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,6}") {
        for crypto in backends() {
            let keys = set(&crypto, &[EC_JWK, RSA_JWK]);
            prop_assert!(verify(&text, &keys).is_err());
            prop_assert!(verify(&dots, &keys).is_err());
        }
    }

    #[test]
    fn no_signature_of_chance_is_accepted(signature in proptest::collection::vec(any::<u8>(), 0..140)) {
        for crypto in backends() {
            let keys = set(&crypto, &[EC_JWK]);
            let token = token(r#"{"alg":"ES256"}"#, &signature);
            prop_assert!(verify(&token, &keys).is_err());
        }
    }
}
