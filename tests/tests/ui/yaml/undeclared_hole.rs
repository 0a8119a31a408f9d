//! A hole that no setting fills.

oauth_providers::provider!("yaml/undeclared_hole.yaml");

fn main() {}
