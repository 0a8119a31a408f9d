//! What happens to tokens and sessions after the login.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod introspect;
mod logout;
mod logout_token;
