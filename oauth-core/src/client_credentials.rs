//! A token for the client itself, without a user (RFC 6749 section 4.4).

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use tracing::Instrument as _;

use crate::account::Account;
use crate::client::{Client, Inner};
use crate::dpop::ProofKey;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::grant::{self, Asked, Extra, Terms};
use crate::provider::{CanUseClientCredentials, Provider};
use crate::refresh::Progress;
use crate::scopes::IntoScopes;
use crate::spec::{ClientAuthMethod, GrantRequest};
use crate::token::{self, TokenSet};

/// What stands in the error of a provider that has no such grant.
const KEY: (&str, &str) = ("client_credentials", "gives clients no tokens of their own");

impl<P: Provider> Client<P> {
    /// Asks for a token for the client itself, without a user (RFC 6749 section 4.4).
    ///
    /// ```no_run
    /// # async fn run(client: oauth_core::Client) -> oauth_core::Result<()> {
    /// let app = client.client_credentials().scopes(["reports:read"]).account().await?;
    /// let report = app.get("/reports/today").send().await?; // with a fresh token, whenever it is called
    /// # Ok(()) }
    /// ```
    pub fn client_credentials(&self) -> ClientCredentials<P>
    where
        P: CanUseClientCredentials,
    {
        ClientCredentials { client: self.clone(), extra: Extra::default() }
    }
}

/// A request for a token of the client's own: what is particular to it, and then [`account`](Self::account).
#[must_use = "nothing is sent before `account` or `tokens`"]
pub struct ClientCredentials<P: Provider> {
    client: Client<P>,
    extra: Extra,
}

impl<P: Provider> ClientCredentials<P> {
    /// What the token is for; without this the scopes of `grants.client_credentials` in the provider's file.
    pub fn scopes(mut self, scopes: impl IntoScopes<P>) -> Self {
        self.extra.scopes = scopes.into_scopes();
        self
    }

    /// A further parameter, for what the provider's file does not know: `audience`, `resource`. The protocol's own cannot
    /// be replaced.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.extra.push(name.into(), value.into());
        self
    }

    /// Asks, and gives an account that renews its token by asking again. Keep it: all its clones share one token, and
    /// however many tasks use it at once, one request renews it, before it ends or after an API has refused it.
    pub async fn account(self) -> Result<Account<P>> {
        let client = self.client.clone();
        Ok(client.account(self.tokens().await?))
    }

    /// Asks, and gives the tokens, for a [`TokenManager`](crate::TokenManager) to keep. They remember what was asked for,
    /// also in a store: to renew them is to ask again.
    pub async fn tokens(self) -> Result<TokenSet> {
        let span = tracing::debug_span!("oauth.client_credentials", provider = %self.client.spec().id);
        ask(self.client.inner(), &self.extra).instrument(span).await
    }
}

impl<P: Provider> fmt::Debug for ClientCredentials<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("scopes", &self.extra.scopes).finish_non_exhaustive()
    }
}

/// What was asked for, so that it can be asked for again.
#[derive(Clone)]
pub(crate) struct Again {
    pub(crate) scopes: Vec<String>,
    pub(crate) params: Vec<(String, SecretString)>,
}

async fn ask(inner: &Arc<Inner>, extra: &Extra) -> Result<TokenSet> {
    let inner = &*inner.ready().await?;
    let rule = grant::declared(inner, Step::Grant, KEY, |grants| grants.client_credentials.as_ref())?;
    let Terms { scopes, .. } = Terms::new((inner, Step::Grant), rule, &[], extra)?;
    let again = Again { scopes, params: extra.params.clone() };
    let tokens = send(inner, Arc::new(again), None, None).await?;
    tracing::debug!("token issued to the client");
    grant::equip(inner, tokens).await
}

/// The token request (RFC 6749 section 4.4.2), the first or one that renews what it gave, with the key that it was bound to.
pub(crate) async fn send(
    inner: &Inner,
    again: Arc<Again>,
    key: Option<&ProofKey>,
    progress: Option<&dyn Progress>,
) -> Result<TokenSet> {
    let rule = grant::declared(inner, Step::Grant, KEY, |grants| grants.client_credentials.as_ref())?;
    check_confidential(inner, rule)?;
    let asked =
        Asked { step: Step::Grant, rule, params: Vec::new(), scopes: &again.scopes, extra: &again.params, progress };
    let mut tokens = token::send(inner, asked.call(inner)?.bound_to(key), &again.scopes).await?.tokens;
    // RFC 6749 section 4.4.3: "A refresh token SHOULD NOT be included." There is no user either.
    tokens.refresh_token = None;
    tokens.refresh_expires_at = None;
    tokens.refresh_idles_until = None;
    tokens.id_token = None;
    tokens.again = Some(again);
    Ok(tokens)
}

/// RFC 6749 section 4.4: "The client credentials grant type MUST only be used by confidential clients."
fn check_confidential(inner: &Inner, rule: &GrantRequest) -> Result<()> {
    let (auth, method) = (&inner.config.auth, inner.spec().client_auth.method);
    let proves = match method {
        ClientAuthMethod::Mtls => return inner.check_certificate(Step::Grant),
        ClientAuthMethod::Mechanism => inner.prepared()?.hooks.client_proof.is_some(),
        ClientAuthMethod::None => rule.shows_secret() && auth.as_secret().is_some(),
        ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::ClientSecretJwt | ClientAuthMethod::Minted => {
            auth.signing_key().is_some()
        }
        ClientAuthMethod::Basic | ClientAuthMethod::Body | ClientAuthMethod::Custom => auth.as_secret().is_some(),
    };
    if proves {
        return Ok(());
    }
    let (what, fix) = match method {
        ClientAuthMethod::None => (
            "a token of the client's own is for clients that prove who they are, and this provider knows public ones only",
            "say in the provider's YAML file how clients prove themselves: `client_auth: basic`, `private_key_jwt`, ...",
        ),
        ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::Minted => (
            "a token of the client's own needs a client that can prove who it is, and this one has no private key",
            "give the client its key with `ClientAuth::private_key(pem)`",
        ),
        _ => (
            "a token of the client's own needs a client that can prove who it is, and this one has no secret",
            "make the client with the secret from the provider's console",
        ),
    };
    Err(Error::new(ErrorKind::Config, Step::Grant, what).fix(fix).of(inner.spec()))
}
