//! The provider issues no ID tokens.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.front_channel_logout("");
}

fn main() {}
