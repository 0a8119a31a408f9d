//! Tokens, and how an answer of the token endpoint becomes a set of them.

mod assertion;
mod client_auth;
mod failure;
mod measured;
mod minted;
mod request;
mod response;
mod rfc3339;
mod set;
mod standing;
mod stored;

pub(crate) use self::assertion::Asserter;
pub(crate) use self::client_auth::basic;
pub(crate) use self::failure::Ended;
pub use self::measured::token_response_reader;
pub(crate) use self::minted::{Minter, signing_alg};
pub(crate) use self::request::{TokenCall, ask, ask_proved, ask_signed, context, end, named, send, send_typed};
pub(crate) use self::response::{before, object};
pub use self::set::TokenSet;
pub(crate) use self::standing::Standing;
