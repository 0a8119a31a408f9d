//! A key that the format does not have.

oauth_providers::provider!("yaml/unknown_key.yaml");

fn main() {}
