//! No secret reaches a log, a message or a `Debug` text, whatever goes wrong: every line of every crate is read, at the
//! most talkative level.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod capture;
mod catalog;
mod failures;
mod sources;
mod texts;
