use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::node::{Node, Scalar, ScalarKind};

/// Goes through the text a second time for the spelling of what the parser has taken for booleans and numbers.
pub(super) struct Respell<'n> {
    pub(super) node: &'n mut Node,
}

impl<'de> DeserializeSeed<'de> for Respell<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match &self.node {
            Node::Scalar(Scalar { kind: ScalarKind::Bool | ScalarKind::Number, .. }) => {
                deserializer.deserialize_str(self)
            }
            Node::Scalar(_) => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ()),
            Node::List(_) => deserializer.deserialize_seq(self),
            Node::Map(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Respell<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the node that was here before")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if let Node::Scalar(scalar) = self.node {
            text.clone_into(&mut scalar.text);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Node::List(items) = self.node else { return Err(A::Error::custom("the file changed")) };
        for item in items {
            list.next_element_seed(Respell { node: &mut item.value })?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Node::Map(entries) = self.node else { return Err(A::Error::custom("the file changed")) };
        let mut entries = entries.iter_mut().peekable();
        let mut index = 0;
        while map.next_key::<IgnoredAny>()?.is_some() {
            match entries.next_if(|entry| entry.index == index) {
                Some(entry) => map.next_value_seed(Respell { node: &mut entry.value })?,
                None => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
            index += 1;
        }
        Ok(())
    }
}
