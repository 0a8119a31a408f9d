//! How a client and the holder of a token prove themselves: assertions, proofs of possession, certificates.

mod assertions;
mod authority;
mod certificates;
mod jwt;
mod layers;
mod possession;
mod sources;
