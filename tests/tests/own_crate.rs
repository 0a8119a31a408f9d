//! A provider file of one's own: a new crate outside the workspace, one dropped file, one macro line, and it logs in.
//!
//! These tests build other crates. They share the target folder and the lock file of the workspace, so that nothing is
//! fetched and dependencies are compiled once.
#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

/// The whole of a minimal provider file.
const ACME: &str = "\
id: acme
name: Acme
docs: https://acme.example/docs
checked: 2026-11-21
endpoints:
  authorization: https://acme.example/oauth/authorize
  token: https://acme.example/oauth/token
";

/// What is dropped beside it later: it knows who logged in.
const GLOBEX: &str = "\
id: globex
name: Globex
docs: https://globex.example/docs
checked: 2026-11-21
endpoints: {authorization: https://globex.example/authorize, token: https://globex.example/token}
profile: {request: GET https://globex.example/me, map: {subject: /id}}
";

/// The one line by which cargo sees new files.
const BUILD_RS: &str = "fn main() { println!(\"cargo::rerun-if-changed=providers\"); }\n";

/// Logs in at every provider of the folder. The first line of it is all that the provider files need.
const MAIN_RS: &str = r#"oauth_providers::providers!("providers");

use oauth_providers::{Browser, Client, Dynamic};
use oauth_simulator::Simulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The typed client of the first file.
    let acme = acme::Acme::client("client-id", "client-secret").redirect_uri("http://127.0.0.1:4001/callback");
    acme.authorize().begin().await?;

    for provider in catalog() {
        let simulator = Simulator::start(provider.spec().clone()).await?;
        let client = simulator.dynamic_client()?.redirect_uri("http://127.0.0.1:4001/callback");
        println!("{}: {}", provider.id(), log_in(&client, &simulator).await?);
    }
    Ok(())
}

async fn log_in(client: &Client<Dynamic>, simulator: &Simulator) -> Result<String, Box<dyn std::error::Error>> {
    let (url, pending, browser) = client.authorize().begin().await?.into_parts();
    let callback = simulator.scripted_user().approve(url.as_ref()).await?;
    let account = client.callback(callback, pending, Browser::from(browser)).await?;
    Ok(match client.spec().profile {
        Some(_) => format!("logged in as {}", account.profile().await?.subject),
        None => format!("logged in, the token expires: {}", account.tokens().expires_at().is_some()),
    })
}
"#;

/// A library under the strictest attributes, which calls the dependency by another name.
const RENAMED_LIB_RS: &str = "\
//! Providers of one's own.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

::op::providers!(\"providers\");
";

#[test]
fn gen_11_a_dropped_file_is_a_client_and_so_is_the_next() {
    let own = OwnCrate::new("brings-own-providers", &["oauth-providers", "oauth-simulator"]);
    own.write("src/main.rs", MAIN_RS);
    own.write("providers/acme.yaml", ACME);
    assert!(ACME.lines().count() <= 8, "a minimal file has at most 8 lines");

    let one = own.cargo(&["run"]);
    assert_eq!(printed(&one), "acme: logged in, the token expires: true\n", "{}", said(&one));
    assert!(!said(&one).contains("warning"), "{}", said(&one));

    own.write("providers/globex.yaml", GLOBEX);
    let two = own.cargo(&["run"]);
    let lines: Vec<String> = printed(&two).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{}", said(&two));
    assert_eq!(lines[0], "acme: logged in, the token expires: true");
    let subject = lines[1].strip_prefix("globex: logged in as ").unwrap_or_default();
    assert!(!subject.is_empty(), "{lines:?}");

    own.write("providers/initech.yaml", &ACME.replace("acme", "initech").replace("  token:", "  tokn:"));
    let three = own.cargo(&["build"]);
    assert!(!three.status.success(), "{}", said(&three));
    for part in [
        "`tokn` is not a key of `endpoints`",
        "--> providers/initech.yaml:7:3",
        "= help: did you mean `token`?",
        "src/main.rs:1:",
    ] {
        assert!(said(&three).contains(part), "{part}: {}", said(&three));
    }
    // The sound files beside it still are clients: nothing else is wrong.
    assert_eq!(said(&three).matches("\nerror").count(), 2, "the fault and cargo's own last line: {}", said(&three));
}

#[test]
fn gen_21_the_dependency_may_have_another_name_and_the_crate_no_prelude() {
    let own = OwnCrate::new("renames-the-dependency", &[]);
    own.write("src/lib.rs", RENAMED_LIB_RS);
    own.write("providers/acme.yaml", ACME);
    own.write("providers/globex.yaml", GLOBEX);
    let tested = own.cargo(&["test"]);
    assert!(tested.status.success(), "{}", said(&tested));
    let passed = "every_provider_file_is_compiled_in ... ok";
    assert!(printed(&tested).contains(passed), "{}", printed(&tested));
}

/// A crate in a folder for its time only.
struct OwnCrate {
    name: &'static str,
    folder: TempDir,
}

impl OwnCrate {
    /// With `dependencies` under their own names; `oauth-providers` as `op` where it is not among them.
    fn new(name: &'static str, dependencies: &[&str]) -> Self {
        let own = Self { name, folder: tempfile::tempdir().expect("a temporary folder") };
        let path = |of: &str| toml_text(&workspace().join(of));
        let mut lines = String::new();
        for of in dependencies {
            writeln!(lines, "{of} = {{ path = {} }}", path(of)).expect("text can be written");
        }
        if dependencies.is_empty() {
            let renamed = path("oauth-providers");
            writeln!(lines, "op = {{ package = \"oauth-providers\", path = {renamed} }}").expect("text can be written");
        } else {
            lines.push_str("tokio = { version = \"1\", features = [\"macros\", \"rt\"] }\n");
        }
        let package =
            format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n");
        own.write("Cargo.toml", &format!("{package}\n[dependencies]\n{lines}"));
        own.write("build.rs", BUILD_RS);
        fs::copy(workspace().join("Cargo.lock"), own.folder.path().join("Cargo.lock")).expect("the lock file");
        own
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file can be written");
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(self.folder.path()).env("CARGO_TARGET_DIR", target_dir()).env("CARGO_TERM_COLOR", "never");
        // The folder is another one each time: what incremental compilation keeps would be of no use.
        cargo.env("CARGO_INCREMENTAL", "0").args(arguments).arg("--offline");
        cargo.output().expect("cargo runs")
    }
}

/// The dependencies stay in the target folder for the next time, this crate does not. Its name is no test's: cargo would
/// clean that away as well.
impl Drop for OwnCrate {
    fn drop(&mut self) {
        self.cargo(&["clean", "--package", self.name]);
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above this crate")
}

/// The folder above `debug/deps`, where this test itself is.
fn target_dir() -> PathBuf {
    let test = env::current_exe().expect("this test has a path");
    test.ancestors().nth(3).expect("a test is in `debug/deps` of the target folder").to_owned()
}

/// A path as TOML has it: JSON's string is one of TOML's.
fn toml_text(path: &Path) -> String {
    serde_json::Value::from(path.to_str().expect("the workspace's path is UTF-8")).to_string()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
