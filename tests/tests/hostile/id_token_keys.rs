//! Area IDT: how an ID token is signed, and by whom.

use oauth_core::crypto::SignatureAlg;
use oauth_core::{Client, ClientAuth, ErrorKind};
use oauth_tests::canned::{json, json_status};
use oauth_tests::issuer::{ACME_ID, CLIENT_ID, Issuer, KEYS, TOKEN, tells_nothing};
use oauth_tests::keys::{Key, base64url, hs256, key_set, unsigned};
use oauth_tests::login::{self, SECRET, start};
use serde_json::{Value, json};

/// Long enough for HMAC.
const LONG: &str = "canary-client-secret-of-32-bytes-or-more";

/// A login whose ID token is made like this is refused for that reason; the client discovered the issuer.
async fn refused(issuer: &Issuer, kind: ErrorKind, sign: impl FnOnce(Value) -> String) -> oauth_core::Error {
    issuer.log_in_with(&issuer.client().await, |claims| Some(sign(claims))).await.refused(kind)
}

async fn accepted(issuer: &Issuer, sign: impl FnOnce(Value) -> String) {
    issuer.log_in_with(&issuer.client().await, |claims| Some(sign(claims))).await.account();
}

/// A client of a file that allows these algorithms.
fn allowing(issuer: &Issuer, algs: &str, auth: impl Into<ClientAuth>) -> Client {
    let yaml = ACME_ID.replace("[RS256, ES256, EdDSA]", algs);
    login::spec(&yaml)
        .client(CLIENT_ID, auth)
        .redirect_uri("https://app.example/callback")
        .clock(std::sync::Arc::new(issuer.clock.clone()))
        .dangerous_at(issuer.origin())
}

