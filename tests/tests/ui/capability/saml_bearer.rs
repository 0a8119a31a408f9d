//! The provider has no SAML bearer grant.

use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn call(client: &Client<plain::Plain>) {
    let _ = client.saml_bearer("<Assertion/>");
}

fn main() {}
