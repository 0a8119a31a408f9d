//! What is fixed when the simulator starts: the provider, its settings, its clients and users.

use std::sync::Arc;

use oauth_core::ProviderSpec;
use oauth_core::spec::{Hole, Part, Template};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::params::Params;
use crate::{RegisteredClient, SimUser};

/// What `{claim.NAME}` of an issuer stands for: every simulated user belongs to the same organization.
pub(crate) const CLAIM_GUID: &str = "3f2a1b7c-5d4e-4f60-8a9b-0c1d2e3f4a5b";

pub(crate) struct Facts {
    pub(crate) spec: Arc<ProviderSpec>,
    pub(crate) settings: Vec<Chosen>,
    /// What the callback carries beside the code.
    pub(crate) kept: Vec<Chosen>,
    /// What the token answer carries beyond the RFC's members.
    pub(crate) extras: Vec<(String, Value)>,
    /// Whether points in time and spans are told as text.
    pub(crate) times_as_text: bool,
    /// Whether scopes are told as a list.
    pub(crate) scopes_as_list: bool,
    /// Never empty: the first is the one that `Simulator::client_id` tells.
    pub(crate) clients: Vec<RegisteredClient>,
    /// Never empty: the first is preselected on the login page.
    pub(crate) users: Vec<SimUser>,
}

/// A setting or a value of the callback.
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) value: String,
    /// What that stands for in a template.
    pub(crate) meaning: String,
}

/// Whose request a template is rendered for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Whose<'a> {
    pub(crate) client: Option<&'a RegisteredClient>,
    pub(crate) access_token: Option<&'a str>,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    /// The scopes, joined as in the authorization request.
    pub(crate) scope: Option<&'a str>,
    /// Whether the template is an address, where the client's id is a segment of the path.
    pub(crate) address: bool,
}

impl<'a> Whose<'a> {
    pub(crate) fn client(client: &'a RegisteredClient) -> Self {
        Self { client: Some(client), ..Self::default() }
    }
}

impl Facts {
    /// The client and its index.
    pub(crate) fn client(&self, id: &str) -> Option<(usize, &RegisteredClient)> {
        self.clients.iter().enumerate().find(|(_, client)| client.id() == id)
    }

    /// Fills a template, or says which hole stays empty.
    pub(crate) fn render(&self, template: &Template, whose: Whose<'_>) -> Result<String, String> {
        template.render(|hole, text| {
            let value = self.fill(hole, whose).ok_or_else(|| format!("nothing fills `{hole}` in `{template}`"))?;
            text.push_str(&value);
            Ok(())
        })
    }

    /// Checks that a request carries each of the spec's parameters with its value; a parameter of `replaceable` may
    /// have another one.
    pub(crate) fn expect(
        &self,
        wanted: &oauth_core::spec::Params,
        whose: Whose<'_>,
        got: &Params,
        replaceable: &[&str],
    ) -> Result<(), String> {
        for (name, template) in wanted {
            if template.holes().any(|hole| *hole == Hole::Random) {
                self.expect_random(name, template, whose, got)?;
                continue;
            }
            let value = self.render(template, whose)?;
            match got.get(name) {
                Some(found) if found == value || replaceable.contains(&name.as_str()) => {}
                None if value.is_empty() => {}
                None => return Err(format!("the parameter `{name}` is missing")),
                Some(_) => return Err(format!("the parameter `{name}` has another value than this provider asks for")),
            }
        }
        Ok(())
    }

    /// Checks a parameter that is another one in each request: what is random in it has 128 bits as base64url.
    fn expect_random(&self, name: &str, template: &Template, whose: Whose<'_>, got: &Params) -> Result<(), String> {
        const BITS: usize = 22;
        let mut rest = got.get(name).ok_or_else(|| format!("the parameter `{name}` is missing"))?;
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        for part in template.parts() {
            let after = match part {
                Part::Literal(literal) => rest.strip_prefix(literal.as_str()),
                Part::Hole(Hole::Random) => rest
                    .split_at_checked(BITS)
                    .filter(|(bits, _)| bits.bytes().all(is_base64url))
                    .map(|(_, after)| after),
                Part::Hole(hole) => self.fill(hole, whose).and_then(|value| rest.strip_prefix(value.as_str())),
                _ => None,
            };
            rest =
                after.ok_or_else(|| format!("the parameter `{name}` has not the form that this provider asks for"))?;
        }
        if rest.is_empty() { Ok(()) } else { Err(format!("the parameter `{name}` goes on behind its end")) }
    }

    fn fill(&self, hole: &Hole, whose: Whose<'_>) -> Option<String> {
        match hole {
            Hole::Name(name) => meaning(&self.settings, name),
            Hole::Callback(name) => meaning(&self.kept, name),
            Hole::Token(name) => self.extras.iter().find(|(known, _)| known == name).map(|(_, value)| text_of(value)),
            Hole::Claim(_) => Some(CLAIM_GUID.to_owned()),
            Hole::ClientId if whose.address => whose.client.map(|client| segment(client.id())),
            Hole::ClientId => whose.client.map(|client| client.id().to_owned()),
            Hole::ClientSecret => Some(whose.client?.secret()?.expose_secret().to_owned()),
            Hole::AccessToken => whose.access_token.map(str::to_owned),
            Hole::RedirectUri => whose.redirect_uri.map(str::to_owned),
            Hole::State => whose.state.map(str::to_owned),
            Hole::Scope => whose.scope.map(str::to_owned),
            _ => None,
        }
    }
}

/// The provider's own name for a standard parameter.
pub(crate) fn own_name<'a>(renames: &'a oauth_core::spec::Renames, standard: &'a str) -> &'a str {
    renames.iter().find(|(known, _)| known == standard).map_or(standard, |(_, own)| own)
}

/// RFC 3986 section 2.3: what is not unreserved is escaped.
fn segment(text: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(text, &KEPT).to_string()
}

fn meaning(chosen: &[Chosen], name: &str) -> Option<String> {
    chosen.iter().find(|one| one.name == name).map(|one| one.meaning.clone())
}

pub(crate) fn text_of(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // A base address is the same with and without its final slash.
    if text.starts_with("https://") { text.trim_end_matches('/').to_owned() } else { text }
}
