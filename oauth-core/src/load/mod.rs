//! From the bytes of provider files to specs, with all faults of all files at once.

mod de;
mod file;
pub(crate) mod limits;
mod locate;
mod node;
mod respell;
mod scan;
mod secrets;

#[cfg(test)]
mod tests;

use std::path::Path as FilePath;

use crate::check::{self, Cx};
use crate::fault::{Fault, Faults, Finding, Path, Spot, at, source_line};
use crate::schema::Provider;
use crate::spec::ProviderSpec;

use self::de::NodeDe;
pub use self::file::read_file;
pub(crate) use self::node::Node;

/// A provider file in memory.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// Its name, as messages show it. Without folders and ending it equals the file's `id`.
    pub name: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// What became of a set of provider files.
#[derive(Debug)]
pub struct Loaded {
    /// The specs of the sound files, each with the index of its file.
    pub specs: Vec<(usize, ProviderSpec)>,
    /// The faults of all files.
    pub faults: Faults,
}

/// Loads provider files. A faulty one does not take the sound ones down.
///
/// Ids and Rust modules are unique across the files: of two files with the same, the later is faulty.
pub fn load_all<'a>(files: impl IntoIterator<Item = SourceFile<'a>>) -> Loaded {
    let mut specs: Vec<(usize, ProviderSpec)> = Vec::new();
    let mut faults = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        names.push(file.name);
        match load_one(file.name, Some(stem(file.name)), file.bytes) {
            Ok((spec, document)) => {
                match specs.iter().find(|(_, other)| other.id == spec.id || other.module == spec.module) {
                    Some((first, other)) => faults.push(same_name(&document, names[*first], other, &spec)),
                    None => specs.push((index, spec)),
                }
            }
            Err(mut found) => faults.append(&mut found),
        }
    }
    Loaded { specs, faults: Faults::new(faults) }
}

impl ProviderSpec {
    /// Loads and checks a provider file's text.
    ///
    /// All faults are reported at once, each with its place and what to do about it.
    ///
    /// ```
    /// let acme = oauth_core::ProviderSpec::from_yaml("
    /// id: acme
    /// name: Acme
    /// docs: https://acme.example/docs
    /// checked: 2026-11-21
    /// endpoints:
    ///   authorization: https://acme.example/authorize
    ///   token: https://acme.example/token
    /// ")?;
    /// assert_eq!(acme.marker, "Acme");
    /// # Ok::<(), oauth_core::Faults>(())
    /// ```
    pub fn from_yaml(text: &str) -> Result<Self, Faults> {
        load_one("provider file", None, text.as_bytes()).map(|(spec, _)| spec).map_err(Faults::new)
    }

    /// Loads and checks a provider file. Its name without `.yaml` is the provider's id.
    pub fn from_yaml_file(path: impl AsRef<FilePath>) -> Result<Self, Faults> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let bytes = read_file(path)?;
        load_one(&name, Some(stem(&name)), &bytes).map(|(spec, _)| spec).map_err(Faults::new)
    }
}

/// The file's name without folders and ending.
fn stem(name: &str) -> &str {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.rsplit_once('.').map_or(last, |(stem, _)| stem)
}

/// A text with its tree: what turns findings into faults.
struct Document<'a> {
    file: &'a str,
    text: &'a str,
    root: Node,
}

fn load_one<'a>(
    file: &'a str,
    stem: Option<&str>,
    bytes: &'a [u8],
) -> Result<(ProviderSpec, Document<'a>), Vec<Fault>> {
    let text = match limits::text(bytes) {
        Ok(text) => text,
        Err(finding) => {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(limits::BYTES)]);
            return Err(vec![fault(file, &text, None, *finding)]);
        }
    };
    let scanned = scan::scan(text);
    if !scanned.is_empty() {
        return Err(scanned.into_iter().map(|finding| fault(file, text, None, finding)).collect());
    }
    let (root, mut findings) = node::parse(text);
    let Some(root) = root else {
        return Err(findings.into_iter().map(|finding| fault(file, text, None, finding)).collect());
    };
    let document = Document { file, text, root };
    findings.extend(secrets::scan(text, &document.root));
    let spec = understand(&document.root, stem, &mut findings);
    if findings.is_empty()
        && let Some(spec) = spec
    {
        return Ok((spec, document));
    }
    let shown = limits::faults_of(text);
    let more = findings.len().saturating_sub(shown);
    let mut faults: Vec<Fault> = findings.into_iter().take(shown).map(|finding| document.fault(finding)).collect();
    if let Some(last) = faults.last_mut().filter(|_| more > 0) {
        last.notes.push(format!("{more} more faults of this file are not shown"));
    }
    Err(faults)
}

