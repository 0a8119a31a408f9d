//! An OAuth provider on loopback, made from the same provider file as the client: for tests, demos and offline work.
//!
//! [`Simulator::start`] turns any [`ProviderSpec`](oauth_core::ProviderSpec) into a server on `127.0.0.1` that behaves
//! as the file says the provider behaves: it checks each request as strictly as the provider's documentation allows,
//! shows a login page and a consent page, and answers in the provider's own shape. It is written from the server's
//! side and shares no code with the client that builds requests, so that the two check each other.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oauth_core::{Browser, ProviderSpec};
//! use oauth_simulator::{Endpoint, SimUser, Simulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let acme = ProviderSpec::from_yaml(
//!     "
//! id: acme
//! name: Acme
//! docs: https://acme.example/docs
//! checked: 2026-11-21
//! endpoints: {authorization: https://acme.example/authorize, token: https://acme.example/token}
//! profile: {request: GET https://acme.example/me, map: {subject: /id, name: /name}}
//! ",
//! )?;
//! let sim = Simulator::builder(Arc::new(acme)).user(SimUser::new("7").name("Ada Lovelace")).start().await?;
//! let client = sim.dynamic_client()?.redirect_uri("http://127.0.0.1:4001/callback");
//!
//! let (url, pending, browser) = client.authorize().begin().await?.into_parts();
//! let callback = sim.scripted_user().approve(url.as_ref()).await?;
//! let account = client.callback(callback, pending, Browser::from(browser)).await?;
//!
//! assert_eq!(account.profile().await?.name.as_deref(), Some("Ada Lovelace"));
//! assert_eq!(sim.requests_to(Endpoint::Token).len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Addresses
//!
//! `https://HOST[:PORT]/path?query` of the real provider is `{origin}/HOST[:PORT]/path?query` here: the first segment
//! of the path is the authority of the original. [`Simulator::address`] writes such an address; the client's
//! `dangerous_at` does the same for each of its requests.
//!
//! # `OpenID` Connect
//!
//! Where the file has `openid`, token answers carry an ID token, signed with the first of the file's algorithms; keys,
//! metadata and userinfo are at the addresses that the file or the issuer's own metadata say. The RSA keys are published
//! with this crate and prove nothing. Tests turn [`Simulator::rotate_keys`], [`Simulator::sign_id_tokens_with`],
//! [`Simulator::omit_kid`], [`Simulator::id_token_claims`] and [`Simulator::id_token_text`].
//!
//! # What is not simulated
//!
//! Token exchange, assertions and passwords, the page on which a device's code is entered
//! ([`Simulator::approve_device`] stands for it), the introspection endpoint, PAR, `DPoP`, dynamic registration, mechanisms, answers in other formats than
//! JSON, logins that the client initiates, rate limits and paging.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod api;
mod assertion;
mod authorize;
mod builder;
mod callback;
mod client;
mod client_auth;
mod client_credentials;
mod clock;
mod consent;
mod device;
mod dpop;
mod end_session;
mod error;
mod expiry;
mod facts;
mod fault;
mod fetched;
mod html_form;
mod introspect;
mod issue;
mod jwt_bearer;
mod loopback;
mod mechanisms;
mod minted;
mod openid;
mod operation;
mod pages;
mod params;
mod people;
mod pkce;
mod placement;
mod pointer;
mod pushed;
mod recorded;
mod redirect;
mod refresh;
mod registered;
mod reply;
mod request;
mod revoke;
mod rng;
mod route;
mod sample;
mod scope;
mod scripted_user;
mod server;
mod shape;
mod simulator;
mod state;
mod token;
mod token_exchange;
mod token_request;
mod upgrade;
mod user;

#[cfg(test)]
mod tests;

pub use self::builder::Builder;
pub use self::error::Error;
pub use self::fault::Answer;
pub use self::recorded::{Endpoint, Recorded};
pub use self::registered::RegisteredClient;
pub use self::scripted_user::{Page, ScriptedUser};
pub use self::simulator::Simulator;
pub use self::user::SimUser;
