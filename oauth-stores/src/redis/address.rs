//! Where the server is: what the URL says, checked, with its password out of sight.

use std::fmt;
use std::net::IpAddr;

use oauth_core::store::StoreResult;
use oauth_core::{ExposeSecret as _, SecretString};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::fault::config;

const PORT: u16 = 6379;

/// A parsed URL.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) place: Place,
    pub(super) database: i64,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
}

/// What is connected to.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Tcp { host: String, port: u16, tls: bool },
    Unix(std::path::PathBuf),
}

impl Address {
    /// Parses `redis://`, `rediss://` (TLS) and `redis+unix://` URLs, and the same of `valkey`.
    pub(super) fn parse(url: &SecretString) -> StoreResult<Self> {
        let url = Url::parse(url.expose_secret())
            .map_err(|_| config("the address is no URL").fix("write it as rediss://user:password@host:6379/0"))?;
        if url.fragment().is_some() {
            return Err(config("the URL has a fragment").fix("leave out what follows the #"));
        }
        match url.scheme() {
            "redis" | "valkey" => Self::tcp(&url, false),
            "rediss" | "valkeys" => Self::tcp(&url, true),
            "unix" | "redis+unix" | "valkey+unix" => Self::unix(&url),
            _ => Err(config("the URL's scheme is none of Redis").fix("write it as rediss://user:password@host:6379/0")),
        }
    }

    fn tcp(url: &Url, tls: bool) -> StoreResult<Self> {
        if url.query().is_some() {
            return Err(config("the URL has a query").fix("say it in the builder: RedisStore::builder"));
        }
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => decoded(name)?,
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(config("the URL names no host").fix("write it as rediss://user:password@host:6379/0")),
        };
        let database = url.path().trim_matches('/');
        Ok(Self {
            place: Place::Tcp { host, port: url.port().unwrap_or(PORT), tls },
            database: number(database)?,
            user: Some(decoded(url.username())?).filter(|user| !user.is_empty()),
            password: url.password().map(decoded).transpose()?.map(SecretString::from),
        })
    }

    fn unix(url: &Url) -> StoreResult<Self> {
        let mut address =
            Self { place: Place::Unix(decoded(url.path())?.into()), database: 0, user: None, password: None };
        for (name, value) in url.query_pairs() {
            match &*name {
                "db" => address.database = number(&value)?,
                "user" => address.user = Some(value.into_owned()),
                "pass" => address.password = Some(value.into_owned().into()),
                _ => return Err(config("the URL's query has a name that is none of db, user, pass")),
            }
        }
        Ok(address)
    }

    /// Whether what is said over the connection stays on this machine.
    pub(super) fn is_local(&self) -> bool {
        match &self.place {
            Place::Unix(_) => true,
            Place::Tcp { host, .. } => is_localhost(host) || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        }
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.place, Place::Tcp { tls: true, .. })
    }
}

/// The name that may only mean this machine (RFC 6761 section 6.3).
pub(super) fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

fn decoded(text: &str) -> StoreResult<String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| config("a part of the URL is not UTF-8"))?;
    Ok(text.into_owned())
}

fn number(text: &str) -> StoreResult<i64> {
    match text {
        "" => Ok(0),
        text => text.parse().ok().filter(|number| *number >= 0).ok_or_else(|| {
            config("the URL's path is not the number of a database")
                .fix("write it as rediss://user:password@host:6379/0")
        }),
    }
}

/// Without user and password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp { host, port, tls } => {
                let scheme = if *tls { "rediss" } else { "redis" };
                write!(f, "{scheme}://{host}:{port}/{}", self.database)
            }
            Place::Unix(path) => write!(f, "unix:{}#{}", path.display(), self.database),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> StoreResult<Address> {
        Address::parse(&url.into())
    }

    #[test]
    fn urls_are_understood() {
        for (url, shown, local, tls) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379/0", true, false),
            ("valkey://LOCALHOST:1/", "redis://LOCALHOST:1/0", true, false),
            ("redis://[::1]:2/3", "redis://::1:2/3", true, false),
            ("rediss://:p@cache.example/1", "rediss://cache.example:6379/1", false, true),
            ("valkeys://u:p@cache.example", "rediss://cache.example:6379/0", false, true),
            ("redis://10.0.0.1", "redis://10.0.0.1:6379/0", false, false),
            ("redis://127.0.0.1.example", "redis://127.0.0.1.example:6379/0", false, false),
            ("redis+unix:///run/redis.sock?db=2&pass=x", "unix:/run/redis.sock#2", true, false),
        ] {
            let address = parse(url).unwrap();
            assert_eq!((format!("{address:?}").as_str(), address.is_local(), address.is_tls()), (shown, local, tls));
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        let address = parse("rediss://us%40er:p%3Aw%2F@cache.example").unwrap();
        assert_eq!(address.user.as_deref(), Some("us@er"));
        assert_eq!(address.password.unwrap().expose_secret(), "p:w/");
    }

    #[test]
    fn rd_06_no_error_and_no_debug_shows_the_password() {
        for url in [
            "http://u:hunter2@cache.example",
            "rediss://u:hunter2@cache.example/x",
            "rediss://u:hunter2@cache.example/-1",
            "rediss://u:hunter2@cache.example#insecure",
            "rediss://u:hunter2@cache.example?db=1",
            "rediss://u:hunter2@",
            "u:hunter2@cache.example",
            "redis+unix:///run/redis.sock?password=hunter2",
            "rediss://u:hunter2@cache.example:99999",
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error.code(), "store-config", "{url}");
            assert!(!format!("{error} {error:?} {:?}", error.remedy()).contains("hunter2"), "{url}");
        }
        assert!(!format!("{:?}", parse("rediss://u:hunter2@cache.example").unwrap()).contains("hunter2"));
    }
}
