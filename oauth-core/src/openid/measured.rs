use secrecy::SecretString;

use super::{Expected, IdToken, accept};
use crate::client::Client;
use crate::error::Result;
use crate::provider::Provider;
use crate::token::TokenSet;

/// Checks a login's ID token: what benchmarks measure without the exchange around it.
pub async fn check_id_token<P: Provider>(
    client: &Client<P>,
    tokens: &TokenSet,
    nonce: &SecretString,
) -> Result<Option<IdToken>> {
    let expected = Expected { nonce: Some(nonce), asked: true, ..Expected::default() };
    accept(client.inner(), tokens, expected).await
}
