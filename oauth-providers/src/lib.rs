//! Log people in and call APIs with any OAuth provider, in a few lines.
//!
//! Each provider of the catalog is a module: [`github`], [`google`], ... with a marker type that makes clients, the
//! scopes, options and calls that this provider knows, and its documentation. All of it comes from one YAML file per
//! provider. A file of yours works the same: see [`providers!`] and [`provider!`], or load it at run time with
//! [`ProviderSpec::from_yaml`].
//!
//! ```
//! use oauth_providers::github::{GitHub, Scope};
//! use oauth_providers::{PendingAttempts, Result};
//!
//! async fn login_and_callback(logins: &PendingAttempts, query: &str, cookie: Option<&str>) -> Result<()> {
//!     let github = GitHub::client("client-id", "client-secret").redirect_uri("https://app.example/callback");
//!
//!     // GET /login: redirect to `url`, set `browser` as a cookie.
//!     let (url, pending, browser) = github.authorize().scopes([Scope::ReadUser]).begin().await?.into_parts();
//!     logins.insert(pending);
//!
//!     // GET /callback: `query` and `cookie` come with the request.
//!     let account = github.callback(query, logins, cookie).await?;
//!     let me = account.profile().await?;
//!     let repos = account.get("/user/repos").query("per_page", 5).send().await?;
//!     Ok(())
//! }
//! ```
//!
//! # The way around
//!
//! - [`Client`]: you at a provider. [`Client::authorize`] starts a login, [`Client::callback`] finishes it.
//! - [`Account`]: somebody who logged in. Its token is renewed when it has to be, once for all who ask.
//! - [`Error`]: what went wrong; [`Error::explain`] says why and what to do.
//! - [`standards`]: what a program can demand of its providers: RFC 9700, FAPI 2.0, MCP authorization.
//! - [`catalog`]: all providers of this crate, to choose from at run time; they make the same client, without the types.
//!
//! # Features
//!
//! - `yaml` (default): provider files at run time, [`ProviderSpec::from_yaml`].
//! - `tower`: `Account::layer`, an account's token on every request of a tower service, such as reqwest's and hyper-util's
//!   clients. [`Account::apply`] puts it on a request of any HTTP stack, without a feature.

pub use oauth_core::*;

/// A typed client for each provider file of a folder: one module per file, named after its id, and `catalog()`.
///
/// The folder is relative to your `Cargo.toml`. Edits are seen without further ado; for new files to be seen too, your
/// crate has a `build.rs` of one line:
///
/// ```text
/// fn main() { println!("cargo::rerun-if-changed=providers"); }
/// ```
///
/// A faulty file is reported with file, line and column, all faults at once; the sound files beside it still work.
///
/// ```text
/// oauth_providers::providers!("providers");
///
/// let client = acme::Acme::client("client-id", "client-secret");
/// ```
#[macro_export]
macro_rules! providers {
    ($($input:tt)*) => {
        $crate::__private::macros::providers! { [$crate] $($input)* }
    };
}

/// A typed client for one provider file, in a module named after its id.
///
/// ```text
/// oauth_providers::provider!("acme.yaml");
///
/// let client = acme::Acme::client("client-id", "client-secret");
/// ```
#[macro_export]
macro_rules! provider {
    ($($input:tt)*) => {
        $crate::__private::macros::provider! { [$crate] $($input)* }
    };
}

#[doc(hidden)]
pub mod __private {
    pub use oauth_core::__private::*;
    pub use oauth_macros as macros;
}

// The catalog: one module per file, and `catalog()`.
providers!(catalog "providers");
