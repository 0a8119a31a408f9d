//! Provider files that somebody else wrote: the user of a platform, a tenant, a page on the web.

use crate::client::{Client, ClientAuth};
use crate::fault::Faults;
use crate::provider::Dynamic;
use crate::spec::ProviderSpec;

/// A provider whose file is not the operator's own: its addresses may lead anywhere, so what it makes are clients that connect to
/// public addresses only ([`Guard`](crate::http::Guard)).
///
/// ```
/// use oauth_core::ProviderSpec;
///
/// let text = "
/// id: acme
/// name: Acme
/// docs: https://acme.example/docs
/// checked: 2026-11-21
/// endpoints:
///   authorization: https://acme.example/authorize
///   token: https://acme.example/token
/// ";
/// let client = ProviderSpec::from_untrusted_yaml(text)?.client("client-id", "client-secret");
/// # Ok::<(), oauth_core::Faults>(())
/// ```
///
/// The file is checked as every other; where its provider gets tokens, it gets those of its own users only. A transport that the
/// client is given later ([`Client::http_client`]) answers for itself.
#[derive(Clone, Debug)]
pub struct UntrustedSpec(ProviderSpec);

impl ProviderSpec {
    /// Loads and checks the text of a provider file that somebody else wrote.
    pub fn from_untrusted_yaml(text: &str) -> Result<UntrustedSpec, Faults> {
        Self::from_yaml(text).map(UntrustedSpec)
    }
}

impl UntrustedSpec {
    /// What the file says.
    pub fn spec(&self) -> &ProviderSpec {
        &self.0
    }

    /// A client of this provider, which connects to public addresses only.
    pub fn client(self, id: impl Into<String>, credentials: impl Into<ClientAuth>) -> Client<Dynamic> {
        self.0.client(id, credentials).guarded()
    }

    /// A public client of this provider, which connects to public addresses only.
    pub fn public(self, id: impl Into<String>) -> Client<Dynamic> {
        self.client(id, ClientAuth::none())
    }
}
