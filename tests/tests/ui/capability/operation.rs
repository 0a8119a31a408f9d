//! A call of another provider's API.

use oauth_providers::{Account, github, google};

fn call(account: &Account<google::Google>) {
    let _ = account.call(github::ListRepos::new());
}

fn main() {}
