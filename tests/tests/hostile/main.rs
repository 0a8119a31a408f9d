//! Attacks and faults, each a test named by the id of its case.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod authorization_request;
mod callback;
mod token_response;
mod transport;
