use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::value::RawValue;

use super::JoseError;
use crate::json::{self, Members};

/// The last second of the year 9999: no date of a token is later.
const LAST_SECOND: u64 = 253_402_300_799;

/// A set of claims (RFC 7519 section 4), read strictly: a claim of the wrong kind is an error and never "not there".
pub struct Claims<'a>(Members<'a>);

impl<'a> Claims<'a> {
    /// Reads the claims. A name that comes twice is refused however it is escaped; RFC 7519 section 4 lets parsers choose
    /// between that and taking the last, and the choice must be the same everywhere.
    pub fn parse(json: &'a [u8]) -> Result<Self, JoseError> {
        let text = std::str::from_utf8(json).map_err(|_| JoseError::BadClaims)?;
        Members::parse(text).map(Self).map_err(|_| JoseError::BadClaims)
    }

    /// Whether the claim is there, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// A claim's value as JSON.
    pub fn json(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(RawValue::get)
    }

    /// A claim that is text.
    pub fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, JoseError> {
        self.read(name, json::text)
    }

    /// A claim that is a text or a list of texts, as `aud` (RFC 7519 section 4.1.3).
    pub fn texts(&self, name: &str) -> Result<Option<Vec<Cow<'a, str>>>, JoseError> {
        self.read(name, |value| {
            if let Some(one) = json::text(value) {
                return Some(vec![one]);
            }
            let list: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            list.into_iter().map(json::text).collect()
        })
    }

    /// A claim that is a point in time: RFC 7519 section 2, "A JSON numeric value representing the number of seconds from
    /// 1970-01-01T00:00:00Z UTC". Fractions are allowed, negative, endless and textual ones are not.
    pub fn date(&self, name: &str) -> Result<Option<SystemTime>, JoseError> {
        self.read(name, |value| {
            let text = value.get();
            let since = match text.parse::<u64>() {
                Ok(seconds) => Duration::from_secs(seconds),
                Err(_) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                    Duration::try_from_secs_f64(text.parse().ok()?).ok()?
                }
                Err(_) => return None,
            };
            SystemTime::UNIX_EPOCH.checked_add(since).filter(|_| since.as_secs() <= LAST_SECOND)
        })
    }

    /// A claim that is true or false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, JoseError> {
        self.read(name, |value| match value.get() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&'a RawValue) -> Option<T>) -> Result<Option<T>, JoseError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| JoseError::BadClaim(crate::error::clean(name)))
    }
}

/// Claims are about a person: only their names are shown.
impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.0.iter().map(|(name, _)| name)).finish()
    }
}
