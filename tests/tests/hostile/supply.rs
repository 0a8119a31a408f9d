//! Area SU: what the workspace is built from, and what it gives away. What only a tool with a connection can see (advisories
//! of today) is `cargo deny`'s; here is that it is told to look, and what the sources themselves show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use oauth_core::ErrorKind;
use oauth_tests::canned::{Canned, json};
use oauth_tests::login::{TOKENS, client, parameter, start};

const MEMBERS: [&str; 5] = ["oauth-core", "oauth-macros", "oauth-providers", "oauth-simulator", "oauth-stores"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A package of the lock file.
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: bool,
}

fn locked() -> Vec<Locked> {
    let lock = read("Cargo.lock");
    let value = |package: &str, name: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    let packages = lock.split("[[package]]").skip(1).map(|package| Locked {
        name: value(package, "name").unwrap(),
        version: value(package, "version").unwrap(),
        source: value(package, "source"),
        checksum: value(package, "checksum").is_some_and(|sum| sum.len() == 64),
    });
    packages.collect()
}

/// `1.2.3` as numbers; what follows a `-` or a `+` counts for nothing.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    plain.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{version}"))).collect()
}

/// The lines of a table of a TOML file.
fn table<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let heading = format!("[{name}]");
    text.lines().skip_while(move |line| *line != heading).skip(1).take_while(|line| !line.starts_with('['))
}

#[test]
fn su_01_every_crate_is_locked_to_one_registry_and_its_bytes() {
    let packages = locked();
    assert!(packages.len() > 100);
    for Locked { name, source, checksum, .. } in packages {
        match source {
            Some(source) => {
                assert_eq!(source, "registry+https://github.com/rust-lang/crates.io-index", "{name}");
                assert!(checksum, "{name} has no checksum");
            }
            None => assert!(MEMBERS.contains(&&*name) || name == "oauth-tests", "{name} is from nowhere"),
        }
    }
    // What is built in CI is what is locked.
    for script in ["run", "features", "packages"] {
        for line in read(&format!(".ci/{script}")).lines().filter(|line| !line.trim_start().starts_with('#')) {
            for word in ["cargo clippy", "cargo test", "cargo doc", "cargo run", "cargo package", "cargo metadata"] {
                assert!(!line.contains(word) || line.contains("--locked"), ".ci/{script}: {line}");
            }
        }
    }
}

#[test]
fn su_02_each_dependency_is_in_one_table_with_its_reason() {
    let workspace = read("Cargo.toml");
    let mut known = Vec::new();
    let lines = table(&workspace, "workspace.dependencies");
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let name = line.split(' ').next().unwrap();
        assert!(line.contains("path = ") || line.contains(" # "), "{name} has no reason");
        assert!(!line.contains("git = "), "{name} is from a repository");
        known.push(name.to_owned());
    }
    for member in MEMBERS.iter().chain(&["tests"]) {
        let manifest = read(&format!("{member}/Cargo.toml"));
        let mut inside = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                inside = line.ends_with("dependencies]");
            } else if inside && !line.is_empty() && !line.starts_with('#') {
                let name = line.split(['.', ' ']).next().unwrap();
                assert!(known.iter().any(|known| known == name), "{member}: {name}");
                assert!(line.contains("workspace = true") || line.contains("path = \".\""), "{member}: {line}");
            }
        }
    }
}

#[test]
fn su_03_advisories_are_denied_without_exception() {
    let deny = read("deny.toml");
    let advisories: Vec<&str> = table(&deny, "advisories").filter(|line| !line.is_empty()).collect();
    assert_eq!(advisories, ["yanked = \"deny\"", "unmaintained = \"all\""], "an exception needs an end and a reason");
    let sources: Vec<&str> = table(&deny, "sources").filter(|line| !line.is_empty()).collect();
    assert_eq!(sources, ["unknown-registry = \"deny\"", "unknown-git = \"deny\""]);
}

