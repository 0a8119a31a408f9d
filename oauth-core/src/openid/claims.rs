use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::jose::{Claims, JoseError};
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
    /// The claim that stands in the issuer, once it has been asked for.
    tenant: OnceLock<Option<String>>,
}

impl IdToken {
    /// Reads a verified claims set (RFC 7519 section 4), strictly: a claim that comes twice, or is of another kind than the
    /// standard says, is no claim.
    pub(super) fn read(payload: &[u8]) -> Result<Self, Fault> {
        let claims = Claims::parse(payload)?;
        let text = |name: &str| claims.text(name).map(|text| text.map(Cow::into_owned));
        let missing = |name: &str| Fault::Claim(JoseError::MissingClaim(name.to_owned()));
        let subject = text("sub").ok().flatten().ok_or(Fault::Subject)?;
        // OpenID Connect Core section 2: the subject "MUST NOT exceed 255 ASCII [RFC20] characters in length".
        if !(1..=255).contains(&subject.len()) || !subject.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(Fault::Subject);
        }
        let audiences = claims.texts("aud")?.ok_or_else(|| missing("aud"))?;
        Ok(Self {
            issuer: text("iss")?.ok_or_else(|| missing("iss"))?,
            subject,
            audiences: audiences.into_iter().map(Cow::into_owned).collect(),
            authorized_party: text("azp")?,
            issued_at: claims.date("iat")?.ok_or_else(|| missing("iat"))?,
            expires_at: claims.date("exp")?.ok_or_else(|| missing("exp"))?,
            not_before: claims.date("nbf")?,
            auth_time: claims.date("auth_time")?,
            acr: text("acr")?,
            nonce: text("nonce")?,
            at_hash: text("at_hash")?,
            c_hash: text("c_hash")?,
            json: std::str::from_utf8(payload).map_err(|_| JoseError::BadClaims)?.into(),
            tenant: OnceLock::new(),
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

    /// Claims that were verified before they were stored.
    pub(crate) fn restore(json: &str) -> Result<Self, serde_json::Error> {
        Self::read(json.as_bytes()).map_err(|_| serde::de::Error::custom("the stored identity is none"))
    }

    /// Whether the claim is that text. The answer is found once: a verified token does not change.
    pub(super) fn names(&self, claim: &str, text: &str) -> bool {
        self.tenant.get_or_init(|| self.text(claim)).as_deref() == Some(text)
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
        f.debug_struct("IdToken").field("issuer", &self.issuer).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why a payload is no ID token.
#[derive(Debug)]
pub(super) enum Fault {
    Claim(JoseError),
    Subject,
}

impl From<JoseError> for Fault {
    fn from(error: JoseError) -> Self {
        Self::Claim(error)
    }
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
            assert!(matches!(claims("\"42\"", wrong), Err(Fault::Subject)), "{wrong}");
        }
        assert!(claims("\"42\"", &format!("\"{}\"", "x".repeat(255))).is_ok());
    }

    #[test]
    fn idt_26_a_claim_that_comes_twice_is_refused_however_it_is_spelt() {
        for twice in [
            r#""iss":"https://id.example","iss":"https://other.example""#,
            r#""iss":"https://id.example","\u0069ss":"x""#,
        ] {
            assert!(
                matches!(claims(r#""iss":"https://id.example""#, twice), Err(Fault::Claim(JoseError::BadClaims))),
                "{twice}"
            );
        }
    }

    #[test]
    fn debug_shows_who_and_nothing_else() {
        let token =
            IdToken::read(br#"{"iss":"i","sub":"s","aud":"app","exp":2000,"iat":1000,"email":"ada@example.com"}"#);
        let shown = format!("{:?}", token.expect("sound"));
        assert!(shown.contains("\"s\"") && !shown.contains("ada"), "{shown}");
    }
}
