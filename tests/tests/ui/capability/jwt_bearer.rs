//! The provider has no JWT bearer grant.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.jwt_bearer("a.b.c");
}

fn main() {}
