//! Reading, changing and ending a registration (RFC 7592).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use super::answer::{self, Reader};
use super::{ClientMetadata, ClientStore, RegisteredClient, endpoint, server};
use crate::client::{Client, ClientAuth, Context, Inner};
use crate::error::{Error, ErrorKind, Result, Scrub, Step, clean};
use crate::http::{Answer, send_bounded};
use crate::openid::Discovered;
use crate::provider::{CanRegister, Dynamic, Provider};

/// A registration at the provider that can be read, changed and ended (RFC 7592), with the token that it gave for that.
///
/// The provider may give another token, and another secret, with each answer; the old ones are worth nothing then. They are in
/// [`record`](Self::record) when a call returns, and in the store of [`kept_in`](Self::kept_in) before. A call goes on to its end
/// where its future is dropped: the store has the new token then, and this value has not.
///
/// ```no_run
/// # async fn run(client: oauth_core::Client, record: oauth_core::RegisteredClient,
/// #     store: std::sync::Arc<dyn oauth_core::ClientStore>) -> oauth_core::Result<()> {
/// let mut registration = client.registration(record).kept_in(store);
/// let app = registration.read().await?;
/// registration.update(&app.redirect_uri("https://app.example/second")).await?;
/// # Ok(()) }
/// ```
pub struct Registration<P: Provider = Dynamic> {
    client: Client<P>,
    record: RegisteredClient,
    store: Option<Arc<dyn ClientStore>>,
}

impl<P: Provider> Client<P> {
    /// A registration at this provider, to be read, changed or ended (RFC 7592). Nothing is sent yet; this client's own id
    /// and secret never are.
    pub fn registration(&self, record: RegisteredClient) -> Registration<P>
    where
        P: CanRegister,
    {
        Registration { client: self.clone(), record, store: None }
    }
}

impl Discovered {
    /// Asks the issuer for its metadata, and gives a registration there, to be read, changed or ended (RFC 7592).
    pub async fn registration(&self, record: RegisteredClient) -> Result<Registration> {
        record.check_issuer(self.asking().inner(), self.issuer())?;
        let client = self.made(self.ask().await?, "unregistered".to_owned(), ClientAuth::none(), |_| ())?;
        Ok(client.registration(record))
    }
}

