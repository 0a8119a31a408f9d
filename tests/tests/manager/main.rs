//! Attacks and faults that a token manager has to stand, each a test named by the id of its case.
//!
//! Not here:
//! - REF-24: nothing of the library binds a refresh token to a key yet (`DPoP`, mutual TLS).
//! - RT-09: other platforms need other machines; the support tiers are documentation.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::unchecked_time_subtraction, reason = "the times of these tests are known")]
#![allow(clippy::async_yields_async, reason = "a task is handed on to be waited for elsewhere")]
#![allow(clippy::type_complexity, clippy::from_iter_instead_of_collect, reason = "tables of cases")]
#![allow(clippy::inconsistent_struct_constructor, clippy::format_push_string, reason = "the order of making things")]
#![allow(clippy::items_after_statements, reason = "a name is shortened where it is used")]

mod answered;
mod answers;
mod capture;
mod clocks;
mod corners;
mod faulty;
mod further;
mod imports;
mod logins;
mod lost;
mod moved;
mod panics;
mod provider;
mod races;
mod renewed;
mod resolver;
mod rig;
mod runtime;
mod saving;
mod sealed;
mod sealing;
mod servers;
mod stores;
mod storms;
mod words;
