//! The provider has no API.

use oauth_providers::Account;

oauth_providers::provider!("capability/plain.yaml");

fn call(account: &Account<plain::Plain>) {
    let _ = account.get("/users");
}

fn main() {}
