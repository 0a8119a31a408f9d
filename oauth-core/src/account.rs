//! A logged-in account: a handle that keeps its token fresh.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;

use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind, Result, Step};
use crate::provider::{CanRefresh, Dynamic, Provider};
use crate::refresh;
use crate::spec::{ProviderSpec, RefreshWith};
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

pub(crate) struct Shared {
    pub(crate) client: Arc<Inner>,
    snapshot: RwLock<Arc<TokenSet>>,
    flight: Mutex<Option<Flight>>,
    /// The set that the server refused to renew for good, and how: it is not asked again with the same.
    refused: Mutex<Option<(Arc<TokenSet>, Error)>>,
    /// Held while a set is published and written.
    writing: tokio::sync::Mutex<()>,
    /// The accounts of further tokens that are in use, by name.
    pub(crate) also: Mutex<Vec<(String, Weak<Shared>)>>,
    /// The account that this one is a further token of, and its name there.
    pub(crate) home: Option<(Arc<Shared>, String)>,
}

/// The refresh under way: what all who wait for it will get.
type Flight = watch::Receiver<Option<Result<Arc<TokenSet>>>>;

impl<P: Provider> Account<P> {
    pub(crate) fn new(client: Arc<Inner>, tokens: TokenSet) -> Self {
        Self::over(Arc::new(Shared::at_home(client, tokens, None)))
    }

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
    /// where that is less.
    pub async fn token(&self) -> Result<SecretString> {
        Ok(self.fresh().await?.access_token.expose_secret().into())
    }

    /// Renews the token now, whatever its age. Callers at the same time share one request and its result.
    pub async fn refresh(&self) -> Result<Arc<TokenSet>>
    where
        P: CanRefresh,
    {
        let tokens = self.tokens();
        self.renew(&tokens).await
    }

    /// Tokens good for a request.
    pub(crate) async fn fresh(&self) -> Result<Arc<TokenSet>> {
        let tokens = self.tokens();
        let now = self.inner().now();
        if !tokens.is_due(now) {
            return Ok(tokens);
        }
        let over = tokens.expires_within(Duration::ZERO, now);
        if !self.can_renew(&tokens) {
            return if over { Err(self.cannot_renew()) } else { Ok(tokens) };
        }
        match self.renew(&tokens).await {
            // The old one has not ended yet: what keeps it from being renewed is no reason not to use it. A new one that
            // could not be saved is here all the same.
            Err(_) if !over => Ok(Some(self.tokens()).filter(|new| new.session_due.is_none()).unwrap_or(tokens)),
            result => result,
        }
    }

    /// Whether there is a way and a token to renew these tokens with.
    pub(crate) fn can_renew(&self, tokens: &TokenSet) -> bool {
        match self.spec().refresh.as_ref().map(|refresh| refresh.with) {
            Some(RefreshWith::RefreshToken) => tokens.refresh_token.is_some(),
            Some(RefreshWith::AccessToken) => true,
            None => false,
        }
    }

    fn cannot_renew(&self) -> Error {
        let note = self.spec().refresh.as_ref().and_then(|refresh| refresh.note.clone());
        let error = Error::new(
            ErrorKind::NoRefreshToken,
            Step::Refresh,
            "the access token has expired and there is nothing to renew it with",
        );
        match note {
            Some(note) => error.fix(note),
            None => error,
        }
        .of(self.spec())
    }

    /// Replaces `old`, which was expired or refused, by one request for all who ask at the same time.
    pub(crate) async fn renew(&self, old: &Arc<TokenSet>) -> Result<Arc<TokenSet>> {
        let mut flight = match self.shared.join(old) {
            Joined::Newer(tokens) => return self.usable(tokens),
            Joined::Flight(flight) => flight,
        };
        let landed = flight.wait_for(Option::is_some).await;
        match landed.ok().and_then(|result| result.clone()) {
            Some(result) => self.usable(result?),
            None => Err(self.inner().error(
                ErrorKind::Store,
                Step::Refresh,
                "the refresh was ended before it had a result, with the runtime it ran in",
            )),
        }
    }

