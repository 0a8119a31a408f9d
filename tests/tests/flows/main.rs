//! Whole flows against the simulator: every provider of the catalog, every deviation that a provider file can describe,
//! and files with a mistake in them, which must not work.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod answers;
mod catalog;
mod deviations;
mod environments;
mod grants;
mod hosts;
mod lookups;
mod mutations;
mod orbit;
mod profiles;
mod proofs;
mod request_form;
mod revoke;
mod rig;
mod typed;
