//! Which hosts may see an account's token.

use crate::client::{Config, Context};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::spec::{Template, template};
use crate::token::TokenSet;

/// The origins (RFC 6454 section 4) of the provider's API: scheme, host and port of its base URL, profile, lookup and
/// whole-URL operations, and the hosts that the file lists beside them.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    exact: Vec<url::Origin>,
    /// The hosts of those that are https on its usual port.
    usual: Vec<String>,
    hosts: Vec<String>,
}

impl Origins {
    /// The origins that do not depend on an account.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let spec = &config.spec;
        let hosts = spec.api.as_ref().map(|api| api.hosts.clone()).unwrap_or_default();
        let mut origins = Self { exact: Vec::new(), usual: Vec::new(), hosts };
        for address in addresses(config)
            .filter(|address| !address.as_str().contains("{token.") && !address.as_str().contains("{callback."))
        {
            origins.add(&crate::client::fill(config, Step::Configure, &origin_part(address), Context::default())?);
        }
        Ok(origins)
    }

    /// All of them as text, for whoever has to notice a change.
    pub(crate) fn listed(&self) -> Vec<String> {
        let exact = self.exact.iter().map(url::Origin::ascii_serialization);
        let mut listed: Vec<String> = exact.chain(self.hosts.iter().map(|host| format!("host {host}"))).collect();
        listed.sort_unstable();
        listed.dedup();
        listed
    }

    /// Whether the token may go to that address: `tokens` are the account's, whose extras may name its API host.
    pub(crate) fn admit(&self, config: &Config, tokens: &TokenSet, uri: &http::Uri) -> Result<()> {
        if self.is_usual(uri) {
            return Ok(());
        }
        let url = url::Url::parse(&uri.to_string()).map_err(|_| {
            Error::new(ErrorKind::Config, Step::Api, "the request has no absolute address").of(&config.spec)
        })?;
        if template::is_bare(&url)
            && (self.exact.contains(&url.origin())
                || self.is_listed(&url)
                || Self::is_the_accounts(config, tokens, &url))
        {
            return Ok(());
        }
        let what = format!(
            "{} is not one of the provider's addresses, so the token was not sent",
            url.origin().ascii_serialization()
        );
        Err(Error::new(ErrorKind::OriginRefused, Step::Api, what).of(&config.spec))
    }

    /// Whether the address spells its origin as we do: then it needs no parsing. Any other spelling of the same origin, with
    /// its port, a user or other letters, is none of these texts.
    fn is_usual(&self, uri: &http::Uri) -> bool {
        uri.scheme() == Some(&http::uri::Scheme::HTTPS)
            && uri.authority().is_some_and(|authority| self.usual.iter().any(|host| host == authority.as_str()))
    }

    fn is_listed(&self, url: &url::Url) -> bool {
        let Some(host) = url.host_str().filter(|_| url.scheme() == "https" && url.port().is_none()) else {
            return false;
        };
        self.hosts.iter().any(|listed| host_matches(listed, host))
    }

    /// The base URL that this account's token response or callback named.
    fn is_the_accounts(config: &Config, tokens: &TokenSet, url: &url::Url) -> bool {
        let context = Context { tokens: Some(tokens), in_address: true, ..Context::default() };
        addresses(config)
            .filter(|address| address.as_str().contains("{token.") || address.as_str().contains("{callback."))
            .any(|address| {
                let rendered = crate::client::fill(config, Step::Api, address, context)
                    .ok()
                    .and_then(|text| url::Url::parse(&text).ok());
                rendered.is_some_and(|own| own.origin() == url.origin())
            })
    }

    fn add(&mut self, address: &str) {
        if let Ok(url) = url::Url::parse(address) {
            let origin = url.origin();
            if !self.exact.contains(&origin) {
                let host = url.host_str().filter(|_| url.scheme() == "https" && url.port().is_none());
                self.usual.extend(host.map(str::to_owned));
                self.exact.push(origin);
            }
        }
    }
}

/// Whether a host is the listed one, or below it where the list says `*.example.com`.
pub(crate) fn host_matches(listed: &str, host: &str) -> bool {
    match listed.strip_prefix("*.") {
        Some(suffix) => host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')),
        None => host == listed,
    }
}

fn addresses(config: &Config) -> impl Iterator<Item = &Template> {
    let spec = &config.spec;
    let api = spec
        .api
        .iter()
        .flat_map(|api| std::iter::once(&api.base_url).chain(api.operations.iter().map(|operation| &operation.path)));
    let profile = spec.profile.iter().flat_map(|profile| {
        profile.request.iter().chain(profile.then.iter().map(|then| &then.request)).map(|request| &request.url)
    });
    let lookup = spec.token.lookup.iter().map(|lookup| &lookup.request.url);
    lookup.chain(profile).chain(api).filter(|address| !address.as_str().starts_with('/'))
}

/// The address without its path, whose holes are an operation's parameters.
fn origin_part(address: &Template) -> Template {
    let text = address.as_str();
    let end =
        text.find("://").and_then(|at| text[at + 3..].find('/').map(|slash| at + 3 + slash)).unwrap_or(text.len());
    Template::parse(&text[..end]).unwrap_or_else(|_| address.clone())
}
