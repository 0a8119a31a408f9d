//! The cases EN-01 to EN-06, where sealing decides them.
#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]

#[cfg(all(unix, feature = "file"))]
mod sources;

use std::sync::Arc;

use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::sealer::OVERHEAD;
use super::{KeyRing, SealOf, Sealer, SealingKey};
use crate::crypto::{Crypto, default_backend};
use crate::rng::{OsRng, Rng, RngError};
use crate::store::{StoreErrorKind, StoreResult};

const PLAIN: &[u8] = b"canary-refresh-token";
const OF: SealOf<'_> = SealOf { kind: "record", key: "oa1alice", version: 7 };

/// The bytes of the envelope before the key id.
const HEAD: usize = 4;

fn crypto() -> Arc<dyn Crypto> {
    default_backend().unwrap()
}

fn key() -> SealingKey {
    SealingKey::generate(&OsRng).unwrap()
}

fn with(ring: impl Into<KeyRing>) -> Sealer {
    Sealer::new(ring.into(), crypto(), Arc::new(OsRng))
}

fn opened(safe: &Sealer, of: SealOf<'_>, sealed: &[u8]) -> StoreResult<Vec<u8>> {
    safe.open("memory", of, sealed).map(|opened| opened.plain.expose_secret().to_vec())
}

/// Why it did not open, of a text that tells nothing.
fn refused(safe: &Sealer, of: SealOf<'_>, sealed: &[u8]) -> StoreErrorKind {
    let error = opened(safe, of, sealed).unwrap_err();
    let text = format!("{error} {error:?} {:?}", error.remedy());
    assert!(!text.contains("canary") && error.store() == "memory", "{text}");
    error.kind()
}

#[test]
fn what_was_sealed_opens() {
    let safe = with(key());
    for plain in [&b""[..], PLAIN, &[0xa5; 10_000]] {
        let sealed = safe.seal("memory", OF, plain).unwrap();
        assert_eq!(sealed.len(), plain.len() + OVERHEAD);
        assert!(plain.is_empty() || !sealed.windows(plain.len()).any(|part| part == plain));
        let opened = safe.open("memory", OF, &sealed).unwrap();
        assert_eq!((opened.plain.expose_secret(), opened.by_old_key), (plain, false));
    }
}

#[test]
fn en_01_what_was_sealed_opens_nowhere_else() {
    let safe = with(key());
    let sealed = safe.seal("memory", OF, PLAIN).unwrap();
    for of in [
        SealOf { key: "oa1bob", ..OF },
        SealOf { key: "", ..OF },
        SealOf { kind: "attempt", ..OF },
        SealOf { version: 6, ..OF },
        SealOf { version: 8, ..OF },
        // The same letters, cut elsewhere.
        SealOf { kind: "recordo", key: "a1alice", ..OF },
    ] {
        assert_eq!(refused(&safe, of, &sealed), StoreErrorKind::Corrupt, "{of:?}");
    }
    assert_eq!(opened(&safe, OF, &sealed).unwrap(), PLAIN);
}

/// The same nonce for two places is no nonce used twice: their keys differ.
#[test]
fn en_02_each_place_has_a_key_of_its_own() {
    struct Fixed;
    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
            bytes.fill(9);
            Ok(())
        }
    }
    let safe = Sealer::new(key().into(), crypto(), Arc::new(Fixed));
    let seal = |key| safe.seal("memory", SealOf { key, ..OF }, PLAIN).unwrap()[HEAD + 8 + 12..].to_vec();
    assert_eq!(seal("oa1alice"), seal("oa1alice"));
    let (alice, bob) = (seal("oa1alice"), seal("oa1bob"));
    assert!(alice.iter().zip(&bob).filter(|(one, other)| one == other).count() < 8);
}

#[test]
fn en_02_each_sealing_has_a_nonce_of_its_own() {
    let safe = with(key());
    let nonces: std::collections::HashSet<Vec<u8>> =
        (0..1000).map(|_| safe.seal("memory", OF, PLAIN).unwrap()[HEAD + 8..HEAD + 20].to_vec()).collect();
    assert_eq!(nonces.len(), 1000);
}

#[test]
fn en_02_without_random_bytes_nothing_is_sealed() {
    struct Broken;
    impl Rng for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RngError> {
            Err(RngError)
        }
    }
    let safe = Sealer::new(key().into(), crypto(), Arc::new(Broken));
    assert_eq!(safe.seal("memory", OF, PLAIN).unwrap_err().kind(), StoreErrorKind::Internal);
    assert_eq!(SealingKey::generate(&Broken).unwrap_err().kind(), StoreErrorKind::Internal);
}

