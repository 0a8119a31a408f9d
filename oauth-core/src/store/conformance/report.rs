use std::fmt;

use super::handle::{Outcome, Wrong};

/// What a store has shown.
#[derive(Clone, Debug)]
pub struct Report {
    store: &'static str,
    passed: Vec<&'static str>,
    skipped: Vec<&'static str>,
    failed: Vec<Failure>,
}

impl Report {
    pub(super) fn new(store: &'static str) -> Self {
        Self { store, passed: Vec::new(), skipped: Vec::new(), failed: Vec::new() }
    }

    pub(super) fn add(&mut self, check: &'static str, outcome: Outcome) {
        match outcome {
            Ok(()) => self.passed.push(check),
            Err(wrong) => self.failed.push(Failure { check, what: wrong.into_text() }),
        }
    }

    pub(super) fn skip(&mut self, check: &'static str) {
        self.passed.retain(|passed| *passed != check);
        self.skipped.push(check);
    }

    pub(super) fn finish(self) -> Result<Self, Failures> {
        if self.failed.is_empty() {
            Ok(self)
        } else {
            Err(Failures { store: self.store, passed: self.passed.len(), failed: self.failed })
        }
    }

    /// The names of the checks that the store has passed.
    pub fn passed(&self) -> &[&'static str] {
        &self.passed
    }

    /// The names of the checks that the harness gave no occasion for.
    pub fn skipped(&self) -> &[&'static str] {
        &self.skipped
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} store passed {} checks", self.store, self.passed.len())?;
        if self.skipped.is_empty() {
            return Ok(());
        }
        write!(f, ", without {}", self.skipped.join(", "))
    }
}

/// A check that a store has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    check: &'static str,
    what: String,
}

impl Failure {
    /// The name of the check.
    pub fn check(&self) -> &'static str {
        self.check
    }

    /// What was wrong, in a sentence.
    pub fn what(&self) -> &str {
        &self.what
    }
}

/// What a store does not keep. `Debug` and `Display` show every failed check on a line of its own.
#[derive(Clone)]
pub struct Failures {
    store: &'static str,
    passed: usize,
    failed: Vec<Failure>,
}

impl Failures {
    /// The failed checks, at least one.
    pub fn failures(&self) -> &[Failure] {
        &self.failed
    }
}

impl From<Wrong> for Failures {
    /// What is wrong before the first check.
    fn from(wrong: Wrong) -> Self {
        Self { store: "", passed: 0, failed: vec![Failure { check: "open", what: wrong.into_text() }] }
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, all) = (self.failed.len(), self.passed + self.failed.len());
        write!(f, "the {} store failed {failed} of {all} checks:", self.store)?;
        self.failed.iter().try_for_each(|failure| write!(f, "\n  {}: {}", failure.check, failure.what))
    }
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failures {}
