//! JSON read member by member, without losing a digit of a number and without building a tree.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::spec::Condition;

/// The members of a JSON object, in order, each as its own text. A name that comes twice is an error (RFC 8259
/// section 4 calls the result unpredictable).
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members: Self::Value = Vec::with_capacity(8);
                let mut seen = HashSet::new();
                while let Some(Name(name)) = map.next_key()? {
                    // A handful of names is compared; a hostile million is hashed, so that the time stays linear.
                    let twice = if members.len() < 32 {
                        members.iter().any(|(member, _)| *member == name)
                    } else {
                        if seen.is_empty() {
                            seen.extend(members.iter().map(|(member, _)| member.clone()));
                        }
                        !seen.insert(name.clone())
                    };
                    if twice {
                        return Err(M::Error::custom("a member's name comes twice"));
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Members)
    }
}

/// A member name, borrowed where the text has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        string(deserializer).map(Name)
    }
}

fn string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    struct Text;
    impl<'de> Visitor<'de> for Text {
        type Value = Cow<'de, str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }
    }
    deserializer.deserialize_str(Text)
}

/// The text of a JSON string; `None` when the value is none.
pub(crate) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let inside = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    string(&mut serde_json::Deserializer::from_str(value.get())).ok()
}

/// Whether the value is `null`.
pub(crate) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// Text, a number or a boolean as text; nothing for what holds other values.
pub(crate) fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    let plain = !value.get().starts_with(['{', '[', '"']) && !is_null(value);
    text(value).or_else(|| plain.then(|| Cow::Borrowed(value.get())))
}

/// What a JSON pointer (RFC 6901) points at.
pub(crate) fn pointer<'a>(root: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    let Some(rest) = pointer.strip_prefix('/') else {
        return pointer.is_empty().then_some(root);
    };
    rest.split('/').try_fold(root, |value, token| {
        let text = value.get();
        if text.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.get(token.parse::<usize>().ok()?).copied()
        } else {
            Members::parse(text).ok()?.get(&unescaped(token))
        }
    })
}

/// A reference token of a pointer as the name that it stands for (RFC 6901 section 4).
pub(crate) fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(token) }
}

/// Whether a condition of a provider file is true of an answer. Without the member it is not.
pub(crate) fn holds(condition: &Condition, root: &RawValue) -> bool {
    let Some(value) = pointer(root, &condition.at) else { return false };
    let Ok(value) = serde_json::from_str::<serde_json::Value>(value.get()) else { return false };
    match (&condition.equals, &condition.differs) {
        (Some(expected), _) => value == *expected,
        (None, Some(expected)) => value != *expected,
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_reach_members_items_and_escaped_names() {
        let raw: &RawValue = serde_json::from_str(r#"{"a":[{"b/c":18446744073709551617}],"t":"x\n"}"#).unwrap();
        assert_eq!(pointer(raw, "/a/0/b~1c").unwrap().get(), "18446744073709551617");
        assert_eq!(text(pointer(raw, "/t").unwrap()).unwrap(), "x\n");
        assert!(pointer(raw, "/a/1").is_none());
        assert!(pointer(raw, "a").is_none());
        assert_eq!(pointer(raw, "").unwrap().get(), raw.get());
    }

    #[test]
    fn names_that_come_twice_are_refused_however_many_there_are() {
        assert!(Members::parse(r#"{"iss":1,"\u0069ss":2}"#).is_err());
        let many: Vec<String> = (0..5000).map(|n| format!("\"k{n}\":0,")).collect();
        let mut many = many.concat();
        assert!(Members::parse(&format!("{{{many}\"last\":1}}")).is_ok());
        many.push_str("\"k7\":1");
        assert!(Members::parse(&format!("{{{many}}}")).is_err());
    }
}
