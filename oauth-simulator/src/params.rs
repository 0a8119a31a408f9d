//! The parameters of a request, read as a server reads them.

use std::fmt;

use percent_encoding::percent_decode;
use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::Value;

/// Names and values in the order in which they came, repeated ones included.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded` (RFC 6749 appendix B): a query or a form.
    pub(crate) fn from_query(text: &str) -> Result<Self, String> {
        Self::from_form(text.as_bytes())
    }

    pub(crate) fn from_form(bytes: &[u8]) -> Result<Self, String> {
        let pieces = bytes.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
        let pairs = pieces.map(|piece| {
            let at = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
            Ok((decode(&piece[..at])?, decode(piece.get(at + 1..).unwrap_or_default())?))
        });
        pairs.collect::<Result<_, String>>().map(Self)
    }

    /// Reads a JSON object; texts, numbers and booleans become text, the rest stays JSON.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let pairs =
            reader.deserialize_map(Members).map_err(|fault| format!("the body is not a JSON object ({fault})"))?;
        reader.end().map_err(|_| "something follows the body's JSON object".to_owned())?;
        Ok(Self(pairs))
    }

    /// The value, unless it is empty: RFC 6749 section 3.1, "Parameters sent without a value MUST be treated as if
    /// they were omitted from the request".
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Whether the name is there at all, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.iter().any(|(known, _)| known == name)
    }

    /// How often the name is there.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.iter().filter(|(known, _)| *known == name).count()
    }

    /// A name that is there twice: RFC 6749 section 3.1, "parameters MUST NOT be included more than once". RFC 8707 section 2
    /// has an exception: "multiple `resource` parameters", and RFC 8693 section 2.1 another: `audience`.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        self.iter().map(|(name, _)| name).find(|name| !["resource", "audience"].contains(name) && self.count(name) > 1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters without those that are part of the endpoint's own address.
    pub(crate) fn without(&self, own: &Self) -> Self {
        Self(self.0.iter().filter(|pair| !own.0.contains(pair)).cloned().collect())
    }

    /// Those of the names, and the rest.
    pub(crate) fn split(self, names: &[&str]) -> (Self, Self) {
        let (wanted, rest) = self.0.into_iter().partition(|(name, _)| names.contains(&name.as_str()));
        (Self(wanted), Self(rest))
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// The first of `own` that is missing here.
    pub(crate) fn lacks<'a>(&self, own: &'a Self) -> Option<&'a str> {
        own.0.iter().find(|pair| !self.0.contains(pair)).map(|(name, _)| name.as_str())
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

fn decode(bytes: &[u8]) -> Result<String, String> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    match percent_decode(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err("a parameter is not UTF-8".to_owned()),
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.len() >= 1000 {
                return Err(A::Error::custom("more than 1000 members"));
            }
            let text = match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            members.push((name, text));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_once() {
        let params = Params::from_query("a=1&b=%2B+x&c&d=&&e=%zz").unwrap();
        assert_eq!(params.get("a"), Some("1"));
        assert_eq!(params.get("b"), Some("+ x"));
        assert!(params.has("c") && params.get("c").is_none() && params.get("d").is_none());
        assert_eq!(params.get("e"), Some("%zz"));
        assert!(Params::from_query("a=%ff").is_err());
    }

    #[test]
    fn repeated_members_are_seen() {
        assert_eq!(Params::from_json(br#"{"a":"1","b":2,"a":"3"}"#).unwrap().duplicate(), Some("a"));
        assert_eq!(Params::from_json(br#"{"b":2}"#).unwrap().get("b"), Some("2"));
        for text in ["", "[]", "1", "{", "{} {}", "\u{0}", "{\"a\":}"] {
            assert!(Params::from_json(text.as_bytes()).is_err(), "{text}");
        }
    }
}
