//! The quickstart as a newcomer runs it, in an environment that points everything at a proxy that is not there.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::process::{Command, Output};

fn quickstart(arguments: &[&str]) -> Output {
    // .../debug/deps/quickstart-123 -> .../debug/examples/quickstart
    let program = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples/quickstart");
    let mut command = Command::new(program);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:9");
    }
    command.args(arguments).output().unwrap()
}

#[test]
fn net_05_every_provider_logs_in_whatever_proxy_the_environment_names() {
    for entry in oauth_providers::catalog() {
        let output = quickstart(&["--provider", entry.id()]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}: {}", entry.id(), String::from_utf8_lossy(&output.stderr));
        for line in ["scopes:", "expires:", "profile:", "refresh:"] {
            assert!(text.contains(line), "{}: {text}", entry.id());
        }
    }
}

#[test]
fn a_file_of_ones_own_is_taken_and_a_faulty_one_explained() {
    let folder = std::env::temp_dir().join(format!("oauth-quickstart-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("acme.yaml");
    let sound = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\nendpoints:\n  authorization: https://acme.example/a\n  token: https://acme.example/t\n";
    std::fs::write(&file, sound).unwrap();
    let run = || quickstart(&["--provider-file", file.to_str().unwrap()]);
    assert!(run().status.success());
    std::fs::write(&file, sound.replace("token:", "tokn:")).unwrap();
    let output = run();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && text.contains("acme.yaml:7:3") && text.contains("did you mean `token`?"),
        "{text}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_unknown_provider_is_told_with_those_there_are() {
    let output = quickstart(&["--provider", "nobody"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && text.contains("no provider `nobody`") && text.contains("github"), "{text}");
}