/// The versions below which each crate had a fault that concerns us.
const FLOORS: [(&str, &str); 17] = [
    ("rustls-webpki", "0.103.13"),
    ("rustls", "0.23.18"),
    ("h2", "0.4.16"),
    ("tokio", "1.44.2"),
    ("time", "0.3.47"),
    ("url", "1.0.0"),
    ("idna", "1.0.0"),
    ("tracing-subscriber", "0.3.20"),
    ("webbrowser", "1.2.2"),
    ("jsonwebtoken", "10.3.0"),
    ("sqlx", "0.8.1"),
    ("tokio-postgres", "0.7.18"),
    ("aws-lc-sys", "0.39.0"),
    ("rand", "0.9.3"),
    ("ring", "0.17.14"),
    ("bytes", "1.10.0"),
    ("hyper", "1.6.0"),
];

#[test]
fn su_04_no_crate_is_below_its_floor() {
    let floors: BTreeMap<&str, Vec<u64>> = FLOORS.iter().map(|(name, floor)| (*name, numbers(floor))).collect();
    let mut seen = 0;
    for Locked { name, version, .. } in locked() {
        if let Some(floor) = floors.get(&*name) {
            seen += 1;
            assert!(numbers(&version) >= *floor, "{name} {version}");
            // rand 0.10.0 has the fault of 0.9.2.
            assert!(
                name != "rand" || !version.starts_with("0.10.") || numbers(&version) >= numbers("0.10.1"),
                "{version}"
            );
        }
    }
    assert!(seen >= 10, "only {seen} of them are there");
    // What we ask for ourselves is no older, so that nobody's own lock file can be.
    for line in table(&read("Cargo.toml"), "workspace.dependencies") {
        let Some((name, rest)) = line.split_once(" = ") else { continue };
        let Some(floor) = floors.get(name) else { continue };
        let version = rest.split_once("version = \"").map_or(rest.trim_start_matches('"'), |(_, version)| version);
        let version = version.split('"').next().unwrap().trim_start_matches('=');
        // `1.10` is 1.10.0.
        let mut least = numbers(version);
        least.resize(least.len().max(floor.len()), 0);
        assert!(least >= *floor, "{name} = {version}");
    }
}

#[test]
fn su_05_banned_crates_are_not_in_the_tree() {
    let deny = read("deny.toml");
    let banned: Vec<&str> =
        deny.split("{ crate = \"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    for name in ["rsa", "openssl", "native-tls", "rustls-pemfile", "serde_yaml"] {
        assert!(banned.contains(&name), "deny.toml does not ban {name}");
    }
    for Locked { name, .. } in locked() {
        assert!(!banned.contains(&&*name), "{name} is in the tree");
    }
}

#[test]
fn su_07_no_member_has_unsafe_code() {
    let workspace = read("Cargo.toml");
    assert!(table(&workspace, "workspace.lints.rust").any(|line| line == "unsafe_code = \"forbid\""));
    for member in MEMBERS.iter().chain(&["tests"]) {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert_eq!(table(&manifest, "lints").next(), Some("workspace = true"), "{member}");
    }
}

