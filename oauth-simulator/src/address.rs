//! Between the addresses of the real provider and those of the simulator.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::params::Params;

/// Where something is at the real provider, without the scheme: what a request is routed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Host in lower case, with the port where it is not the scheme's own.
    pub(crate) authority: String,
    /// The path, from its slash on.
    pub(crate) path: String,
}

impl Address {
    pub(crate) fn of(url: &Url) -> Option<Self> {
        Some(Self { authority: authority(url)?, path: url.path().to_owned() })
    }

    /// Reads the path of a request to the simulator: `/HOST[:PORT]/path`.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        let (first, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let first = percent_decode_str(first).decode_utf8().ok()?;
        let named = first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
        // https or http only matters for the default port, which the client leaves out as we do.
        let url = named.then(|| Url::parse(&format!("https://{first}/")).ok())??;
        Some(Self { authority: authority(&url)?, path: path.to_owned() })
    }
}

/// An address of the provider, ready to be compared: with the query that is part of it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) scheme: String,
    pub(crate) address: Address,
    pub(crate) query: Params,
}

impl Place {
    /// The address, with its query.
    pub(crate) fn url(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter());
        let query = query.finish();
        let query = if query.is_empty() { query } else { format!("?{query}") };
        format!("{}://{}{}{query}", self.scheme, self.address.authority, self.address.path)
    }

    /// Reads a rendered template, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|fault| format!("`{text}` is not an address ({fault})"))?;
        let address = Address::of(&url).ok_or_else(|| format!("`{text}` has no host"))?;
        let query = Params::from_query(url.query().unwrap_or_default())?;
        Ok(Self { scheme: url.scheme().to_owned(), address, query })
    }
}

/// Writes the simulator's address for one of the provider.
pub(crate) fn map(origin: &str, url: &Url) -> Option<String> {
    let Address { authority, path } = Address::of(url)?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{origin}/{authority}{path}{query}"))
}

/// Scheme, host and path: what an error may say of an address.
pub(crate) fn without_query(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), authority(url).unwrap_or_default(), url.path())
}

/// Whether the address is this very machine (RFC 8252 section 7.3), by number or by the name `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn authority(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?.to_ascii_lowercase();
    Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_both_ways() {
        for text in
            ["https://id.example.com/a/b?c=d", "http://127.0.0.1:8080/a", "http://[::1]:9/x", "https://h.example/"]
        {
            let url = Url::parse(text).unwrap();
            let mapped = Url::parse(&map("http://127.0.0.1:4000", &url).unwrap()).unwrap();
            assert_eq!(Address::from_path(mapped.path()), Address::of(&url), "{text}");
            assert_eq!(mapped.query(), url.query());
        }
    }

    #[test]
    fn garbage_has_no_address() {
        for path in ["", "x", "/", "//", "/a b/c", "/%ff/x", "/a@b/c", "/a%2fb/c", "/a:b:c/"] {
            assert_eq!(Address::from_path(path), None, "{path}");
        }
    }
}
