//! A provider file is published: it describes a provider, and holds no credentials and no references to any.

use crate::fault::{Finding, Path, Spot, Step, is_secret_name, looks_secret, shown};

use super::limits;
use super::node::{Node, Scalar};

const HELP: &str = "remove it, and revoke it if the file has been shared; credentials are given to the client in code";

/// References that other tools would follow.
const REFERENCES: [&str; 6] = ["${", "$(", "env:", "file:", "keyring:", "vault:"];

/// Sections whose keys or values are names, not values: there a word such as `client_secret` is a name.
const NAMES: [&str; 5] = ["rename", "errors", "codes", "known", "operations"];

/// What looks like a credential, or like a reference to one.
pub(super) fn scan(text: &str, root: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(line) = text.lines().position(|line| line.trim_start().starts_with('#') && looks_secret(line)) {
        let finding = Finding::new("secret", Path::default(), "a comment holds what looks like a secret");
        findings.push(finding.at_spot(Spot::Mark(line + 1, 1)).help(HELP));
    }
    root.walk(&mut Path::default(), &mut |path, node| {
        if findings.len() < limits::FAULTS {
            let scalar = || if let Node::Scalar(scalar) = node { scalar_fault(path, scalar) } else { None };
            findings.extend(key_fault(path).or_else(scalar));
        }
    });
    findings
}

fn key_fault(path: &Path) -> Option<Finding> {
    let Some(Step::Key(key)) = path.steps().last() else { return None };
    if !looks_secret(key) {
        return None;
    }
    let finding = Finding::new("secret", path.clone(), "a key looks like a secret: a provider file holds none");
    Some(finding.on_key().help(HELP))
}

fn scalar_fault(path: &Path, scalar: &Scalar) -> Option<Finding> {
    let text = &scalar.text;
    if let Some(Step::Key(key)) = path.steps().last()
        && is_secret_name(key)
        && !holds_names(path)
        && !is_hole(text)
    {
        let finding = Finding::new(
            "secret",
            path.clone(),
            format!("`{}` is the name of a secret: a provider file holds none", shown(key)),
        );
        return Some(finding.on_key().help(HELP));
    }
    if looks_secret(text) {
        return Some(
            Finding::new("secret", path.clone(), format!("the value of `{path}` looks like a secret")).help(HELP),
        );
    }
    let is_reference = REFERENCES.iter().any(|prefix| text.starts_with(prefix)) || text.contains("${");
    if is_reference
        && !matches!(path.steps().last(), Some(Step::Key(key)) if matches!(key.as_str(), "doc" | "description" | "because" | "note"))
    {
        let finding =
            Finding::new("reference", path.clone(), format!("`{}` refers to something outside the file", shown(text)));
        return Some(
            finding.help("a provider file refers to no environment, file or keyring: `{name}` is a setting's place"),
        );
    }
    None
}

fn holds_names(path: &Path) -> bool {
    let above = path.parent();
    above.steps().iter().any(|step| matches!(step, Step::Key(key) if NAMES.contains(&key.as_str())))
}

/// `{client_secret}` is a place for the secret, not one.
fn is_hole(text: &str) -> bool {
    text.starts_with('{') && text.ends_with('}') && !text.contains(' ')
}
