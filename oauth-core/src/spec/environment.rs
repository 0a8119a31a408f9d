use serde::Serialize;

use super::assertion::AssertionAudience;
use super::decode::fields;
use super::{ProviderSpec, Template};

/// Other hosts on which the same provider runs: a sandbox, a test system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Environment {
    /// Its name: `sandbox`.
    pub name: String,
    /// The variant of the generated `Environment`: `Sandbox`.
    pub rust: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// The hosts of the file's addresses and what they are here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<(String, String)>,
    /// Where a developer registers a client here, if that is another page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
}

fields!(Environment { name, rust, doc = None, hosts = Vec::new(), console = None });

/// A place of a spec that holds a host.
pub(crate) enum Place<'a> {
    /// A whole address. The path of an operation may be one, and may be a path.
    Address(&'a mut Template),
    /// Whom a signed proof is for: an address, a host without a scheme, or another name of the server's.
    Audience(&'a mut Template),
    /// A host name, `*.` before it where the names below are meant.
    Host(&'a mut String),
}

impl ProviderSpec {
    /// The same provider on the hosts of one of its environments, or nothing when its file has none of that name.
    pub fn in_environment(&self, name: &str) -> Option<Self> {
        let environment = self.environments.iter().find(|environment| environment.name == name)?.clone();
        let other = |host: &str| environment.hosts.iter().find(|(from, _)| from == host).map(|(_, to)| to.as_str());
        let mut spec = self.clone();
        // The hosts that they stand for are gone: what is chosen next begins at the file.
        spec.environments.clear();
        let moved = |address: &mut Template, split: fn(&str) -> (&str, &str, &str)| {
            let (before, host, after) = split(address.as_str());
            if let Some(to) = other(host) {
                // The host's holes were among the address's: what has been read once is read again.
                *address = Template::parse(&format!("{before}{to}{after}")).unwrap_or_default();
            }
        };
        spec.each_host(&mut |place| match place {
            Place::Address(address) => moved(address, split),
            Place::Audience(address) => moved(address, split_audience),
            Place::Host(name) => {
                let (below, host) = name.strip_prefix("*.").map_or(("", name.as_str()), |host| ("*.", host));
                if let Some(to) = other(host) {
                    *name = format!("{below}{to}");
                }
            }
        });
        // Other names of the issuer are those of the file's hosts: here they would vouch for tokens from over there.
        if let Some(openid) = &mut spec.openid {
            openid.also_issuers.clear();
        }
        spec.console = environment.console.or(spec.console);
        Some(spec)
    }

    /// Shows every place of the spec that holds a host: what an environment changes. A section with an address of its
    /// own belongs here.
    pub(crate) fn each_host(&mut self, visit: &mut dyn FnMut(Place<'_>)) {
        let endpoints = &mut self.endpoints;
        let addresses = [
            &mut endpoints.authorization,
            &mut endpoints.token,
            &mut endpoints.revocation,
            &mut endpoints.issuer,
            &mut endpoints.device_authorization,
            &mut endpoints.backchannel_authentication,
            &mut endpoints.introspection,
            &mut endpoints.pushed_authorization,
            &mut endpoints.end_session,
            &mut endpoints.registration,
        ];
        for address in addresses.into_iter().flatten() {
            visit(Place::Address(address));
        }
        self.authorize.resource.iter_mut().for_each(|address| visit(Place::Address(address)));
        if let Some(upgrade) = &mut self.token.upgrade {
            visit(Place::Address(&mut upgrade.url));
        }
        if let Some(url) = self.refresh.as_mut().and_then(|refresh| refresh.url.as_mut()) {
            visit(Place::Address(url));
        }
        if let Some(consent) = &mut self.consent {
            visit(Place::Address(&mut consent.url));
        }
        self.grants.urls_mut().for_each(|address| visit(Place::Address(address)));
        endpoints.hosts.iter_mut().for_each(|host| visit(Place::Host(host)));
        if let Some(openid) = &mut self.openid {
            for address in [&mut openid.issuer, &mut openid.jwks].into_iter().flatten() {
                visit(Place::Address(address));
            }
        }
        if let Some(lookup) = &mut self.token.lookup {
            visit(Place::Address(&mut lookup.request.url));
            lookup.extras.iter_mut().flat_map(|extra| &mut extra.hosts).for_each(|host| visit(Place::Host(host)));
        }
        if let Some(profile) = &mut self.profile {
            let requests = profile.request.iter_mut().chain(profile.then.iter_mut().map(|then| &mut then.request));
            requests.for_each(|request| visit(Place::Address(&mut request.url)));
        }
        if let Some(api) = &mut self.api {
            visit(Place::Address(&mut api.base_url));
            api.operations.iter_mut().for_each(|operation| visit(Place::Address(&mut operation.path)));
            api.hosts.iter_mut().for_each(|host| visit(Place::Host(host)));
        }
        for extra in &mut self.token.response.extras {
            extra.hosts.iter_mut().for_each(|host| visit(Place::Host(host)));
        }
        // What settings and callback values stand for in the host of an address.
        for setting in &mut self.settings {
            setting.values.iter_mut().for_each(|(_, meaning, _)| visit(Place::Host(meaning)));
            // A host that the user gives is the user's; the one that stands for none is the provider's.
            if setting.kind == super::SettingKind::Host
                && let Some(host) = &mut setting.default
            {
                visit(Place::Host(host));
            }
        }
        for kept in &mut self.callback.keep {
            kept.values.iter_mut().for_each(|(_, meaning)| visit(Place::Host(meaning)));
        }
        self.each_proof(visit);
    }

    /// Shows whom what the client signs is for. RFC 7523 section 3: `aud` "identifies the authorization server as an intended
    /// audience". One that is for another environment is good over there.
    fn each_proof(&mut self, visit: &mut dyn FnMut(Place<'_>)) {
        let audience = self.authorize.request_object.as_mut().and_then(|object| object.audience.as_mut());
        let assertion = self.client_auth.assertion.as_mut().and_then(|assertion| match &mut assertion.audience {
            AssertionAudience::Text(text) => Some(text),
            AssertionAudience::Issuer | AssertionAudience::TokenEndpoint => None,
        });
        audience.into_iter().chain(assertion).for_each(|text| visit(Place::Audience(text)));
        let minted = self.client_auth.minted.iter_mut().flat_map(|minted| &mut minted.claims);
        let bearer = self.grants.jwt_bearer.iter_mut().filter_map(|bearer| bearer.assertion.as_mut());
        for (name, text) in minted.chain(bearer.flat_map(|form| &mut form.claims)) {
            visit(if name == "aud" { Place::Audience(text) } else { Place::Address(text) });
        }
    }
}

/// What stands before the host of an address, the host as it is written, and the rest; no host in a path.
pub(crate) fn split(address: &str) -> (&str, &str, &str) {
    let scheme = address.find("://").filter(|at| !address[..*at].contains(['/', '{']));
    let Some(start) = scheme.map(|at| at + 3) else { return (address, "", "") };
    let (before, rest) = address.split_at(start);
    let (host, after) = rest.split_at(rest.find(['/', '?', ':', '#']).unwrap_or(rest.len()));
    (before, host, after)
}

/// The same of whom a proof is for: a text without a scheme is a host where it looks like one.
pub(crate) fn split_audience(text: &str) -> (&str, &str, &str) {
    let is_host = text.contains('.') && !text.contains(|c: char| c.is_whitespace() || "/?:#@".contains(c));
    if is_host { ("", text, "") } else { split(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_is_what_stands_between_its_scheme_and_its_path() {
        assert_eq!(split("https://a.example/b?c=d"), ("https://", "a.example", "/b?c=d"));
        assert_eq!(split("https://{shop}.a.example:8443"), ("https://", "{shop}.a.example", ":8443"));
        assert_eq!(split("/path://x"), ("/path://x", "", ""));
        assert_eq!(split("{base}/b"), ("{base}/b", "", ""));
    }
}