/// Nodes that were taken out of the tree, each after a fault was reported of it.
#[derive(Debug, Default)]
pub(crate) struct Removed(Vec<Path>);

impl Removed {
    /// Whether this node or one above it was taken out.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.0.iter().any(|removed| removed.holds(path))
    }

    /// Whether this node, one above it or one below it was taken out.
    pub(crate) fn touches(&self, path: &Path) -> bool {
        self.0.iter().any(|removed| removed.holds(path) || path.holds(removed))
    }
}

/// Reads the tree into the schema's types and checks what it says. A node that does not fit is reported and taken out,
/// and the reading starts again, so that one fault hides no other.
fn understand(root: &Node, stem: Option<&str>, findings: &mut Vec<Finding>) -> Option<ProviderSpec> {
    let mut tree = root.clone();
    let mut removed = Removed::default();
    for finding in findings.iter() {
        if finding.path != Path::default() && finding.code != "duplicate-key" && tree.remove(finding.path.steps()) {
            removed.0.push(finding.path.clone());
        }
    }
    let file = loop {
        match serde::Deserialize::deserialize(NodeDe(&tree)) {
            Ok(file) => break file,
            Err(error) => {
                let error: de::DeError = error;
                let meant = error.meant();
                let finding = error.into_finding();
                let gone = tree.remove(finding.path.steps());
                removed.0.push(finding.path.clone());
                // A misspelt key is not missing under its right name as well.
                removed.0.extend(meant);
                findings.push(finding);
                if !gone || findings.len() >= limits::FAULTS {
                    return None;
                }
            }
        }
    };
    let file: Provider = file;
    let mut cx = Cx::new(stem, &tree, &removed);
    let spec = check::check(&mut cx, file);
    findings.extend(cx.into_findings());
    Some(spec)
}

impl Document<'_> {
    fn fault(&self, finding: Finding) -> Fault {
        fault(self.file, self.text, Some(&self.root), finding)
    }
}

/// The finding with its place, the line there, and the place of what else belongs to it.
fn fault(file: &str, text: &str, root: Option<&Node>, finding: Finding) -> Fault {
    let place = |path: &Path, spot: &Spot| match (root, spot) {
        (_, Spot::Mark(line, column)) => (*line, *column),
        (Some(root), spot) => locate::locate(text, root, path, spot),
        (None, _) => (1, 1),
    };
    let (line, column) = place(&finding.path, &finding.spot);
    let (source, width) = source_line(text, line, column).map_or((None, 1), |(source, width)| (Some(source), width));
    let notes = finding.see.iter().map(|(words, path)| {
        let (line, column) = place(path, &Spot::Key);
        format!("{words} at {file}:{line}:{column}")
    });
    Fault {
        file: file.to_owned(),
        line,
        column,
        path: finding.path.to_string(),
        notes: notes.collect(),
        message: finding.message,
        help: finding.help,
        code: finding.code,
        source,
        width,
    }
}

/// Two providers of one catalog have two names, in YAML and in Rust.
fn same_name(document: &Document<'_>, first: &str, other: &ProviderSpec, spec: &ProviderSpec) -> Fault {
    let (key, message) = if other.id == spec.id {
        ("id", format!("the id `{}` is taken", spec.id))
    } else {
        (
            if document.root.at(&at!["rust"]).is_some() { "rust" } else { "id" },
            format!("`{}` would name two modules in Rust", spec.module),
        )
    };
    let help = if key == "id" && other.id == spec.id {
        "choose another id, and rename the file"
    } else {
        "add or change `rust:` in one of the two files"
    };
    let mut fault = document.fault(Finding::new("duplicate-name", at![key], message).help(help));
    fault.notes.push(format!("the other one is {first}"));
    fault
}
