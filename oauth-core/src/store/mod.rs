//! Where an account's tokens are kept.

mod memory;

use std::sync::Arc;

pub use self::memory::MemoryStore;
use crate::error::Error;
use crate::http::BoxFuture;
use crate::token::TokenSet;

/// Keeps the tokens of accounts. Object-safe; the engine is the only writer of an account while it refreshes.
pub trait Store: Send + Sync + 'static {
    /// The tokens under that key.
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Arc<TokenSet>>, Error>>;
    /// Puts tokens under that key, in place of those before.
    fn save<'a>(&'a self, key: &'a str, tokens: Arc<TokenSet>) -> BoxFuture<'a, Result<(), Error>>;
    /// Forgets the tokens under that key.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Error>>;
}
