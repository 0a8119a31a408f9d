//! A credential in a file that is published.

oauth_providers::provider!("yaml/secret.yaml");

fn main() {}
