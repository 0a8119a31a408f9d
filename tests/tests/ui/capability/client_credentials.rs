//! The provider gives clients no tokens of their own.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.client_credentials();
}

fn main() {}
