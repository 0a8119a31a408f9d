//! Line and column of a node. The parser's tree has no marks, but its errors have: going down to the node and failing
//! there on purpose gives the node's own.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::fault::{Path, Spot, Step};

use super::node::Node;

/// The place of what the finding is about. A node that is not in the file has the place of the nearest one above.
pub(crate) fn locate(text: &str, root: &Node, path: &Path, spot: &Spot) -> (usize, usize) {
    let (mut steps, whole) = indices(root, path);
    let on_key = match spot {
        Spot::Mark(line, column) => return (*line, *column),
        Spot::Entry(index) if whole => {
            steps.push(*index);
            true
        }
        Spot::Key => whole && matches!(path.steps().last(), Some(Step::Key(_))),
        Spot::Value | Spot::Entry(_) => false,
    };
    // What is missing from a map is shown at the map's own key.
    let on_key = on_key || (!whole && matches!(path.steps().get(steps.len().wrapping_sub(1)), Some(Step::Key(_))));
    let descent = Descend { steps: &steps, on_key };
    let Err(error) = descent.deserialize(serde_yaml::Deserializer::from_str(text)) else { return (1, 1) };
    error.location().map_or((1, 1), |at| (at.line(), at.column()))
}

/// The path as indices in the file, as far as it exists, and whether it does to its end.
fn indices(root: &Node, path: &Path) -> (Vec<usize>, bool) {
    let mut node = root;
    let mut indices = Vec::new();
    for step in path.steps() {
        let next = match (node, step) {
            (Node::Map(entries), Step::Key(key)) => {
                entries.iter().find(|entry| entry.key == *key).map(|entry| (entry.index, &entry.value))
            }
            (Node::List(items), Step::Index(index)) => {
                items.iter().find(|item| item.index == *index).map(|item| (item.index, &item.value))
            }
            _ => None,
        };
        let Some((index, below)) = next else { return (indices, false) };
        indices.push(index);
        node = below;
    }
    (indices, true)
}

struct Descend<'s> {
    steps: &'s [usize],
    on_key: bool,
}

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = ();

    // Any scalar ends here with the error of a wrong type, whose mark is the scalar's.
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place of a fault")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.steps.split_first() else { return Err(A::Error::custom("here")) };
        for _ in 0..*wanted {
            list.next_element::<IgnoredAny>()?;
        }
        list.next_element_seed(Descend { steps: rest, on_key: self.on_key })?;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.steps.split_first() else { return Err(A::Error::custom("here")) };
        for _ in 0..*wanted {
            map.next_entry::<IgnoredAny, IgnoredAny>()?;
        }
        if rest.is_empty() && self.on_key {
            map.next_key_seed(Descend { steps: &[], on_key: false })?;
        } else {
            map.next_key::<IgnoredAny>()?;
            map.next_value_seed(Descend { steps: rest, on_key: self.on_key })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::at;

    #[test]
    fn keys_values_and_what_is_missing_have_places() {
        let text = "id: acme\nscopes:\n  known:\n    \"a:b\": {doc: x}\n  default: [p,\n    q]\nquirks:\n  - field: pkce\n    because: null\n";
        let root = super::super::node::parse(text).0.unwrap();
        let place = |path: Path, spot: Spot| locate(text, &root, &path, &spot);
        assert_eq!(place(at!["id"], Spot::Value), (1, 5));
        assert_eq!(place(at!["scopes", "known", "a:b"], Spot::Key), (4, 5));
        assert_eq!(place(at!["scopes", "known", "a:b", "doc"], Spot::Value), (4, 18));
        assert_eq!(place(at!["scopes", "default", 1], Spot::Value), (6, 5));
        assert_eq!(place(at!["quirks", 0, "because"], Spot::Value), (9, 14));
        assert_eq!(place(at!["quirks", 0, "source"], Spot::Value), (8, 5));
        assert_eq!(place(at!["scopes", "param"], Spot::Key), (2, 1));
        assert_eq!(place(at!["name"], Spot::Value), (1, 1));
        assert_eq!(place(at![], Spot::Entry(1)), (2, 1));
    }
}
