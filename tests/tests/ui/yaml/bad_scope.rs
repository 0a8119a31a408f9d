//! A scope that the protocol cannot carry.

oauth_providers::provider!("yaml/bad_scope.yaml");

fn main() {}
