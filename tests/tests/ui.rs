//! What a user's compiler says: for faulty provider files, for what a provider cannot do, and for values of another one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[path = "ui/pass/everything.rs"]
mod everything;

/// The words that the compiler is to say are in the `.stderr` file beside each case. `TRYBUILD=overwrite` writes them.
#[test]
fn messages() {
    let crate_dir = target_dir().join("tests/trybuild/oauth-tests");
    for folder in ["yaml", "capability", "setting"] {
        let to = crate_dir.join(folder);
        if to.exists() {
            fs::remove_dir_all(&to).expect("the copies of an earlier run can be removed");
        }
        copy_provider_files(&Path::new("tests/ui").join(folder), &to);
    }
    let cases = trybuild::TestCases::new();
    for folder in ["yaml", "capability", "scope", "setting"] {
        cases.compile_fail(format!("tests/ui/{folder}/*.rs"));
    }
}

/// The macros read files below the manifest of the crate that calls them. That is one which trybuild makes there.
fn copy_provider_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder below the target folder");
    for entry in fs::read_dir(from).expect("the folder of the cases") {
        let path = entry.expect("an entry of that folder").path();
        let name = path.file_name().expect("an entry has a name");
        if path.is_dir() {
            copy_provider_files(&path, &to.join(name));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            fs::copy(&path, to.join(name)).expect("a provider file can be copied");
        }
    }
}

/// The target folder, asked for as trybuild does.
fn target_dir() -> PathBuf {
    let output = Command::new(env!("CARGO")).args(["metadata", "--no-deps", "--format-version=1", "--offline"]).output();
    let output = output.expect("cargo runs").stdout;
    let metadata: serde_json::Value = serde_json::from_slice(&output).expect("cargo metadata is JSON");
    PathBuf::from(metadata["target_directory"].as_str().expect("cargo names the target folder"))
}
