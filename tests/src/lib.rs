//! What the integration tests share: a server that says exactly what a test wants, byte by byte, and short ways to a login.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this is a library of tests: a panic is how a test fails"
)]

pub mod again;
pub mod canned;
pub mod counter;
pub mod fitting;
pub mod fleet;
pub mod issuer;
pub mod keys;
pub mod login;
pub mod rotating;

/// The README's code, compiled and run like any other.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
