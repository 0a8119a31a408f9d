use super::AccountId;
use crate::client::Client;
use crate::error::Result;
use crate::http::BoxFuture;

/// Finds the client of an account: for programs whose client credentials depend on the tenant, or come from a secret
/// store.
///
/// ```
/// use oauth_core::http::BoxFuture;
/// use oauth_core::{Client, ClientQuery, ClientResolver, ProviderSpec, Result};
///
/// struct PerTenant(ProviderSpec);
///
/// impl ClientResolver for PerTenant {
///     fn resolve<'a>(&'a self, query: &'a ClientQuery<'a>) -> BoxFuture<'a, Result<Option<Client>>> {
///         Box::pin(async move {
///             let secret = format!("the secret of {}", query.tenant().unwrap_or("nobody")); // from your vault
///             Ok(Some(self.0.clone().client("client-id", secret)))
///         })
///     }
/// }
/// ```
pub trait ClientResolver: Send + Sync + 'static {
    /// The client, or `None` where there is none for this tenant and provider. It is asked each time an account is
    /// looked up and before a worker refreshes, so that new credentials are used at once; caching is yours.
    ///
    /// For an account that is kept already ([`ClientQuery::account`]) it has to be a client of the same provider, server and
    /// client id. Tokens never go anywhere else: with another client the account stays as it is, and the refresh fails with
    /// [`ErrorKind::Config`](crate::ErrorKind::Config).
    fn resolve<'a>(&'a self, query: &'a ClientQuery<'a>) -> BoxFuture<'a, Result<Option<Client>>>;
}

/// Whose client is wanted.
#[derive(Clone, Copy, Debug)]
pub struct ClientQuery<'a> {
    pub(crate) tenant: Option<&'a str>,
    pub(crate) provider: &'a str,
    pub(crate) id: Option<&'a AccountId>,
}

impl<'a> ClientQuery<'a> {
    /// The tenant.
    pub fn tenant(&self) -> Option<&'a str> {
        self.tenant
    }

    /// The provider's id.
    pub fn provider(&self) -> &'a str {
        self.provider
    }

    /// The account as it was connected, where it is an account that is kept already.
    pub fn account(&self) -> Option<&'a AccountId> {
        self.id
    }
}

/// Clients that are known from the start.
pub(crate) struct Known(pub(crate) Vec<Client>);

impl Known {
    pub(crate) fn find(&self, query: &ClientQuery<'_>) -> Option<Client> {
        let fits = |client: &&Client| {
            client.spec().id == query.provider
                && query.id.is_none_or(|id| {
                    id.client_id == client.client_id()
                        && AccountId::new(client.inner(), &id.name()).is_ok_and(|own| own == *id)
                })
        };
        self.0.iter().find(fits).cloned()
    }
}
