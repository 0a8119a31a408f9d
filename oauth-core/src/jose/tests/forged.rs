//! Signatures that a careless verifier takes, in the manner of Project Wycheproof: for each algorithm what is at the edges of
//! its numbers and its encodings. With P-256 it is in `signatures`.

use super::forged_pkcs1::PKCS1;
use super::forged_pss::PSS;
use super::rfc::{ED25519_JWK, ED25519_PKCS8, EDDSA, ES256, HS256, PAYLOAD, RS256, RSA_JWK};
use super::{ALL, Alg, JoseError, Jwk, JwkSet, Jws, backends, set, shared, verify};
use crate::crypto::{Hash, PrivateKey, SignatureAlg};
use crate::encode::{base64url, base64url_strict};

/// That the signatures are refused, but for those named sound.
fn only_the_sound(keys: &JwkSet, signed: &str, signatures: &[(&str, &str)]) {
    assert_eq!(signatures[0].0, "sound");
    for (case, signature) in signatures {
        let outcome = verify(&format!("{signed}.{signature}"), keys).map(|_| ());
        let expected = if case.starts_with("sound") { Ok(()) } else { Err(JoseError::BadSignature) };
        assert_eq!(outcome, expected, "{case}");
    }
}

#[test]
fn idt_18_an_encoded_message_of_rs256_has_one_form() {
    let signed = RS256.rsplit_once('.').unwrap().0;
    for crypto in backends() {
        only_the_sound(&set(&crypto, &[RSA_JWK]), signed, &PKCS1);
    }
}

