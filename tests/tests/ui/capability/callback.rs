//! Without a login there is no callback.

use oauth_providers::{Client, PendingAttempts};

oauth_providers::provider!("capability/machine.yaml");

fn call(client: &Client<machine::Machine>, logins: &PendingAttempts) {
    let _ = client.callback("code=x", logins, None::<&str>);
}

fn main() {}
