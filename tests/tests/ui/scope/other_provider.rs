//! A scope of another provider.

use oauth_providers::{Client, github::GitHub, google};

fn login(github: &Client<GitHub>) {
    let _ = github.authorize().scopes([google::Scope::Email]);
}

fn main() {}
