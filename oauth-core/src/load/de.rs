//! From the tree to the schema's types, strictly: what YAML takes for a number, a boolean or nothing is no text.
//!
//! The errors keep what was expected, for "did you mean", and the path from the root.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::fault::{Finding, Path, Spot, Step, nearest, shown};

use super::node::{Entry, Item, Node, Scalar, ScalarKind};

/// Why a node is not what the schema asks for.
#[derive(Debug)]
pub(crate) struct DeError {
    /// From the node up to the root.
    steps: Vec<Step>,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    UnknownKey { key: String, expected: &'static [&'static str] },
    UnknownWord { word: String, expected: &'static [&'static str] },
    WrongType { found: String, expected: String, help: Option<String> },
    Other(String),
}

impl DeError {
    fn new(problem: Problem) -> Self {
        Self { steps: Vec::new(), problem }
    }

    /// With the words of a scalar whose type the schema does not ask for.
    fn spelled(mut self, node: NodeDe<'_>) -> Self {
        if let Problem::WrongType { expected, .. } = &self.problem
            && self.steps.is_empty()
        {
            self.problem = node.wrong(expected).problem;
        }
        self
    }

    fn under(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// The key that a misspelt one was most likely meant to be.
    pub(crate) fn meant(&self) -> Option<Path> {
        let Problem::UnknownKey { key, expected } = &self.problem else { return None };
        let near = nearest(key, expected.iter().copied())?;
        Some(Path::from(self.steps.iter().rev().cloned().collect::<Vec<_>>()).then(near))
    }

    /// The finding. An unknown key's path ends in that key.
    pub(crate) fn into_finding(self) -> Finding {
        let path = Path::from(self.steps.into_iter().rev().collect::<Vec<_>>());
        match self.problem {
            Problem::UnknownKey { key, expected } => {
                let message = if path == Path::default() {
                    format!("`{}` is not a key of a provider file", shown(&key))
                } else {
                    format!("`{}` is not a key of `{path}`", shown(&key))
                };
                Finding::new("unknown-key", path.then(&key), message).on_key().suggest(&key, expected.iter().copied())
            }
            Problem::UnknownWord { word, expected } => {
                let message = format!("`{}` is not a value of `{path}`", shown(&word));
                Finding::new("unknown-value", path, message).suggest(&word, expected.iter().copied())
            }
            Problem::WrongType { found, expected, help } => {
                let subject = if path == Path::default() { "the file".to_owned() } else { format!("`{path}`") };
                let mut finding =
                    Finding::new("wrong-type", path.clone(), format!("{subject} is {found}: it must be {expected}"));
                finding.help = help;
                finding
            }
            Problem::Other(message) => Finding::new("value", path, message),
        }
        .keep_spot()
    }
}

impl Finding {
    /// The root has no key: it is shown where it begins.
    fn keep_spot(self) -> Self {
        if self.path == Path::default() { self.at_spot(Spot::Value) } else { self }
    }
}

impl fmt::Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.problem)
    }
}

impl std::error::Error for DeError {}

impl serde::de::Error for DeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Other(message.to_string()))
    }

    fn unknown_field(key: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownKey { key: key.to_owned(), expected })
    }

    fn unknown_variant(word: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownWord { word: word.to_owned(), expected })
    }

    fn invalid_type(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        let found = match found {
            serde::de::Unexpected::Str(_) => "text",
            serde::de::Unexpected::Bool(_) => "a boolean",
            serde::de::Unexpected::Unit | serde::de::Unexpected::Option => "empty",
            serde::de::Unexpected::Seq => "a list",
            serde::de::Unexpected::Map => "a map",
            _ => "a number",
        };
        Self::new(Problem::WrongType { found: found.to_owned(), expected: expected.to_string(), help: None })
    }
}

/// A deserializer over a node.
#[derive(Clone, Copy)]
pub(crate) struct NodeDe<'n>(pub(crate) &'n Node);

