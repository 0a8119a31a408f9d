//! The provider has no introspection endpoint.

use oauth_providers::{Client, TokenSet};

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>, tokens: &TokenSet) {
    let _ = client.introspect(tokens);
}

fn main() {}
