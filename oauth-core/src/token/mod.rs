//! Tokens, and how an answer of the token endpoint becomes a set of them.

mod failure;
mod measured;
mod request;
mod response;
mod set;

pub use self::measured::token_response_reader;
pub(crate) use self::request::{TokenCall, context, named, send};
pub use self::set::TokenSet;
