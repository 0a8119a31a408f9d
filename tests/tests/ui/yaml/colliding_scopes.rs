//! Two scopes that would be one variant.

oauth_providers::provider!("yaml/colliding_scopes.yaml");

fn main() {}
