//! A value that the key does not take.

oauth_providers::provider!("yaml/unknown_value.yaml");

fn main() {}
