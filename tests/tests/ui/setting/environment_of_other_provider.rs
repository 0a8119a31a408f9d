//! An environment that the provider does not have.

use oauth_providers::{Client, github::GitHub};

oauth_providers::provider!("setting/acme.yaml");

fn configure(github: Client<GitHub>) {
    let _ = github.environment(acme::Environment::Sandbox);
}

fn main() {}
