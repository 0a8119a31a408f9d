//! The provider has no end session endpoint.

use oauth_providers::{Client, TokenSet};

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>, tokens: &TokenSet) {
    let _ = client.log_out(tokens);
}

fn main() {}
