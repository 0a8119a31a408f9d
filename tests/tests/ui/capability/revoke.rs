//! The provider has no revocation endpoint.

use oauth_providers::{Client, TokenSet};

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>, tokens: &TokenSet) {
    let _ = client.revoke(tokens);
}

fn main() {}