#[test]
fn idt_18_an_encoded_message_of_ps256_has_a_salt_of_32_bytes() {
    let signed = format!("{}.{PAYLOAD}", base64url(br#"{"alg":"PS256"}"#));
    for crypto in backends() {
        only_the_sound(&set(&crypto, &[RSA_JWK]), &signed, &PSS);
        // A sound one under another name is none.
        let (_, sound) = PSS[0];
        for alg in ["RS256", "PS384", "PS512", "RS512"] {
            let other = format!("{}.{PAYLOAD}.{sound}", base64url(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()));
            assert_eq!(verify(&other, &set(&crypto, &[RSA_JWK])).unwrap_err(), JoseError::BadSignature, "{alg}");
        }
    }
}

/// The orders of the curves (FIPS 186-4 appendix D.1.2).
fn order(alg: SignatureAlg) -> Vec<u8> {
    let text = match alg {
        SignatureAlg::Es256 => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        SignatureAlg::Es384 => {
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
        _ => {
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
        }
    };
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Big-endian, of the same length: `number + by`, or nothing where that has one byte more.
fn plus(number: &[u8], by: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let sum: Vec<u8> = number
        .iter()
        .rev()
        .zip(by.iter().rev())
        .map(|(one, other)| {
            let sum = u16::from(*one) + u16::from(*other) + carry;
            carry = sum >> 8;
            u8::try_from(sum & 0xff).unwrap()
        })
        .collect();
    (carry == 0).then(|| sum.into_iter().rev().collect())
}

/// One half of a signature as a DER integer.
fn integer(half: &[u8]) -> Vec<u8> {
    let half = &half[half.iter().take_while(|byte| **byte == 0).count()..];
    let sign = if half.first().is_some_and(|first| *first >= 0x80) { &[0][..] } else { &[] };
    [&[2, u8::try_from(sign.len() + half.len()).unwrap()], sign, half].concat()
}

/// What is made of a sound signature, and none.
fn broken(alg: SignatureAlg, sound: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let n = order(alg);
    let size = n.len();
    let (r, s) = sound.split_at(size);
    let (zero, ones) = (vec![0; size], vec![0xff; size]);
    let one = [&zero[1..], &[1]].concat();
    let above = plus(&n, &one).unwrap();
    let body = [integer(r), integer(s)].concat();
    let length = u8::try_from(body.len()).unwrap();
    let der = if length < 128 { vec![0x30, length] } else { vec![0x30, 0x81, length] };
    let der = [der, body].concat();
    let mut cases = vec![
        ("both zero", [zero.clone(), zero.clone()].concat()),
        ("r zero", [&zero, s].concat()),
        ("s zero", [r, &zero].concat()),
        ("r is n", [&n, s].concat()),
        ("s is n", [r, &n].concat()),
        ("both n", [n.clone(), n.clone()].concat()),
        ("r above n", [&above, s].concat()),
        ("s above n", [r, &above].concat()),
        ("all ones", [ones.clone(), ones.clone()].concat()),
        ("r one and s one", [one.clone(), one.clone()].concat()),
        ("r one and s zero", [one.clone(), zero.clone()].concat()),
        ("swapped", [s, r].concat()),
        ("DER", der.clone()),
        ("DER and a byte", [&der[..], &[0]].concat()),
        ("a byte behind", [sound, &[0]].concat()),
        ("a byte before", [&[0], sound].concat()),
        ("a zero before each half", [&[0], r, &[0], s].concat()),
        ("without the first byte", sound[1..].to_vec()),
        ("without the last byte", sound[..sound.len() - 1].to_vec()),
        ("r alone", r.to_vec()),
        ("s alone", s.to_vec()),
        ("twice", sound.repeat(2)),
        ("padded to the next curve", [&[0; 16], r, &[0; 16], s].concat()),
        ("without 16 bytes of each half", [&r[16..], &s[16..]].concat()),
        ("one bit", [&[sound[0] ^ 1], &sound[1..]].concat()),
        ("empty", Vec::new()),
    ];
    // The same number once more around the curve, where it has room.
    cases.extend(plus(r, &n).map(|r| ("r and n", [&r[..], s].concat())));
    cases.extend(plus(s, &n).map(|s| ("s and n", [r, &s[..]].concat())));
    cases
}

fn sign(key: &dyn crate::crypto::SigningKey, signed: &str) -> Vec<u8> {
    key.sign(signed.as_bytes()).unwrap()
}

#[test]
fn idt_18_ecdsa_on_every_curve_that_a_backend_has() {
    for crypto in backends() {
        for alg in [SignatureAlg::Es256, SignatureAlg::Es384, SignatureAlg::Es512] {
            let Ok(private) = crypto.generate_private_key(alg) else {
                assert_eq!(alg, SignatureAlg::Es512, "every backend has the other two");
                continue;
            };
            let key = crypto.signing_key(alg, &private).unwrap();
            let keys = JwkSet::new(std::sync::Arc::clone(&crypto), [Jwk::new(key.public_key().clone())]);
            let signed = format!("{}.{PAYLOAD}", base64url(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()));
            let sound = sign(&*key, &signed);
            assert!(verify(&format!("{signed}.{}", base64url(&sound)), &keys).is_ok(), "{alg}");
            for (case, signature) in broken(alg, &sound) {
                let outcome = verify(&format!("{signed}.{}", base64url(&signature)), &keys);
                assert_eq!(outcome.unwrap_err(), JoseError::BadSignature, "{alg}: {case}");
            }
            // RFC 7518 section 3.4: each name is one curve.
            for other in ["ES256", "ES384", "ES512"].into_iter().filter(|other| *other != alg.name()) {
                let named = format!("{}.{PAYLOAD}", base64url(format!(r#"{{"alg":"{other}"}}"#).as_bytes()));
                let token = format!("{named}.{}", base64url(&sign(&*key, &named)));
                assert_eq!(verify(&token, &keys).unwrap_err(), JoseError::UnknownKey, "{alg} as {other}");
            }
        }
    }
}

/// The order of Ed25519's group, little-endian (RFC 8032 section 5.1).
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// RFC 8032 section 5.1.7: "Decode the second half as an integer S, in the range 0 <= s < L. If any of the decodings fail
/// (including S being out of range), the signature is invalid."
#[test]
fn idt_18_ed25519_has_one_s_for_each_signature() {
    let (signed, signature) = EDDSA.rsplit_once('.').unwrap();
    let sound = base64url_strict(signature).unwrap();
    let (r, s) = sound.split_at(32);
    let reversed = |bytes: &[u8]| -> Vec<u8> { bytes.iter().rev().copied().collect() };
    let mut more = s.to_vec();
    let mut cases = vec![
        ("S zero", [r, &[0; 32]].concat()),
        ("S is L", [r, &L].concat()),
        ("S all ones", [r, &[0xff; 32]].concat()),
        ("all zero", vec![0; 64]),
        ("R zero", [&[0; 32], s].concat()),
        ("R no point", [&[0xff; 32], s].concat()),
        ("R of small order", [&[1], &[0; 31][..], s].concat()),
        ("R the other way up", [&r[..31], &[r[31] ^ 0x80], s].concat()),
        ("S with its highest bit", [r, &s[..31], &[s[31] | 0x80]].concat()),
        ("S with the bit below", [r, &s[..31], &[s[31] | 0x40]].concat()),
        ("swapped", [s, r].concat()),
        ("big-endian", [reversed(r), reversed(s)].concat()),
        ("63 bytes", sound[..63].to_vec()),
        ("65 bytes", [&sound[..], &[0]].concat()),
        ("a byte before", [&[0], &sound[..]].concat()),
        ("R alone", r.to_vec()),
        ("twice", sound.repeat(2)),
        ("of Ed448's length", [&sound[..], &[0; 50]].concat()),
        ("empty", Vec::new()),
    ];
    for name in ["S and L", "S and L twice", "S and L three times", "S and L four times"] {
        more = reversed(&plus(&reversed(&more), &reversed(&L)).unwrap());
        cases.push((name, [r, &more].concat()));
    }
    for crypto in backends() {
        let keys = set(&crypto, &[ED25519_JWK]);
        assert!(verify(EDDSA, &keys).is_ok());
        for (case, signature) in &cases {
            let token = format!("{signed}.{}", base64url(signature));
            assert_eq!(verify(&token, &keys).unwrap_err(), JoseError::BadSignature, "{case}");
        }
        // RFC 8032 section 5.1: plain Ed25519, without a hash before it.
        let key = crypto.signing_key(SignatureAlg::EdDsa, &PrivateKey::from_pem(ED25519_PKCS8).unwrap()).unwrap();
        let hashed = key.sign(crypto.digest(Hash::Sha512, signed.as_bytes()).as_ref()).unwrap();
        let token = format!("{signed}.{}", base64url(&hashed));
        assert_eq!(verify(&token, &keys).unwrap_err(), JoseError::BadSignature);
    }
}

#[test]
fn idt_18_an_authentication_code_is_whole() {
    let (signed, code) = HS256.rsplit_once('.').unwrap();
    let sound = base64url_strict(code).unwrap();
    for crypto in backends() {
        let other = |hash| crypto.hmac(hash, &shared(), signed.as_bytes()).as_ref().to_vec();
        let (longer, longest) = (other(Hash::Sha384), other(Hash::Sha512));
        let mut cases: Vec<Vec<u8>> = (0..32).map(|length| sound[..length].to_vec()).collect();
        cases.extend([
            [&sound[..], &[0]].concat(),
            [&[0], &sound[..]].concat(),
            [&sound[..], &[0; 32]].concat(),
            sound.repeat(2),
            sound[1..].to_vec(),
            vec![0; 32],
            vec![0xff; 32],
            crypto.digest(Hash::Sha256, signed.as_bytes()).as_ref().to_vec(),
            longer[..32].to_vec(),
            longest[..32].to_vec(),
            longer,
            longest,
        ]);
        cases.extend((0..256).map(|bit| {
            let mut flipped = sound.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            flipped
        }));
        for (at, code) in cases.iter().enumerate() {
            let token = format!("{signed}.{}", base64url(code));
            let outcome = Jws::parse(&token, &ALL).unwrap().verify_hmac(&*crypto, &[shared()]);
            assert_eq!(outcome.unwrap_err(), JoseError::BadSignature, "case {at}");
        }
        let whole = Jws::parse(HS256, &[Alg::Hs256]).unwrap();
        assert!(whole.verify_hmac(&*crypto, &[shared()]).is_ok());
    }
}

/// A token of one kind of key with the sound signature of another.
#[test]
fn idt_18_no_signature_passes_under_another_name() {
    for crypto in backends() {
        let keys = set(&crypto, &[RSA_JWK, super::rfc::EC_JWK, ED25519_JWK]);
        for sound in [RS256, ES256, EDDSA] {
            let signature = sound.rsplit_once('.').unwrap().1;
            for alg in
                ALL.iter().filter(|alg| !sound.starts_with(&base64url(format!(r#"{{"alg":"{alg}"}}"#).as_bytes())))
            {
                let payload = sound.split('.').nth(1).unwrap();
                let token = format!("{}.{payload}.{signature}", base64url(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()));
                assert!(verify(&token, &keys).is_err(), "{alg}");
            }
        }
    }
}
