use std::fmt;

use crate::client::Inner;
use crate::crypto::{Crypto, Hash};
use crate::error::{Error, ErrorKind, Result, Step, clean};
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
        let prepared = inner.prepared()?;
        Ok(Self {
            tenant: name.tenant.clone(),
            provider: inner.config.spec.id.clone(),
            server: prepared.issuer.as_ref().unwrap_or(&prepared.server).clone(),
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

    /// Who issues the tokens: the issuer, or the token endpoint where the provider names no issuer.
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
