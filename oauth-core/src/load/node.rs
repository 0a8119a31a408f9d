//! The file as a tree that keeps what the checks need to know: the order and the index of each entry, and how a scalar
//! was written. Duplicate keys, keys that are not text, merge keys and the limits are found while it grows.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Visitor};

use crate::fault::{Finding, Path, Spot, Step, shown};

use super::limits;
use super::respell::Respell;

/// A node of the file.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Scalar(Scalar),
    List(Vec<Item>),
    Map(Vec<Entry>),
}

/// A scalar: its text, and what YAML takes it for.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) kind: ScalarKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScalarKind {
    Text,
    Number,
    Bool,
    Null,
}

/// An element of a list, with its index in the file.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) index: usize,
    pub(crate) value: Node,
}

/// An entry of a map, with its index in the file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) index: usize,
    pub(crate) key: String,
    pub(crate) value: Node,
}

impl Node {
    /// The node below, by the step's key or index.
    pub(crate) fn child(&self, step: &Step) -> Option<&Self> {
        match (self, step) {
            (Self::Map(entries), Step::Key(key)) => {
                entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.value)
            }
            (Self::List(items), Step::Index(index)) => {
                items.iter().find(|item| item.index == *index).map(|item| &item.value)
            }
            _ => None,
        }
    }

    /// The node at the path.
    pub(crate) fn at(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |node, step| node.child(step))
    }

    /// Takes the node at the path out of the tree; says whether it was there.
    pub(crate) fn remove(&mut self, steps: &[Step]) -> bool {
        match (self, steps) {
            (Self::Map(entries), [Step::Key(key)]) => {
                let before = entries.len();
                entries.retain(|entry| entry.key != *key);
                entries.len() < before
            }
            (Self::List(items), [Step::Index(index)]) => {
                let before = items.len();
                items.retain(|item| item.index != *index);
                items.len() < before
            }
            (Self::Map(entries), [Step::Key(key), rest @ ..]) => {
                entries.iter_mut().find(|entry| entry.key == *key).is_some_and(|entry| entry.value.remove(rest))
            }
            (Self::List(items), [Step::Index(index), rest @ ..]) => {
                items.iter_mut().find(|item| item.index == *index).is_some_and(|item| item.value.remove(rest))
            }
            _ => false,
        }
    }

    /// Calls with each node and its path, the root first.
    pub(crate) fn walk<'n>(&'n self, path: &mut Path, visit: &mut impl FnMut(&Path, &'n Self)) {
        visit(path, self);
        match self {
            Self::Scalar(_) => {}
            Self::List(items) => {
                for item in items {
                    path.push(item.index);
                    item.value.walk(path, visit);
                    path.pop();
                }
            }
            Self::Map(entries) => {
                for entry in entries {
                    path.push(&entry.key);
                    entry.value.walk(path, visit);
                    path.pop();
                }
            }
        }
    }
}

/// Parses the text, or says in the last element of the findings why there is no tree.
pub(crate) fn parse(text: &str) -> (Option<Node>, Vec<Finding>) {
    let mut growth = Growth { has_escapes: text.contains('\\'), ..Growth::default() };
    let grown = Grow(&mut growth).deserialize(serde_yaml::Deserializer::from_str(text));
    let mut findings = std::mem::take(&mut growth.findings);
    let failed = match grown {
        Ok(node) if !growth.is_respelled(text) => return (Some(node), findings),
        Ok(mut node) => match (Respell { node: &mut node }).deserialize(serde_yaml::Deserializer::from_str(text)) {
            Ok(()) => return (Some(node), findings),
            Err(error) => error,
        },
        Err(error) => error,
    };
    let spot = failed.location().map_or(Spot::Mark(1, 1), |at| Spot::Mark(at.line(), at.column()));
    let finding = growth.fatal.unwrap_or_else(|| syntax(&failed));
    findings.push(finding.at_spot(spot));
    (None, findings)
}

fn syntax(error: &serde_yaml::Error) -> Finding {
    let text = error.to_string();
    let (message, help) = if text.contains("more than one document") {
        (
            "the file has more than one document".to_owned(),
            "a provider file is one document: remove the `---` inside it".to_owned(),
        )
    } else if text.contains("repetition limit") {
        (format!("the file's aliases expand to more than {} nodes", limits::NODES), "write the values out".to_owned())
    } else if text.contains("EOF while parsing") || text.contains("end of stream") {
        ("the file is empty".to_owned(), "start with `id:`, `name:`, `docs:`, `checked:` and `endpoints:`".to_owned())
    } else {
        (
            format!("the file is not YAML: {}", shown(&text)),
            "check indentation, quotes and brackets around this place".to_owned(),
        )
    };
    Finding::new("yaml", Path::default(), message).help(help)
}

/// What is known while the tree grows.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "what has been seen, each on its own")]
struct Growth {
    /// Where it grows.
    path: Path,
    nodes: usize,
    depth: usize,
    /// Whether scalars may hold what the look at the bytes has not seen.
    has_escapes: bool,
    /// What the parser has read as something other than text.
    booleans: bool,
    integers: bool,
    fractions: bool,
    findings: Vec<Finding>,
    /// Why growing ended.
    fatal: Option<Finding>,
}

