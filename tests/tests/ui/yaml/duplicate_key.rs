//! A key that stands there twice.

oauth_providers::provider!("yaml/duplicate_key.yaml");

fn main() {}
