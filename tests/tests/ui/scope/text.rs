//! A scope as text, where the provider has a type for them.

use oauth_providers::{Client, github::GitHub};

fn login(github: &Client<GitHub>) {
    let _ = github.authorize().scopes(["read:user"]);
}

fn main() {}
