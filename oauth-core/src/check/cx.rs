use crate::fault::{Finding, Path, at, shown};
use crate::load::{Node, Removed, limits};
use crate::spec::Template;

/// What the rules know beside the spec, and the faults that they have found.
pub(crate) struct Cx<'a> {
    /// The file's name without its ending, where the text came from a file.
    pub(crate) stem: Option<&'a str>,
    /// The file's tree, as it was read.
    pub(crate) root: &'a Node,
    /// Nodes that a fault has been reported of, and that were taken out before the checks.
    removed: &'a Removed,
    findings: Vec<Finding>,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(stem: Option<&'a str>, root: &'a Node, removed: &'a Removed) -> Self {
        Self { stem, root, removed, findings: Vec::new() }
    }

    /// The same file, and no fault found yet.
    pub(super) fn fresh(&self) -> Self {
        Self { stem: self.stem, root: self.root, removed: self.removed, findings: Vec::new() }
    }

    /// Whether a fault has been found.
    pub(super) fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Records a fault.
    pub(crate) fn report(&mut self, finding: Finding) {
        if !self.is_full() {
            self.findings.push(finding);
        }
    }

    /// Whether there are more faults than will be shown.
    pub(crate) fn is_full(&self) -> bool {
        self.findings.len() > limits::FAULTS
    }

    /// Whether a fault at or above this node has been reported already, so that its absence is no second one.
    pub(crate) fn is_removed(&self, path: &Path) -> bool {
        self.removed.holds(path)
    }

    /// Whether a fault somewhere in or around this section has been reported already: what refers into it may be right.
    pub(crate) fn is_touched(&self, path: &Path) -> bool {
        self.removed.touches(path)
    }

    /// Whether the file has the key.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.root.at(path).is_some()
    }

    /// The indices in the file of a list's elements, some of which may have been taken out.
    pub(crate) fn indices(&self, path: &Path, length: usize) -> Vec<usize> {
        match self.root.at(path) {
            Some(Node::List(items)) if items.len() == length => items.iter().map(|item| item.index).collect(),
            _ => (0..length).collect(),
        }
    }

    /// The value of a required key; without it an empty one, and a fault.
    pub(crate) fn required(&mut self, path: &Path, value: Option<String>, help: &str) -> String {
        if let Some(value) = value {
            if value.trim().is_empty() {
                self.report(Finding::new("empty", path.clone(), format!("`{path}` is empty")).help(help));
            }
            return value;
        }
        self.missing(path, help);
        String::new()
    }

    /// Reports a missing key, unless it has been there and was wrong.
    pub(crate) fn missing(&mut self, path: &Path, help: &str) {
        if !self.is_removed(path) {
            self.report(Finding::new("missing-key", path.clone(), format!("`{path}` is missing")).help(help));
        }
    }

    /// The template in the text; without holes, and a fault, when it is none.
    pub(crate) fn template(&mut self, path: &Path, text: &str) -> Template {
        let parsed = Template::parse(text).and_then(|template| {
            let few = template.holes().count() <= limits::HOLES;
            few.then_some(template).ok_or_else(|| format!("it has more than {} holes", limits::HOLES))
        });
        parsed.unwrap_or_else(|why| {
            self.report(Finding::new("template", path.clone(), format!("`{path}` cannot be read: {why}")));
            // A text without braces always parses.
            Template::parse(PLACEHOLDER).unwrap_or_default()
        })
    }

    /// The template in the text, if there is one.
    pub(crate) fn maybe_template(&mut self, path: &Path, text: Option<&str>) -> Option<Template> {
        text.map(|text| self.template(path, text))
    }

    /// What each value of a closed list stands for: something, in one line, and for few enough values to try them all.
    pub(crate) fn closed_list<'v>(&mut self, path: &Path, values: impl ExactSizeIterator<Item = (&'v str, &'v str)>) {
        if values.len() > limits::VALUES {
            let message = format!("a list of values has more than {} of them", limits::VALUES);
            self.report(Finding::new("too-many-values", path.clone(), message).on_key());
        }
        for (value, meaning) in values {
            if meaning.is_empty() || meaning.contains('\n') {
                let message = format!("`{}` stands for nothing that an address could hold", shown(value));
                self.report(Finding::new("value", path.then(value), message).help("write what it stands for"));
            }
        }
    }

    /// The templates of a map of parameters or headers.
    pub(crate) fn params(&mut self, path: &Path, entries: Vec<(String, String)>) -> Vec<(String, Template)> {
        let mut params = Vec::with_capacity(entries.len());
        for (name, text) in entries {
            let template = self.template(&path.then(&name), &text);
            params.push((name, template));
        }
        params
    }
}

/// An address for what a file should say and does not: the checks go on, and the file has a fault all the same.
pub(crate) const PLACEHOLDER: &str = "https://missing.invalid";

/// The path of a top-level key.
pub(crate) fn top(key: &str) -> Path {
    at![key]
}
