use std::fmt;

use crate::client::Inner;
use crate::crypto::{Crypto, Hash};
use crate::error::{Error, ErrorKind, Result, Step, clean};
use crate::profile::{push_settings, untold};
use crate::store::RecordKey;

/// What your program calls an account: a user's id, and the tenant that the user belongs to where you have tenants.
///
/// ```
/// use oauth_core::AccountName;
///
/// let name = AccountName::new("user-42").tenant("acme");
/// assert_eq!((name.account(), name.tenant_name()), ("user-42", Some("acme")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountName {
    account: String,
    tenant: Option<String>,
}

impl AccountName {
    /// An account of no tenant.
    pub fn new(account: impl Into<String>) -> Self {
        Self { account: account.into(), tenant: None }
    }

    /// The same name within a tenant: nothing of one tenant is ever found under another.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The account's own name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The tenant.
    pub fn tenant_name(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

impl From<&str> for AccountName {
    fn from(account: &str) -> Self {
        Self::new(account)
    }
}

impl From<String> for AccountName {
    fn from(account: String) -> Self {
        Self::new(account)
    }
}

impl From<&AccountName> for AccountName {
    fn from(name: &AccountName) -> Self {
        name.clone()
    }
}

/// Everything that tells one account's tokens from all others: tenant, provider, server, client and account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountId {
    pub(crate) tenant: Option<String>,
    pub(crate) provider: String,
    pub(crate) server: String,
    pub(crate) client_id: String,
    pub(crate) account: String,
}

impl AccountId {
    pub(crate) fn new(inner: &Inner, name: &AccountName) -> Result<Self> {
        Ok(Self {
            tenant: name.tenant.clone(),
            provider: inner.config.spec.id.clone(),
            server: server(inner)?,
            client_id: inner.config.client_id.clone(),
            account: name.account.clone(),
        })
    }

    /// The tenant.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The provider's id.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Who issues the tokens: the issuer, or the token endpoint where the provider names no issuer. Where the client chose a
    /// server that the issuer does not tell from others, both, and what else was chosen.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Your program's id at the provider.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The account's name within the tenant.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What your program calls it.
    pub fn name(&self) -> AccountName {
        AccountName { account: self.account.clone(), tenant: self.tenant.clone() }
    }

    /// Whether this is the client that the account was connected with. RFC 6749 section 10.4: refresh tokens are "shared only
    /// among the authorization server and the client to whom the refresh tokens were issued".
    pub(crate) fn check_client(&self, inner: &Inner) -> Result<()> {
        let own = Self::new(inner, &self.name())?;
        let parts = [
            ("provider", &self.provider, &own.provider),
            ("server", &self.server, &own.server),
            ("client id", &self.client_id, &own.client_id),
        ];
        let Some((part, kept, given)) = parts.into_iter().find(|(_, kept, given)| kept != given) else { return Ok(()) };
        // An address is shown without its query.
        let shown = |text: &str| clean(text.split('?').next().unwrap_or_default());
        let what = format!(
            "the tokens of the account {self} are of the {part} `{}`, and the client that was found for it is of `{}`: nothing was sent",
            shown(kept),
            shown(given)
        );
        let fix = "have the resolver find the client that the account was connected with, which `ClientQuery::account` names; \
            where there is none any more, disconnect the account and log in again";
        Err(Error::new(ErrorKind::Config, Step::Configure, what).fix(fix).of(inner.spec()))
    }

    /// The name of its record. The length stands before each part, so that no two accounts write the same bytes.
    pub(crate) fn key(&self, crypto: &dyn Crypto) -> RecordKey {
        let tenant = self.tenant.as_deref();
        let parts = [Some("oauth-account/1"), tenant, Some(&self.provider), Some(&self.server), Some(&self.client_id)];
        let mut bytes = Vec::with_capacity(256);
        for part in parts.into_iter().chain([Some(self.account.as_str())]) {
            let length = part.map_or(u64::MAX, |part| part.len() as u64);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(&crypto.digest(Hash::Sha256, &bytes).as_ref()[..32]);
        RecordKey::from_digest(digest)
    }
}

/// Who issues the tokens, as far as it takes to send none to another server. RFC 6749 section 10.4: refresh tokens are shared
/// "only among the authorization server and the client to whom the refresh tokens were issued".
fn server(inner: &Inner) -> Result<String> {
    let prepared = inner.prepared()?;
    let Some(issuer) = &prepared.issuer else { return Ok(prepared.server.clone()) };
    // What the metadata names is the issuer's to say, and may move.
    let own = inner.raw.as_deref().unwrap_or(inner.spec());
    let token = own.endpoints.token.as_ref().filter(|_| !own.endpoints.discovery);
    let untold = untold(own, own.endpoints.issuer.as_ref());
    if untold.is_empty() && !inner.config.is_elsewhere_untold(own) {
        return Ok(issuer.clone());
    }
    let mut server = if token.is_some() { prepared.server.clone() } else { issuer.clone() };
    push_settings(&mut server, &inner.config, &untold, token);
    Ok(server)
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountId")
            .field("tenant", &self.tenant)
            .field("provider", &self.provider)
            .field("server", &self.server)
            .field("client_id", &self.client_id)
            .field("account", &self.account)
            .finish()
    }
}

/// `github/user-42`, with the tenant before it where there is one.
impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tenant) = &self.tenant {
            write!(f, "{}/", clean(tenant))?;
        }
        write!(f, "{}/{}", self.provider, clean(&self.account))
    }
}

