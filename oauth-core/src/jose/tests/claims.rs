//! Claims that are not of their kind.

use std::time::{Duration, SystemTime};

use super::JoseError;
use crate::jose::Claims;

fn bad<T: std::fmt::Debug>(name: &str, outcome: Result<T, JoseError>) {
    assert_eq!(outcome.unwrap_err(), JoseError::BadClaim(name.to_owned()));
}

#[test]
fn idt_26_a_claim_that_comes_twice_is_refused() {
    for json in [
        r#"{"iss":"a","iss":"b"}"#,
        r#"{"iss":"a","iss":"a"}"#,
        r#"{"aud":"a","sub":"s","aud":"b"}"#,
        r#"{"iss":"a","\u0069ss":"b"}"#,
        r#"{"\u0069\u0073\u0073":"a","i\u0073s":"b"}"#,
        r#"{"x":1,"\u0078":1}"#,
    ] {
        assert_eq!(Claims::parse(json.as_bytes()).unwrap_err(), JoseError::BadClaims, "{json}");
    }
    // A name that is escaped is that name; nested objects have names of their own.
    let claims = Claims::parse(br#"{"\u0069ss":"a","address":{"iss":"b"}}"#).unwrap();
    assert_eq!(claims.text("iss").unwrap().unwrap(), "a");
}

#[test]
fn claims_are_a_json_object() {
    for json in
        [&b""[..], b"[]", b"null", b"\"x\"", b"1", b"{", b"{} {}", b"{\"a\":\"\xff\"}", b"{\"a\":NaN}", b"{a:1}"]
    {
        assert_eq!(Claims::parse(json).unwrap_err(), JoseError::BadClaims);
    }
}

#[test]
fn idt_07_dates_are_numbers_of_seconds() {
    for value in [
        "\"1300819380\"",
        "{}",
        "[]",
        "[1]",
        "true",
        "null",
        "-1",
        "-0",
        "-0.5",
        "1e308",
        "1e999",
        "253402300800",
        "18446744073709551616",
        "99999999999999999999999999",
        "\"\"",
        "\"Infinity\"",
    ] {
        let json = format!(r#"{{"exp":{value}}}"#);
        match Claims::parse(json.as_bytes()) {
            Ok(claims) => bad("exp", claims.date("exp")),
            Err(error) => assert_eq!(error, JoseError::BadClaims, "{value}"),
        }
    }
    for value in ["NaN", "Infinity", "01", "+1", ".5", "1.", "0x10", "1_000"] {
        assert!(Claims::parse(format!(r#"{{"exp":{value}}}"#).as_bytes()).is_err(), "{value}");
    }
    for (value, millis) in [
        ("0", 0),
        ("1300819380", 1_300_819_380_000),
        ("1300819380.5", 1_300_819_380_500),
        ("1.3e9", 1_300_000_000_000),
        ("1300819380.0", 1_300_819_380_000),
        ("253402300799", 253_402_300_799_000),
        ("0.0", 0),
        ("1E3", 1_000_000),
    ] {
        let json = format!(r#"{{"exp":{value}}}"#);
        let date = Claims::parse(json.as_bytes()).unwrap().date("exp").unwrap().unwrap();
        assert_eq!(date, SystemTime::UNIX_EPOCH + Duration::from_millis(millis), "{value}");
    }
}

#[test]
fn idt_07_what_is_there_with_another_kind_is_not_missing() {
    let json = br#"{"sub":1,"iss":null,"aud":{"a":1},"mixed":["a",1],"empty":[],"one":"a","list":["a","b"],"yes":true,"no":"true"}"#;
    let claims = Claims::parse(json).unwrap();
    bad("sub", claims.text("sub"));
    bad("iss", claims.text("iss"));
    bad("aud", claims.texts("aud"));
    bad("mixed", claims.texts("mixed"));
    bad("sub", claims.texts("sub"));
    bad("no", claims.flag("no"));
    bad("sub", claims.flag("sub"));
    assert_eq!(claims.texts("empty").unwrap().unwrap().len(), 0);
    assert_eq!(claims.texts("one").unwrap().unwrap(), ["a"]);
    assert_eq!(claims.texts("list").unwrap().unwrap(), ["a", "b"]);
    assert_eq!(claims.flag("yes").unwrap(), Some(true));
    assert!(claims.has("iss"));
    assert!(!claims.has("nonce"));
    assert_eq!(claims.text("nonce").unwrap(), None);
    assert_eq!(claims.texts("nonce").unwrap(), None);
    assert_eq!(claims.date("nonce").unwrap(), None);
    assert_eq!(claims.flag("nonce").unwrap(), None);
    assert_eq!(claims.json("list"), Some(r#"["a","b"]"#));
}

/// Two surrogates are one letter, half a pair is none.
#[test]
fn texts_are_read_as_json_writes_them() {
    let claims = Claims::parse(br#"{"a":"\ud83d\ude00","b":"\ud83d","c":"x\u0000y"}"#).unwrap();
    assert_eq!(claims.text("a").unwrap().unwrap(), "\u{1f600}");
    bad("b", claims.text("b"));
    assert_eq!(claims.text("c").unwrap().unwrap(), "x\0y");
}