impl<'n> NodeDe<'n> {
    fn wrong(self, expected: &str) -> DeError {
        let (found, help) = match self.0 {
            Node::List(_) => ("a list".to_owned(), None),
            Node::Map(_) => ("a map".to_owned(), None),
            Node::Scalar(Scalar { kind: ScalarKind::Null, .. }) => {
                ("empty".to_owned(), Some("write a value, or remove the key".to_owned()))
            }
            Node::Scalar(Scalar { text, kind }) => {
                let kind = match kind {
                    ScalarKind::Number => "the number ",
                    ScalarKind::Bool => "the boolean ",
                    ScalarKind::Text | ScalarKind::Null => "",
                };
                let help = expected.starts_with(TEXT).then(|| format!("put quotes around it: \"{}\"", shown(text)));
                (format!("{kind}`{}`", shown(text)), help)
            }
        };
        DeError::new(Problem::WrongType { found, expected: expected.to_owned(), help })
    }

    /// A number of JSON, or none: YAML's octal, hexadecimal and infinite ones surprise.
    fn number<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        let Node::Scalar(Scalar { text, .. }) = self.0 else { return Err(self.wrong("a number")) };
        let Ok(number) = serde_json::from_str::<serde_json::Number>(text) else {
            return Err(self.wrong("a number as JSON writes it, or text in quotes"));
        };
        let visited = match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => visitor.visit_u64(number),
            (None, Some(number), _) => visitor.visit_i64(number),
            (None, None, number) => visitor.visit_f64(number.unwrap_or_default()),
        };
        visited.map_err(|error: DeError| error.spelled(self))
    }

    fn text(self) -> Result<&'n str, DeError> {
        match self.0 {
            Node::Scalar(Scalar { text, kind: ScalarKind::Text }) => Ok(text),
            _ => Err(self.wrong(TEXT)),
        }
    }
}

const TEXT: &str = "text";

impl<'n> Deserializer<'n> for NodeDe<'n> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.0 {
            Node::List(items) => visitor.visit_seq(Items(items.iter())),
            Node::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), value: None }),
            Node::Scalar(Scalar { text, kind }) => match kind {
                ScalarKind::Text => visitor.visit_borrowed_str(text),
                ScalarKind::Null => visitor.visit_unit().map_err(|error: DeError| error.spelled(self)),
                ScalarKind::Bool => self.deserialize_bool(visitor),
                ScalarKind::Number => self.number(visitor),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.0 {
            Node::Scalar(Scalar { text, kind: ScalarKind::Bool }) if text == "true" => visitor.visit_bool(true),
            Node::Scalar(Scalar { text, kind: ScalarKind::Bool }) if text == "false" => visitor.visit_bool(false),
            _ => Err(self.wrong("`true` or `false`")),
        }
    }

    fn deserialize_u64<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.0 {
            Node::Scalar(Scalar { text, kind: ScalarKind::Number })
                if text.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                text.parse().map_err(|_| self.wrong("a whole number")).and_then(|number| visitor.visit_u64(number))
            }
            _ => Err(self.wrong("a whole number")),
        }
    }

    fn deserialize_str<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_str(visitor)
    }

    /// A key that is there has a value: `name:` alone is not the same as no `name`.
    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.0 {
            Node::List(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.0 {
            Node::Map(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong("a map (`key: value` lines)")),
        }
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(self, _: &'static str, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'n>>
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct Items<'n>(std::slice::Iter<'n, Item>);

impl<'n> SeqAccess<'n> for Items<'n> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'n>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        let Some(item) = self.0.next() else { return Ok(None) };
        seed.deserialize(NodeDe(&item.value)).map(Some).map_err(|error| error.under(item.index))
    }
}

struct Entries<'n> {
    entries: std::slice::Iter<'n, Entry>,
    value: Option<&'n Entry>,
}

impl<'n> MapAccess<'n> for Entries<'n> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'n>>(&mut self, seed: K) -> Result<Option<K::Value>, DeError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(entry);
        let key: StrDeserializer<'n, DeError> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'n>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let Some(entry) = self.value.take() else { return Err(serde::de::Error::custom("a value without its key")) };
        seed.deserialize(NodeDe(&entry.value)).map_err(|error| error.under(&entry.key))
    }
}
