use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::{self, Members};

/// A verified ID token (OpenID Connect Core section 2): who logged in, according to whom.
///
/// There is no way to make one but the checks of [`Client::exchange`](crate::Client::exchange) and of a refresh: what can
/// be read here was signed by the issuer for this client and this login.
///
/// A user is known by [`issuer`](Self::issuer) and [`subject`](Self::subject) together, and by nothing else. Names and
/// e-mail addresses change hands.
#[derive(Clone, PartialEq, Eq)]
pub struct IdToken {
    issuer: String,
    subject: String,
    pub(super) audiences: Vec<String>,
    pub(super) authorized_party: Option<String>,
    issued_at: SystemTime,
    expires_at: SystemTime,
    pub(super) not_before: Option<SystemTime>,
    auth_time: Option<SystemTime>,
    acr: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) at_hash: Option<String>,
    pub(super) c_hash: Option<String>,
    json: Box<str>,
}

/// Which claim is not as it must be, and why.
#[derive(Debug)]
pub(super) enum Fault {
    NotJson,
    Twice,
    Missing(&'static str),
    Wrong(&'static str, &'static str),
    Subject(&'static str),
}

/// The last second of the year 9999 (RFC 3339 knows none after it).
const LAST: f64 = 253_402_300_799.0;

impl IdToken {
    /// Reads a claims set (RFC 7519 section 4), strictly: a claim that comes twice, or is of another type than the
    /// standard says, is no claim.
    pub(super) fn read(payload: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(payload).map_err(|_| Fault::NotJson)?;
        let claims = Members::parse(text).map_err(|error| if error.is_data() { Fault::Twice } else { Fault::NotJson })?;
        let subject = text_claim(&claims, "sub")?.ok_or(Fault::Subject("is missing"))?;
        // OpenID Connect Core section 2: the subject "MUST NOT exceed 255 ASCII [RFC20] characters in length".
        if subject.is_empty() || subject.len() > 255 || !subject.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(Fault::Subject("is not 1 to 255 ASCII characters"));
        }
        Ok(Self {
            issuer: text_claim(&claims, "iss")?.ok_or(Fault::Missing("iss"))?,
            subject,
            audiences: audiences(&claims)?,
            authorized_party: text_claim(&claims, "azp")?,
            issued_at: date(&claims, "iat")?.ok_or(Fault::Missing("iat"))?,
            expires_at: date(&claims, "exp")?.ok_or(Fault::Missing("exp"))?,
            not_before: date(&claims, "nbf")?,
            auth_time: date(&claims, "auth_time")?,
            acr: text_claim(&claims, "acr")?,
            nonce: text_claim(&claims, "nonce")?,
            at_hash: text_claim(&claims, "at_hash")?,
            c_hash: text_claim(&claims, "c_hash")?,
            json: text.into(),
        })
    }

    /// Who says so: the `iss` claim, which equals the expected issuer byte for byte.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The user's id at that issuer: the `sub` claim, byte for byte.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When it was issued.
    pub fn issued_at(&self) -> SystemTime {
        self.issued_at
    }

    /// When it stops being worth anything. A session of your own may be longer or shorter.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// When the user last proved who they are, where the provider says so.
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.auth_time
    }

    /// The class of that proof, where the provider says so.
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// Any claim, by name. Aggregated and distributed claims (OpenID Connect Core section 5.6) are given as they came:
    /// nothing is fetched for them.
    pub fn claim(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<String> {
        json::text(self.raw(name)?).map(Cow::into_owned)
    }

    /// All claims, as the issuer signed them.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    fn raw(&self, name: &str) -> Option<&RawValue> {
        let raw: &RawValue = serde_json::from_str(&self.json).ok()?;
        Members::parse(raw.get()).ok()?.get(name)
    }
}

/// Shows who, not what: claims are personal data.
impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdToken")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

fn text_claim(claims: &Members<'_>, name: &'static str) -> Result<Option<String>, Fault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    match json::text(value) {
        Some(text) => Ok(Some(text.into_owned())),
        None if name == "sub" => Err(Fault::Subject("is not text")),
        None => Err(Fault::Wrong(name, "is not text")),
    }
}

/// RFC 7519 section 4.1.3: one text, or a list of them.
fn audiences(claims: &Members<'_>) -> Result<Vec<String>, Fault> {
    let value = claims.get("aud").ok_or(Fault::Missing("aud"))?;
    if let Some(text) = json::text(value) {
        return Ok(vec![text.into_owned()]);
    }
    serde_json::from_str(value.get()).map_err(|_| Fault::Wrong("aud", "is neither text nor a list of texts"))
}

/// RFC 7519 section 2: a `NumericDate` is "a JSON numeric value": not text, not a boolean.
fn date(claims: &Members<'_>, name: &'static str) -> Result<Option<SystemTime>, Fault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let text = value.get();
    let seconds: Option<f64> = text.starts_with(|first: char| first.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let seconds = seconds.filter(|seconds| (0.0..=LAST).contains(seconds));
    let seconds = seconds.ok_or(Fault::Wrong(name, "is not a number of seconds since 1970"))?;
    Ok(Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(change: &str, to: &str) -> Result<IdToken, Fault> {
        let sound = r#"{"iss":"https://id.example","sub":"42","aud":"app","exp":2000,"iat":1000}"#;
        assert!(change.is_empty() || sound.contains(change), "{change}");
        IdToken::read(sound.replacen(change, to, usize::from(!change.is_empty())).as_bytes())
    }

    #[test]
    fn idt_07_claims_of_another_type_are_refused() {
        assert!(claims("", "").is_ok());
        for wrong in ["\"2000\"", "{}", "true", "null", "-1", "1e308", "[2000]", "2e400"] {
            assert!(claims("2000", wrong).is_err(), "exp: {wrong}");
        }
        assert!(claims("2000", "2000.5").is_ok());
        for wrong in ["{}", "[]x", "5", "[5]"] {
            assert!(claims("\"app\"", wrong).is_err(), "aud: {wrong}");
        }
        for name in ["iss", "sub", "aud", "exp", "iat"] {
            assert!(claims(&format!("\"{name}\""), "\"other\"").is_err(), "{name} missing");
        }
    }

    #[test]
    fn idt_09_a_subject_is_text_of_1_to_255_ascii_characters() {
        let long = format!("\"{}\"", "x".repeat(256));
        for wrong in ["\"\"", "42", "null", "\"\u{e9}\"", "\"a\\u0000\"", long.as_str()] {
            assert!(matches!(claims("\"42\"", wrong), Err(Fault::Subject(_))), "{wrong}");
        }
        assert!(claims("\"42\"", &format!("\"{}\"", "x".repeat(255))).is_ok());
    }

    #[test]
    fn idt_26_a_claim_that_comes_twice_is_refused_however_it_is_spelt() {
        for twice in [r#""iss":"https://id.example","iss":"https://other.example""#, r#""iss":"https://id.example","\u0069ss":"x""#] {
            assert!(matches!(claims(r#""iss":"https://id.example""#, twice), Err(Fault::Twice)), "{twice}");
        }
    }

    #[test]
    fn debug_shows_who_and_nothing_else() {
        let token = IdToken::read(br#"{"iss":"i","sub":"s","aud":"app","exp":2000,"iat":1000,"email":"ada@example.com"}"#);
        let shown = format!("{:?}", token.expect("sound"));
        assert!(shown.contains("\"s\"") && !shown.contains("ada"), "{shown}");
    }
}
