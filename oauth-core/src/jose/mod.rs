//! Signed JSON: keys (RFC 7517), signatures (RFC 7515) and claims (RFC 7519), read strictly.
//!
//! A token's payload can be reached only through a [`Verified`], and there is no way to one but
//! [`Jws::verify`] and [`Jws::verify_hmac`]. There is no `none`, a key works only with the algorithms of its kind, and
//! what a token says of its own key is not listened to (RFC 8725).

mod alg;
mod claims;
mod error;
mod header;
mod jwk;
mod jwks;
mod jws;
mod sign;
mod thumbprint;

#[cfg(test)]
mod tests;

pub use self::alg::{Alg, Family};
pub use self::claims::Claims;
pub use self::error::JoseError;
pub use self::jwk::Jwk;
pub use self::jwks::JwkSet;
pub use self::jws::{Jws, Verified};
pub use self::sign::JwsSigner;
