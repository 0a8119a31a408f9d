//! OpenID Connect: who issues ID tokens, with which keys, and what makes one worth believing.

mod asker;
mod asking;
mod claims;
mod demands;
mod discovered;
mod discovery;
mod documents;
mod hybrid;
mod id_token;
mod issuer;
mod keys;
mod measured;
mod metadata;
mod proving;
mod signed;
mod stranger;
mod well_known;

pub(crate) use self::discovery::Discovery;
pub(crate) use self::{
    asker::Asker,
    demands::Demands,
    discovered::Asked,
    documents::first,
    hybrid::{accept_beside_code, check_same_login},
    id_token::{Expected, accept, accept_renewed, verify_signed},
    issuer::{ExpectedIssuer, check_issuer_text, check_same_issuer, is_own},
    keys::KeyCache,
    metadata::Document,
    proving::{check_public, key_signer, with as proved_by},
    signed::{CALLBACK as SIGNED_CALLBACK, INTROSPECTION as SIGNED_INTROSPECTION, USERINFO as SIGNED_USERINFO},
    stranger::{stranger, without_query},
    well_known::{WellKnown, has_dot_segments},
};
pub use self::{claims::IdToken, discovered::Discovered, measured::check_id_token, metadata::Metadata};