/// A file that says nothing but who and where, and everything that the client does by itself.
const PLAIN: &str = "
id: plain
name: Plain
docs: https://plain.example/docs
checked: 2026-11-21
endpoints: {authorization: https://id.plain.example/authorize, token: https://id.plain.example/token}
";

/// A change of this is a change of what every provider file means: never in a minor release.
#[tokio::test]
async fn su_08_the_defaults_are_these() {
    let names = |text: &str| -> Vec<String> {
        let url = url::Url::parse(text).ok();
        let query = url.as_ref().map_or(text, |url| url.query().unwrap_or_default());
        url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect()
    };
    let server = Canned::start([json(TOKENS), json(r#"{"access_token":"a"}"#)]).await;
    let client = client(PLAIN).dangerous_at(server.origin());
    let (url, pending, browser) = client.authorize().begin().await.unwrap().into_parts();
    let url = url.to_string();
    let asked = ["response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"];
    assert_eq!(names(&url), asked);
    assert_eq!(parameter(&url, "response_type").as_deref(), Some("code"));
    assert_eq!(parameter(&url, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(parameter(&url, "state").map(|state| state.len()), Some(22));
    let cookie = browser.set_cookie("login", "/");
    assert!(cookie.ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=600"), "{cookie}");
    let callback = format!("code=c&state={}", parameter(&url, "state").unwrap());
    let account = client.callback(callback, pending, browser).await.unwrap();
    let request = &server.received()[0];
    assert_eq!(names(&request.body), ["grant_type", "code", "redirect_uri", "code_verifier"]);
    assert!(request.header("authorization").is_some_and(|value| value.starts_with("Basic ")), "{request:?}");
    assert!(account.tokens().identity().is_none() && !account.tokens().is_bound());
    // A type is demanded, and there is no way to the API that the file does not name.
    let started = start(&client).await;
    let error = client.callback(format!("code=c&state={}", started.state), started.pending, started.browser).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TokenTypeMissing);
    assert!(account.get("https://id.plain.example/").send().await.is_err());
    assert_eq!(server.received().len(), 2);
    assert_eq!(client.spec().capabilities(), ["authorize", "refresh"]);
}

/// CR-18: a secret in a file is found at compile time (`tests/ui/yaml/secret.rs`) and at run time, wherever it stands, and is
/// not repeated.
#[test]
fn cr_18_a_file_holds_no_secret() {
    for inside in [
        "client_secret: canary-secret",
        "token: {request: {params: {client_secret: canary-secret}}}",
        "authorize: {params: {client_secret: canary-secret}}",
        "token: {request: {headers: {Authorization: Basic canary-secret}}}",
        "refresh: {params: {password: canary-secret}}",
        "grants: {client_credentials: {params: {client_secret: canary-secret}}}",
    ] {
        let yaml = format!("{PLAIN}{inside}\n");
        let faults = oauth_core::ProviderSpec::from_yaml(&yaml).expect_err(inside).to_string();
        assert!(!faults.contains("canary-secret"), "{faults}");
        assert!(faults.contains(":7:") || faults.contains(":8:"), "{faults}");
    }
}

/// What may be in a package beside code and provider files, by name.
const PACKED: [&str; 12] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "README.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "providers/README.md",
    "providers/schema.json",
    "tests-data/acme.expanded",
    "tests-data/acme.json",
    // The simulated providers' keys: public ones, that no client outside this machine believes.
    "src/openid/loopback_test_keys.pem",
];

#[test]
fn su_09_packages_have_nothing_that_is_not_meant_to_be_there() {
    for member in MEMBERS {
        let output = Command::new(env!("CARGO"))
            .args(["package", "--list", "--allow-dirty", "--offline", "-p", member])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let listed = String::from_utf8(output.stdout).unwrap();
        assert!(listed.contains("src/lib.rs"), "{member}: {listed}");
        for path in listed.lines().map(|path| path.replace('\\', "/")) {
            let ending = Path::new(&path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let known = ["rs", "yaml", "lua"].contains(&ending) || PACKED.contains(&&*path);
            assert!(known, "{member}: {path}");
        }
    }
}

/// Which code is compiled depends on features in few places, and none of them is a check: parts of the library come or go as
/// a whole (`lib.rs`), the schema and its model, backends of cryptography, where keys and records are kept.
#[test]
fn su_10_no_check_depends_on_a_feature() {
    const MAY: [&str; 10] = [
        "lib.rs",
        "spec/",
        "schema/",
        "seal/",
        "store/",
        "crypto/",
        "standards/",
        "apply.rs",
        "openid/stranger.rs",
        "dpop/mod.rs",
    ];
    fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let code: Vec<&str> = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")).collect();
            // A module of tests is no check.
            let gated = |pair: &[&str]| pair[1].contains("feature = ") && pair[0] != "#[cfg(test)]";
            if code.windows(2).any(gated) {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("oauth-core/src"), "", &mut found);
    assert!(found.len() > 10, "{found:?}");
    found.retain(|file| !MAY.iter().any(|may| file.starts_with(may)) && !file.contains("tests/"));
    assert!(found.is_empty(), "what these do depends on features: {found:?}");
    // The one line of each single file: an import, a constructor from YAML, and a module of tests.
    for (file, line) in [
        ("apply.rs", "#[cfg(feature = \"schema\")]"),
        ("openid/stranger.rs", "#[cfg(feature = \"schema\")]"),
        ("dpop/mod.rs", "#[cfg(any(feature = \"ring\", feature = \"aws-lc-rs\"))]"),
    ] {
        let text = read(&format!("oauth-core/src/{file}"));
        let gates: Vec<&str> =
            text.lines().map(str::trim).filter(|line| line.starts_with("#[cfg(") && line.contains("feature")).collect();
        assert_eq!(gates, [line], "{file}");
    }
}
