//! Attacks and faults, each a test named by the id of its case.

mod authorization_request;
mod callback;
mod token_response;
mod transport;
