//! Attacks and faults, each a test named by the id of its case.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod authorization_request;
mod callback;
mod callback_issuer;
mod discovery;
mod fapi2;
mod id_token;
mod id_token_key_sets;
mod id_token_keys;
mod id_token_refresh;
mod identity;
mod network;
mod supply;
mod tls;
mod token_response;
mod transport;
mod vectors;

oauth_providers::provider!("src/acme_id.yaml");