impl<P: Provider> Registration<P> {
    /// Keeps each new record in that store, in one write in the place of the old one, and forgets it when the registration
    /// ends.
    pub fn kept_in(mut self, store: Arc<dyn ClientStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// The registration as it is now.
    pub fn record(&self) -> &RegisteredClient {
        &self.record
    }

    /// The registration as it is now.
    pub fn into_record(self) -> RegisteredClient {
        self.record
    }

    /// Asks what is registered (RFC 7592 section 2.1). What it gives has no secrets in it: [`record`](Self::record) has them.
    ///
    /// # Errors
    ///
    /// [`RegistrationUnknown`](ErrorKind::RegistrationUnknown) where the provider does not know the registration any more, or
    /// not the token, [`OriginRefused`](ErrorKind::OriginRefused) where the address is not the provider's: the token is not
    /// sent there; [`Unsupported`](ErrorKind::Unsupported) where the provider gave no address or no token;
    /// [`Store`](ErrorKind::Store) where the new record could not be kept: it is in [`record`](Self::record).
    pub async fn read(&mut self) -> Result<ClientMetadata> {
        let (inner, answer) = self.ask(Method::GET, None).await?;
        Reader::of(&inner, &answer)?.metadata()
    }

    /// Changes what is registered to this (RFC 7592 section 2.2): all of it, so what is left out is registered no longer. Begin
    /// with what [`read`](Self::read) gives. A new key is registered by [`credentials`](ClientMetadata::credentials): its public
    /// half takes the place of `jwks`, unless it is among them already.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read), [`RegistrationRefused`](ErrorKind::RegistrationRefused), and
    /// [`RegistrationChanged`](ErrorKind::RegistrationChanged) where the provider registered something else than it was asked
    /// to: [`record`](Self::record) has that.
    pub async fn update(&mut self, metadata: &ClientMetadata) -> Result<()> {
        let metadata = metadata.renewed(&*self.client.inner().discovered().await?)?;
        let (inner, answer) = self.ask(Method::PUT, Some(metadata.clone())).await?;
        answer::check_unchanged(&inner, &metadata, &Reader::of(&inner, &answer)?)?;
        tracing::debug!("registration changed");
        Ok(())
    }

    /// Ends the registration (RFC 7592 section 2.3): the client's id, and its secret, are worth nothing afterwards, and its
    /// tokens as a rule neither.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read). [`Unsupported`](ErrorKind::Unsupported) where the provider ends no registrations.
    pub async fn delete(&mut self) -> Result<()> {
        self.ask(Method::DELETE, None).await?;
        tracing::debug!("registration ended");
        Ok(())
    }

    /// Keeps the record, where that failed before.
    pub async fn save(&self) -> Result<()> {
        match &self.store {
            Some(store) => Ok(store.save(&self.record).await?),
            None => Ok(()),
        }
    }

    /// Makes a request in a task of its own: a caller that is cancelled must not lose the token in its answer.
    async fn ask(&mut self, method: Method, asked: Option<ClientMetadata>) -> Result<(Arc<Inner>, Answer)> {
        let span = tracing::debug_span!("oauth.registration", provider = %self.client.spec().id, %method);
        let inner = self.client.inner().discovered().instrument(span.clone()).await?;
        let body = asked.as_ref().map(|asked| asked.update(self.record.client_id()));
        let (record, store) = (self.record.clone(), self.store.clone());
        let change = Change { inner: Arc::clone(&inner), asked, record, store };
        let task = tokio::spawn(change.carry_out(method, body).instrument(span));
        let (record, answer) = task.await.map_err(|_| {
            let what = "the request ended before it had a result, by a fault or with the runtime it ran in";
            inner.error(ErrorKind::Internal, Step::Registration, what)
        })?;
        self.record = record;
        Ok((inner, answer?))
    }
}

/// A request of one registration, and what it does to its record.
struct Change {
    inner: Arc<Inner>,
    asked: Option<ClientMetadata>,
    record: RegisteredClient,
    store: Option<Arc<dyn ClientStore>>,
}

impl Change {
    async fn carry_out(mut self, method: Method, body: Option<String>) -> (RegisteredClient, Result<Answer>) {
        let answer = match self.send(&method, body).await {
            Ok(answer) if method == Method::DELETE => self.forget().await.map(|()| answer),
            Ok(answer) => self.keep(&answer).await.map(|()| answer),
            Err(error) => Err(error),
        };
        (self.record, answer)
    }

