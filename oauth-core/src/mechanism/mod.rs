//! Hooks for what cannot be data: a secret that is hashed with each code, requests that are signed, answers that are no
//! JSON, a session that a fresh token is logged in to.
//!
//! A provider file says *where* a mechanism is needed and gives it a name; what it does is one small trait in Rust. There
//! are four, each with its key in the file:
//!
//! | trait | key | called |
//! |---|---|---|
//! | [`ClientProof`] | `client_auth: {method: mechanism, name: NAME}` | for each token request that proves the client |
//! | [`AnswerDecoder`] | `token.response.decode: NAME` | for each answer of the token endpoint |
//! | [`SessionLogin`] | `token.session: NAME` | after the code exchange and after each refresh |
//! | [`RequestSigner`] | `api.sign: NAME` | for each request that carries the token |
//!
//! A compiled provider takes its mechanisms as the last arguments of its constructor: one that is forgotten does not
//! compile. A provider that is loaded at run time takes them from [`Mechanisms`]:
//!
//! ```
//! use oauth_core::mechanism::{MechanismError, Mechanisms, RequestSigner, SignRequest};
//! use oauth_core::{Client, ProviderSpec, Result};
//!
//! struct Stamp;
//!
//! impl RequestSigner for Stamp {
//!     fn sign(&self, request: &mut SignRequest<'_>) -> std::result::Result<(), MechanismError> {
//!         request.set_header("x-path", &request.url().path().to_owned())
//!     }
//! }
//!
//! /// The file has `api: {sign: stamp, ..}`.
//! fn connect(acme: ProviderSpec) -> Result<Client> {
//!     acme.client_with("my-client-id", "my-client-secret", Mechanisms::new().request_signer("stamp", Stamp))
//! }
//! ```
//!
//! A mechanism sees secrets: it has to for its work. What it says in an error is cleaned, and secrets are blotted out of
//! it, as with the words of a server; what it logs itself is its own business.

mod decoder;
mod error;
mod facts;
mod header;
mod proof;
mod registry;
mod session;
mod signer;

pub(crate) use self::decoder::decode;
pub use self::decoder::{AnswerDecoder, RawAnswer};
pub use self::error::MechanismError;
pub use self::facts::ClientFacts;
pub(crate) use self::proof::prove;
pub use self::proof::{ClientProof, ProofRequest};
pub(crate) use self::registry::Hooks;
pub use self::registry::Mechanisms;
pub use self::session::{Session, SessionAnswer, SessionLogin, SessionRequest};
pub(crate) use self::session::{SessionDue, open};
pub use self::signer::{RequestSigner, SignRequest};
pub(crate) use self::signer::{Signed, sign};
