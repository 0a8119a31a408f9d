//! Which addresses a server that somebody else names may be at: public ones.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::BoxFuture;

/// Which addresses a guarded transport connects to: those of the public internet. Private, loopback, link-local, shared,
/// multicast, documentation and reserved ones are refused, and those of IPv6 that stand for one of IPv4.
///
/// RFC 9728 section 7.7 and RFC 7591 section 5 tell why: whoever names a server could name one that only this machine can
/// reach. A name is looked up once, and the connection is made to the addresses that were looked at: what the name server says a
/// moment later does not matter.
#[derive(Clone)]
#[must_use]
pub struct Guard {
    resolver: Arc<dyn Resolver>,
    allow_loopback: bool,
}

/// Looks up the addresses of a name.
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of that host.
    fn lookup(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

impl Guard {
    /// Public addresses only, looked up by the operating system.
    pub fn new() -> Self {
        Self { resolver: Arc::new(System), allow_loopback: false }
    }

    /// Allows this machine as well: for development and tests. Whoever names a server can then reach what listens here.
    pub fn dangerous_allow_loopback(mut self) -> Self {
        self.allow_loopback = true;
        self
    }

    /// Looks names up in another way. What it says is looked at all the same.
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Whether a connection to that address is allowed.
    pub fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || (self.allow_loopback && address.is_loopback())
    }

    /// An address that stands in a URL itself is not looked up: it is checked before anything is sent.
    pub(super) fn check(&self, url: &url::Url) -> Result<(), Blocked> {
        let address = match url.host() {
            Some(url::Host::Ipv4(address)) => IpAddr::V4(address),
            Some(url::Host::Ipv6(address)) => IpAddr::V6(address),
            Some(url::Host::Domain(_)) => return Ok(()),
            None => return Err(Blocked),
        };
        if self.admits(address) { Ok(()) } else { Err(Blocked) }
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("allow_loopback", &self.allow_loopback).finish_non_exhaustive()
    }
}

/// The connection is made to what this gives, so that nothing can change between the look and the connection.
impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.resolver.lookup(name.as_str()).await?;
            let any = !found.is_empty();
            let admitted: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| guard.admits(*address))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if any && admitted.is_empty() {
                return Err(Blocked.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// No address is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocked;

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server's address is none of the public internet")
    }
}

impl StdError for Blocked {}

/// The operating system's own lookup, on a thread that may wait.
struct System;

impl Resolver for System {
    fn lookup(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || {
                let found = (host.as_str(), 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            });
            found.await.map_err(io::Error::other)?
        })
    }
}

/// The registries of special-purpose addresses (RFC 6890, as kept by IANA), with everything that is not globally reachable.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !BLOCKED_V4.iter().any(|(net, bits)| in_v4(address, *net, *bits)),
        // RFC 4291 section 2.4: global unicast is what has been given out of 2000::/3. Outside of it are `::`, `::1`,
        // IPv4-compatible and IPv4-mapped addresses, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), unique local, link-local and
        // multicast ones.
        IpAddr::V6(address) => {
            in_v6(address, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !BLOCKED_V6.iter().any(|(net, bits)| in_v6(address, *net, *bits))
        }
    }
}

const BLOCKED_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // "this network" (RFC 791)
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private (RFC 1918)
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // shared, behind a carrier's NAT (RFC 6598)
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback (RFC 1122)
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, where clouds keep their metadata (RFC 3927)
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private (RFC 1918)
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments (RFC 6890)
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation (RFC 5737)
    (Ipv4Addr::new(192, 31, 196, 0), 24), // AS112 (RFC 7535)
    (Ipv4Addr::new(192, 52, 193, 0), 24), // AMT (RFC 7450)
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays (RFC 7526)
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private (RFC 1918)
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks (RFC 2544)
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation (RFC 5737)
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation (RFC 5737)
    (Ipv4Addr::new(224, 0, 0, 0), 3),     // multicast, reserved, broadcast (RFC 5771, RFC 1112)
];

const BLOCKED_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo among them (RFC 2928, RFC 4380)
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation (RFC 3849)
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4 (RFC 3056)
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112 (RFC 7534)
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation (RFC 9637)
];

fn in_v4(address: Ipv4Addr, net: Ipv4Addr, bits: u32) -> bool {
    (address.to_bits() ^ net.to_bits()) >> (32 - bits) == 0
}

fn in_v6(address: Ipv6Addr, net: Ipv6Addr, bits: u32) -> bool {
    (address.to_bits() ^ net.to_bits()) >> (128 - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disc_05_only_public_addresses_are_admitted() {
        let guard = Guard::new();
        for blocked in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.1.2.3",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "3fff:fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "5f00::1",
        ] {
            assert!(!guard.admits(blocked.parse().unwrap()), "{blocked}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "192.169.0.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
            "2003::1",
            "3ffe::1",
        ] {
            assert!(guard.admits(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn disc_05_loopback_alone_can_be_allowed() {
        let guard = Guard::new().dangerous_allow_loopback();
        for allowed in ["127.0.0.1", "127.9.9.9", "::1", "8.8.8.8"] {
            assert!(guard.admits(allowed.parse().unwrap()), "{allowed}");
        }
        for blocked in ["::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::", "fe80::1"] {
            assert!(!guard.admits(blocked.parse().unwrap()), "{blocked}");
        }
    }

    #[test]
    fn disc_05_an_address_in_a_url_is_looked_at_in_all_its_forms() {
        let check = |url: &str| Guard::new().check(&url::Url::parse(url).unwrap());
        for blocked in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1:8080/",
            "http://[::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::]/",
            "https://0/",
            "https://10.0.0.1:443/",
        ] {
            assert_eq!(check(blocked), Err(Blocked), "{blocked}");
        }
        assert_eq!(check("https://8.8.8.8/"), Ok(()));
        assert_eq!(check("https://id.example/"), Ok(()));
    }
}
