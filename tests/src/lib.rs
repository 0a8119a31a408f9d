//! What the integration tests share: a server that says exactly what a test wants, byte by byte, and short ways to a login.

pub mod canned;
pub mod login;

/// The README's code, compiled and run like any other.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
