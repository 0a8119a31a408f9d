//! A mechanism that is not given.

use oauth_providers::mechanism::{ClientProof, MechanismError, ProofRequest};

oauth_providers::provider!("mechanism/acme.yaml");

struct Hashed;

impl ClientProof for Hashed {
    fn prove(&self, _: &mut ProofRequest<'_>) -> Result<(), MechanismError> {
        Ok(())
    }
}

fn main() {
    let _ = acme::Acme::client("client-id", "client-secret", "my-shop", Hashed);
    let _ = acme::Acme::from_env(Hashed);
}
