//! How a client and the holder of a token prove themselves: assertions, proofs of possession, certificates.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: what fails here fails the test")]
#![allow(clippy::disallowed_methods, reason = "keys of the server's side, which has its own random bytes")]

mod assertions;
mod authority;
mod certificates;
mod jwt;
mod layers;
mod possession;
mod sources;
mod two_legged;