/// A flipped bit in the key id names a key that is not here; in the format, perhaps a newer version.
#[test]
fn en_02_no_change_goes_unnoticed() {
    let safe = with(key());
    let sealed = safe.seal("memory", OF, PLAIN).unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            let expected = match at {
                3 if changed[at] > 1 => StoreErrorKind::NewerSchema,
                HEAD..12 => StoreErrorKind::KeyUnknown,
                _ => StoreErrorKind::Corrupt,
            };
            assert_eq!(refused(&safe, OF, &changed), expected, "byte {at}, bit {bit}");
        }
    }
    for len in 0..sealed.len() {
        assert_eq!(refused(&safe, OF, &sealed[..len]), StoreErrorKind::Corrupt, "cut to {len}");
    }
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(refused(&safe, OF, &longer), StoreErrorKind::Corrupt);
    assert_eq!(refused(&safe, OF, PLAIN), StoreErrorKind::Corrupt);
}

proptest! {
    #[test]
    fn en_02_bytes_from_elsewhere_are_corrupt(key_bytes in any::<[u8; 32]>(), mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assume!(SealingKey::from_bytes(key_bytes).is_ok());
        let key = SealingKey::from_bytes(key_bytes).unwrap();
        let safe = with(key.clone());
        prop_assert_eq!(refused(&safe, OF, &bytes), StoreErrorKind::Corrupt);
        // As close to a real one as an attacker gets.
        bytes.splice(..0, [b"oas\x01", &key.id().as_bytes()[..]].concat());
        prop_assert_eq!(refused(&safe, OF, &bytes), StoreErrorKind::Corrupt);
    }

    #[test]
    fn en_01_every_place_is_its_own(
        plain in prop::collection::vec(any::<u8>(), 0..100),
        one in ("[a-z]{0,3}", 0..3u64),
        other in ("[a-z]{0,3}", 0..3u64),
        kinds in (0..2usize, 0..2usize),
    ) {
        const KINDS: [&str; 2] = ["record", "attempt"];
        let safe = with(key());
        let sealed_at = SealOf { kind: KINDS[kinds.0], key: &one.0, version: one.1 };
        let opened_at = SealOf { kind: KINDS[kinds.1], key: &other.0, version: other.1 };
        let sealed = safe.seal("memory", sealed_at, &plain).unwrap();
        prop_assert_eq!(&opened(&safe, sealed_at, &sealed).unwrap(), &plain);
        if (&one, kinds.0) == (&other, kinds.1) {
            prop_assert_eq!(&opened(&safe, opened_at, &sealed).unwrap(), &plain);
        } else {
            prop_assert_eq!(refused(&safe, opened_at, &sealed), StoreErrorKind::Corrupt);
        }
    }
}

#[test]
fn en_03_a_replaced_key_still_opens() {
    let (old, new) = (key(), key());
    let sealed = with(old.clone()).seal("memory", OF, PLAIN).unwrap();
    let ring = KeyRing::from(new.clone()).with_old(key()).with_old(old.clone());
    let by_both = with(ring);
    let found = by_both.open("memory", OF, &sealed).unwrap();
    assert_eq!((found.plain.expose_secret(), found.by_old_key), (PLAIN, true));

    let anew = by_both.seal("memory", OF, found.plain.expose_secret()).unwrap();
    let found = with(new).open("memory", OF, &anew).unwrap();
    assert_eq!((found.plain.expose_secret(), found.by_old_key), (PLAIN, false));
}

#[test]
fn en_03_and_en_06_an_unknown_key_is_named() {
    let (lost, here) = (key(), key());
    let sealed = with(lost.clone()).seal("memory", OF, PLAIN).unwrap();
    let error = with(here.clone()).open("memory", OF, &sealed).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::KeyUnknown);
    assert!(!error.is_transient());
    for id in [lost.id(), here.id()] {
        assert!(error.to_string().contains(&id.to_string()), "{error}");
    }
    let remedy = error.remedy().unwrap();
    assert!(remedy.contains(&lost.id().to_string()) && remedy.contains("with_old"), "{remedy}");
    assert!(remedy.contains("lost for good"), "{remedy}");
}

