//! The provider has no profile request.

use oauth_providers::Account;

oauth_providers::provider!("capability/plain.yaml");

fn call(account: &Account<plain::Plain>) {
    let _ = account.profile();
}

fn main() {}
