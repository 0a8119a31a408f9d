//! The provider has no device grant.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.device();
}

fn main() {}