/// A backup that is put back whole is noticed by the version that the process remembers. What no memory is needed for: an
/// older state does not open as a newer one.
#[test]
fn en_04_an_older_state_does_not_open_as_a_newer_one() {
    let safe = with(key());
    let older = safe.seal("memory", OF, PLAIN).unwrap();
    assert_eq!(refused(&safe, SealOf { version: OF.version + 1, ..OF }, &older), StoreErrorKind::Corrupt);
}

#[test]
fn en_05_only_random_keys_are_taken() {
    let count: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let twice: [u8; 32] = std::array::from_fn(|at| u8::try_from(at % 16 * 37 % 256).unwrap());
    let mut half = *key().expose();
    half[16..].fill(0);
    let weak = [
        [0; 32],
        [0xff; 32],
        count,
        std::array::from_fn(|at| count[31 - at]),
        std::array::from_fn(|at| count[at].wrapping_mul(73)),
        twice,
        half,
        *b"correct horse battery staple 123",
        *b"0123456789abcdeffedcba9876543210",
    ];
    for bytes in weak {
        let error = SealingKey::from_bytes(bytes).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::KeyInvalid, "{bytes:?}");
        let text = format!("{error} {error:?}");
        assert!(error.to_string().contains("not random") && !text.contains("correct horse"), "{text}");
    }
    for _ in 0..2000 {
        let mut bytes = [0; 32];
        OsRng.fill(&mut bytes).unwrap();
        SealingKey::from_bytes(bytes).unwrap();
    }
}

#[test]
fn en_05_a_key_as_text_has_32_bytes() {
    let bytes: [u8; 32] = [
        0xfb, 0xff, 0xbf, 0x12, 0x9e, 0x03, 0x77, 0xc1, 0x4d, 0x5a, 0x88, 0xe0, 0x31, 0x6b, 0xf4, 0x29, 0xd2, 0x0c,
        0x95, 0x46, 0xa7, 0x1f, 0xb8, 0x63, 0xee, 0x50, 0x3d, 0x84, 0xc9, 0x72, 0x1a, 0xaf,
    ];
    let key = SealingKey::from_bytes(bytes).unwrap();
    let standard = "+/+/Ep4Dd8FNWojgMWv0KdIMlUanH7hj7lA9hMlyGq8=";
    assert_eq!(key.expose_base64().expose_secret(), standard);
    let url = standard.replace('+', "-").replace('/', "_");
    for text in [standard, &url, &standard[..43], &url[..43], &format!(" {standard}\n")] {
        assert_eq!(SealingKey::from_base64(&text.into()).unwrap(), key, "{text}");
    }
    let longer = format!("AAAA{standard}");
    let huge = "A".repeat(1_000_000);
    for text in
        ["", "=", "secret-canary", &standard[..40], &longer, &huge, "+/-_Ep4Dd8FNWojgMWv0KdIMlUanH7hj7lA9hMlyGq8="]
    {
        let error = SealingKey::from_base64(&text.into()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::KeyInvalid);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        assert!(error.remedy().unwrap().contains("openssl rand -base64 32"));
    }
}

#[test]
fn en_05_a_key_is_not_printed() {
    let key = key();
    let ring = KeyRing::from(key.clone()).with_old(self::key());
    let text = key.expose_base64().expose_secret().to_owned();
    let shown = format!("{key:?} {ring:?} {:?}", with(ring.clone()));
    assert!(shown.starts_with(&format!("SealingKey({}) ", key.id())), "{shown}");
    let bytes = crate::encode::hex(key.expose());
    assert!(!shown.contains(&text[..8]) && !shown.contains(&bytes[..8]), "{shown}");
}

/// The ids and the sealed form are for ever: they are in stores. The values are another implementation's.
#[test]
fn the_sealed_form_is_fixed() {
    struct Fixed;
    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
            bytes.fill(0x42);
            Ok(())
        }
    }
    let key = SealingKey::from_bytes(std::array::from_fn(|at| u8::try_from(at * at % 251).unwrap())).unwrap();
    assert_eq!(key.id().to_string(), "ea82bb8411921c8e");
    let sealed = Sealer::new(key.into(), crypto(), Arc::new(Fixed)).seal("memory", OF, b"plain").unwrap();
    assert_eq!(
        crate::encode::hex(&sealed),
        "6f617301ea82bb8411921c8e4242424242424242424242428840959060c4614510b5f65ff9818a321786230e51"
    );
}
