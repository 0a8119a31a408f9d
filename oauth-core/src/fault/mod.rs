//! What is wrong with a provider file, and where.

mod near;
mod path;
mod render;
mod secrets;

use std::fmt;

pub(crate) use self::near::nearest;
pub(crate) use self::path::{Path, Step, at};
pub(crate) use self::render::source_line;
pub(crate) use self::secrets::{is_secret_name, looks_secret, masked, shown};

/// One fault of a provider file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The file, as the loader was told its name.
    pub file: String,
    /// The line, from 1; 0 where the fault is the file's as a whole (it cannot be read, say).
    pub line: usize,
    /// The column in characters, from 1; 0 as above.
    pub column: usize,
    /// The key: `endpoints.token`; empty where the fault is not in a key.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What else belongs to it: where the other one of two equal names stands, for instance.
    pub notes: Vec<String>,
    /// The stable name of the rule: `unknown-key`.
    pub code: &'static str,
    /// The line's text, without what may be a secret.
    pub(crate) source: Option<String>,
    /// How many characters the caret underlines.
    pub(crate) width: usize,
}

/// All faults of one or more provider files, in the order of files and lines.
///
/// `Display` writes each with its place, the line, a caret and help, as compilers do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn new(mut faults: Vec<Fault>) -> Self {
        faults
            .sort_by(|left, right| (&left.file, left.line, left.column).cmp(&(&right.file, right.line, right.column)));
        Self(faults)
    }

    /// The faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n\n")?;
            }
            fmt::Display::fmt(fault, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
impl std::error::Error for Faults {}

/// A fault before its place in the text is known.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) path: Path,
    pub(crate) spot: Spot,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Another node that has to do with it, and the words before its position.
    pub(crate) see: Option<(&'static str, Path)>,
}

/// Which part of an entry a fault is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// The key.
    Key,
    /// The value.
    Value,
    /// The key of the n-th entry of the map at the path: for keys that no path can name, or that stand there twice.
    Entry(usize),
    /// A line and a column that are known already.
    Mark(usize, usize),
}

impl Finding {
    pub(crate) fn new(code: &'static str, path: Path, message: impl Into<String>) -> Self {
        Self { code, path, spot: Spot::Value, message: message.into(), help: None, see: None }
    }

    pub(crate) fn at_spot(mut self, spot: Spot) -> Self {
        self.spot = spot;
        self
    }

    pub(crate) fn on_key(self) -> Self {
        self.at_spot(Spot::Key)
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers the candidate nearest to the word, or else lists them all when they are few.
    pub(crate) fn suggest<'a>(mut self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        self.help = match nearest(word, candidates.iter().copied()) {
            Some(near) => Some(format!("did you mean `{}`?", shown(near))),
            None if candidates.is_empty() || candidates.len() > 24 => self.help,
            None => Some(format!("use one of {}", listed(&candidates))),
        };
        self
    }

    /// Offers the nearest candidate, or else keeps the help that is there.
    pub(crate) fn suggest_near<'a>(mut self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(near) = nearest(word, candidates) {
            self.help = Some(format!("did you mean `{}`?", shown(near)));
        }
        self
    }

    pub(crate) fn see(mut self, words: &'static str, path: Path) -> Self {
        self.see = Some((words, path));
        self
    }
}

/// `a`, `b`, `c`.
pub(crate) fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", shown(word))).collect();
    words.join(", ")
}
