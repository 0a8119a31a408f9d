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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pg_07_a_server_elsewhere_is_verified_unless_that_is_given_up_by_name() {
        let mode = |url: &str, unverified| parse(url, unverified).map(|options| options.get_ssl_mode());
        for host in ["db.example.com", "10.0.0.1", "[2001:db8::1]", "localhost.example.com", "127.0.0.1.example.com"] {
            let url = format!("postgres://app@{host}/app");
            assert!(matches!(mode(&url, false), Ok(PgSslMode::VerifyFull)), "{host}");
            assert!(matches!(mode(&format!("{url}?sslmode=verify-full"), false), Ok(PgSslMode::VerifyFull)), "{host}");
            for weak in ["disable", "allow", "prefer", "require", "verify-ca"] {
                let error = mode(&format!("{url}?sslmode={weak}"), false).unwrap_err();
                assert_eq!(error.kind(), Kind::Config);
                assert!(error.remedy().unwrap().contains("dangerous_"));
                mode(&format!("{url}?sslmode={weak}"), true).unwrap();
            }
        }
        // Wherever the URL says where the server is.
        let elsewhere = "postgres://localhost/app?sslmode=require&host=db.example.com";
        assert_eq!(mode(elsewhere, false).unwrap_err().kind(), Kind::Config);
        assert!(matches!(mode("postgres://localhost/app?hostaddr=10.0.0.1", false), Ok(PgSslMode::VerifyFull)));
    }

    #[test]
    fn pg_07_a_server_on_this_machine_needs_no_certificate() {
        for host in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
            let options = parse(&format!("postgres://app@{host}/app?sslmode=disable"), false).unwrap();
            assert!(matches!(options.get_ssl_mode(), PgSslMode::Disable), "{host}");
        }
    }

    #[test]
    fn pg_05_the_server_must_take_writes() {
        parse("postgres://localhost/app?target_session_attrs=read-write", false).unwrap();
        for other in ["any", "standby", "prefer-standby", "read-only"] {
            let url = format!("postgres://localhost/app?target_session_attrs={other}");
            assert_eq!(parse(&url, false).unwrap_err().kind(), Kind::Config);
        }
    }

    #[test]
    fn no_error_shows_a_part_of_the_url() {
        let canary = "canary";
        for url in [
            "canary",
            "mysql://app:canary@localhost/app",
            "postgres://app:canary/x@localhost/app",
            "postgres://app:1/canary@db.example.com?sslmode=disable",
            "postgres://app:x@localhost:canary/app",
            "postgres://localhost/app?password=x&canary",
            "postgres://localhost/app?canary=x",
            "postgres://localhost/app?sslmode=canary",
            "postgres://localhost/app?port=canary",
            "postgres://localhost/app?hostaddr=canary",
            "postgres://db.example.com/app?password=canary&sslmode=require",
        ] {
            let error = parse(url, false).unwrap_err();
            assert_eq!(error.kind(), Kind::Config, "{url}");
            assert!(!format!("{error} {error:?}").contains(canary), "{error:?}");
        }
    }
}
