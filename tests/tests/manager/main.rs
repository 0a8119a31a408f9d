//! Attacks and faults that a token manager has to stand, each a test named by the id of its case.
//!
//! Not here:
//! - REF-24: nothing of the library binds a refresh token to a key yet (DPoP, mTLS).
//! - RT-09: other platforms need other machines; the support tiers are documentation.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod answers;
mod capture;
mod clocks;
mod corners;
mod faulty;
mod logins;
mod lost;
mod provider;
mod races;
mod rig;
mod runtime;
mod saving;
mod sealed;
mod stores;
mod words;