    /// RFC 7592 section 2: a request to the registration's own address, with its own token as RFC 6750 has it.
    async fn send(&self, method: &Method, body: Option<String>) -> Result<Answer> {
        let inner = &*self.inner;
        let (address, token) = place(inner, &self.record)?;
        let request = request(inner, (method, address), token, body)?;
        let answer =
            send_bounded(inner.http()?, inner.spec(), Step::Registration, inner.config.timeout, request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let held = [Some(token), self.record.secret.as_ref()];
        let scrub = Scrub::new(&inner.config, held.into_iter().flatten().map(SecretString::expose_secret));
        Err(answer::unmanaged(inner, &answer, method, &scrub))
    }

    /// RFC 7592 section 3: the answer has the token and the address that count from now on.
    async fn keep(&mut self, answer: &Answer) -> Result<()> {
        let reader = Reader::of(&self.inner, answer)?;
        // RFC 7592 section 2.2: the client id is the one that the client has.
        if reader.client_id()? != self.record.client_id {
            let what = "the answer is about another client: its `client_id` differs; nothing of it is kept";
            return Err(self.inner.error(ErrorKind::RegistrationChanged, Step::Registration, what));
        }
        let (old, whole) = (&self.record, reader.record(self.record.issuer.clone(), self.record.redirect_uris.clone()));
        // What is wrong with the rest of an answer does not lose the token in it.
        let told = whole.as_ref().ok();
        let token = told.map_or_else(
            || reader.secret("registration_access_token").ok().flatten(),
            |told| told.registration_access_token.clone(),
        );
        let is_own = |uri: &String| check_address(&self.inner, uri, &old.issuer).is_ok();
        let uri = told.and_then(|told| told.registration_client_uri.clone()).filter(is_own);
        let mut record = old.clone();
        if let Some(told) = told {
            record.redirect_uris.clone_from(&told.redirect_uris);
            // What an answer leaves out has not changed: servers tell a secret once.
            if told.secret.is_some() {
                record.secret.clone_from(&told.secret);
                record.secret_expires_at = told.secret_expires_at;
            }
            record.auth_method = told.auth_method.clone().or(record.auth_method);
        }
        if let Some(asked) = &self.asked {
            record = rekeyed(&self.inner, record, asked);
        }
        record.registration_access_token = token.or(record.registration_access_token);
        // An answer does not lead the token elsewhere.
        record.registration_client_uri = uri.or(record.registration_client_uri);
        self.record = record;
        if let Some(store) = &self.store {
            store.save(&self.record).await?;
        }
        whole.map(|_| ())
    }

    async fn forget(&self) -> Result<()> {
        match &self.store {
            Some(store) => Ok(store.remove(&self.record).await?),
            None => Ok(()),
        }
    }
}

/// The record with the key that is registered now.
fn rekeyed(inner: &Inner, mut record: RegisteredClient, asked: &ClientMetadata) -> RegisteredClient {
    if asked.held().is_some() {
        return record.keyed(asked);
    }
    if record.key_thumbprint.as_ref().is_some_and(|thumbprint| !asked.lists(inner, thumbprint)) {
        // Its key is registered no longer; which one is, is not known.
        (record.key_id, record.key_thumbprint, record.held) = (None, None, None);
    }
    record
}

/// Where a registration is managed, and with what.
fn place<'a>(inner: &Inner, record: &'a RegisteredClient) -> Result<(&'a str, &'a SecretString)> {
    endpoint(inner)?;
    record.check_issuer(inner, &server(inner)?)?;
    let (Some(uri), Some(token)) = (record.registration_client_uri(), record.registration_access_token()) else {
        let what = "the provider gave no address and token to manage this registration with";
        let error = Error::new(ErrorKind::Unsupported, Step::Registration, what);
        return Err(error.fix("change it in the provider's console, or register anew").of(inner.spec()));
    };
    check_address(inner, uri, record.issuer())?;
    Ok((uri, token))
}

/// A registration is managed at the origin of its issuer, or at that of the registration endpoint, which the provider's file or
/// the issuer's metadata names: whoever changed the record would get the token otherwise.
fn check_address(inner: &Inner, uri: &str, issuer: &str) -> Result<()> {
    let origin = |address: &str| url::Url::parse(address).ok().map(|url| url.origin());
    let endpoint = crate::client::own_address(&inner.config, Step::Registration, endpoint(inner)?, Context::default())?;
    let own = [issuer, endpoint.as_str()];
    let is_own = own.into_iter().any(|own| origin(own).is_some_and(|own| origin(uri) == Some(own)));
    if is_own && answer::is_sound(uri) {
        return Ok(());
    }
    let host = url::Url::parse(uri).ok().and_then(|url| url.host_str().map(clean)).unwrap_or_default();
    let what = format!("the registration's address is on `{host}`, not at its issuer's origin");
    let error = Error::new(ErrorKind::OriginRefused, Step::Registration, what);
    Err(error.fix("register anew: the address is not the one that the issuer gave").of(inner.spec()))
}

fn request(
    inner: &Inner,
    (method, address): (&Method, &str),
    token: &SecretString,
    body: Option<String>,
) -> Result<Request<Bytes>> {
    let config = |what: &str| inner.error(ErrorKind::Config, Step::Registration, what);
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
        .map_err(|_| config("the registration access token cannot stand in a header"))?;
    value.set_sensitive(true);
    let mut request = Request::builder()
        .method(method)
        .uri(inner.prepared()?.detoured(address.to_owned()))
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, value);
    if body.is_some() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let malformed = |_| config("the registration's address cannot be written as HTTP");
    request.body(Bytes::from(body.unwrap_or_default())).map_err(malformed)
}

impl<P: Provider> fmt::Debug for Registration<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("record", &self.record).finish_non_exhaustive()
    }
}