#[cfg(test)]
#[cfg(feature = "schema")]
mod tests {
    use super::*;
    use crate::client::{Client, ClientAuth};
    use crate::spec::ProviderSpec;

    fn client(more: &str) -> Client {
        let yaml = format!("id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\n{more}");
        let spec = ProviderSpec::from_yaml(&yaml).unwrap_or_else(|faults| panic!("{faults}"));
        Client::dynamic(spec, "my-client", ClientAuth::none())
    }

    fn server(client: &Client) -> String {
        AccountId::new(client.inner(), &"alice".into()).unwrap_or_else(|error| panic!("{error}")).server
    }

    #[test]
    fn two_servers_of_one_issuer_have_two_accounts() {
        let shops = client(
            "settings: {shop: {type: host}}\n\
             endpoints: {issuer: https://id.acme.example, token: \"https://{shop}/token\"}\n",
        );
        let at = |shop: &str| server(&shops.clone().set("shop", shop).unwrap());
        assert_eq!(at("a.example"), "https://id.acme.example https://a.example/token");
        assert_ne!(at("a.example"), at("b.example"));
        // Also where only another address than the token endpoint has it.
        let renewed = client(
            "settings: {shop: {type: host}}\n\
             endpoints: {issuer: https://id.acme.example, token: https://id.acme.example/token}\n\
             refresh: {url: \"https://{shop}/renew\"}\n",
        );
        let at = |shop: &str| server(&renewed.clone().set("shop", shop).unwrap());
        assert_ne!(at("a.example"), at("b.example"));
    }

    #[test]
    fn an_environment_that_the_issuer_does_not_tell_has_accounts_of_its_own() {
        let file = |issuer: &str| {
            client(&format!(
                "endpoints: {{issuer: {issuer}, token: https://login.acme.example/token}}\n\
                 environments: {{sandbox: {{hosts: {{login.acme.example: test.acme.example}}}}}}\n"
            ))
        };
        let fixed = file("https://id.acme.example");
        assert_eq!(server(&fixed), "https://id.acme.example");
        let sandbox = "https://id.acme.example https://test.acme.example/token";
        assert_eq!(server(&fixed.environment("sandbox").unwrap()), sandbox);
        let telling = file("https://login.acme.example");
        assert_eq!(server(&telling.environment("sandbox").unwrap()), "https://test.acme.example");
    }

    #[test]
    fn a_discovered_token_endpoint_may_move() {
        let discovered = client(
            "settings: {region: {type: host}}\n\
             endpoints: {issuer: https://id.acme.example, discovery: true}\n\
             api: {base_url: \"https://{region}\"}\n",
        );
        let discovered = discovered.set("region", "eu.acme.example").unwrap();
        let raw = discovered.spec().clone();
        let mut inner = Inner::new(discovered.inner().config.clone());
        let mut filled = raw.clone();
        filled.endpoints.token = Some(crate::spec::Template::literal("https://moved.acme.example/token"));
        (inner.config.spec, inner.raw) = (filled.into(), Some(raw.into()));
        let own = AccountId::new(&inner, &"alice".into()).unwrap().server;
        assert_eq!((own.as_str(), server(&discovered)), ("https://id.acme.example eu.acme.example", own.clone()));
    }

    #[test]
    fn an_issuer_that_says_it_all_is_the_server() {
        let told = client(
            "settings: {host: {type: host}}\n\
             endpoints: {issuer: \"https://{host}\", token: \"https://{host}/token\"}\n",
        );
        assert_eq!(server(&told.set("host", "a.example").unwrap()), "https://a.example");
    }
}
