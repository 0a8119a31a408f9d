//! Which server is talked to, and how far it is trusted.

use std::net::IpAddr;
use std::time::Duration;

use oauth_core::store::{StoreError, StoreErrorKind as Kind, StoreResult};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, PgPool};
use url::Url;

use super::NAME;

/// What sqlx reads in a URL. It prints the value of a parameter that it does not know, which may be a part of a password.
const KNOWN: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// The server of that URL. No error shows any part of it, for a password that is not encoded may be in any of them.
pub(super) fn parse(url: &str, unverified: bool) -> StoreResult<PgConnectOptions> {
    let mut url = Url::parse(url).map_err(|_| config("the URL of the server is none").fix(EXAMPLE))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(config("the URL of the server does not begin with postgres://").fix(EXAMPLE));
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let (session, pairs): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| name == "target_session_attrs");
    // A server that takes writes is what this store always wants.
    if session.iter().any(|(_, value)| !matches!(value.as_str(), "read-write" | "primary")) {
        return Err(
            config("the URL asks for a server that need not take writes").fix("target_session_attrs=read-write")
        );
    }
    if pairs.iter().any(|(name, _)| !KNOWN.contains(&name.as_str()) && !is_setting(name)) {
        let known = KNOWN.join(", ");
        return Err(config("the URL has a parameter that is not known").fix(format!("known are {known}, options[..]")));
    }
    url.set_query(None);
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(&pairs);
    }
    let options = PgConnectOptions::from_url(&url)
        .map_err(|_| config("a part of the server's URL cannot be read").fix(EXAMPLE))?
        .disable_statement_logging();
    let mode = pairs.iter().any(|(name, _)| matches!(name.as_str(), "sslmode" | "ssl-mode"));
    verified(options, mode, unverified)
}

const EXAMPLE: &str = "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters in %XX";

fn is_setting(name: &str) -> bool {
    name.strip_prefix("options[").is_some_and(|name| name.ends_with(']'))
}

/// What crosses a network goes to a server whose certificate has been verified, for its name: everything less can be had
/// by whoever is in between.
fn verified(options: PgConnectOptions, chosen: bool, unverified: bool) -> StoreResult<PgConnectOptions> {
    if unverified || on_this_machine(&options) {
        return Ok(options);
    }
    match options.get_ssl_mode() {
        PgSslMode::VerifyFull => Ok(options),
        _ if !chosen => Ok(options.ssl_mode(PgSslMode::VerifyFull)),
        _ => Err(config("the URL lets anybody on the network pass for the server")
            .fix("sslmode=verify-full, or PostgresStoreBuilder::dangerous_without_server_verification")),
    }
}

fn on_this_machine(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A pool whose connections give up waiting before this store does, so that nothing is left waiting at the server.
pub(super) fn pool(options: PgConnectOptions, connections: u32, patience: Duration) -> StoreResult<PgPool> {
    inside_tokio()?;
    let millis = |part: Duration| part.as_millis().max(1).to_string();
    let options = options.options([
        ("lock_timeout", millis(patience / 4)),
        ("statement_timeout", millis(patience / 2)),
        ("idle_in_transaction_session_timeout", millis(patience)),
    ]);
    Ok(PgPoolOptions::new().max_connections(connections).acquire_timeout(patience).connect_lazy_with(options))
}

/// The driver panics elsewhere.
pub(super) fn inside_tokio() -> StoreResult<tokio::runtime::Handle> {
    tokio::runtime::Handle::try_current()
        .map_err(|_| config("this is no task of tokio's").fix("call the store inside a runtime of tokio"))
}

fn config(what: &'static str) -> StoreError {
    StoreError::new(Kind::Config, NAME, what)
}
