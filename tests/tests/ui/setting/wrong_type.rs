//! Settings of other types than the file declares.

oauth_providers::provider!("setting/acme.yaml");

fn main() {
    let _ = acme::Acme::client("client-id", "client-secret", "eu", "my-shop");
    let _ = acme::Acme::client("client-id", "client-secret", acme::Region::Eu, 42);
}
