//! A logged-in account: a handle that keeps its token fresh.

mod flight;
mod kept;
mod private;
mod renewal;
mod state;
mod token;
mod unsaved;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::kept::Kept;
pub(crate) use self::state::Shared;
pub use self::token::AccessToken;
use crate::client::{Client, Inner};
use crate::clock::within;
use crate::error::{ErrorKind, Result, Step};
use crate::provider::{CanRefresh, Dynamic, Provider};
use crate::spec::ProviderSpec;
use crate::token::TokenSet;

/// A logged-in account.
///
/// It is cheap to clone, and all clones share one set of tokens: however many tasks ask for a token at once, an expired
/// one is renewed by one request, which goes on even when the task that started it is cancelled.
///
/// ```no_run
/// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
/// let token = account.token().await?; // fresh, whenever it is asked for
/// let me = account.profile().await?;
/// println!("{} ({})", me.name.unwrap_or_default(), me.subject);
/// # Ok(()) }
/// ```
pub struct Account<P: Provider = Dynamic> {
    shared: Arc<Shared>,
    provider: PhantomData<fn() -> P>,
}

/// How long whoever has a token that has not ended waits for a new one.
const PATIENCE: Duration = Duration::from_secs(2);

impl<P: Provider> Account<P> {
    pub(crate) fn new(client: Arc<Inner>, tokens: TokenSet) -> Self {
        Self::over(Arc::new(Shared::new(client, Arc::new(tokens), None, None)))
    }

    /// A handle on what is shared.
    pub(crate) fn over(shared: Arc<Shared>) -> Self {
        Self { shared, provider: PhantomData }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.shared.client
    }

    pub(crate) fn erased(&self) -> Account<Dynamic> {
        Account { shared: Arc::clone(&self.shared), provider: PhantomData }
    }

    /// The same account, its provider known only at run time.
    pub fn erase(self) -> Account<Dynamic> {
        self.erased()
    }

    /// The client it logged in with.
    pub fn client(&self) -> Client<P> {
        Client::from_inner(Arc::clone(&self.shared.client))
    }

    /// The provider's facts.
    pub fn spec(&self) -> &ProviderSpec {
        self.shared.client.spec()
    }

    /// The tokens as they are now, without renewing any.
    pub fn tokens(&self) -> Arc<TokenSet> {
        self.shared.latest()
    }

    /// What the token response had beyond the standard.
    pub fn extras(&self) -> Result<P::Extras> {
        self.tokens().read_extras().map_err(|why| {
            self.inner().error(
                ErrorKind::BadResponse,
                Step::Exchange,
                format!("the token response's extras are not as described: {why}"),
            )
        })
    }

    /// What the callback had beyond the standard.
    pub fn callback_extras(&self) -> Result<P::CallbackExtras> {
        self.tokens().read_callback().map_err(|why| {
            self.inner().error(
                ErrorKind::CallbackValue,
                Step::Callback,
                format!("the callback's extras are not as described: {why}"),
            )
        })
    }

    /// A fresh access token: renewed first when it can be and ends within a minute, or within a tenth of its lifetime
    /// where that is less. While it is fresh this takes no lock and copies nothing. One that has not ended yet is given after
    /// two seconds, when its renewal takes longer.
    pub async fn token(&self) -> Result<AccessToken> {
        match self.shared.hit() {
            Some(tokens) => Ok(AccessToken(tokens)),
            None => Box::pin(self.ask(Duration::ZERO)).await.map(AccessToken),
        }
    }

    /// An access token that lasts at least so long: renewed first when it ends before. Where the provider's tokens do not
    /// live as long, it is an error, and nothing is renewed in vain.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn run(account: oauth_core::Account) -> oauth_core::Result<()> {
    /// let token = account.token_lasting(Duration::from_secs(15 * 60)).await?; // for a long upload
    /// # Ok(()) }
    /// ```
    pub async fn token_lasting(&self, least: Duration) -> Result<AccessToken> {
        self.ask(least).await.map(AccessToken)
    }

