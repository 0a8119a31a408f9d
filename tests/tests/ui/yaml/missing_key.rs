//! A required key that is not there.

oauth_providers::provider!("yaml/missing_key.yaml");

fn main() {}
