//! Signatures of ECDSA at the edges (RFC 7518 section 3.4).

use super::rfc::{EC_JWK, ES256, RS256, RSA_JWK};
use super::{JoseError, backends, set, verify};
use crate::encode::{base64url, base64url_strict};

/// The order of P-256 (FIPS 186-4 appendix D.1.2.3).
const N: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// One half of a signature as a DER integer.
fn integer(half: &[u8]) -> Vec<u8> {
    let half = &half[half.iter().take_while(|byte| **byte == 0).count()..];
    let sign = if half.first().is_some_and(|first| *first >= 0x80) { &[0][..] } else { &[] };
    [&[2, u8::try_from(sign.len() + half.len()).unwrap()], sign, half].concat()
}

#[test]
fn idt_18_signatures_at_the_edges_are_refused() {
    let (signed, signature) = ES256.rsplit_once('.').unwrap();
    let sound = base64url_strict(signature).unwrap();
    let (r, s) = sound.split_at(32);
    let zero = [0; 32];
    let mut above = N;
    above[31] += 1;
    let mut below = N;
    below[31] -= 1;
    let one = {
        let mut one = [0; 32];
        one[31] = 1;
        one
    };
    let body = [integer(r), integer(s)].concat();
    let der = [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("both halves zero", [zero, zero].concat()),
        ("r is zero", [&zero, s].concat()),
        ("s is zero", [r, &zero].concat()),
        ("r is n", [&N[..], s].concat()),
        ("s is n", [r, &N].concat()),
        ("both are n", [N, N].concat()),
        ("r above n", [&above[..], s].concat()),
        ("s above n", [r, &above].concat()),
        ("r all ones", [&[0xff; 32], s].concat()),
        ("s all ones", [r, &[0xff; 32]].concat()),
        ("r and s one", [one, one].concat()),
        ("r and s n - 1", [below, below].concat()),
        ("DER", der),
        ("r without its first byte", [&r[1..], s].concat()),
        ("s without its first byte", [r, &s[1..]].concat()),
        ("a zero before r", [&[0], r, s].concat()),
        ("a zero before each", [&[0], r, &[0], s].concat()),
        ("a zero behind", [r, s, &[0]].concat()),
        ("the halves swapped", [s, r].concat()),
        ("r alone", r.to_vec()),
        ("twice", [&sound[..], &sound[..]].concat()),
        ("of P-384's length", vec![1; 96]),
        ("one byte", vec![1]),
        ("empty", vec![]),
    ];
    for crypto in backends() {
        let keys = set(&crypto, &[EC_JWK]);
        assert!(verify(ES256, &keys).is_ok());
        for (case, signature) in &cases {
            let token = format!("{signed}.{}", base64url(signature));
            assert_eq!(verify(&token, &keys).unwrap_err(), JoseError::BadSignature, "{case}");
        }
    }
}

#[test]
fn idt_18_a_signature_of_rsa_has_the_length_of_its_key() {
    let (signed, signature) = RS256.rsplit_once('.').unwrap();
    let sound = base64url_strict(signature).unwrap();
    for crypto in backends() {
        let keys = set(&crypto, &[RSA_JWK]);
        let cases = [vec![0; 256], vec![0xff; 256], sound[1..].to_vec(), [&[0], &sound[..]].concat(), vec![1]];
        for signature in cases {
            let token = format!("{signed}.{}", base64url(&signature));
            assert_eq!(verify(&token, &keys).unwrap_err(), JoseError::BadSignature);
        }
    }
}
