//! The provider has no registration endpoint.

use oauth_providers::{Client, ClientMetadata};

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>, metadata: &ClientMetadata) {
    let _ = client.register(metadata);
}

fn main() {}
