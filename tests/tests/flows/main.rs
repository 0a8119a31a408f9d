//! Whole flows against the simulator: every provider of the catalog, every deviation that a provider file can describe,
//! and files with a mistake in them, which must not work.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod catalog;
mod deviations;
mod hosts;
mod mutations;
mod rig;
mod typed;
