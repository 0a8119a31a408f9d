//! The provider has no refresh.

use oauth_providers::Account;

oauth_providers::provider!("capability/plain.yaml");

fn call(account: &Account<plain::Plain>) {
    let _ = account.refresh();
}

fn main() {}
