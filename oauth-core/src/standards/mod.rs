//! Published security standards, and whether a provider, used as its file says, meets one: what a program can demand.
//!
//! A program demands a standard of compiled providers with a bound ([`Rfc9700`], [`Fapi2`], [`Mcp`]), and of those that are
//! loaded at run time with [`Client::demand`](crate::Client::demand). [`ProviderSpec::meets`] is what both ask.
//!
//! What the client does for every provider is not asked again: https, a `state` and a fresh challenge for each login, the
//! redirect URI byte for byte, an attempt that belongs to one browser, one client and one server, no answer but a code, each
//! `iss` compared. What is asked is what a file can say otherwise, or what the provider has to have. Of the provider's own
//! duties (how long a code lives, what its TLS is like) no file knows anything.

#[cfg(feature = "client")]
mod demand;
mod rules;
#[cfg(all(test, feature = "schema"))]
mod tests;

use std::fmt;

#[cfg(feature = "client")]
pub use self::demand::{Fapi2, Mcp, Rfc9700};
use crate::spec::{ClientAuthMethod, ProviderSpec};

/// A published set of requirements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standard {
    /// Best Current Practice for OAuth 2.0 Security (RFC 9700): what it says that clients and servers must do.
    Rfc9700,
    /// The FAPI 2.0 Security Profile, final version of February 2025.
    Fapi2,
    /// Authorization of the Model Context Protocol, revision 2026-07-28. Whoever has no file of the server's issuer logs in
    /// with [`Mcp`](crate::Mcp), which reads the same in metadata.
    Mcp,
}

impl Standard {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rfc9700, Self::Fapi2, Self::Mcp];

    /// A word for it, for command lines and logs: `rfc9700`, `fapi2`, `mcp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rfc9700 => "rfc9700",
            Self::Fapi2 => "fapi2",
            Self::Mcp => "mcp",
        }
    }
}

/// The standard's name in text.
impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rfc9700 => "RFC 9700",
            Self::Fapi2 => "FAPI 2.0 Security Profile",
            Self::Mcp => "MCP authorization 2026-07-28",
        })
    }
}

/// A requirement of a standard that a provider, used as its file says, does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmet {
    standard: Standard,
    key: &'static str,
    wanted: &'static str,
    section: &'static str,
}

impl Unmet {
    /// The standard.
    pub fn standard(&self) -> Standard {
        self.standard
    }

    /// The key of the provider's file that decides it: `authorize.push`.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// What the key would have to say, in words.
    pub fn wanted(&self) -> &'static str {
        self.wanted
    }

    /// Where the standard requires it: a section's number, or its title where it has none.
    pub fn section(&self) -> &'static str {
        self.section
    }
}

/// `authorize.push: every authorization request is pushed (FAPI 2.0 Security Profile, 5.3.3.2)`.
impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {} ({}, {})", self.key, self.wanted, self.standard, self.section)
    }
}

impl ProviderSpec {
    /// Whether the provider, used as its file says, meets a standard; else every requirement that it does not meet, each
    /// with the key of the file that would have to say otherwise. Change a key only where the provider does what it says.
    ///
    /// ```
    /// use oauth_core::ProviderSpec;
    /// use oauth_core::standards::Standard;
    ///
    /// # fn show(acme: ProviderSpec) {
    /// for unmet in acme.meets(Standard::Fapi2).err().unwrap_or_default() {
    ///     println!("{unmet}"); // `dpop`: tokens are bound to a key .. (FAPI 2.0 Security Profile, 5.3.3.1)
    /// }
    /// # }
    /// ```
    pub fn meets(&self, standard: Standard) -> Result<(), Vec<Unmet>> {
        let unmet = rules::unmet(self, standard, self.client_auth.method == ClientAuthMethod::None);
        if unmet.is_empty() { Ok(()) } else { Err(unmet) }
    }
}
