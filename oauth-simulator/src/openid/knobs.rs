use std::sync::Arc;

use oauth_core::spec::SigningAlg;
use serde_json::{Map, Value};

use crate::{Answer, Simulator};

/// What a test may do to ID tokens.
impl Simulator {
    /// Puts new keys in the place of the old ones: what was signed before can no longer be checked.
    pub fn rotate_keys(&self) {
        self.signing().lock().rotate();
    }

    /// Signs the next ID tokens with another algorithm than the first of the provider's file, and publishes its key
    /// beside the file's.
    pub fn sign_id_tokens_with(&self, alg: SigningAlg) {
        self.signing().lock().alg = Some(alg);
    }

    /// Leaves `kid` out of ID tokens and keys (RFC 7515 section 4.1.4 has it optional).
    pub fn omit_kid(&self, omit: bool) {
        self.signing().lock().without_kid = omit;
    }

    /// Changes the claims of each further ID token before it is signed.
    ///
    /// ```
    /// # async fn late(sim: &oauth_simulator::Simulator) {
    /// sim.id_token_claims(|claims| {
    ///     claims.insert("exp".to_owned(), 1.into());
    /// });
    /// # }
    /// ```
    pub fn id_token_claims(&self, alter: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) {
        self.signing().lock().alter_claims = Some(Arc::new(alter));
    }

    /// Changes each further ID token after it was signed; with `None` the answer has no ID token.
    pub fn id_token_text(&self, alter: impl Fn(String) -> Option<String> + Send + Sync + 'static) {
        self.signing().lock().alter_text = Some(Arc::new(alter));
    }

    /// Gives that answer to the next request for the public keys. Several wait in line.
    pub fn next_keys_answer(&self, answer: Answer) {
        self.state().keys_answers.push_back(answer);
    }

    /// Gives that answer to the next request for the metadata. Several wait in line.
    pub fn next_metadata_answer(&self, answer: Answer) {
        self.state().metadata_answers.push_back(answer);
    }
}
