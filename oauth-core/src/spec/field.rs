use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::decode::{Decode, Member, parsed};

/// The type of a parameter, an extra or a result's member, as the file writes it: `string`, `u32?`, `[string]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldType {
    /// What one value is.
    pub kind: FieldKind,
    /// Whether it may be missing or null.
    pub optional: bool,
    /// Whether it is a list of such values.
    pub list: bool,
}

/// What one value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// Text.
    String,
    /// An absolute URL.
    Url,
    /// A number from 0 to 2^32 - 1.
    U32,
    /// A number from 0 to 2^64 - 1; also read from text.
    U64,
    /// A number from -2^63 to 2^63 - 1; also read from text.
    I64,
    /// A floating-point number.
    F64,
    /// `true` or `false`.
    Bool,
    /// Anything.
    Json,
}

const KINDS: [(&str, FieldKind); 8] = [
    ("string", FieldKind::String),
    ("url", FieldKind::Url),
    ("u32", FieldKind::U32),
    ("u64", FieldKind::U64),
    ("i64", FieldKind::I64),
    ("f64", FieldKind::F64),
    ("bool", FieldKind::Bool),
    ("json", FieldKind::Json),
];

impl FieldKind {
    /// The word the provider file uses.
    pub fn as_str(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// The words a provider file may use.
    pub fn words() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(word, _)| *word)
    }
}

impl FromStr for FieldType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (inner, optional) = text.strip_suffix('?').map_or((text, false), |inner| (inner, true));
        let (word, list) = match inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            Some(word) => (word, true),
            None => (inner, false),
        };
        if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == word) {
            return Ok(Self { kind: *kind, optional, list });
        }
        let words: Vec<_> = FieldKind::words().collect();
        Err(format!(
            "`{word}` is not a type: use one of {}, with `?` behind it when it may be missing and `[ ]` around it for a list",
            words.join(", ")
        ))
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.kind.as_str();
        let mark = if self.optional { "?" } else { "" };
        if self.list { write!(f, "[{word}]{mark}") } else { write!(f, "{word}{mark}") }
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Decode for FieldType {
    #[inline(never)]
    fn decode(member: Member<'_>) -> Self {
        parsed(&member, str::parse).unwrap_or(Self { kind: FieldKind::Json, optional: false, list: false })
    }
}
