//! Demanding a standard: a bound for compiled providers, a call for those of the run time.

use super::{Standard, rules};
use crate::client::{Client, check_certificate};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::provider::Provider;
use crate::spec::ClientAuthMethod;

/// The provider meets [RFC 9700](Standard::Rfc9700), used as its file says.
///
/// The macros implement it for each provider whose file does. [`Dynamic`](crate::Dynamic) is none of them, because nothing
/// is known of it before the program runs: see [`Client::demand`].
///
/// ```
/// use oauth_core::standards::Rfc9700;
/// use oauth_core::{CanAuthorize, Client, Result};
///
/// async fn log_in<P: Rfc9700 + CanAuthorize>(client: &Client<P>) -> Result<()> {
///     let attempt = client.authorize().begin().await?;
///     # let _ = attempt;
///     Ok(())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "provider `{Self}` does not meet RFC 9700",
    label = "`{Self}` is not known to meet it",
    note = "`<{Self} as Compiled>::spec().meets(Standard::Rfc9700)` lists what is missing, each with its key in the provider's YAML file",
    note = "of a provider that is loaded at run time, demand it then: `client.demand(Standard::Rfc9700)?`"
)]
pub trait Rfc9700: Provider {}

/// The provider meets the [FAPI 2.0 Security Profile](Standard::Fapi2), used as its file says.
///
/// The macros implement it for each provider whose file does. [`Dynamic`](crate::Dynamic) is none of them: see
/// [`Client::demand`].
///
/// ```
/// use oauth_core::Client;
/// use oauth_core::standards::Fapi2;
///
/// fn pay<P: Fapi2>(bank: &Client<P>) {
///     # let _ = bank;
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "provider `{Self}` does not meet the FAPI 2.0 Security Profile",
    label = "`{Self}` is not known to meet it",
    note = "`<{Self} as Compiled>::spec().meets(Standard::Fapi2)` lists what is missing, each with its key in the provider's YAML file",
    note = "of a provider that is loaded at run time, demand it then: `client.demand(Standard::Fapi2)?`"
)]
pub trait Fapi2: Provider {}

/// The provider meets [MCP authorization](Standard::Mcp), used as its file says.
///
/// The macros implement it for each provider whose file does. [`Dynamic`](crate::Dynamic) is none of them: see
/// [`Client::demand`]. A server that was not known before has no file: [`Mcp`](struct@crate::Mcp) logs in there.
///
/// ```
/// use oauth_core::Client;
/// use oauth_core::standards::Mcp;
///
/// fn connect<P: Mcp>(client: &Client<P>) {
///     # let _ = client;
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "provider `{Self}` does not meet MCP authorization 2026-07-28",
    label = "`{Self}` is not known to meet it",
    note = "`<{Self} as Compiled>::spec().meets(Standard::Mcp)` lists what is missing, each with its key in the provider's YAML file",
    note = "of a provider that is loaded at run time, demand it then: `client.demand(Standard::Mcp)?`"
)]
pub trait Mcp: Provider {}

impl<P: Provider> Client<P> {
    /// Demands that the provider meets a standard, used as its file says and with this client's credentials: where the file
    /// leaves open whether a client is public, this one is or is not. Nothing is sent. A client of a discovered issuer knows
    /// what the metadata says after [`discover`](Self::discover). Where the file wants a certificate, the client has it by
    /// now: give it with the credentials, or the [transport](Self::http_client) that shows it before this.
    ///
    /// ```
    /// use oauth_core::standards::Standard;
    /// use oauth_core::{Client, ProviderSpec, Result};
    ///
    /// fn bank(spec: ProviderSpec, key: &str) -> Result<Client> {
    ///     spec.client("my-client-id", oauth_core::ClientAuth::private_key(key)).demand(Standard::Fapi2)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported), with each requirement that is not met and the key of the provider's YAML file
    /// that would have to say otherwise. [`ProviderSpec::meets`](crate::ProviderSpec::meets) gives them as a list.
    /// [`Config`](ErrorKind::Config), where the file meets them all and this client lacks what its tokens are bound to: the
    /// certificate, or the cryptography backend that makes keys and proofs.
    pub fn demand(self, standard: Standard) -> Result<Self> {
        let config = &self.inner().config;
        // Who has no certificate is told so below.
        let public = config.auth.is_none() && config.spec.client_auth.method != ClientAuthMethod::Mtls;
        let unmet = rules::unmet(&config.spec, standard, public);
        if unmet.is_empty() {
            return self.check_bindings().map(|()| self);
        }
        let list: Vec<String> = unmet.iter().map(ToString::to_string).collect();
        let what = format!("provider `{}` does not meet {standard}: {}", config.spec.id, list.join("; "));
        let fix = "change these keys of the provider's YAML file where it does what they say, or use another provider";
        Err(Error::new(ErrorKind::Unsupported, Step::Configure, what).fix(fix).of(&config.spec))
    }

    /// That the client can do what the file says of its tokens and of itself.
    fn check_bindings(&self) -> Result<()> {
        let inner = self.inner();
        if inner.spec().dpop.is_some_and(|dpop| dpop.is_required()) {
            inner.crypto(Step::Configure)?;
        }
        check_certificate(&inner.config)
    }
}

#[cfg(test)]
#[cfg(feature = "schema")]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::client::{ClientAuth, Config, Inner};
    use crate::{Dynamic, ProviderSpec};

    #[test]
    fn cr_08_a_client_without_cryptography_has_no_proofs() {
        let file = "id: acme\nname: Acme\ndocs: https://acme.example/docs\nchecked: 2026-11-21\ndpop: required\n\
                    client_auth: basic\nendpoints: {token: https://acme.example/token}\ngrants: {client_credentials: {}}\n";
        let spec = ProviderSpec::from_yaml(file).unwrap_or_else(|faults| panic!("{faults}"));
        let mut config = Config::new(Arc::new(spec), "my-client".to_owned(), ClientAuth::secret("a-secret"));
        config.crypto = None;
        let client = Client::<Dynamic>::from_inner(Arc::new(Inner::new(config)));
        let error = client.demand(Standard::Rfc9700).map(|client| client.client_id().to_owned()).unwrap_err();
        assert_eq!((error.kind(), error.step()), (ErrorKind::Config, Step::Configure));
    }
}
