//! A number and a truth value where text is meant.

oauth_providers::provider!("yaml/wrong_type.yaml");

fn main() {}
