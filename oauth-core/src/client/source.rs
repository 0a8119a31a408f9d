//! Client secrets that are somewhere else: in a vault, a cloud's secret manager, a file that is rotated.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret as _, SecretString};

use super::Inner;
use crate::account::Account;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::http::BoxFuture;
use crate::provider::Provider;

/// Where a client's secret comes from, whenever one is needed: see [`ClientAuth::source`](crate::ClientAuth::source).
///
/// It is asked at the beginning of every step of a flow, refreshes included, and not at requests of the API. One that takes
/// long should keep what it has; while it gives the same value nothing is worked out anew.
///
/// ```
/// use oauth_core::http::BoxFuture;
/// use oauth_core::{ClientAuth, SecretSource, SecretString, SourceError};
///
/// struct Vault;
///
/// impl SecretSource for Vault {
///     fn secret(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
///         Box::pin(async { Ok("what the vault says".into()) })
///     }
/// }
///
/// let credentials = ClientAuth::source(Vault);
/// ```
pub trait SecretSource: Send + Sync + 'static {
    /// The secret, or the private key as PEM where the provider's file wants one. What an error says is shown to the user:
    /// it must not say the secret.
    fn secret(&self) -> BoxFuture<'_, std::result::Result<SecretString, SourceError>>;
}

/// An account whose token is another client's secret: where an app gets a token of its own first, and shows it in the place
/// of a secret when it asks for a user's. The token is always a fresh one.
///
/// ```no_run
/// # async fn run(app: oauth_core::Client, user: oauth_core::ProviderSpec) -> oauth_core::Result<()> {
/// use oauth_core::ClientAuth;
///
/// let app = app.client_credentials().account().await?;
/// let client = user.client("my-app", ClientAuth::source(app)); // its file: headers: {Authorization: "Bearer {client_secret}"}
/// # let _ = client;
/// # Ok(()) }
/// ```
impl<P: Provider> SecretSource for Account<P> {
    fn secret(&self) -> BoxFuture<'_, std::result::Result<SecretString, SourceError>> {
        Box::pin(async { Ok(self.token().await?.expose_secret().into()) })
    }
}

/// Why a [`SecretSource`] has none.
pub type SourceError = Box<dyn StdError + Send + Sync>;

/// A client whose secret is known, made of one whose secret has to be asked for.
#[derive(Default)]
pub(crate) struct Sourced(RwLock<Option<Arc<Inner>>>);

impl Inner {
    /// This client, its secret known. An account may live longer than a secret, so that it is asked for each time.
    pub(crate) async fn with_secret(self: Arc<Self>) -> Result<Arc<Self>> {
        let Some(source) = self.config.auth.secret_source() else { return Ok(self) };
        let secret = source.secret().await.map_err(|error| {
            Error::new(ErrorKind::Config, Step::Configure, "the source of the client's secret has none")
                .fix("see the cause; nothing was sent to the provider")
                .source(error)
                .of(self.spec())
        })?;
        let has = |inner: &Self| inner.config.auth.as_secret() == Some(secret.expose_secret());
        if has(&self) {
            return Ok(self);
        }
        let slot = &self.sourced.0;
        if let Some(known) = slot.read().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|known| has(known)) {
            return Ok(Arc::clone(known));
        }
        let mut config = self.config.clone();
        config.auth = config.auth.having(secret);
        let mut inner = Self::new(config);
        inner.raw.clone_from(&self.raw);
        inner.discovery = self.discovery.shared();
        let inner = Arc::new(inner);
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&inner));
        Ok(inner)
    }
}

impl fmt::Debug for dyn SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretSource(..)")
    }
}
