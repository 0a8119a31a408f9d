//! The provider has no token exchange.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.token_exchange("token", oauth_providers::TokenKind::JWT);
}

fn main() {}
