use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::Store;
use crate::error::Error;
use crate::http::BoxFuture;
use crate::token::TokenSet;

/// Tokens in this process's memory, gone with it. Clones share.
#[derive(Clone, Default)]
pub struct MemoryStore {
    tokens: Arc<Mutex<HashMap<String, Arc<TokenSet>>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, Arc<TokenSet>>) -> T) -> T {
        change(&mut self.tokens.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for MemoryStore {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Arc<TokenSet>>, Error>> {
        Box::pin(async move { Ok(self.with(|tokens| tokens.get(key).cloned())) })
    }

    fn save<'a>(&'a self, key: &'a str, saved: Arc<TokenSet>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            self.with(|tokens| tokens.insert(key.to_owned(), saved));
            Ok(())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            self.with(|tokens| tokens.remove(key));
            Ok(())
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("len", &self.with(|tokens| tokens.len())).finish()
    }
}
