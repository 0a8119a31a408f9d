//! An authorization option of another provider.

use oauth_providers::{Client, github::GitHub, google};

fn login(github: &Client<GitHub>) {
    let _ = github.authorize().option(google::Prompt::Consent);
}

fn main() {}
