//! The worked examples of RFC 8439 and RFC 5869, for each backend.

use crate::crypto::{Crypto, CryptoError};

fn backends() -> Vec<Box<dyn Crypto>> {
    vec![
        #[cfg(feature = "ring")]
        Box::new(crate::crypto::Ring),
        #[cfg(feature = "aws-lc-rs")]
        Box::new(crate::crypto::AwsLcRs),
    ]
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(2).filter_map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).ok()).collect()
}

/// RFC 8439 section 2.8.2.
const PLAIN: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
sunscreen would be it.";
const AAD: &str = "50515253c0c1c2c3c4c5c6c7";
const KEY: &str = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
const NONCE: &str = "070000004041424344454647";
const CIPHERTEXT: &str = "
d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b6
7ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116";
const TAG: &str = "1ae10b594f09e26a7e902ecbd0600691";

#[test]
fn rfc_8439_section_2_8_2() {
    for crypto in backends() {
        let key = bytes(KEY).try_into().unwrap();
        let nonce = bytes(NONCE).try_into().unwrap();
        let mut data = PLAIN.to_vec();
        let tag = crypto.chacha20_poly1305_seal(&key, nonce, &bytes(AAD), &mut data).unwrap();
        assert_eq!((data.as_slice(), tag.as_slice()), (&*bytes(CIPHERTEXT), &*bytes(TAG)), "{crypto:?}");
        data.extend(tag);
        let sealed = data.clone();
        assert_eq!(crypto.chacha20_poly1305_open(&key, nonce, &bytes(AAD), &mut data).unwrap(), PLAIN);

        let refused = |key, nonce, aad: &[u8], sealed: &[u8]| {
            let mut sealed = sealed.to_vec();
            let opened = crypto.chacha20_poly1305_open(key, nonce, aad, &mut sealed).map(|plain| plain.to_vec());
            assert_eq!(opened, Err(CryptoError::NotAuthentic), "{crypto:?}");
        };
        refused(&[0; 32], nonce, &bytes(AAD), &sealed);
        refused(&key, [0; 12], &bytes(AAD), &sealed);
        refused(&key, nonce, b"", &sealed);
        for len in [0, 1, 15, 16, sealed.len() - 1] {
            refused(&key, nonce, &bytes(AAD), &sealed[..len]);
        }
    }
}

/// RFC 8439 appendix A.5: a message whose length is no multiple of a block, opened.
#[test]
fn rfc_8439_appendix_a_5() {
    let key = bytes("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0").try_into().unwrap();
    let nonce = bytes("000000000102030405060708").try_into().unwrap();
    let aad = bytes("f33388860000000000004e91");
    let sealed = bytes(
        "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100
         d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b350638
         3606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa115
         5b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10
         49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38",
    );
    for crypto in backends() {
        let mut sealed = sealed.clone();
        let plain = crypto.chacha20_poly1305_open(&key, nonce, &aad, &mut sealed).unwrap();
        let text = std::str::from_utf8(plain).unwrap();
        assert!(text.starts_with("Internet-Drafts are draft documents valid for a maximum of six months"), "{text}");
        assert!(text.ends_with("other than as /\u{201c}work in progress./\u{201d}"), "{text}");
    }
}

/// RFC 5869 appendix A.1 to A.3.
#[test]
fn rfc_5869_appendix_a() {
    let long = |from: u8| (from..=from + 79).collect::<Vec<u8>>();
    let cases = [
        (
            bytes("000102030405060708090a0b0c"),
            vec![0x0b; 22],
            bytes("f0f1f2f3f4f5f6f7f8f9"),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            long(0x60),
            long(0x00),
            long(0xb0),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8\
             367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            Vec::new(),
            vec![0x0b; 22],
            Vec::new(),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ];
    for crypto in backends() {
        for (salt, secret, info, expected) in &cases {
            let expected = bytes(expected);
            let mut okm = vec![0; expected.len()];
            crypto.hkdf_sha256(salt, secret, info, &mut okm).unwrap();
            assert_eq!(okm, expected, "{crypto:?}");
        }
        // RFC 5869 section 2.3: L <= 255*HashLen.
        assert_eq!(crypto.hkdf_sha256(b"", b"", b"", &mut [0; 255 * 32]), Ok(()));
        assert_eq!(crypto.hkdf_sha256(b"", b"", b"", &mut [0; 255 * 32 + 1]), Err(CryptoError::Failed));
    }
}

/// The name of an account may be long: none of it is cut.
#[test]
fn hkdf_takes_a_long_info() {
    let mut seen = Vec::new();
    for crypto in backends() {
        let mut info = vec![b'a'; 5000];
        let mut one = [0; 32];
        crypto.hkdf_sha256(b"salt", b"secret", &info, &mut one).unwrap();
        info[4999] = b'b';
        let mut other = [0; 32];
        crypto.hkdf_sha256(b"salt", b"secret", &info, &mut other).unwrap();
        assert_ne!(one, other, "{crypto:?}");
        seen.push((one, other));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "backends agree");
}
