//! For the tests beside the rules.

use crate::load::{SourceFile, load_all};

/// A sound file, and more lines.
pub(crate) fn acme(more: &str) -> String {
    format!(
        "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\nendpoints: {{authorization: \"https://acme.example/a\", token: https://acme.example/token}}\n{more}"
    )
}

/// The faults of a file `acme.yaml`, as they are shown.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let loaded = load_all([SourceFile { name: "acme.yaml", bytes: text.as_bytes() }]);
    assert_eq!(loaded.specs.is_empty(), !loaded.faults.is_empty());
    loaded.faults.iter().map(ToString::to_string).collect()
}
