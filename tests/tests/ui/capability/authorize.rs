//! The provider has no login by redirect.

use oauth_providers::Client;

oauth_providers::provider!("capability/machine.yaml");

fn call(client: &Client<machine::Machine>) {
    let _ = client.authorize();
}

fn main() {}
