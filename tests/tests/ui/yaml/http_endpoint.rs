//! An endpoint without TLS.

oauth_providers::provider!("yaml/http_endpoint.yaml");

fn main() {}
