//! Lists of compiled providers.

use std::fmt;
use std::sync::Arc;

use crate::client::{Client, ClientAuth};
use crate::error::Result;
use crate::provider::Dynamic;
use crate::spec::ProviderSpec;

/// One provider of a list that a macro made from a folder.
#[derive(Clone, Copy)]
pub struct CatalogEntry {
    id: &'static str,
    spec: fn() -> &'static Arc<ProviderSpec>,
}

impl CatalogEntry {
    #[doc(hidden)]
    pub const fn new(id: &'static str, spec: fn() -> &'static Arc<ProviderSpec>) -> Self {
        Self { id, spec }
    }

    /// The provider's id.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The provider's facts.
    pub fn spec(&self) -> &'static Arc<ProviderSpec> {
        (self.spec)()
    }

    /// A client of the provider, for programs that choose it at run time. One that needs
    /// [mechanisms](crate::mechanism) takes them by [`Client::mechanisms`].
    pub fn client(&self, id: impl Into<String>, credentials: impl Into<ClientAuth>) -> Client<Dynamic> {
        Client::dynamic(Arc::clone(self.spec()), id, credentials)
    }

    /// A client whose id, secret and settings come from the environment: `GITHUB_CLIENT_ID`, `GITHUB_CLIENT_SECRET`.
    pub fn client_from_env(&self) -> Result<Client<Dynamic>> {
        Client::dynamic_from_env(Arc::clone(self.spec()))
    }
}

impl fmt::Debug for CatalogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CatalogEntry").field(&self.id).finish()
    }
}
