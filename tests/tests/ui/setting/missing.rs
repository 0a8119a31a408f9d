//! A required setting that is not given.

oauth_providers::provider!("setting/acme.yaml");

fn main() {
    let _ = acme::Acme::client("client-id", "client-secret", acme::Region::Eu);
}