#[tokio::test]
async fn idt_01_a_token_without_a_signature_is_none() {
    let issuer = Issuer::start().await;
    for alg in [r#""none""#, r#""None""#, r#""nOnE""#, r#""NONE""#, r#""""#, r#"" none""#, r#""RS256 ""#, r#""rs256""#]
    {
        let header = format!(r#"{{"alg":{alg}}}"#);
        for signature in ["", "AAAA"] {
            let sign = |claims: Value| format!("{}.{signature}", unsigned(&header, claims.to_string()));
            refused(&issuer, ErrorKind::IdTokenAlgorithm, sign).await;
        }
        let sign = |claims: Value| issuer.key.sign_bytes(&header, claims.to_string());
        refused(&issuer, ErrorKind::IdTokenAlgorithm, sign).await;
    }
    refused(&issuer, ErrorKind::IdTokenAlgorithm, |claims| unsigned("{}", claims.to_string()) + ".").await;
    for header in [r#"{"alg":null}"#, r#"{"alg":["RS256"]}"#, r#"{"alg":"none","alg":"RS256"}"#, "[]", "", "RS256"] {
        let sign = |claims: Value| issuer.key.sign_bytes(header, claims.to_string());
        refused(&issuer, ErrorKind::IdTokenMalformed, sign).await;
    }
    let two = |claims: Value| unsigned(r#"{"alg":"RS256"}"#, claims.to_string());
    refused(&issuer, ErrorKind::IdTokenMalformed, two).await;
    refused(&issuer, ErrorKind::IdTokenMalformed, |claims| claims.to_string()).await;
}

#[tokio::test]
async fn idt_02_a_public_key_is_no_shared_secret() {
    let issuer = Issuer::start().await;
    let jwk = issuer.key.jwk();
    let modulus = jwk["n"].as_str().unwrap().to_owned();
    let secrets = [key_set(&[&issuer.key]), jwk.to_string(), modulus, SECRET.to_owned(), LONG.to_owned()];
    let both = allowing(&issuer, "[RS256, HS256]", LONG);
    for (at, secret) in secrets.iter().enumerate() {
        refused(&issuer, ErrorKind::IdTokenAlgorithm, |claims| hs256(secret, &claims)).await;
        // Where the file allows HS256, the client's secret is the one key of it.
        let outcome = issuer.log_in_with(&both, |claims| Some(hs256(secret, &claims))).await;
        if at == 4 { drop(outcome.account()) } else { drop(outcome.refused(ErrorKind::IdTokenSignature)) }
    }
    // A client without a secret has no key of HMAC, not even an empty one.
    let public = allowing(&issuer, "[RS256, HS256]", ClientAuth::none());
    issuer.log_in_with(&public, |claims| Some(hs256("", &claims))).await.refused(ErrorKind::IdTokenAlgorithm);
}

#[tokio::test]
async fn idt_02_a_key_works_with_the_algorithms_of_its_kind_only() {
    let issuer = Issuer::start().await;
    let (curve, edwards) = (Key::es256("ec-1"), Key::ed25519("ed-1"));
    issuer.keys(&[&issuer.key, &curve, &edwards]);
    for (key, other) in [(&curve, &edwards), (&edwards, &issuer.key), (&issuer.key, &curve)] {
        accepted(&issuer, |claims| key.sign(&claims)).await;
        let mut header = key.header();
        header["kid"] = other.header()["kid"].clone();
        refused(&issuer, ErrorKind::IdTokenAlgorithm, |claims| key.sign_with(&header, &claims)).await;
        header["alg"] = other.header()["alg"].clone();
        refused(&issuer, ErrorKind::IdTokenSignature, |claims| key.sign_with(&header, &claims)).await;
    }
    // The key says RS256, the file allows both: the key's word counts.
    let pss = Key::rsa_as("rsa-1", SignatureAlg::Ps256);
    let client = allowing(&issuer, "[RS256, PS256]", SECRET);
    issuer.log_in_with(&client, |claims| Some(pss.sign(&claims))).await.refused(ErrorKind::IdTokenAlgorithm);
    // An algorithm that the issuer does not announce is not taken, however good its signature is.
    issuer.keys(&[&pss]);
    refused(&issuer, ErrorKind::IdTokenAlgorithm, |claims| pss.sign(&claims)).await;
}

/// The next character of the alphabet: other bits behind the last byte, which a careless decoder drops.
fn with_stray_bits(part: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert_ne!(part.len() % 4, 0, "the last character has bits to spare");
    let (head, last) = part.split_at(part.len() - 1);
    let at = ALPHABET.find(last).unwrap();
    format!("{head}{}", &ALPHABET[at + 1..at + 2])
}

/// Header, payload and signature, made into something else.
type Break = fn(&str, &str, &str) -> String;

#[tokio::test]
async fn idt_03_a_signature_is_of_these_very_bytes() {
    let issuer = Issuer::start().await;
    let other = Key::other_rsa("rsa-1");
    refused(&issuer, ErrorKind::IdTokenSignature, |claims| other.sign(&claims)).await;
    let broken: [Break; 11] = [
        |h, p, _| format!("{h}.{p}."),
        |h, p, s| format!("{h}.{p}.{}", &s[..s.len() - 4]),
        |h, p, s| format!("{h}.{p}.{s}AAAA"),
        |h, p, s| format!("{h}.{p}.{}{}", if s.starts_with('A') { 'B' } else { 'A' }, &s[1..]),
        |h, p, s| format!("{h}.{p}.{s}=="),
        |h, p, s| format!("{h}.{p}.{s} "),
        |h, p, s| format!("{h}.{p}.{}", with_stray_bits(s)),
        |h, p, s| format!("{h}.{p}.{}", s.replace(['-', '_'], "+")),
        |h, p, s| format!("{h}.{}{}.{s}", &p[..8], &p[9..]),
        |h, p, s| format!("{h}.{p}A.{s}"),
        |h, p, s| format!("{h}.{p}=.{s}"),
    ];
    for (at, change) in broken.into_iter().enumerate() {
        let sign = |claims: Value| {
            let token = issuer.key.sign(&claims);
            let parts: Vec<&str> = token.split('.').collect();
            let changed = change(parts[0], parts[1], parts[2]);
            assert_ne!(changed, token, "{at}");
            changed
        };
        refused(&issuer, ErrorKind::IdTokenSignature, sign).await;
    }
    // Signed as it stands, and yet not the one spelling of its claims.
    for change in [with_stray_bits, |part: &str| format!("{part}="), |part: &str| format!(" {part}")] {
        let sign = |mut claims: Value| {
            while base64url(claims.to_string()).len().is_multiple_of(4) {
                claims["pad"] = format!("{}x", claims["pad"].as_str().unwrap_or_default()).into();
            }
            let signed =
                format!("{}.{}", base64url(issuer.key.header().to_string()), change(&base64url(claims.to_string())));
            format!("{signed}.{}", base64url(issuer.key.signature(&signed)))
        };
        refused(&issuer, ErrorKind::IdTokenMalformed, sign).await;
    }
}

#[tokio::test]
async fn idt_10_a_short_secret_signs_nothing() {
    let issuer = Issuer::start().await;
    for short in ["x", SECRET, &LONG[..31]] {
        let client = allowing(&issuer, "[HS256]", short);
        let outcome = issuer.log_in_with(&client, |claims| Some(hs256(short, &claims))).await;
        let error = outcome.refused(ErrorKind::IdTokenKey);
        let least = std::error::Error::source(&error).unwrap().to_string();
        assert!(least.contains("at least 32 are needed"), "{least}");
    }
    let client = allowing(&issuer, "[HS256]", &LONG[..32]);
    issuer.log_in_with(&client, |claims| Some(hs256(&LONG[..32], &claims))).await.account();
    for wrong in ["", " ", &LONG[..31], LONG] {
        issuer.log_in_with(&client, |claims| Some(hs256(wrong, &claims))).await.refused(ErrorKind::IdTokenSignature);
    }
    // There is no empty secret.
    let exchanges = issuer.asked(TOKEN);
    let error = allowing(&issuer, "[HS256]", "").authorize().begin().await.unwrap_err();
    assert_eq!((error.kind(), issuer.asked(TOKEN)), (ErrorKind::Config, exchanges));
}

#[tokio::test]
async fn idt_11_what_a_token_says_of_its_key_is_not_listened_to() {
    let issuer = Issuer::start().await;
    let evil = Key::other_rsa("evil-1");
    issuer.answer("/evil", json(&key_set(&[&evil])));
    let address = format!("{}/evil", issuer.origin());
    let header = |kid: Option<&str>| {
        let mut header =
            json!({"alg": "RS256", "jwk": evil.bare_jwk(), "jku": address, "x5u": address, "x5c": ["MIIB"]});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        header
    };
    for kid in [Some("rsa-1"), None] {
        refused(&issuer, ErrorKind::IdTokenSignature, |claims| evil.sign_with(&header(kid), &claims)).await;
    }
    let tricks =
        ["evil-1", "../../evil", "' OR 1=1 --", &address, "/dev/null", "", "rsa-1\0", "RSA-1", &"k".repeat(5000)];
    for kid in tricks {
        let error = refused(&issuer, ErrorKind::IdTokenKey, |claims| evil.sign_with(&header(Some(kid)), &claims)).await;
        if kid.len() > 6 {
            tells_nothing(&error, &[kid]);
        }
    }
    // The rightful key signs, and what else stands there does no harm.
    accepted(&issuer, |claims| issuer.key.sign_with(&header(Some("rsa-1")), &claims)).await;
    assert_eq!(issuer.asked("/evil"), 0);
    for name in ["crit", "b64", "zip", "enc"] {
        let mut header = issuer.key.header();
        header[name] = json!(["exp"]);
        refused(&issuer, ErrorKind::IdTokenMalformed, |claims| issuer.key.sign_with(&header, &claims)).await;
    }
}

#[tokio::test]
async fn idt_13_a_token_without_a_key_name_is_tried_with_few_keys() {
    let issuer = Issuer::start().await;
    let bare = json!({"alg": "RS256"});
    let sign = |claims: Value| issuer.key.sign_with(&bare, &claims);
    accepted(&issuer, sign).await;
    let other = Key::other_rsa("x");
    issuer.keys(&[&Key::es256("ec-1"), &other, &Key::ed25519("ed-1"), &other, &other, &issuer.key]);
    accepted(&issuer, sign).await;
    issuer.keys(&[&other, &other, &other, &other, &issuer.key]);
    refused(&issuer, ErrorKind::IdTokenKey, sign).await;
    // Five keys of which four are for something else are one.
    let sealing = json!({"kty": "RSA", "n": other.jwk()["n"], "e": "AQAB", "use": "enc"});
    let all = json!({"keys": [sealing, sealing, sealing, sealing, issuer.key.jwk()]});
    issuer.answer(KEYS, json(&all.to_string()));
    accepted(&issuer, sign).await;
    // No key of the kind at all.
    issuer.keys(&[&Key::es256("ec-1")]);
    refused(&issuer, ErrorKind::IdTokenKey, sign).await;
}

/// Another signature, from the sound one.
type Forge<'a> = Box<dyn Fn(&[u8]) -> Vec<u8> + 'a>;

#[tokio::test]
async fn idt_18_only_a_real_signature_on_p_256_is_one() {
    let issuer = Issuer::start().await;
    let key = Key::es256("ec-1");
    issuer.keys(&[&key]);
    accepted(&issuer, |claims| key.sign(&claims)).await;
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51_u8,
    ];
    let der = |sound: &[u8]| {
        // A sign byte in front keeps both numbers positive.
        let half = |half: &[u8]| [&[2, 33, 0], half].concat();
        [&[0x30, 70][..], &half(&sound[..32]), &half(&sound[32..])].concat()
    };
    let wrong: [Forge<'_>; 9] = [
        Box::new(|_| vec![0; 64]),
        Box::new(|sound| [&[0; 32], &sound[32..]].concat()),
        Box::new(|sound| [&sound[..32], &[0; 32]].concat()),
        Box::new(|_| [order, order].concat()),
        Box::new(|_| vec![0xff; 64]),
        Box::new(der),
        Box::new(|sound| sound[1..].to_vec()),
        Box::new(|sound| [&[0], sound].concat()),
        Box::new(|sound| [&sound[32..], &sound[..32]].concat()),
    ];
    for change in &wrong {
        let sign = |claims: Value| {
            let signed = unsigned(&key.header().to_string(), claims.to_string());
            format!("{signed}.{}", base64url(change(&key.signature(&signed))))
        };
        refused(&issuer, ErrorKind::IdTokenSignature, sign).await;
    }
}

#[tokio::test]
async fn idt_23_an_encrypted_token_that_nobody_asked_for_is_refused() {
    let issuer = Issuer::start().await;
    for header in [
        r#"{"alg":"dir","enc":"A128GCM"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648,"p2s":"AAAA"}"#,
        r#"{"alg":"RSA-OAEP","enc":"A128GCM","zip":"DEF"}"#,
        r#"{"alg":"none"}"#,
    ] {
        let five = |claims: Value| format!("{}..AAAA.{}.AAAA", base64url(header), base64url(claims.to_string()));
        refused(&issuer, ErrorKind::IdTokenEncrypted, five).await;
    }
    // A signed token that holds another token holds no claims.
    let nested = |claims: Value| {
        let inner = unsigned(r#"{"alg":"none"}"#, claims.to_string()) + ".";
        issuer.key.sign_bytes(r#"{"alg":"RS256","kid":"rsa-1","cty":"JWT"}"#, inner)
    };
    refused(&issuer, ErrorKind::IdTokenMalformed, nested).await;
}

#[tokio::test]
async fn idt_24_a_token_is_not_larger_than_any_real_one() {
    let issuer = Issuer::start().await;
    accepted(&issuer, |mut claims| {
        claims["groups"] = "g".repeat(40_000).into();
        issuer.key.sign(&claims)
    })
    .await;
    let header = json!({"alg": "RS256", "kid": "rsa-1", "x5c": ["c".repeat(60_000)]});
    refused(&issuer, ErrorKind::IdTokenMalformed, |claims| issuer.key.sign_with(&header, &claims)).await;
    for text in
        [".".repeat(60_000), "a.".repeat(30_000), "a.b.c.d".to_owned(), "a".repeat(500_000), ".".repeat(900_000)]
    {
        refused(&issuer, ErrorKind::IdTokenMalformed, |_| text).await;
    }
}

#[tokio::test]
async fn idt_25_only_the_compact_form_is_a_token() {
    let issuer = Issuer::start().await;
    let parts = |claims: &Value| {
        let token = issuer.key.sign(claims);
        let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        (parts[0].clone(), parts[1].clone(), parts[2].clone())
    };
    let flattened = |claims: Value| {
        let (protected, payload, signature) = parts(&claims);
        json!({"protected": protected, "payload": payload, "signature": signature}).to_string()
    };
    refused(&issuer, ErrorKind::IdTokenMalformed, flattened).await;
    let general = |claims: Value| {
        let (protected, payload, signature) = parts(&claims);
        let one = json!({"protected": protected, "signature": signature});
        format!(" {}", json!({"payload": payload, "signatures": [one, one]}))
    };
    refused(&issuer, ErrorKind::IdTokenMalformed, general).await;
    // As an object in the answer it is not even text.
    let client = issuer.client().await;
    let started = start(&client).await;
    issuer
        .answer(TOKEN, json_status(200, r#"{"access_token":"a","token_type":"Bearer","id_token":{"payload":"e30"}}"#));
    let query = format!("code=c&state={}", started.state);
    let error = client.callback(query, started.pending, started.browser).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadResponse);
}

#[test]
fn idt_28_no_private_key_meets_the_rsa_crate() {
    let lock = include_str!("../../../Cargo.lock");
    let names: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("name = ")).collect();
    assert!(names.contains(&"\"ring\"") && !names.contains(&"\"rsa\""));
    let deny = include_str!("../../../deny.toml");
    assert!(deny.contains("\"rsa\""), "cargo-deny keeps it out");
}

#[tokio::test]
async fn idt_29_a_secret_that_was_just_replaced_still_verifies() {
    let issuer = Issuer::start().await;
    let old = "the-secret-before-this-one-of-32-bytes";
    let auth = || ClientAuth::secret(LONG).with_previous(old);
    let client = allowing(&issuer, "[HS256]", auth());
    for secret in [LONG, old] {
        issuer.log_in_with(&client, |claims| Some(hs256(secret, &claims))).await.account();
    }
    let third = "the-secret-before-that-one-of-32-bytes";
    issuer.log_in_with(&client, |claims| Some(hs256(third, &claims))).await.refused(ErrorKind::IdTokenSignature);
    let newer = allowing(&issuer, "[HS256]", ClientAuth::secret(third).with_previous(LONG).with_previous(old));
    issuer.log_in_with(&newer, |claims| Some(hs256(LONG, &claims))).await.refused(ErrorKind::IdTokenSignature);
    // An old one that was too short signs nothing, and does not stand in the way of the new one.
    let short = allowing(&issuer, "[HS256]", ClientAuth::secret(LONG).with_previous("short"));
    issuer.log_in_with(&short, |claims| Some(hs256(LONG, &claims))).await.account();
    issuer.log_in_with(&short, |claims| Some(hs256("short", &claims))).await.refused(ErrorKind::IdTokenSignature);
    // It is never sent.
    assert!(issuer.requests(TOKEN).iter().all(|request| !format!("{request:?}").contains("short")));
}