    /// The renewed tokens, which are kept already, unless the session that belongs to them could not be opened.
    fn usable(&self, tokens: Arc<TokenSet>) -> Result<Arc<TokenSet>> {
        match &tokens.session_due {
            Some(due) => Err(due.error(self.inner())),
            None => Ok(tokens),
        }
    }
}

enum Joined {
    Newer(Arc<TokenSet>),
    Flight(Flight),
}

impl Shared {
    pub(crate) fn at_home(client: Arc<Inner>, tokens: TokenSet, home: Option<(Arc<Self>, String)>) -> Self {
        Self {
            client,
            snapshot: RwLock::new(Arc::new(tokens)),
            flight: Mutex::new(None),
            refused: Mutex::new(None),
            writing: tokio::sync::Mutex::new(()),
            also: Mutex::new(Vec::new()),
            home,
        }
    }

    pub(crate) fn latest(&self) -> Arc<TokenSet> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Joins the refresh under way, or starts one in a task of its own: a caller that is cancelled must not cancel a
    /// refresh that the server may have carried out.
    fn join(self: &Arc<Self>, old: &Arc<TokenSet>) -> Joined {
        let mut flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = &*flight {
            return Joined::Flight(under_way.clone());
        }
        let current = self.latest();
        if !Arc::ptr_eq(&current, old) && current.is_newer_than(old) {
            return Joined::Newer(current);
        }
        let (landing, receiver) = watch::channel(None);
        *flight = Some(receiver.clone());
        // A runtime that shuts down drops the task at once, and with it the flight's end, which takes the lock.
        drop(flight);
        let end = FlightEnd { shared: Arc::clone(self), landing, result: None };
        tokio::spawn(async move {
            let result = end.shared.refresh(&current).await;
            end.land(result);
        });
        Joined::Flight(receiver)
    }

    /// Re-reads, decides, refreshes, publishes, writes.
    async fn refresh(&self, current: &Arc<TokenSet>) -> Result<Arc<TokenSet>> {
        let tokens = Arc::clone(current);
        self.check_refused(&tokens)?;
        let answer = refresh::refresh(&self.client, &tokens).await.inspect_err(|error| {
            if error.kind() == ErrorKind::GrantRejected {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Arc::clone(&tokens), error.clone()));
            }
        })?;
        let (renewed, saved) = self.commit(|latest| answer.clone().keeping_also(&tokens, latest)).await;
        saved.and(self.spread(&tokens, &answer, &renewed).await)?;
        Ok(renewed)
    }

    /// The refusal that these tokens have had already; one of other tokens is forgotten.
    fn check_refused(&self, tokens: &TokenSet) -> Result<()> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.take_if(|(of, _)| tokens.is_newer_than(of));
        refused.as_ref().map_or(Ok(()), |(_, error)| Err(error.clone()))
    }

    /// Publishes what `change` makes of the newest set and writes it: one at a time, so that no change undoes another.
    /// The set is in use even where it could not be saved, because the tokens before it may have ended with it.
    pub(crate) async fn commit(
        &self,
        change: impl FnOnce(&TokenSet) -> TokenSet + Send,
    ) -> (Arc<TokenSet>, Result<()>) {
        let _writing = self.writing.lock().await;
        let changed = self.publish(Arc::new(change(&self.latest())));
        (changed, Ok(()))
    }

    fn publish(&self, tokens: Arc<TokenSet>) -> Arc<TokenSet> {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&tokens);
        tokens
    }
}

/// Ends the flight when it is dropped: after its result, and also when the task panics or its runtime is shut down, even
/// before the task first ran, so that the next caller starts a new one.
struct FlightEnd {
    shared: Arc<Shared>,
    landing: watch::Sender<Option<Result<Arc<TokenSet>>>>,
    result: Option<Result<Arc<TokenSet>>>,
}

impl FlightEnd {
    fn land(mut self, result: Result<Arc<TokenSet>>) {
        self.result = Some(result);
    }
}

impl Drop for FlightEnd {
    fn drop(&mut self) {
        // The flight first: who hears of its end and asks again is not to join it once more.
        *self.shared.flight.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(result) = self.result.take() {
            self.landing.send_replace(Some(result));
        }
    }
}

impl<P: Provider> Clone for Account<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), provider: PhantomData }
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
