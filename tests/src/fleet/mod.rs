//! What programs of several processes share: their arguments, their children, and points at which a child can be held.

pub mod arguments;
pub mod child;
pub mod held;
pub mod place;

/// What ends a program, in words.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
