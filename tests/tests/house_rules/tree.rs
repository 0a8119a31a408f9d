//! The files of the workspace, and which lines of a Rust file are what.

use std::path::{Path, PathBuf};

/// A text file of the workspace.
pub(crate) struct Source {
    /// From the workspace's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a line of a Rust file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Code, or a comment that is no documentation.
    Code,
    /// Documentation.
    Doc,
    /// Part of an item that only tests have.
    Test,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(crate) fn is(&self, ending: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == ending)
    }

    /// Tests and what belongs to them, by the place of the file.
    pub(crate) fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        self.path.starts_with("tests/")
            || self.path.starts_with("benches/")
            || parts.any(|part| matches!(part, "tests" | "tests.rs" | "tests-data" | "testing.rs"))
    }

    pub(crate) fn is_example(&self) -> bool {
        self.path.split('/').any(|part| part == "examples")
    }

    /// `path:line: what`.
    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, line + 1)
    }

    /// The lines, each with what it is.
    pub(crate) fn lines(&self) -> Vec<(Kind, &str)> {
        let mut lines = Vec::new();
        let mut rest = self.text.lines().peekable();
        let mut in_doc = false;
        while let Some(line) = rest.next() {
            let start = line.trim_start();
            let indent = line.len() - start.len();
            if start.starts_with("#[cfg(test)]") || start.starts_with("#[cfg(all(test") {
                // The item ends with the first line that is not indented deeper and closes something.
                lines.push((Kind::Test, line));
                for line in rest.by_ref() {
                    lines.push((Kind::Test, line));
                    let same_depth = line.len() - line.trim_start().len() <= indent;
                    if same_depth && (line.trim_end().ends_with(['}', ';']) && !line.trim_start().starts_with("#[")) {
                        break;
                    }
                }
                continue;
            }
            let opens = start.starts_with("/**") || start.starts_with("/*!");
            let doc = in_doc || opens || start.starts_with("///") || start.starts_with("//!");
            in_doc = (in_doc || opens) && !line.contains("*/");
            lines.push((if doc { Kind::Doc } else { Kind::Code }, line));
        }
        lines
    }

    /// The lines that are code, numbered from 0.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines()
            .into_iter()
            .enumerate()
            .filter(|(_, (kind, _))| *kind == Kind::Code)
            .map(|(number, (_, line))| (number, line))
    }
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust, YAML, TOML and Markdown files of the workspace.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort_by(|one: &Source, other| one.path.cmp(&other.path));
    found
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace") {
        let entry = entry.expect("an entry of a folder");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let kind = entry.file_type().expect("a kind");
        let path = format!("{prefix}{name}");
        // What tools make, and links to what is read elsewhere.
        let skipped = kind.is_symlink() || matches!(name.as_str(), "target" | "node_modules" | ".git");
        if kind.is_dir() && !skipped {
            walk(&entry.path(), &format!("{path}/"), found);
        } else if kind.is_file() && [".rs", ".yaml", ".yml", ".toml", ".md"].iter().any(|ending| name.ends_with(ending))
        {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            found.push(Source { path, text });
        }
    }
}

#[test]
fn lines_are_told_apart() {
    let text = "//! doc\nuse a;\n// note\n#[cfg(test)]\nmod tests {\n    fn a() {}\n}\nfn b() {}\n/// doc\nfn c() {\n    #[cfg(test)]\n    let x = 1;\n    y();\n}\n/**one\ntwo*/\nfn d();\n#[cfg(test)]\nmod more;\nfn e() {}\n";
    let source = Source::new("x.rs", text);
    let kinds: String = source
        .lines()
        .iter()
        .map(|(kind, _)| match kind {
            Kind::Code => 'c',
            Kind::Doc => 'd',
            Kind::Test => 't',
        })
        .collect();
    assert_eq!(kinds, "dccttttcdcttccddcttc");
    assert_eq!(source.lines().len(), text.lines().count());
}
