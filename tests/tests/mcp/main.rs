//! Logins at MCP servers that were not known before (Model Context Protocol, revision 2026-07-28).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod example;
mod hostile;
mod login;
mod races;
mod step_up;
mod strangers;
mod world;
