//! The provider issues no ID tokens, whose keys would sign its logout tokens.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.verify_logout_token("x.y.z");
}

fn main() {}
