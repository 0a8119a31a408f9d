//! The provider does not meet a standard that the program demands.

use oauth_providers::standards::Fapi2;
use oauth_providers::Client;

oauth_providers::provider!("capability/plain.yaml");

fn pay<P: Fapi2>(_: &Client<P>) {}

fn call(compiled: &Client<plain::Plain>, loaded: &Client) {
    pay(compiled);
    pay(loaded);
}

fn main() {}
