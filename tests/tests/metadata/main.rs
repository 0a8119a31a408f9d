//! Servers that were not known before: their metadata, whether they may be reached, and becoming their client.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod document;
mod guard;
mod registration;
mod resource;