impl Growth {
    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.nodes += 1;
        if self.nodes <= limits::NODES {
            return Ok(());
        }
        let message = format!("the file has more than {} nodes (aliases count as what they stand for)", limits::NODES);
        Err(self.end(Finding::new("too-many-nodes", Path::default(), message)))
    }

    fn deeper<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth <= limits::DEPTH {
            return Ok(());
        }
        Err(self.end(Finding::new(
            "too-deep",
            Path::default(),
            format!("the file nests deeper than {} levels", limits::DEPTH),
        )))
    }

    fn end<E: serde::de::Error>(&mut self, finding: Finding) -> E {
        let message = finding.message.clone();
        self.fatal = Some(finding);
        E::custom(message)
    }

    /// Whether a scalar may be spelled otherwise than it came: `True` comes as a boolean, `0x10` as 16.
    fn is_respelled(&self, text: &str) -> bool {
        let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
        self.fractions
            || (self.booleans && any(&["True", "TRUE", "False", "FALSE"]))
            || (self.integers && any(&["0x", "0o", "0b", "+"]))
    }

    fn scalar(&mut self, text: &str, kind: ScalarKind) -> Node {
        if self.has_escapes && text.chars().any(limits::is_refused) && self.findings.len() < limits::FAULTS {
            // An escape such as "\u202E" gets past the look at the bytes. A block text ends in a line break, which is fine.
            let message = "the value holds a control or invisible character, written as an escape";
            self.findings.push(Finding::new("character", self.path.clone(), message).help("remove it"));
        }
        Node::Scalar(Scalar { text: text.to_owned(), kind })
    }
}

struct Grow<'g>(&'g mut Growth);

impl<'de> DeserializeSeed<'de> for Grow<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Grow<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node of a provider file")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        self.0.count()?;
        Ok(self.0.scalar(text, ScalarKind::Text))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Node, E> {
        self.0.booleans = true;
        self.0.count()?;
        Ok(self.0.scalar(if value { "true" } else { "false" }, ScalarKind::Bool))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        self.visit_number(&value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Node, E> {
        self.visit_number(&value)
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Node, E> {
        self.visit_number(&value)
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Node, E> {
        self.visit_number(&value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        self.0.fractions = true;
        self.visit_number(&value)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        self.0.count()?;
        Ok(self.0.scalar("null", ScalarKind::Null))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Node, E> {
        let message = "the file is empty";
        let help = "start with `id:`, `name:`, `docs:`, `checked:` and `endpoints:`";
        Err(self.0.end(Finding::new("yaml", Path::default(), message).help(help)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let growth = self.0;
        growth.count()?;
        growth.deeper()?;
        let mut items = Vec::new();
        loop {
            growth.path.push(items.len());
            let value = list.next_element_seed(Grow(growth))?;
            growth.path.pop();
            let Some(value) = value else { break };
            items.push(Item { index: items.len(), value });
        }
        growth.depth -= 1;
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let growth = self.0;
        growth.count()?;
        growth.deeper()?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = HashSet::new();
        let mut index = 0;
        while let Some(key) = map.next_key_seed(Grow(growth))? {
            match key_text(key, &seen) {
                Ok(key) => {
                    growth.path.push(&key);
                    let value = map.next_value_seed(Grow(growth))?;
                    growth.path.pop();
                    seen.insert(key.clone());
                    entries.push(Entry { index, key, value });
                }
                Err(refused) => {
                    if growth.findings.len() < limits::FAULTS {
                        growth.findings.push(refused.into_finding(growth.path.clone(), index));
                    }
                    map.next_value_seed(Grow(growth))?;
                }
            }
            index += 1;
        }
        growth.depth -= 1;
        Ok(Node::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _tagged: A) -> Result<Node, A::Error> {
        let finding = Finding::new("tag", Path::default(), "a provider file has no YAML tags");
        Err(self.0.end(finding.help("write the value alone; text that begins with `!` needs quotes")))
    }
}

impl Grow<'_> {
    fn visit_number<E: serde::de::Error>(self, value: &dyn fmt::Display) -> Result<Node, E> {
        self.0.integers = true;
        self.0.count()?;
        Ok(self.0.scalar(&value.to_string(), ScalarKind::Number))
    }
}

/// Why a key is none.
enum RefusedKey {
    Duplicate(String),
    Merge,
    NotText(String),
}

/// The key's text. YAML reads `1:`, `true:` and `null:` as other things than text, and lets maps be keys.
fn key_text(key: Node, seen: &HashSet<String>) -> Result<String, RefusedKey> {
    match key {
        Node::Scalar(Scalar { text, kind: ScalarKind::Text }) if text == "<<" => Err(RefusedKey::Merge),
        Node::Scalar(Scalar { text, kind: ScalarKind::Text }) if seen.contains(&text) => {
            Err(RefusedKey::Duplicate(text))
        }
        Node::Scalar(Scalar { text, kind: ScalarKind::Text }) => Ok(text),
        Node::Scalar(Scalar { text, .. }) => {
            Err(RefusedKey::NotText(format!("a key is text: `{}` is read as something else", shown(&text))))
        }
        Node::List(_) | Node::Map(_) => Err(RefusedKey::NotText("a key is text, not a list or a map".to_owned())),
    }
}

impl RefusedKey {
    fn into_finding(self, path: Path, index: usize) -> Finding {
        match self {
            Self::Duplicate(key) => {
                let first = path.then(&key);
                let finding =
                    Finding::new("duplicate-key", path, format!("the key `{}` stands here a second time", shown(&key)));
                finding.help("keep one of the two").see("the first one is", first)
            }
            Self::Merge => {
                Finding::new("merge-key", path, "a provider file has no merge keys (`<<`)").help("write the keys out")
            }
            Self::NotText(message) => Finding::new("key", path, message).help("put quotes around the key"),
        }
        .at_spot(Spot::Entry(index))
    }
}
