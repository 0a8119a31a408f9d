//! The provider has no login that the client initiates.

use oauth_providers::{Client, UserHint};

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>, user: UserHint) {
    let _ = client.backchannel(user);
}

fn main() {}
