//! The provider has no password grant.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.dangerous_password("ada", "secret");
}

fn main() {}