    /// Renews the token now, whatever its age. Callers at the same time share one request and its result, and after a
    /// failure nothing is sent before the next is due.
    pub async fn refresh(&self) -> Result<Arc<TokenSet>>
    where
        P: CanRefresh,
    {
        let tokens = self.tokens();
        self.renew(&tokens).await
    }

    /// Tokens good for a request.
    pub(crate) async fn fresh(&self) -> Result<Arc<TokenSet>> {
        match self.shared.hit() {
            Some(tokens) => Ok(tokens),
            None => Box::pin(self.ask(Duration::ZERO)).await,
        }
    }

    /// Whether there is a way and a token to renew these tokens with.
    pub(crate) fn can_renew(&self, tokens: &TokenSet) -> bool {
        self.shared.can_renew(tokens)
    }

    /// Replaces `old`, which was refused, by one request for all who ask at the same time.
    pub(crate) async fn renew(&self, old: &Arc<TokenSet>) -> Result<Arc<TokenSet>> {
        self.shared.renew(old).await
    }

    async fn ask(&self, least: Duration) -> Result<Arc<TokenSet>> {
        let shared = &self.shared;
        let snapshot = shared.snapshot();
        let now = self.inner().now();
        if snapshot.gone {
            // Asks the store once more, as often as it may: somebody may have connected it again.
            return shared.renew(&snapshot.tokens).await;
        }
        let tokens = &snapshot.tokens;
        if !tokens.is_due(now) && least > Duration::ZERO && tokens.never_lasts(least) {
            // A new one would not either.
            shared.look_after(&snapshot, now);
            return Err(self.too_short(least));
        }
        if !tokens.is_due(now) && (least.is_zero() || !tokens.expires_within(least, now)) {
            shared.look_after(&snapshot, now);
            return Ok(Arc::clone(tokens));
        }
        let over = tokens.expires_within(Duration::ZERO, now);
        if !self.can_renew(tokens) {
            shared.look_after(&snapshot, now);
            return match () {
                () if over => Err(shared.cannot_renew()),
                () if tokens.expires_within(least, now) => Err(self.too_short(least)),
                () => Ok(Arc::clone(tokens)),
            };
        }
        let renewing = shared.renew(tokens);
        let renewed = if tokens.expires_within(least, now) {
            renewing.await
        } else {
            // It is good for a while: a provider that is slow is no reason to wait for long. The refresh goes on.
            match within(&*self.inner().config.clock, PATIENCE, renewing).await {
                Some(renewed) => renewed,
                None => return Ok(Arc::clone(tokens)),
            }
        };
        let renewed = match renewed {
            // The old one has not ended yet: what keeps it from being renewed is no reason not to use it. A new one that
            // could not be saved is here all the same.
            Err(error) => {
                let (latest, now) = (shared.snapshot(), self.inner().now());
                let usable = [&latest.tokens, tokens].into_iter().find(|tokens| !tokens.expires_within(least, now));
                usable.filter(|_| !latest.gone).cloned().ok_or(error)?
            }
            Ok(renewed) => renewed,
        };
        if least > Duration::ZERO && renewed.expires_within(least, self.inner().now()) {
            return Err(self.too_short(least));
        }
        Ok(renewed)
    }

    fn too_short(&self, least: Duration) -> crate::error::Error {
        let what = format!("the token ends within {} s", least.as_secs());
        self.inner().error(ErrorKind::TooShort, Step::Refresh, what)
    }
}

impl<P: Provider> Clone for Account<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), provider: PhantomData }
    }
}

/// The tokens as they are now: `manager.connect(&client, "user-42", &account)`.
impl<P: Provider> From<&Account<P>> for Arc<TokenSet> {
    fn from(account: &Account<P>) -> Self {
        account.tokens()
    }
}

impl<P: Provider> fmt::Debug for Account<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("provider", &self.spec().id)
            .field("tokens", &self.tokens())
            .finish_non_exhaustive()
    }
}
