//! The provider has no page on which somebody approves the app for others.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.ask_consent();
}

fn main() {}
