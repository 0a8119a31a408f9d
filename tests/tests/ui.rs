//! What a user's compiler says: for faulty provider files, for what a provider cannot do, and for values of another one.
#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[path = "ui/pass/everything.rs"]
mod everything;

/// The words that the compiler is to say are in the `.stderr` file beside each case. `TRYBUILD=overwrite` writes them.
#[test]
fn messages() {
    let crate_dir = target_dir().join("tests/trybuild/oauth-tests");
    for folder in ["yaml", "capability", "setting", "mechanism"] {
        let to = crate_dir.join(folder);
        if to.exists() {
            fs::remove_dir_all(&to).expect("the copies of an earlier run can be removed");
        }
        copy_provider_files(&Path::new("tests/ui").join(folder), &to);
    }
    let cases = trybuild::TestCases::new();
    for folder in ["yaml", "capability", "scope", "setting", "mechanism"] {
        cases.compile_fail(format!("tests/ui/{folder}/*.rs"));
    }
}

/// What a provider cannot do, and what is not its own: the words name it and say what its file would have to have.
#[test]
fn messages_name_the_provider_and_the_way_out() {
    for folder in ["capability", "scope"] {
        for entry in fs::read_dir(Path::new("tests/ui").join(folder)).expect("the folder of the cases") {
            let path = entry.expect("an entry of that folder").path();
            if path.extension().is_some_and(|extension| extension == "stderr") {
                let words = fs::read_to_string(&path).expect("a file of words");
                for part in ["provider `", "the provider's YAML file"] {
                    assert!(words.contains(part), "{}: {part}", path.display());
                }
            }
        }
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
    let output =
        Command::new(env!("CARGO")).args(["metadata", "--no-deps", "--format-version=1", "--offline"]).output();
    let output = output.expect("cargo runs").stdout;
    let metadata: serde_json::Value = serde_json::from_slice(&output).expect("cargo metadata is JSON");
    PathBuf::from(metadata["target_directory"].as_str().expect("cargo names the target folder"))
}
