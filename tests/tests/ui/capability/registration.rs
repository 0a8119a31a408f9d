//! The provider registers no clients.

use oauth_providers::{Client, RegisteredClient};

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>, record: RegisteredClient) {
    let _ = client.registration(record);
}

fn main() {}
